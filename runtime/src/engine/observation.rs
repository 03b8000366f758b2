//! What somebody who looks on is told: what has changed since the last look, as of one moment.

use std::sync::Arc;

use mgmt_compiler::graph::Resource;

use super::status::{EngineStatus, VertexStatus};

/// What has changed since the last look.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The engine as a whole.
    pub status: EngineStatus,
    /// The running graph, if it is another one.
    pub graph: Option<RunningGraph>,
    /// The vertices that may be another way; all of them if the graph is another one.
    pub vertices: Vec<VertexStatus>,
}

/// The graph as it runs: what was declared, and what followed from it.
#[derive(Clone, Debug)]
pub struct RunningGraph {
    /// Counts the committed graphs.
    pub generation: u64,
    /// The resources, those that run as a part of another one excepted.
    pub vertices: Vec<RunningVertex>,
    /// The edges, also the automatic ones.
    pub edges: Vec<RunningEdge>,
}

/// A vertex of the running graph.
#[derive(Clone, Debug)]
pub struct RunningVertex {
    /// See [`VertexStatus::number`].
    pub number: u32,
    /// The resource. One that is equal to that of a former graph is the former one, and so is its place.
    pub declared: Arc<Resource>,
    /// Those that run as a part of it.
    pub members: Vec<Arc<Resource>>,
    /// Whether it undoes a resource that has left the graph.
    pub reversal: bool,
}

impl RunningVertex {
    /// The resource and those that run as a part of it.
    pub fn parts(&self) -> impl Iterator<Item = &Arc<Resource>> {
        std::iter::once(&self.declared).chain(&self.members)
    }

    /// Whether who only sees the graph sees the same: parameters may be others.
    pub fn looks_like(&self, other: &Self) -> bool {
        let same = |(one, other): (&Arc<Resource>, &Arc<Resource>)| {
            Arc::ptr_eq(one, other)
                || (one.identity == other.identity
                    && one.meta.noop == other.meta.noop
                    && one.meta.hidden == other.meta.hidden)
        };
        self.reversal == other.reversal
            && self.members.len() == other.members.len()
            && self.parts().zip(other.parts()).all(same)
    }
}

/// An edge of the running graph, between two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunningEdge {
    /// Who runs first.
    pub from: u32,
    /// Who runs after it.
    pub to: u32,
    /// Whether a change of the first notifies the second.
    pub notify: bool,
    /// Whether a notification waits on it.
    pub pending: bool,
}
