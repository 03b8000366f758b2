//! One pass of a vertex: the gate, the values, and `check_apply` (engine.md §3.4).

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, info};

use super::failure::describe;
use super::values::Reception;
use super::{CheckRequest, CheckResult, Command, Core, Mode};
use crate::engine::metrics::Failure;
use crate::engine::scheduler::{Completion, Ticket, VertexId};
use crate::engine::status::EngineEvent;
use crate::engine::vertex::{Phase, Watch};
use crate::resource::{Change, Outcome};

impl Core {
    /// Starts a pass of the vertex if the rules let it.
    pub(super) fn attempt(&mut self, vertex: VertexId) {
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
        let now = self.now;
        if !holding && let Some(state) = self.vertex_mut(vertex) {
            state.ready = now;
        }
        match self.receive(vertex) {
            Ok(Reception::Proceed) => {}
            Ok(Reception::Rewatch) => {
                self.release(vertex);
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
        let noop = meta.noop && !self.foresees;
        // A notification that noop forbids to serve would change something: it stays, and nothing is done.
        let dirty = self.scheduler.is_dirty(vertex);
        let call = !meta.hidden && (dirty || (refresh && !noop));
        let publish = dirty && state.exports().next().is_some();
        if !call && !publish {
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
        let call = !meta.hidden;
        state.intent = notifies && call && !meta.noop;
        let request = CheckRequest {
            call,
            apply: !meta.noop,
            refresh: call && ticket.refresh() && state.refreshable,
            received: state.slots.received(),
            members: state.check_members(),
            params: state.params.clone(),
            timeout: (meta.timeout > 0).then(|| Duration::from_millis(meta.timeout)),
            intent: state.intent,
            exports: state.exports().collect(),
        };
        state.phase = Phase::Running;
        state.ticket = ticket;
        state.began = now;
        state.interrupted = false;
        state.reservation = None;
        let identity = state.declared.identity.clone();
        self.scheduler.begin(vertex);
        self.running += 1;
        if call {
            self.commands
                .push(Command::Event(EngineEvent::Started { identity }));
        }
        self.commands.push(Command::Check(vertex, request));
    }

    /// The vertex got the last semaphore that it waited for.
    pub(super) fn granted(&mut self, vertex: VertexId) {
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

    pub(super) fn cancel_check(&mut self, vertex: VertexId) {
        if let Some(state) = self.vertex_mut(vertex)
            && !std::mem::replace(&mut state.interrupted, true)
        {
            self.commands.push(Command::CancelCheck(vertex));
        }
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
        let (noop, called) = (state.declared.meta.noop, !state.declared.meta.hidden);
        let parts = state.members.iter().zip(&result.changes_of_members);
        let members: Vec<_> = parts
            .filter(|(_, changes)| !changes.is_empty())
            .map(|(member, changes)| (member.declared.identity.clone(), changes.clone()))
            .collect();
        let (elapsed, since_ready) = (now - state.began, now - state.ready);
        state.owes |= result.owes;
        let found = result.outcome.as_ref().ok().copied();
        let of_members = result.changes_of_members.into_iter().flatten();
        let changes: Arc<[Change]> = result.changes.into_iter().chain(of_members).collect();
        if called {
            self.metrics
                .checked(&identity, !noop, found, elapsed, since_ready);
            self.commands.push(Command::Event(EngineEvent::Checked {
                identity: identity.clone(),
                apply: !noop,
                outcome: found,
                changes: changes.clone(),
                members,
                elapsed,
            }));
        }
        if result.exported {
            self.converger.activity(now);
        }
        match result.outcome {
            Ok(outcome) => {
                let mut outcome = outcome;
                if let Some(state) = self.vertex_mut(vertex) {
                    if called {
                        state.found = Some((outcome, changes));
                    }
                    if std::mem::take(&mut state.owes) {
                        outcome = Outcome::Changed;
                    }
                }
                self.published(vertex, result.sent, result.sent_by_members);
                self.check_succeeded(vertex, outcome, noop && !self.foresees);
            }
            Err(error) => {
                self.scheduler.abandon(vertex);
                // Whatever it was called for may be gone when it is tried again.
                self.scheduler.invalidate(vertex);
                if self.scheduler.is_failed(vertex) {
                    debug!(kind = %identity.kind, name = %identity.name, "last apply ended: {}", describe(&error));
                } else if interrupted {
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

    fn check_succeeded(&mut self, vertex: VertexId, outcome: Outcome, noop: bool) {
        let now = self.now;
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        let ticket = std::mem::take(&mut state.ticket);
        let intent = std::mem::take(&mut state.intent);
        let called = !state.declared.meta.hidden;
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
                called,
                raise: outcome == Outcome::Changed && !noop,
                serve: !noop,
            },
        );
    }

    /// A pass succeeded.
    fn complete(&mut self, vertex: VertexId, ticket: &Ticket, completion: Completion) {
        let parents = self.scheduler.complete(vertex, ticket, completion);
        if let Some(state) = self.vertex_mut(vertex)
            && state.declared.meta.retryreset
        {
            state.check_retries.refill();
        }
        if !self.scheduler.is_failed(vertex)
            && let Some(state) = self.vertex_mut(vertex)
            && state.error.take().is_some()
        {
            let identity = state.declared.identity.clone();
            self.metrics.failing(&identity, Some(Failure::Soft), None);
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
}
