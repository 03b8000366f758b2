//! The resource graph of a running program, changed by what its statements change.
//!
//! Few statements share what they declare with others. As long as a change touches nothing that is shared, the
//! vertices and edges of the changed statements are exchanged, and all else stays where it is. Whatever is less
//! simple, or wrong, is left to [`Assembly`](super::Assembly), which reads all statements in their order: so
//! what a program denotes is defined there alone.

use std::sync::Arc;

use petgraph::algo::has_path_connecting;
use petgraph::graph::NodeIndex;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{EdgeOut, StmtOutput};
use crate::graph::{Identity, Resource, ResourceGraph};

/// So many new edges are looked at one by one for whether they close a cycle.
const FEW: usize = 8;

/// The graph that all statements together give.
#[derive(Debug, Default)]
pub struct Output {
    /// Shared with whoever was given it: it is copied only if they still have it when it changes.
    pub(super) graph: Arc<ResourceGraph>,
    /// Resources that are declared more than once, that are hidden, or that receive values.
    pub(super) entangled: FxHashSet<Identity>,
    /// Edges that are declared more than once.
    pub(super) repeated: FxHashSet<(NodeIndex, NodeIndex)>,
}

/// What statements give no longer, and what they give instead.
#[derive(Debug, Default)]
pub struct Change {
    /// What is in the graph and should not be.
    pub gone: Vec<Arc<StmtOutput>>,
    /// What should be.
    pub come: Vec<Arc<StmtOutput>>,
}

impl Change {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.come.is_empty()
    }
}

impl Output {
    /// The graph.
    pub fn graph(&self) -> Arc<ResourceGraph> {
        Arc::clone(&self.graph)
    }

    /// Changes the graph. Nothing if that is not simple: then the graph must be assembled anew, and this one
    /// not be used any more.
    #[must_use]
    pub fn apply(&mut self, change: &Change) -> Option<()> {
        let resources = |outputs: &'_ [Arc<StmtOutput>]| -> Vec<Arc<Resource>> {
            let all = outputs.iter().flat_map(|output| &output.resources);
            all.cloned().collect()
        };
        let mut leaving = FxHashMap::default();
        for resource in resources(&change.gone) {
            let identity = self.simple(&resource)?;
            leaving.insert(identity.clone(), self.graph.find(identity)?);
        }
        for edge in change.gone.iter().flat_map(|output| &output.edges) {
            let (from, to) = self.ends(edge)?;
            if self.repeated.contains(&(from, to)) {
                return None;
            }
            Arc::make_mut(&mut self.graph).disconnect(from, to);
        }
        for resource in resources(&change.come) {
            let identity = self.simple(&resource)?;
            match leaving.remove(identity) {
                Some(node) => Arc::make_mut(&mut self.graph).replace(node, resource),
                None if self.graph.find(identity).is_some() => return None,
                None => drop(Arc::make_mut(&mut self.graph).add(resource)),
            }
        }
        for node in leaving.into_values() {
            if self
                .graph
                .graph()
                .neighbors_undirected(node)
                .next()
                .is_some()
            {
                return None;
            }
            Arc::make_mut(&mut self.graph).remove(node);
        }
        let mut new_edges = Vec::new();
        for edge in change.come.iter().flat_map(|output| &output.edges) {
            let (from, to) = self.ends(edge)?;
            if self.graph.graph().contains_edge(from, to) {
                return None;
            }
            Arc::make_mut(&mut self.graph).connect(from, to, edge.notify);
            new_edges.push((from, to));
        }
        // A new cycle has a new edge.
        let cyclic = if new_edges.len() <= FEW {
            let graph = self.graph.graph();
            new_edges
                .into_iter()
                .any(|(from, to)| has_path_connecting(graph, to, from, None))
        } else {
            self.graph.cycle().is_some()
        };
        (!cyclic).then_some(())
    }

    /// The identity of a resource that only one statement has to do with.
    fn simple<'r>(&self, resource: &'r Resource) -> Option<&'r Identity> {
        let plain = !resource.meta.hidden && resource.meta.export.is_empty();
        (plain && !self.entangled.contains(&resource.identity)).then_some(&resource.identity)
    }

    /// The ends of an edge, if each is one vertex and all that it does is to order them.
    fn ends(&self, edge: &EdgeOut) -> Option<(NodeIndex, NodeIndex)> {
        let end = |identity| match self.entangled.contains(identity) {
            true => None,
            false => self.graph.find(identity),
        };
        match edge.transfer {
            Some(_) => None,
            None => Some((end(&edge.from)?, end(&edge.to)?)),
        }
    }
}
