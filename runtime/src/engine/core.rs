//! The engine as a state machine (engine.md §3.3): what happened goes in, what to do comes out. It has no
//! tasks and no clock of its own, so that it can be tested in all its timings; the driver gives it both.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use mgmt_compiler::graph::Identity;
use mgmt_stdlib::resource::Params;
use tracing::{debug, error, info, warn};

use super::confine;
use super::converger::Converger;
use super::receive::Sent;
use super::scheduler::{Completion, Scheduler, Ticket, VertexId};
use super::semaphore::Semaphores;
use super::status::{EngineEvent, EngineStatus, VertexState, VertexStatus};
use super::vertex::{Phase, Vertex, Watch};
use crate::resource::{Outcome, Received, ResourceError};

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
    pub(crate) apply: bool,
    pub(crate) refresh: bool,
    pub(crate) received: Vec<Received>,
    pub(crate) params: Arc<dyn Params>,
    pub(crate) timeout: Option<Duration>,
    /// Whether an intent to notify has to be on disk before (engine.md 3.4.14).
    pub(crate) intent: bool,
}

/// How `check_apply` ended.
#[derive(Debug)]
pub(crate) struct CheckResult {
    pub(crate) outcome: Result<Outcome, ResourceError>,
    pub(crate) sent: Option<Sent>,
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
    /// Those that got their semaphores.
    granted: VecDeque<VertexId>,
    pub(super) converger: Converger,
    running: usize,
    pub(super) generation: u64,
    commands: Vec<Command>,
}

