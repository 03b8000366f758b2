//! Why there is an edge between two vertices of the running graph.

use std::sync::Arc;

use mgmt_compiler::graph::{Identity, Resource, ResourceGraph};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use rustc_hash::{FxHashMap, FxHashSet};

use super::shapes::{Delta, Edge, EdgeKind, Sent};
use crate::engine::{RunningEdge, RunningGraph};

/// The edges as readers know them, by their ends.
#[derive(Debug, Default)]
pub(super) struct Edges(FxHashMap<(u32, u32), Edge>);

impl Edges {
    /// The running graph has these. Adds to `delta` what that changes, whose `gone` is complete.
    pub(super) fn update(&mut self, running: &RunningGraph, reasons: &Reasons, delta: &mut Delta) {
        let mut former = std::mem::take(&mut self.0);
        self.0.reserve(running.edges.len());
        for edge in &running.edges {
            let edge = reasons.shown(edge);
            let ends = (edge.from, edge.to);
            // Whether a notification waits is told as it happens.
            let same = |former: Edge| {
                former.kind == edge.kind
                    && former.notify == edge.notify
                    && former.sends == edge.sends
            };
            if !former.remove(&ends).is_some_and(same) {
                delta.edges.push(edge.clone());
            }
            self.0.insert(ends, edge);
        }
        let gone: FxHashSet<u32> = delta.gone.iter().copied().collect();
        let mut left: Vec<(u32, u32)> = former
            .into_keys()
            .filter(|(from, to)| !gone.contains(from) && !gone.contains(to))
            .collect();
        left.sort_unstable();
        delta.gone_edges = left;
    }

    /// Whether notifications of `from` wait for `to`.
    pub(super) fn pend(&mut self, from: &[u32], to: &[u32], pending: bool) {
        for ends in from
            .iter()
            .flat_map(|from| to.iter().map(move |to| (*from, *to)))
        {
            if let Some(edge) = self.0.get_mut(&ends).filter(|edge| edge.notify) {
                edge.pending = pending;
            }
        }
    }

    /// Those of the running graph, in its order.
    pub(super) fn of(&self, running: &RunningGraph) -> Vec<Edge> {
        let edges = running.edges.iter();
        edges
            .filter_map(|edge| self.0.get(&(edge.from, edge.to)).cloned())
            .collect()
    }
}

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
            let parts = vertex.parts();
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
            for part in vertex.parts() {
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
