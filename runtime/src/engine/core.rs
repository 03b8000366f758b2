//! The engine as a state machine (engine.md §3.3): what happened goes in, what to do comes out. It has no
//! tasks and no clock of its own, so that it can be tested in all its timings; the driver gives it both.

mod failure;
mod pass;
mod pausing;
mod report;
mod values;
mod watching;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use mgmt_compiler::graph::{self, Identity};
use mgmt_stdlib::resource::Params;
use tracing::info;

pub(crate) use self::failure::describe;

use super::commit::Placed;
use super::converger::{self, Converger};
use super::metrics::Metrics;
use super::receive::Sent;
use super::scheduler::{Scheduler, VertexId};
use super::semaphore::Semaphores;
use super::status::EngineEvent;
use super::vertex::{Phase, Vertex, Watch};
use crate::resource::{Change, CheckMember, Outcome, Received, ResourceError};

/// Whether workers may run (engine.md §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Running,
    /// Nothing new is taken in; unless `fast`, what was begun upstream still runs down to its end.
    Pausing {
        fast: bool,
    },
    Paused,
}

/// What the driver has to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Start the watch of a vertex, as its `incarnation`.
    StartWatch { vertex: VertexId, incarnation: u32 },
    /// Tell the current watch to end.
    StopWatch(VertexId),
    /// Start `check_apply`.
    Check(VertexId, CheckRequest),
    /// Tell the running `check_apply` to return.
    CancelCheck(VertexId),
    /// A pass with a recorded intent succeeded: the notifications of these children take its place.
    Raise {
        parent: VertexId,
        children: Vec<VertexId>,
    },
    /// The child has served the notifications of these parents.
    Served {
        parents: Vec<VertexId>,
        child: VertexId,
    },
    /// Tell whoever listens.
    Event(EngineEvent),
}

/// How to call `check_apply`.
#[derive(Debug)]
pub(crate) struct CheckRequest {
    /// Whether to call it at all: a hidden resource is only published.
    pub(crate) call: bool,
    pub(crate) apply: bool,
    pub(crate) refresh: bool,
    pub(crate) received: Vec<Received>,
    pub(crate) members: Vec<CheckMember>,
    pub(crate) params: Arc<dyn Params>,
    pub(crate) timeout: Option<Duration>,
    /// Whether an intent to notify has to be on disk before (engine.md 3.4.14).
    pub(crate) intent: bool,
    /// What is published meanwhile (engine.md §6.2).
    pub(crate) exports: Vec<graph::Resource>,
}

/// How `check_apply` ended.
#[derive(Debug)]
pub(crate) struct CheckResult {
    pub(crate) outcome: Result<Outcome, ResourceError>,
    pub(crate) sent: Option<Sent>,
    /// What each member published, in their order.
    pub(crate) sent_by_members: Vec<Option<Sent>>,
    /// What the resource itself reported.
    pub(crate) changes: Vec<Change>,
    /// What each member reported, in their order.
    pub(crate) changes_of_members: Vec<Vec<Change>>,
    /// Something was published.
    pub(crate) exported: bool,
    /// It changed something, but could not be published, which is its outcome.
    pub(crate) owes: bool,
}

/// All vertices and what they are up to.
pub(crate) struct Core {
    now: Duration,
    mode: Mode,
    interrupted: bool,
    pub(super) scheduler: Scheduler,
    /// By slot of the scheduler.
    pub(super) vertices: Vec<Option<Box<Vertex>>>,
    pub(super) semaphores: Semaphores,
    /// Vertices that have to be looked at by then; outdated entries do no harm.
    timers: BinaryHeap<Reverse<(Duration, VertexId)>>,
    /// Whose next event is to come when workers run again: it was due meanwhile, or they are new.
    pub(super) overdue: Vec<VertexId>,
    /// Those that got their semaphores.
    granted: VecDeque<VertexId>,
    pub(super) converger: Converger,
    running: usize,
    /// See [`EngineConfig::foresees`](crate::engine::EngineConfig::foresees).
    pub(super) foresees: bool,
    /// The vertices in the order of the graph that was committed last.
    pub(super) order: Vec<Placed>,
    /// How many of the vertices are for other hosts, or have members that are.
    pub(super) exporting: usize,
    /// How many of the vertices receive values, or have members that do.
    pub(super) receiving: usize,
    pub(super) generation: u64,
    commands: Vec<Command>,
    pub(super) metrics: Arc<Metrics>,
}

