//! The watch side of a vertex: events, and watches that end (engine.md §3.2).

use std::cmp::Reverse;

use tracing::debug;

use super::failure::describe;
use super::{Command, Core, Mode};
use crate::engine::scheduler::VertexId;
use crate::engine::vertex::{Phase, Watch};
use crate::resource::ResourceError;
use std::time::Duration;

impl Core {
    /// The watch of a vertex saw something. False if that has to wait until the engine is resumed.
    pub(crate) fn watch_event(
        &mut self,
        vertex: VertexId,
        incarnation: u32,
        now: Duration,
    ) -> bool {
        self.now = self.now.max(now);
        let Some(state) = self.vertex(vertex) else {
            return true;
        };
        if state.incarnation != incarnation || state.watch != Watch::Running {
            return true;
        }
        if self.mode != Mode::Running || self.interrupted {
            return false;
        }
        self.take_event(vertex);
        self.settle();
        true
    }

    /// The watch of a vertex returned.
    pub(crate) fn watch_ended(
        &mut self,
        vertex: VertexId,
        incarnation: u32,
        result: Result<(), ResourceError>,
        now: Duration,
    ) {
        self.now = self.now.max(now);
        let Some(state) = self.vertex(vertex) else {
            return;
        };
        if state.incarnation != incarnation {
            return;
        }
        match state.watch {
            Watch::Restarting => self.start_watch(vertex),
            Watch::Running => self.watch_failed(
                vertex,
                match result {
                    Ok(()) => "watch ended unexpectedly".to_owned(),
                    Err(error) => format!("watch failed: {}", describe(&error)),
                },
            ),
            Watch::Off | Watch::Parked | Watch::Backoff(_) | Watch::AfterPass => {}
        }
        self.settle();
    }

    pub(super) fn take_event(&mut self, vertex: VertexId) {
        let now = self.now;
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        state.heard = true;
        let identity = state.declared.identity.clone();
        self.metrics.event(&identity);
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        // Events that are joined into one pass share one token.
        if state.reservation.is_none()
            && let Some(limiter) = &mut state.limiter
        {
            state.reservation = Some(limiter.reserve(now));
        }
        self.scheduler.invalidate(vertex);
        self.scheduler.set_started(vertex, true);
    }

    pub(super) fn watch_failed(&mut self, vertex: VertexId, message: String) {
        let now = self.now;
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        let heard = state.heard;
        match state.phase {
            Phase::Running => self.cancel_check(vertex),
            Phase::Waiting | Phase::Limited(_) => {
                self.set_phase(vertex, Phase::Idle);
                self.release(vertex);
            }
            Phase::Idle | Phase::Backoff(_) => {}
        }
        self.scheduler.set_started(vertex, false);
        let gate_open = self.scheduler.gate_open(vertex);
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        if !heard && !gate_open {
            // What it wants to watch may be made by a parent that has not run yet: no try is spent.
            state.watch = Watch::Parked;
            let identity = &state.declared.identity;
            debug!(kind = %identity.kind, name = %identity.name, "{message}; waits for its parents");
            self.scheduler.set_parked(vertex, true);
            return;
        }
        self.converger.activity(now);
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        if !state.watch_retries.take() {
            state.watch = Watch::Off;
            self.fail(vertex, message);
            return;
        }
        let delay = state.retry_delay();
        let until = now.saturating_add(delay);
        state.watch = Watch::Backoff(until);
        let retries = state.watch_retries.left();
        self.timers.push(Reverse((until, vertex)));
        self.retrying(vertex, message, retries, delay);
    }

    /// Starts the watch of a vertex that has none running.
    pub(in crate::engine) fn start_watch(&mut self, vertex: VertexId) {
        self.converger.activity(self.now);
        self.scheduler.set_parked(vertex, false);
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        state.incarnation = state.incarnation.wrapping_add(1);
        state.heard = false;
        state.watch = Watch::Running;
        let incarnation = state.incarnation;
        self.commands.push(Command::StartWatch {
            vertex,
            incarnation,
        });
    }

    /// The vertex is about to leave: whatever is under way with its watch, none starts again.
    pub(in crate::engine) fn watch_no_more(&mut self, vertex: VertexId) {
        if let Some(state) = self.vertex_mut(vertex) {
            state.watch = Watch::Off;
        }
    }

    /// Ends the watch and starts it anew, since it watches the wrong thing. Passes wait until it listens.
    pub(in crate::engine) fn restart_watch(&mut self, vertex: VertexId) {
        self.scheduler.set_started(vertex, false);
        if let Some(state) = self.vertex_mut(vertex)
            && state.watch == Watch::Running
        {
            state.watch = Watch::Restarting;
            self.commands.push(Command::StopWatch(vertex));
        }
    }
}
