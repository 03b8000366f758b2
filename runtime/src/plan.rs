//! What would change, and why, before anything does (`mgmt plan`).
//!
//! A plan is made by an engine that may not apply anything: each resource is checked once, in the order
//! of the edges, by the same `check_apply` that would change it, also those that a change would notify. So a plan and
//! a run can not disagree about what is different. What the change of one resource makes of what another one looks at
//! is not known beforehand: [`judge`] tells for which resources that is so.

mod judge;
mod render;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use mgmt_compiler::graph::{Identity, Resource, ResourceGraph};
use mgmt_grammar::span::Span;
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::{EdgeRef as _, IntoEdgeReferences as _};

use crate::engine::{Engine, EngineConfig, SubmitError, SubmitOptions, VertexState, VertexStatus};
use crate::resource::Change;

pub use render::{PlanFormat, render};

/// What would happen to each resource.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The resources, in the order of their declarations.
    pub resources: Vec<Planned>,
}

/// What would happen to one resource.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Kind and name.
    pub identity: Identity,
    /// The statement that declares it.
    pub span: Option<Span>,
    /// What came of the check.
    pub verdict: Verdict,
    /// What is different, as far as the kind says.
    pub changes: Arc<[Change]>,
    /// Whether it is not in the program, and undoes one that was.
    pub undoes: bool,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it should be.
    Unchanged,
    /// It would be changed.
    Change,
    /// It is different, but `Meta:noop` forbids to change it.
    Noop,
    /// It can not be told before what comes earlier has been changed.
    Unknown {
        /// Those that would be changed earlier, or may be, on which it depends, as far as that is known.
        after: Vec<Identity>,
        /// What the check failed with, if it did: perhaps it would not, after them.
        error: Option<Arc<str>>,
    },
    /// The check failed.
    Failed(Arc<str>),
    /// It was not checked, since one that comes earlier failed.
    Blocked,
}

impl Plan {
    /// How many resources would be changed, or can not be told yet.
    pub fn pending(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Change | Verdict::Unknown { .. }))
    }

    /// How many are different, and are not to be changed.
    pub fn forbidden(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::Noop)
    }

    /// How many are as they should be.
    pub fn unchanged(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::Unchanged)
    }

    /// How many could not be checked.
    pub fn failed(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Failed(_) | Verdict::Blocked))
    }

    fn count(&self, matches: impl Fn(&Verdict) -> bool) -> usize {
        let resources = self.resources.iter();
        resources
            .filter(|planned| matches(&planned.verdict))
            .count()
    }
}

/// Checks every resource of a graph once and changes nothing.
///
/// # Errors
/// If the engine does not take the graph.
pub async fn plan(graph: &ResourceGraph, mut config: EngineConfig) -> Result<Plan, SubmitError> {
    config.noop = true;
    config.foresees = true;
    config.explain = true;
    config.durable_notifications = false;
    // Each is to speak for itself.
    config.autogroup = false;
    let registry = config.registry.clone();
    let engine = Engine::new(config);
    engine
        .submit(checked_once(graph), SubmitOptions::default())
        .await?;
    let found = all_checked(&engine).await;
    // Nothing was begun that could fail to end.
    let _ = engine.shutdown(true).await;
    let mut ordered = graph.clone();
    ordered.add_automatic_edges();
    let mut resources = judge::judge(&ordered, &registry, &found);
    resources.sort_by(|a, b| (a.span, &a.identity).cmp(&(b.span, &b.identity)));
    Ok(Plan { resources })
}

/// What the engine knows once it has looked at all that it can look at.
async fn all_checked(engine: &Engine) -> Vec<VertexStatus> {
    let mut status = engine.status();
    loop {
        let found = engine.snapshot().await;
        let open = |status: &VertexStatus| {
            let checked = status.outcome.is_some() || status.error.is_some();
            !(checked || status.blocked || status.state == VertexState::Idle)
        };
        if !found.iter().any(open) || status.changed().await.is_err() {
            return found;
        }
    }
}

/// The same graph, each resource of which is looked at once, at once, and without a watch. Where the program forbids to
/// change anything, nobody is notified.
fn checked_once(graph: &ResourceGraph) -> ResourceGraph {
    let mut once = graph.clone();
    for node in graph.graph().node_indices() {
        let resource = &graph.graph()[node];
        let mut meta = resource.meta.clone();
        meta.poll = -1;
        meta.retry = 0;
        meta.delay = 0;
        meta.limit = f64::INFINITY;
        once.replace(
            node,
            Arc::new(Resource {
                meta,
                ..(**resource).clone()
            }),
        );
    }
    let noop = |node: NodeIndex| graph.graph()[node].meta.noop;
    let silent: Vec<_> = graph
        .graph()
        .edge_references()
        .filter(|edge| edge.weight().notify && (noop(edge.source()) || noop(edge.target())))
        .map(|edge| (edge.source(), edge.target()))
        .collect();
    for (from, to) in silent {
        once.silence(from, to);
    }
    once
}