impl Core {
    /// An empty graph, paused.
    pub(crate) fn new(timeout: Option<Duration>, metrics: Arc<Metrics>) -> Self {
        Self {
            now: Duration::ZERO,
            mode: Mode::Paused,
            interrupted: false,
            scheduler: Scheduler::default(),
            vertices: Vec::new(),
            semaphores: Semaphores::default(),
            timers: BinaryHeap::new(),
            overdue: Vec::new(),
            granted: VecDeque::new(),
            converger: Converger::new(timeout),
            running: 0,
            foresees: false,
            order: Vec::new(),
            exporting: 0,
            receiving: 0,
            generation: 0,
            commands: Vec::new(),
            metrics,
        }
    }

    /// What is to be done since the last call, in order.
    pub(crate) fn take_commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    /// When [`Core::advance`] has to be called at the latest.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let timer = self.timers.peek().map(|Reverse((at, _))| *at);
        let converger = self.converger.deadline();
        match (timer, converger) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Time has passed.
    pub(crate) fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        self.settle();
    }

    /// The vertex, if it is still there.
    pub(crate) fn vertex(&self, vertex: VertexId) -> Option<&Vertex> {
        if !self.scheduler.contains(vertex) {
            return None;
        }
        self.vertices.get(vertex.index as usize)?.as_deref()
    }

    fn vertex_mut(&mut self, vertex: VertexId) -> Option<&mut Vertex> {
        if !self.scheduler.contains(vertex) {
            return None;
        }
        self.scheduler.touch_vertex(vertex);
        self.vertices.get_mut(vertex.index as usize)?.as_deref_mut()
    }

    fn identity(&self, vertex: VertexId) -> Option<&Identity> {
        Some(&self.vertex(vertex)?.declared.identity)
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    pub(super) fn now(&self) -> Duration {
        self.now
    }

    /// Repeated switches must not pile up the timers of vertices that are gone.
    pub(super) fn drop_outdated_timers(&mut self) {
        let scheduler = &self.scheduler;
        self.timers
            .retain(|Reverse((_, vertex))| scheduler.contains(*vertex));
    }

    /// Works off everything that became possible, and tells the converger how things are.
    fn settle(&mut self) {
        loop {
            if let Some(vertex) = self.granted.pop_front() {
                self.granted(vertex);
            } else if let Some(vertex) = self.scheduler.pop_wake() {
                self.attempt(vertex);
            } else if let Some(Reverse((at, vertex))) = self.timers.peek().copied()
                && at <= self.now
            {
                self.timers.pop();
                self.timer(vertex);
            } else {
                break;
            }
        }
        self.count_blocked();
        self.converger.update(self.scheduler.busy() > 0, self.now);
        for converged in self.converger.take_reports() {
            let seconds = self.converger.timeout().unwrap_or_default().as_secs();
            if converged {
                info!(target: converger::LOG, "converged for {seconds} seconds");
            } else {
                info!(target: converger::LOG, "unconverged...");
            }
            self.commands
                .push(Command::Event(EngineEvent::Converged(converged)));
        }
    }

    fn timer(&mut self, vertex: VertexId) {
        let now = self.now;
        let running = self.mode == Mode::Running && !self.interrupted;
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        let is_due = state.next_event.is_some_and(|at| at <= now);
        if let Phase::Limited(at) | Phase::Backoff(at) = state.phase
            && at <= now
        {
            state.phase = Phase::Idle;
            if running {
                self.scheduler.wake(vertex);
            }
        }
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        if let Watch::Backoff(at) = state.watch
            && at <= now
        {
            if state.phase == Phase::Running {
                state.watch = Watch::AfterPass;
            } else {
                self.start_watch(vertex);
            }
        }
        if !is_due {
            return;
        }
        if !running {
            self.overdue.push(vertex);
        } else if let Some(state) = self.vertex_mut(vertex) {
            let poll = state.declared.meta.poll;
            // The next tick is counted from now: ticks that were missed meanwhile are one.
            state.next_event = (poll > 0 && !state.declared.meta.hidden)
                .then(|| now + Duration::from_secs(poll.unsigned_abs().into()));
            if let Some(at) = state.next_event {
                self.timers.push(Reverse((at, vertex)));
            }
            self.take_event(vertex);
        }
    }

    /// Takes the vertex out for a moment, so that the others can be looked at meanwhile.
    pub(super) fn take_vertex(&mut self, vertex: VertexId) -> Option<Box<Vertex>> {
        if !self.scheduler.contains(vertex) {
            return None;
        }
        self.vertices.get_mut(vertex.index as usize)?.take()
    }

    fn set_phase(&mut self, vertex: VertexId, phase: Phase) {
        if let Some(state) = self.vertex_mut(vertex) {
            state.phase = phase;
        }
    }

    /// Gives back the semaphores of the vertex, or withdraws it from their queues.
    fn release(&mut self, vertex: VertexId) {
        let complete = self.semaphores.release(vertex);
        self.granted.extend(complete);
    }
}
