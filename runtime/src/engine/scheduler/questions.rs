//! What others may ask about the vertices.

use super::{Scheduler, VertexId};

impl Scheduler {
    /// Whether a pass may begin and there is a reason for one.
    pub(crate) fn is_ready(&self, vertex: VertexId) -> bool {
        self.nodes[vertex.index as usize].ready()
    }

    pub(crate) fn is_started(&self, vertex: VertexId) -> bool {
        self.nodes[vertex.index as usize].started
    }

    pub(crate) fn is_dirty(&self, vertex: VertexId) -> bool {
        self.nodes[vertex.index as usize].dirty
    }

    pub(crate) fn is_running(&self, vertex: VertexId) -> bool {
        self.nodes[vertex.index as usize].running
    }

    pub(crate) fn is_settled(&self, vertex: VertexId) -> bool {
        self.nodes[vertex.index as usize].settled
    }

    /// Whether it has ever been settled.
    pub(crate) fn is_realized(&self, vertex: VertexId) -> bool {
        self.nodes[vertex.index as usize].realized
    }

    pub(crate) fn is_failed(&self, vertex: VertexId) -> bool {
        self.nodes[vertex.index as usize].failed
    }

    /// Whether a failed ancestor keeps the vertex from running.
    pub(crate) fn is_blocked_for_good(&self, vertex: VertexId) -> bool {
        self.nodes[vertex.index as usize].dead_parents > 0
    }

    /// Whether it counts as blocked, which a vertex that failed itself does not.
    pub(crate) fn is_counted_blocked(&self, vertex: VertexId) -> bool {
        self.nodes[vertex.index as usize].blocked
    }

    /// Whether every parent is settled.
    pub(crate) fn gate_open(&self, vertex: VertexId) -> bool {
        self.nodes[vertex.index as usize].unsettled_parents == 0
    }

    /// Number of vertices.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// Vertices with something to do that they can still get to do (engine.md 5.3.3, 5.3.6).
    pub(crate) fn busy(&self) -> usize {
        self.busy
    }

    /// Vertices that are settled.
    pub(crate) fn settled(&self) -> usize {
        self.settled
    }

    /// Vertices that failed for good.
    pub(crate) fn failed(&self) -> usize {
        self.failed
    }

    /// Vertices that failed ones keep from running.
    pub(crate) fn blocked(&self) -> usize {
        self.dead - self.failed
    }
}
