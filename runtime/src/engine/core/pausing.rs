//! Pause, resume, and interrupts (engine.md §2.5, §7.3).

use std::cmp::Reverse;
use std::time::Duration;

use super::{Core, Mode};
use crate::engine::scheduler::VertexId;
use crate::engine::vertex::Phase;

impl Core {
    /// Stops taking things in. It is done when [`Core::is_quiescent`].
    pub(crate) fn pause(&mut self, fast: bool, now: Duration) {
        self.now = self.now.max(now);
        let fast = fast || self.interrupted || self.mode == Mode::Pausing { fast: true };
        if self.mode == Mode::Running {
            self.converger.pause();
            let is_waiting = |vertex: &VertexId| {
                let state = self.vertex(*vertex);
                state.is_some_and(|state| state.phase == Phase::Waiting)
            };
            let mut waiting: Vec<_> = self.semaphores.claimants().filter(is_waiting).collect();
            waiting.sort_unstable();
            // Withdraw all before anything that becomes free is given to one of them.
            for vertex in waiting {
                self.set_phase(vertex, Phase::Idle);
                self.release(vertex);
            }
            self.granted.clear();
        }
        // A switch that failed half-way leaves no edges to go by: whoever is paused then stays so.
        if self.mode != Mode::Paused {
            self.mode = Mode::Pausing { fast };
        }
        self.settle();
    }

    /// Whether a pause has come to rest.
    pub(crate) fn is_quiescent(&self) -> bool {
        self.mode == Mode::Paused
            || (matches!(self.mode, Mode::Pausing { .. }) && self.running == 0)
    }

    /// From the end of a pause to [`Core::resume`] the graph may be changed.
    pub(crate) fn paused(&mut self) {
        debug_assert!(
            self.is_quiescent(),
            "the graph is changed only while nobody runs"
        );
        self.mode = Mode::Paused;
    }

    /// Lets the workers run. `committed` tells whether a new graph took over.
    pub(crate) fn resume(&mut self, committed: bool, now: Duration) {
        self.now = self.now.max(now);
        self.mode = Mode::Running;
        self.converger.resume(self.now, committed);
        for vertex in std::mem::take(&mut self.overdue) {
            if let Some(at) = self.vertex(vertex).and_then(|state| state.next_event) {
                self.timers.push(Reverse((at, vertex)));
            }
        }
        self.scheduler.wake_all();
        self.settle();
    }

    /// No pass starts any more, and those that run are told to return (engine.md §7.3, rung 2).
    pub(crate) fn interrupt(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if std::mem::replace(&mut self.interrupted, true) {
            return;
        }
        if let Mode::Pausing { fast } = &mut self.mode {
            *fast = true;
        }
        let running: Vec<_> = self
            .scheduler
            .vertices()
            .filter(|vertex| self.scheduler.is_running(*vertex))
            .collect();
        for vertex in running {
            self.cancel_check(vertex);
        }
    }
}
