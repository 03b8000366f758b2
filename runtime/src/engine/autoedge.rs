//! Asks the resources for what they say of themselves, and adds the automatic edges that come of it
//! (engine.md §4.1).

#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;

use futures::{FutureExt as _, StreamExt as _};
use mgmt_compiler::diagnostic::Code;
use mgmt_compiler::graph::Resource;
use mgmt_compiler::graph::auto_edges::{Participant, automatic_edges};
use mgmt_stdlib::resource::AutoEdges;
use tracing::{debug, warn};

use super::core::describe;
use super::panic_error;
use super::prepare::{Prepared, PreparedEdge, Problem};
use crate::resource::{Registry, ResourceError, Services};

/// How many resources are asked at once; some look at the machine first.
const CONCURRENT: usize = 64;

/// Whether a resource takes part.
pub(crate) fn takes_part(resource: &Resource) -> bool {
    !resource.meta.hidden && resource.meta.autoedge != Some(false)
}

/// Asks one resource.
///
/// # Errors
/// Its own.
pub(crate) async fn answer(
    resource: &Resource,
    registry: &Registry,
    services: &Services,
) -> Result<AutoEdges, ResourceError> {
    let name = &resource.identity.name;
    let call = async { registry.auto_edges(name, &*resource.params, services).await };
    AssertUnwindSafe(call)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(panic_error("auto_edges", &*panic)))
}

/// Asks every resource that takes part, in the order of their identities.
///
/// # Errors
/// Those of all the resources that failed.
pub(crate) async fn ask(
    prepared: &Prepared,
    registry: &Registry,
    services: &Services,
) -> Result<Vec<Participant>, Vec<Problem>> {
    let vertices = &prepared.vertices;
    let mut order: Vec<usize> = (0..vertices.len())
        .filter(|at| takes_part(&vertices[*at].declared))
        .collect();
    order.sort_unstable_by(|a, b| vertices[*a].identity().cmp(vertices[*b].identity()));
    let answers = order
        .into_iter()
        .map(|at| async move { (at, answer(&vertices[at].declared, registry, services).await) });
    let mut answers = futures::stream::iter(answers).buffered(CONCURRENT);
    let mut participants = Vec::new();
    let mut problems = Vec::new();
    while let Some((at, answer)) = answers.next().await {
        match answer {
            Ok(edges) => participants.push(Participant { at, edges }),
            Err(error) => {
                let message = format!("can't find its automatic edges: {}", describe(&error));
                problems.push(Problem::new(
                    &vertices[at].declared,
                    Code::INVALID_RESOURCE,
                    message,
                ));
            }
        }
    }
    if problems.is_empty() {
        Ok(participants)
    } else {
        Err(problems)
    }
}

/// Adds the edges that the participants want. An edge that the graph has already stays as it is; one that
/// would make a cycle is left out.
///
/// Returns whether one was.
pub(crate) fn add(prepared: &mut Prepared, participants: &[Participant]) -> bool {
    let edges = automatic_edges(prepared.vertices.len(), &prepared.pairs(), participants);
    let identity = |at: usize| prepared.vertices[at].identity();
    let some_refused = !edges.refused.is_empty();
    for (from, to) in edges.refused {
        warn!(
            "no edge {} -> {}: the graph orders them the other way round",
            identity(from),
            identity(to)
        );
    }
    for (from, to) in &edges.added {
        debug!("{} -> {}", identity(*from), identity(*to));
    }
    let added = edges.added.into_iter();
    prepared.edges.extend(added.map(|(from, to)| PreparedEdge {
        from,
        to,
        notify: false,
    }));
    some_refused
}
