//! Why there is an edge between two vertices of the running graph.

use std::sync::Arc;

use mgmt_compiler::graph::{Identity, Resource, ResourceGraph};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use rustc_hash::{FxHashMap, FxHashSet};

use super::shapes::{Edge, EdgeKind, Sent};
use crate::engine::{RunningEdge, RunningGraph};

/// Tells the edges that somebody wrote from those that follow from the resources.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    written: FxHashSet<(u32, u32)>,
    sends: FxHashMap<(u32, u32), Vec<Sent>>,
}

impl Reasons {
    /// `declared` is the graph that was submitted, if it is known yet.
    pub(super) fn of(running: &RunningGraph, declared: Option<&ResourceGraph>) -> Self {
        let mut owner: FxHashMap<&Identity, u32> = FxHashMap::default();
        for vertex in &running.vertices {
            let parts = std::iter::once(&vertex.declared).chain(&vertex.members);
            owner.extend(parts.map(|part| (&part.identity, vertex.number)));
        }
        let pair = |from: &Identity, to: &Identity| Some((*owner.get(from)?, *owner.get(to)?));
        let mut reasons = Self::default();
        if let Some(declared) = declared {
            let graph = declared.graph();
            let written = graph.edge_references().filter_map(|edge| {
                let (from, to): (&Arc<Resource>, &Arc<Resource>) =
                    (&graph[edge.source()], &graph[edge.target()]);
                pair(&from.identity, &to.identity)
            });
            reasons.written = written.collect();
        }
        for vertex in &running.vertices {
            for part in std::iter::once(&vertex.declared).chain(&vertex.members) {
                for receive in &part.receives {
                    if let Some(ends) = pair(&receive.sender, &part.identity) {
                        reasons.sends.entry(ends).or_default().push(Sent {
                            key: receive.key.to_string(),
                            param: receive.param.to_string(),
                        });
                    }
                }
            }
        }
        reasons
    }

    /// The edge as it is shown.
    pub(super) fn shown(&self, edge: &RunningEdge) -> Edge {
        let ends = (edge.from, edge.to);
        let sends = self.sends.get(&ends).cloned().unwrap_or_default();
        let kind = if !sends.is_empty() {
            EdgeKind::Sends
        } else if self.written.contains(&ends) {
            EdgeKind::Declared
        } else {
            EdgeKind::Automatic
        };
        Edge {
            from: edge.from,
            to: edge.to,
            kind,
            notify: edge.notify,
            pending: edge.pending,
            sends,
        }
    }
}
