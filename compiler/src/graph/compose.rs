//! Graphs made of graphs, for those who build them in Rust (engine.md 2.1.5).

use petgraph::Direction;
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use rustc_hash::FxHashMap;

use super::ResourceGraph;

/// Which resources of a graph are ordered against the one that it is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attach {
    /// All of them.
    All,
    /// Those that nothing else of their graph stands in between; by way of them, all are.
    Ends,
}

impl ResourceGraph {
    /// Takes in another graph. A resource that is here already, and alike, is not added again. Gives where each
    /// is now, in the other's order.
    pub fn extend(&mut self, other: &Self) -> Vec<NodeIndex> {
        let mut places: FxHashMap<NodeIndex, NodeIndex> = FxHashMap::default();
        for node in other.graph.node_indices() {
            let resource = &other.graph[node];
            let here = self.find(&resource.identity).filter(|here| {
                !resource.meta.hidden && self.graph[*here].differs(resource).is_none()
            });
            let place = here.unwrap_or_else(|| self.add(resource.clone()));
            places.insert(node, place);
        }
        for edge in other.graph.edge_references() {
            let (from, to) = (places[&edge.source()], places[&edge.target()]);
            self.connect(from, to, edge.weight().notify);
        }
        let order = other.graph.node_indices();
        order.map(|node| places[&node]).collect()
    }

    /// Takes in another graph, which comes after `node`. Gives where its resources are, in its order.
    pub fn attach_below(
        &mut self,
        node: NodeIndex,
        other: &Self,
        attach: Attach,
        notify: bool,
    ) -> Vec<NodeIndex> {
        let places = self.extend(other);
        for at in other.outermost(Direction::Incoming, attach, &places) {
            self.connect(node, at, notify);
        }
        places
    }

    /// Takes in another graph, which comes before `node`. Gives where its resources are, in its order.
    pub fn attach_above(
        &mut self,
        node: NodeIndex,
        other: &Self,
        attach: Attach,
        notify: bool,
    ) -> Vec<NodeIndex> {
        let places = self.extend(other);
        for at in other.outermost(Direction::Outgoing, attach, &places) {
            self.connect(at, node, notify);
        }
        places
    }

    /// The places of the resources without edges in that direction, or of all.
    fn outermost(
        &self,
        direction: Direction,
        attach: Attach,
        places: &[NodeIndex],
    ) -> Vec<NodeIndex> {
        let nodes = self.graph.node_indices().zip(places);
        let is_end = |node: NodeIndex| {
            self.graph
                .neighbors_directed(node, direction)
                .next()
                .is_none()
        };
        nodes
            .filter(|(node, _)| attach == Attach::All || is_end(*node))
            .map(|(_, place)| *place)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mgmt_stdlib::resources::print::Print;

    use super::*;
    use crate::graph::{Identity, Resource};

    fn chain(names: &[&str]) -> ResourceGraph {
        let mut graph = ResourceGraph::default();
        let nodes: Vec<_> = names
            .iter()
            .map(|name| graph.add(Arc::new(Resource::new(*name, Print::default()))))
            .collect();
        for pair in nodes.windows(2) {
            graph.connect(pair[0], pair[1], false);
        }
        graph
    }

    fn edges(graph: &ResourceGraph) -> Vec<String> {
        let graph = graph.graph();
        let name = |node: NodeIndex| graph[node].identity.name.as_str();
        let mut edges: Vec<_> = graph
            .edge_references()
            .map(|edge| {
                let arrow = if edge.weight().notify { "=>" } else { "->" };
                format!("{}{arrow}{}", name(edge.source()), name(edge.target()))
            })
            .collect();
        edges.sort();
        edges
    }

    #[test]
    fn the_union_holds_what_both_have_once() {
        let mut graph = chain(&["a", "b"]);
        graph.extend(&chain(&["b", "c"]));
        assert_eq!(graph.len(), 3);
        assert_eq!(edges(&graph), ["a->b", "b->c"]);
    }

    #[test]
    fn a_graph_is_attached_by_all_or_by_its_ends() {
        for (attach, below, above) in [
            (
                Attach::All,
                &["c->d", "x=>c", "x=>d"][..],
                &["c->d", "c=>x", "d=>x"][..],
            ),
            (Attach::Ends, &["c->d", "x=>c"], &["c->d", "d=>x"]),
        ] {
            let mut graph = chain(&["x"]);
            let x = graph
                .find(&Identity::new("print", "x"))
                .expect("it is there");
            graph.attach_below(x, &chain(&["c", "d"]), attach, true);
            assert_eq!(edges(&graph), below);
            let mut graph = chain(&["x"]);
            graph.attach_above(x, &chain(&["c", "d"]), attach, true);
            assert_eq!(edges(&graph), above);
        }
    }
}
