//! A graph that is the last one with some resources exchanged: all that lies between resources, such as automatic
//! edges and groups, is as it was, and only the new ones are looked at.

use std::sync::Arc;

use mgmt_compiler::graph::{Resource, ResourceGraph};
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use rustc_hash::FxHashMap;
use tokio::time::Instant;

use super::{Overrides, Prepared, Preparer, Problem, check};
use crate::engine::autoedge;
use crate::engine::metrics::Step;

/// With fewer new resources than this it always pays to keep the rest.
const FEW: usize = 16;

/// The last graph that was good.
#[derive(Debug)]
pub(super) struct Last {
    overrides: Overrides,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    prepared: Prepared,
}

#[derive(Debug)]
struct Node {
    index: NodeIndex,
    /// As it was submitted.
    declared: Arc<Resource>,
    /// As the deploy wants it, which is how it is in the prepared graph.
    applied: Arc<Resource>,
}

type Edge = (NodeIndex, NodeIndex, bool);

/// In an order of their own: an edge that was taken out and put back again may have another place.
fn edges(graph: &ResourceGraph) -> Vec<Edge> {
    let edges = graph.graph().edge_references();
    let mut edges: Vec<Edge> = edges
        .map(|edge| (edge.source(), edge.target(), edge.weight().notify))
        .collect();
    edges.sort_unstable();
    edges
}

impl Last {
    /// `applied` are the resources of the graph, in its order, as the deploy wants them.
    pub(super) fn new(
        graph: &ResourceGraph,
        overrides: Overrides,
        applied: Vec<Arc<Resource>>,
        prepared: &Prepared,
    ) -> Self {
        let nodes = graph.graph().node_indices().zip(applied);
        Self {
            overrides,
            nodes: nodes
                .map(|(index, applied)| Node {
                    index,
                    declared: graph.graph()[index].clone(),
                    applied,
                })
                .collect(),
            edges: edges(graph),
            prepared: prepared.clone(),
        }
    }

    /// The resources of the graph that are not those of the last one, with their positions; nothing if more
    /// than that is different.
    fn exchanged(&self, graph: &ResourceGraph) -> Option<Vec<(usize, Arc<Resource>)>> {
        let inner = graph.graph();
        if inner.node_count() != self.nodes.len() || inner.edge_count() != self.edges.len() {
            return None;
        }
        let mut exchanged = Vec::new();
        for (at, (index, last)) in inner.node_indices().zip(&self.nodes).enumerate() {
            let resource = &inner[index];
            if index != last.index {
                return None;
            }
            if !Arc::ptr_eq(resource, &last.declared) {
                exchanged.push((at, resource.clone()));
            }
        }
        let many = exchanged.len() > FEW.max(self.nodes.len() / 2);
        (!many && edges(graph) == self.edges).then_some(exchanged)
    }
}

impl Preparer {
    /// Prepares a graph that has only exchanged resources of the last one; nothing if it is none, or if the
    /// new resources have another part in the whole than the former.
    pub(super) async fn exchange(
        &mut self,
        graph: &ResourceGraph,
        overrides: Overrides,
    ) -> Option<Result<Prepared, Vec<Problem>>> {
        let last = self.last.as_ref().filter(|it| it.overrides == overrides)?;
        let exchanged = last.exchanged(graph)?;
        let began = Instant::now();
        for (at, new) in &exchanged {
            if !self.plays_the_same_part(&last.nodes[*at].declared, new) {
                return None;
            }
        }
        let new = exchanged.iter().map(|(_, new)| new);
        let problems: Vec<Problem> = new
            .filter_map(|new| check::validate(new, &self.registry).err())
            .collect();
        if !problems.is_empty() {
            return Some(Err(problems));
        }
        let validated = Instant::now();
        self.metrics.step(Step::Validate, validated - began);
        if !overrides.skip_autoedges {
            for (at, new) in &exchanged {
                if !self.orders_alike(&last.nodes[*at].declared, new).await {
                    return None;
                }
            }
        }
        self.metrics.step(Step::AutoEdge, validated.elapsed());
        let last = self.last.as_mut()?;
        let mut successors: FxHashMap<*const Resource, Arc<Resource>> = FxHashMap::default();
        for (at, new) in exchanged {
            let node = &mut last.nodes[at];
            let applied = overrides.apply(&new);
            successors.insert(Arc::as_ptr(&node.applied), applied.clone());
            node.declared = new;
            node.applied = applied;
        }
        for vertex in &mut last.prepared.vertices {
            if let Some(successor) = successors.get(&Arc::as_ptr(&vertex.declared)) {
                vertex.declared = successor.clone();
            }
        }
        Some(Ok(last.prepared.clone()))
    }

    /// Whether the other resources see no difference between the two, automatic edges aside.
    fn plays_the_same_part(&self, old: &Resource, new: &Resource) -> bool {
        let groups = new.meta.autogroup != Some(false)
            && self
                .registry
                .traits(&new.identity.kind)
                .is_some_and(|traits| traits.groupable);
        old.identity == new.identity
            && old.receives == new.receives
            && old.meta.export.is_empty()
            && new.meta.export.is_empty()
            && old.meta.hidden == new.meta.hidden
            && old.meta.autoedge == new.meta.autoedge
            && old.meta.autogroup == new.meta.autogroup
            && !groups
    }

    /// Whether the two want the same automatic edges. What the machine has told of the other resources counts
    /// as it was told for the last graph, whose edges run.
    async fn orders_alike(&self, old: &Resource, new: &Resource) -> bool {
        if !autoedge::takes_part(new) {
            return true;
        }
        let old = autoedge::answer(old, &self.registry, &self.services).await;
        let new = autoedge::answer(new, &self.registry, &self.services).await;
        matches!((old, new), (Ok(old), Ok(new)) if old == new)
    }
}
