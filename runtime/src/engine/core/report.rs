//! What others may know about the vertices (engine.md §9.1.8).

use std::sync::Arc;

use mgmt_compiler::graph::Identity;

use super::{Core, Mode};
use crate::engine::metrics::Failure;
use crate::engine::observation::{Observation, RunningEdge, RunningGraph, RunningVertex};
use crate::engine::scheduler::VertexId;
use crate::engine::status::{EngineStatus, VertexState, VertexStatus};
use crate::engine::vertex::{Phase, Vertex, Watch};

impl Core {
    /// The summary.
    pub(crate) fn status(&self) -> EngineStatus {
        EngineStatus {
            generation: self.generation,
            vertices: self.scheduler.len(),
            settled: self.scheduler.settled(),
            busy: self.scheduler.busy(),
            running: self.running,
            failed: self.scheduler.failed(),
            blocked: self.scheduler.blocked(),
            converged: self.converger.converged(),
            paused: self.mode != Mode::Running,
        }
    }

    /// Every vertex.
    pub(crate) fn snapshot(&self) -> Vec<VertexStatus> {
        let vertices = self.scheduler.vertices();
        vertices
            .filter_map(|vertex| self.status_of(vertex))
            .collect()
    }

    /// Tells the metrics who became blocked, or no longer is.
    pub(in crate::engine) fn count_blocked(&mut self) {
        for (vertex, blocked) in self.scheduler.take_blocked_flips() {
            if let Some(identity) = self.identity(vertex) {
                self.metrics.blocked(identity, blocked);
            }
        }
    }

    /// How the vertex fails at present.
    pub(in crate::engine) fn failure(&self, vertex: VertexId) -> Option<Failure> {
        self.vertex(vertex)?.error.as_ref()?;
        Some(if self.scheduler.is_failed(vertex) {
            Failure::Hard
        } else {
            Failure::Soft
        })
    }

    fn status_of(&self, vertex: VertexId) -> Option<VertexStatus> {
        let state = self.vertex(vertex)?;
        Some(VertexStatus {
            number: vertex.number(),
            identity: state.declared.identity.clone(),
            state: self.state(vertex, state),
            outcome: state.found.as_ref().map(|(outcome, _)| *outcome),
            changes: state
                .found
                .as_ref()
                .map_or_else(Arc::default, |(_, changes)| changes.clone()),
            error: state.error.clone(),
            retries: state.check_retries.left(),
            blocked: self.scheduler.is_blocked_for_good(vertex),
        })
    }

    /// What has changed since the last call; `known` is the generation that was seen then.
    pub(crate) fn observe(&mut self, known: u64) -> Observation {
        let touched = self.scheduler.take_touched();
        let is_new = known != self.generation;
        let vertices = if is_new {
            self.snapshot()
        } else {
            let touched = touched.into_iter();
            touched
                .filter_map(|vertex| self.status_of(vertex))
                .collect()
        };
        Observation {
            status: self.status(),
            graph: is_new.then(|| self.running_graph()),
            vertices,
        }
    }

    /// The graph as it runs.
    pub(crate) fn running_graph(&self) -> RunningGraph {
        let vertices = self.scheduler.vertices().filter_map(|vertex| {
            let state = self.vertex(vertex)?;
            let members = state.members.iter();
            Some(RunningVertex {
                number: vertex.number(),
                declared: state.declared.clone(),
                members: members.map(|member| member.declared.clone()).collect(),
                reversal: state.reversal,
            })
        });
        let edges = self.scheduler.edges().map(|edge| RunningEdge {
            from: edge.from.number(),
            to: edge.to.number(),
            notify: edge.notify,
            pending: edge.pending,
        });
        RunningGraph {
            generation: self.generation,
            vertices: vertices.collect(),
            edges: edges.collect(),
        }
    }

    pub(super) fn state(&self, vertex: VertexId, state: &Vertex) -> VertexState {
        if self.scheduler.is_failed(vertex) {
            return VertexState::Failed;
        }
        match state.phase {
            Phase::Running => VertexState::Running,
            Phase::Backoff(_) => VertexState::Backoff,
            Phase::Limited(_) => VertexState::Limited,
            Phase::Waiting => VertexState::Waiting,
            Phase::Idle if matches!(state.watch, Watch::Backoff(_)) => VertexState::Backoff,
            Phase::Idle if !self.scheduler.gate_open(vertex) => VertexState::Blocked,
            Phase::Idle if !self.scheduler.is_started(vertex) => VertexState::Parked,
            Phase::Idle if self.scheduler.is_settled(vertex) => VertexState::Idle,
            Phase::Idle => VertexState::Pending,
        }
    }

    /// The identities of a vertex and its members.
    pub(crate) fn parts(&self, vertex: VertexId) -> Vec<Identity> {
        let Some(state) = self.vertex(vertex) else {
            return Vec::new();
        };
        state.parts().map(|part| part.identity.clone()).collect()
    }

    /// The identities of vertices, for what is written to disk.
    pub(crate) fn identities(&self, vertices: &[VertexId]) -> Vec<Identity> {
        vertices
            .iter()
            .filter_map(|vertex| self.identity(*vertex).cloned())
            .collect()
    }
}
