//! Which vertices whoever looks on has to look at again.

use super::{Scheduler, VertexId};

impl Scheduler {
    /// From now on somebody looks on.
    pub(crate) fn observe(&mut self) {
        self.touched.get_or_insert_default();
    }

    /// The vertex may be another way than before.
    pub(super) fn touch(&mut self, index: u32) {
        if let Some(touched) = &mut self.touched
            && !std::mem::replace(&mut self.nodes[index as usize].touched, true)
        {
            touched.push(index);
        }
    }

    /// The same for the state that others keep about it.
    pub(crate) fn touch_vertex(&mut self, vertex: VertexId) {
        self.touch(vertex.index);
    }

    /// Whether there is anything to look at.
    pub(crate) fn has_touched(&self) -> bool {
        self.touched
            .as_ref()
            .is_some_and(|touched| !touched.is_empty())
    }

    /// What may have changed since the last call, each vertex once.
    pub(crate) fn take_touched(&mut self) -> Vec<VertexId> {
        let Some(touched) = &mut self.touched else {
            return Vec::new();
        };
        let nodes = &mut self.nodes;
        std::mem::take(touched)
            .into_iter()
            .filter_map(|index| {
                let node = &mut nodes[index as usize];
                // A slot that was given to another vertex may be in the list twice.
                let first = std::mem::take(&mut node.touched);
                (first && node.live).then_some(VertexId {
                    index,
                    serial: node.serial,
                })
            })
            .collect()
    }

    /// The edges, and whether a notification waits on them.
    pub(crate) fn edges(&self) -> impl Iterator<Item = super::NewEdge> {
        self.edges.iter().map(|edge| super::NewEdge {
            from: self.id(edge.from),
            to: self.id(edge.to),
            notify: edge.notify,
            pending: edge.pending(),
        })
    }
}

impl VertexId {
    /// Tells it apart from all other vertices of the engine.
    pub(crate) fn number(self) -> u32 {
        self.serial
    }
}
