//! The edges of the running graph, and the notifications on them.

use super::{Edge, NewEdge, Scheduler, Span, VertexId};

impl Scheduler {
    /// Replaces all edges, which must not form a cycle.
    pub(crate) fn connect(&mut self, new: &[NewEdge]) {
        self.edges = new
            .iter()
            .map(|edge| Edge {
                from: edge.from.index,
                to: edge.to.index,
                notify: edge.notify,
                raised: u32::from(edge.pending && edge.notify),
                served: 0,
            })
            .collect();
        self.edges.sort_unstable_by_key(|edge| (edge.from, edge.to));
        self.incoming = (0..self.edges.len() as u32).collect();
        let edges = &self.edges;
        self.incoming
            .sort_unstable_by_key(|edge| edges[*edge as usize].to);
        for node in &mut self.nodes {
            node.children = Span::default();
            node.parents = Span::default();
            node.unsettled_parents = 0;
            node.dead_parents = 0;
            node.pending = 0;
        }
        for (at, edge) in self.edges.iter().enumerate() {
            extend(&mut self.nodes[edge.from as usize].children, at);
        }
        for (at, edge) in self.incoming.iter().enumerate() {
            let edge = &self.edges[*edge as usize];
            let node = &mut self.nodes[edge.to as usize];
            extend(&mut node.parents, at);
            if edge.pending() {
                node.pending += 1;
                node.inputs += 1;
            }
        }
        self.recount();
    }

    /// Derives everything anew, parents first.
    fn recount(&mut self) {
        for node in self.nodes.iter_mut() {
            node.settled = false;
            node.dead = false;
            node.busy = false;
            node.queued = false;
        }
        (self.busy, self.settled, self.dead) = (0, 0, 0);
        self.wake.clear();
        for edge in &self.edges {
            self.nodes[edge.to as usize].unsettled_parents += 1;
        }
        // Starting from "nobody is settled", settling only ever flips a vertex once.
        for index in 0..self.nodes.len() {
            if self.nodes[index].live {
                self.update(index as u32);
            }
        }
    }

    /// The pairs with an unserved notification.
    pub(crate) fn pending_pairs(&self) -> impl Iterator<Item = (VertexId, VertexId)> {
        self.edges
            .iter()
            .filter(|edge| edge.pending())
            .map(|edge| (self.id(edge.from), self.id(edge.to)))
    }

    /// The children that a change of the vertex notifies.
    pub(crate) fn notified(&self, vertex: VertexId) -> impl Iterator<Item = VertexId> {
        self.edges[self.nodes[vertex.index as usize].children.range()]
            .iter()
            .filter(|edge| edge.notify)
            .map(|edge| self.id(edge.to))
    }
}

fn extend(span: &mut Span, at: usize) {
    let at = at as u32;
    if span.start == span.end {
        *span = Span {
            start: at,
            end: at + 1,
        };
    } else {
        span.end = at + 1;
    }
}