impl Core {
    /// An empty graph, paused.
    pub(crate) fn new(timeout: Option<Duration>) -> Self {
        Self {
            now: Duration::ZERO,
            mode: Mode::Paused,
            interrupted: false,
            scheduler: Scheduler::default(),
            vertices: Vec::new(),
            semaphores: Semaphores::default(),
            timers: BinaryHeap::new(),
            granted: VecDeque::new(),
            converger: Converger::new(timeout),
            running: 0,
            generation: 0,
            commands: Vec::new(),
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

    /// `check_apply` of a vertex returned.
    pub(crate) fn check_ended(&mut self, vertex: VertexId, result: CheckResult, now: Duration) {
        self.now = self.now.max(now);
        let now = self.now;
        self.running -= 1;
        self.release(vertex);
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        state.phase = Phase::Idle;
        let interrupted = std::mem::take(&mut state.interrupted);
        let identity = state.declared.identity.clone();
        let noop = state.declared.meta.noop;
        let elapsed = now - state.began;
        self.commands.push(Command::Event(EngineEvent::Checked {
            identity: identity.clone(),
            apply: !noop,
            outcome: result.outcome.as_ref().ok().copied(),
            elapsed,
        }));
        match result.outcome {
            Ok(outcome) => self.check_succeeded(vertex, outcome, result.sent, noop),
            Err(error) => {
                self.scheduler.abandon(vertex);
                if self.scheduler.is_failed(vertex) {
                    debug!(kind = %identity.kind, name = %identity.name, "last apply ended: {}", describe(&error));
                } else if interrupted {
                    self.scheduler.invalidate(vertex);
                    info!(kind = %identity.kind, name = %identity.name, "apply interrupted");
                } else {
                    self.pass_failed(vertex, describe(&error));
                }
            }
        }
        if self
            .vertex(vertex)
            .is_some_and(|state| state.watch == Watch::AfterPass)
        {
            self.start_watch(vertex);
        }
        self.settle();
    }

    fn check_succeeded(
        &mut self,
        vertex: VertexId,
        outcome: Outcome,
        sent: Option<Sent>,
        noop: bool,
    ) {
        let now = self.now;
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        state.slots.clear_changed();
        if let Some(sent) = sent {
            state.sent = Some(Arc::new(sent));
        }
        if state.declared.meta.retryreset {
            state.check_retries.refill();
        }
        let ticket = std::mem::take(&mut state.ticket);
        let intent = std::mem::take(&mut state.intent);
        if outcome == Outcome::Changed {
            self.converger.activity(now);
        }
        if intent {
            let children = match outcome {
                Outcome::Changed => self.scheduler.notified(vertex).collect(),
                Outcome::Unchanged => Vec::new(),
            };
            self.commands.push(Command::Raise {
                parent: vertex,
                children,
            });
        }
        self.complete(
            vertex,
            &ticket,
            Completion {
                called: true,
                raise: outcome == Outcome::Changed && !noop,
                serve: !noop,
            },
        );
    }

    /// A pass succeeded.
    fn complete(&mut self, vertex: VertexId, ticket: &Ticket, completion: Completion) {
        let parents = self.scheduler.complete(vertex, ticket, completion);
        if !self.scheduler.is_failed(vertex)
            && let Some(state) = self.vertex_mut(vertex)
            && state.error.take().is_some()
        {
            let identity = state.declared.identity.clone();
            self.commands
                .push(Command::Event(EngineEvent::Recovered { identity }));
        }
        if !parents.is_empty() {
            self.converger.activity(self.now);
            self.commands.push(Command::Served {
                parents,
                child: vertex,
            });
        }
    }

    /// Stops taking things in. It is done when [`Core::is_quiescent`].
    pub(crate) fn pause(&mut self, fast: bool, now: Duration) {
        self.now = self.now.max(now);
        let fast = fast || self.interrupted || self.mode == Mode::Pausing { fast: true };
        if self.mode == Mode::Running {
            self.converger.pause();
            let waiting: Vec<_> = self
                .scheduler
                .vertices()
                .filter(|vertex| {
                    self.vertex(*vertex)
                        .is_some_and(|state| state.phase == Phase::Waiting)
                })
                .collect();
            // Withdraw all before anything that becomes free is given to one of them.
            for vertex in waiting {
                self.set_phase(vertex, Phase::Idle);
                self.release(vertex);
            }
            self.granted.clear();
        }
        self.mode = Mode::Pausing { fast };
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
        let vertices: Vec<_> = self.scheduler.vertices().collect();
        for vertex in vertices {
            if let Some(at) = self.vertex(vertex).and_then(|state| state.next_event)
                && at <= self.now
            {
                self.timers.push(Reverse((at, vertex)));
            }
            self.scheduler.wake(vertex);
        }
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
        self.converger.update(self.scheduler.busy() > 0, self.now);
        for converged in self.converger.take_reports() {
            let seconds = self.converger.timeout().unwrap_or_default().as_secs();
            if converged {
                info!("converged for {seconds} seconds");
            } else {
                info!("unconverged...");
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
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        if running && state.next_event.is_some_and(|at| at <= now) {
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

    fn take_event(&mut self, vertex: VertexId) {
        let now = self.now;
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        state.heard = true;
        // Events that are joined into one pass share one token.
        if state.reservation.is_none()
            && let Some(limiter) = &mut state.limiter
        {
            state.reservation = Some(limiter.reserve(now));
        }
        self.scheduler.invalidate(vertex);
        self.scheduler.set_started(vertex, true);
    }

    /// Starts a pass of the vertex if the rules let it.
    fn attempt(&mut self, vertex: VertexId) {
        if self.interrupted || matches!(self.mode, Mode::Paused | Mode::Pausing { fast: true }) {
            return;
        }
        let running = self.mode == Mode::Running;
        let now = self.now;
        let Some(state) = self.vertex(vertex) else {
            return;
        };
        if state.watch == Watch::Parked && self.scheduler.gate_open(vertex) {
            if running {
                self.start_watch(vertex);
            }
            return;
        }
        if state.phase != Phase::Idle || !self.scheduler.is_ready(vertex) {
            return;
        }
        if let Some(at) = state.reservation
            && at > now
        {
            if running {
                self.limit(vertex, at);
            }
            return;
        }
        self.prepare(vertex, false);
    }

    fn limit(&mut self, vertex: VertexId, until: Duration) {
        let wait = until - self.now;
        self.set_phase(vertex, Phase::Limited(until));
        self.timers.push(Reverse((until, vertex)));
        if let Some(state) = self.vertex(vertex) {
            let meta = &state.declared.meta;
            let identity = &state.declared.identity;
            info!(kind = %identity.kind, name = %identity.name,
                "limited to {} events per second, burst {}: waits for {} ms", meta.limit, meta.burst, wait.as_millis());
        }
    }

    /// The first half of a pass: receive, and find out whether `check_apply` is needed. `holding` tells
    /// whether the semaphores are held already.
    fn prepare(&mut self, vertex: VertexId, holding: bool) {
        match self.receive(vertex) {
            Ok(Reception::Proceed) => {}
            Ok(Reception::Rewatch) => {
                self.release(vertex);
                self.restart_watch(vertex);
                return;
            }
            Err(message) => {
                self.release(vertex);
                self.pass_failed(vertex, message);
                return;
            }
        }
        let Some(state) = self.vertex(vertex) else {
            return;
        };
        let meta = &state.declared.meta;
        let ticket = self.scheduler.ticket(vertex);
        let refresh = ticket.refresh() && state.refreshable;
        let noop = meta.noop;
        // A notification that noop forbids to serve would change something: it stays, and nothing is done.
        let call = !meta.hidden && (self.scheduler.is_dirty(vertex) || (refresh && !noop));
        if !call {
            self.release(vertex);
            if let Some(state) = self.vertex_mut(vertex) {
                state.reservation = None;
            }
            self.complete(
                vertex,
                &ticket,
                Completion {
                    called: false,
                    raise: false,
                    serve: !noop,
                },
            );
            return;
        }
        if !holding
            && let Some(ids) = state.semaphores.clone()
            && !self.semaphores.acquire(vertex, &ids)
        {
            if self.mode == Mode::Running {
                self.set_phase(vertex, Phase::Waiting);
            } else {
                self.release(vertex);
            }
            return;
        }
        self.start(vertex, ticket);
    }

    fn start(&mut self, vertex: VertexId, ticket: Ticket) {
        let notifies = self.scheduler.notified(vertex).next().is_some();
        let now = self.now;
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        let meta = &state.declared.meta;
        state.intent = notifies && !meta.noop;
        let request = CheckRequest {
            apply: !meta.noop,
            refresh: ticket.refresh() && state.refreshable,
            received: state.slots.received(),
            params: state.params.clone(),
            timeout: (meta.timeout > 0).then(|| Duration::from_millis(meta.timeout)),
            intent: state.intent,
        };
        state.phase = Phase::Running;
        state.ticket = ticket;
        state.began = now;
        state.interrupted = false;
        state.reservation = None;
        let identity = state.declared.identity.clone();
        self.scheduler.begin(vertex);
        self.running += 1;
        self.commands
            .push(Command::Event(EngineEvent::Started { identity }));
        self.commands.push(Command::Check(vertex, request));
    }

    /// The vertex got the last semaphore that it waited for.
    fn granted(&mut self, vertex: VertexId) {
        if self
            .vertex(vertex)
            .is_none_or(|state| state.phase != Phase::Waiting)
        {
            return;
        }
        self.set_phase(vertex, Phase::Idle);
        // The gate may have closed while it waited; it is woken when it opens again.
        if self.mode == Mode::Running && !self.interrupted && self.scheduler.is_ready(vertex) {
            self.prepare(vertex, true);
        } else {
            self.release(vertex);
        }
    }

    fn receive(&mut self, vertex: VertexId) -> Result<Reception, String> {
        let Some(mut state) = self.take_vertex(vertex) else {
            return Ok(Reception::Proceed);
        };
        let result = self.receive_into(vertex, &mut state);
        self.vertices[vertex.index as usize] = Some(state);
        result
    }

    fn receive_into(&mut self, vertex: VertexId, state: &mut Vertex) -> Result<Reception, String> {
        if state.slots.is_empty() {
            return Ok(Reception::Proceed);
        }
        let identity = &state.declared.identity;
        let transfer = state.slots.transfer(
            identity,
            &*state.declared.params,
            &*state.params,
            false,
            |sender| self.vertex(sender)?.sent.clone(),
        )?;
        let Some(transfer) = transfer else {
            return Ok(Reception::Proceed);
        };
        if transfer.moved.is_empty() {
            return Ok(Reception::Proceed);
        }
        for moved in &transfer.moved {
            info!(kind = %identity.kind, name = %identity.name, "Send/Recv: {moved}");
        }
        self.converger.activity(self.now);
        self.scheduler.invalidate(vertex);
        let old = std::mem::replace(&mut state.params, transfer.params);
        let rewatch = state.watched()
            && confine("must_rewatch", || {
                state.resource.must_rewatch(&*old, &*state.params)
            })
            .map_err(|panic| panic.to_string())?;
        Ok(if rewatch {
            Reception::Rewatch
        } else {
            Reception::Proceed
        })
    }

    /// Takes the vertex out for a moment, so that the others can be looked at meanwhile.
    pub(super) fn take_vertex(&mut self, vertex: VertexId) -> Option<Box<Vertex>> {
        if !self.scheduler.contains(vertex) {
            return None;
        }
        self.vertices.get_mut(vertex.index as usize)?.take()
    }

    /// A pass failed: another try, or the end of the vertex.
    fn pass_failed(&mut self, vertex: VertexId, message: String) {
        let now = self.now;
        self.converger.activity(now);
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        if !state.check_retries.take() {
            self.fail(vertex, message);
            return;
        }
        let delay = state.retry_delay();
        let until = now.saturating_add(delay);
        state.phase = Phase::Backoff(until);
        let retries = state.check_retries.left();
        self.timers.push(Reverse((until, vertex)));
        self.retrying(vertex, message, retries, delay);
    }

    fn retrying(&mut self, vertex: VertexId, message: String, retries: i32, delay: Duration) {
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        let message: Arc<str> = message.into();
        state.error = Some(message.clone());
        let identity = state.declared.identity.clone();
        let left = if retries < 0 {
            "without end".to_owned()
        } else {
            format!("{retries} left")
        };
        warn!(kind = %identity.kind, name = %identity.name,
            "{message}; next try in {} seconds, {left}", delay.as_secs_f64());
        self.commands.push(Command::Event(EngineEvent::Retrying {
            identity,
            error: message,
            retries,
            delay,
        }));
    }

    /// The vertex failed for good: it stays in the graph as a dead prerequisite.
    fn fail(&mut self, vertex: VertexId, message: String) {
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        let message: Arc<str> = message.into();
        state.error = Some(message.clone());
        state.next_event = None;
        let identity = state.declared.identity.clone();
        let phase = state.phase;
        let watch = std::mem::replace(&mut state.watch, Watch::Off);
        error!(kind = %identity.kind, name = %identity.name, "Error: {message}");
        if matches!(watch, Watch::Running | Watch::Restarting) {
            self.commands.push(Command::StopWatch(vertex));
        }
        match phase {
            Phase::Running => self.cancel_check(vertex),
            Phase::Waiting => {
                self.set_phase(vertex, Phase::Idle);
                self.release(vertex);
            }
            Phase::Idle | Phase::Limited(_) | Phase::Backoff(_) => {
                self.set_phase(vertex, Phase::Idle);
            }
        }
        let blocked = self.scheduler.blocked();
        self.scheduler.fail(vertex);
        let blocked = self.scheduler.blocked().saturating_sub(blocked);
        if blocked > 0 {
            warn!("{blocked} resources do not run: blocked by {identity}");
        }
        self.commands.push(Command::Event(EngineEvent::Failed {
            identity,
            error: message,
        }));
    }

    fn watch_failed(&mut self, vertex: VertexId, message: String) {
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
    pub(super) fn start_watch(&mut self, vertex: VertexId) {
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

    /// Ends the watch and starts it anew, since it watches the wrong thing. Passes wait until it listens.
    fn restart_watch(&mut self, vertex: VertexId) {
        self.scheduler.set_started(vertex, false);
        if let Some(state) = self.vertex_mut(vertex)
            && state.watch == Watch::Running
        {
            state.watch = Watch::Restarting;
            self.commands.push(Command::StopWatch(vertex));
        }
    }

    fn cancel_check(&mut self, vertex: VertexId) {
        if let Some(state) = self.vertex_mut(vertex)
            && !std::mem::replace(&mut state.interrupted, true)
        {
            self.commands.push(Command::CancelCheck(vertex));
        }
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
        self.scheduler
            .vertices()
            .filter_map(|vertex| {
                let state = self.vertex(vertex)?;
                Some(VertexStatus {
                    identity: state.declared.identity.clone(),
                    state: self.state(vertex, state),
                    error: state.error.clone(),
                    retries: state.check_retries.left(),
                    blocked: self.scheduler.is_blocked_for_good(vertex),
                })
            })
            .collect()
    }

    fn state(&self, vertex: VertexId, state: &Vertex) -> VertexState {
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

    /// The identities of vertices, for what is written to disk.
    pub(crate) fn identities(&self, vertices: &[VertexId]) -> Vec<Identity> {
        vertices
            .iter()
            .filter_map(|vertex| self.identity(*vertex).cloned())
            .collect()
    }
}

enum Reception {
    Proceed,
    /// The watch has to start anew before the pass.
    Rewatch,
}

/// An error with its causes on one line, innermost last (engine.md 7.2.4).
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Errors that print their cause themselves should not print it twice.
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text.replace('\n', " ")
}
