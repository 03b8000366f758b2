//! What the checks mean: each was made while nothing had been changed yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mgmt_compiler::graph::{Edge, Identity, Resource, ResourceGraph};
use petgraph::Direction;
use petgraph::algo::toposort;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::EdgeRef as _;

use super::{Planned, Verdict};
use crate::engine::VertexStatus;
use crate::resource::{Change, Outcome, Reach, Registry};

/// The graph whose resources are judged, parents first.
struct Judge<'g> {
    graph: &'g StableDiGraph<Arc<Resource>, Edge>,
    registry: &'g Registry,
    /// Those that would be changed, or may be.
    changing: BTreeMap<NodeIndex, Changing>,
    /// Those that come after one of them.
    later: BTreeSet<NodeIndex>,
}

struct Changing {
    reach: Reach,
    certain: bool,
}

/// What becomes of each resource, in an order of the graph; `found` is what the checks found.
pub(super) fn judge(
    graph: &ResourceGraph,
    registry: &Registry,
    found: &[VertexStatus],
) -> Vec<Planned> {
    let found: BTreeMap<&Identity, &VertexStatus> = found
        .iter()
        .map(|status| (&status.identity, status))
        .collect();
    let graph = graph.graph();
    // The compiler builds no cycles.
    let order = toposort(graph, None).unwrap_or_default();
    let known: BTreeSet<&Identity> = graph
        .node_weights()
        .map(|resource| &resource.identity)
        .collect();
    let mut judge = Judge {
        graph,
        registry,
        changing: BTreeMap::new(),
        later: BTreeSet::new(),
    };
    let mut planned = Vec::new();
    for node in order {
        let resource = &graph[node];
        // Others are hidden.
        if let Some(status) = found.get(&resource.identity) {
            planned.push(Planned {
                identity: resource.identity.clone(),
                span: resource.span,
                verdict: judge.verdict(node, status),
                changes: status.changes.clone(),
                undoes: false,
            });
        }
    }
    let undoing = found
        .values()
        .filter(|status| !known.contains(&status.identity));
    planned.extend(undoing.map(|status| Planned {
        identity: status.identity.clone(),
        span: None,
        verdict: as_found(status),
        changes: status.changes.clone(),
        undoes: true,
    }));
    planned
}

impl Judge<'_> {
    fn verdict(&mut self, node: NodeIndex, status: &VertexStatus) -> Verdict {
        let resource = &self.graph[node];
        let mut parents = self.graph.neighbors_directed(node, Direction::Incoming);
        let is_later = parents
            .any(|parent| self.changing.contains_key(&parent) || self.later.contains(&parent));
        let reach = self
            .registry
            .reach(&resource.identity.name, &*resource.params);
        let was_checked = status.outcome.is_some() && status.error.is_none();
        let verdict = match as_found(status) {
            Verdict::Change if resource.meta.noop => Verdict::Noop,
            found if !is_later => found,
            _ if !was_checked => Verdict::Unknown {
                after: self.changed_before(node, |_| true),
                error: status.error.clone(),
            },
            // It stays as it is, whatever the others do.
            found if resource.meta.noop => found,
            found => {
                let mut after = self.doubtful_notifiers(node);
                after.extend(self.changed_before(node, |other| reach.depends_on(&other.reach)));
                after.sort();
                after.dedup();
                if after.is_empty() {
                    found
                } else {
                    Verdict::Unknown { after, error: None }
                }
            }
        };
        let certain = verdict == Verdict::Change;
        if certain || matches!(verdict, Verdict::Unknown { .. }) {
            self.changing.insert(node, Changing { reach, certain });
        }
        if is_later {
            self.later.insert(node);
        }
        verdict
    }

    /// Those before the resource that are of interest among those that change.
    fn changed_before(
        &self,
        node: NodeIndex,
        matters: impl Fn(&Changing) -> bool,
    ) -> Vec<Identity> {
        let parents = |node| self.graph.neighbors_directed(node, Direction::Incoming);
        let mut seen: BTreeSet<NodeIndex> = BTreeSet::new();
        let mut open: Vec<NodeIndex> = parents(node).collect();
        let mut found = Vec::new();
        while let Some(earlier) = open.pop() {
            let changing = self.changing.get(&earlier);
            // What comes before others of which nothing is changed matters to nobody.
            if (changing.is_none() && !self.later.contains(&earlier)) || !seen.insert(earlier) {
                continue;
            }
            if changing.is_some_and(&matters) {
                found.push(self.graph[earlier].identity.clone());
            }
            open.extend(parents(earlier));
        }
        found
    }

    /// Those that would notify the resource if they were changed, which is not certain of any; nothing if it does
    /// not react.
    fn doubtful_notifiers(&self, node: NodeIndex) -> Vec<Identity> {
        let kind = &self.graph[node].identity.kind;
        let reacts = self
            .registry
            .traits(kind)
            .is_some_and(|traits| traits.refreshable);
        let edges = self.graph.edges_directed(node, Direction::Incoming);
        let notifiers = edges.filter(|edge| reacts && edge.weight().notify);
        let changing: Vec<_> = notifiers
            .filter_map(|edge| Some((edge.source(), self.changing.get(&edge.source())?)))
            .collect();
        if changing.iter().any(|(_, changing)| changing.certain) {
            return Vec::new();
        }
        let identities = changing.into_iter();
        identities
            .map(|(node, _)| self.graph[node].identity.clone())
            .collect()
    }
}

/// What a check found, as if it would find the same later.
fn as_found(status: &VertexStatus) -> Verdict {
    if let Some(error) = &status.error {
        return Verdict::Failed(error.clone());
    }
    let harmless = |change: &Change| matches!(change, Change::Notice(_));
    match status.outcome {
        None if status.blocked => Verdict::Blocked,
        Some(Outcome::Changed)
            if status.changes.is_empty() || !status.changes.iter().all(harmless) =>
        {
            Verdict::Change
        }
        _ => Verdict::Unchanged,
    }
}
