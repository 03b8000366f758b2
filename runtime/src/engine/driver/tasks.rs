//! The tasks of the resources: what the state machine wants, and how they end.

use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, error, info};

use super::{Done, Driver, Tasks};
use crate::engine::core::{CheckRequest, Command};
use crate::engine::scheduler::VertexId;
use crate::engine::status::EngineEvent;
use crate::engine::{Exit, converger, task};
use crate::resource::{Changes, CheckContext, WatchContext, WatchEvent, WatchId};

impl Driver {
    pub(super) fn event(&mut self, event: WatchEvent) {
        let now = self.now();
        let WatchId {
            vertex,
            incarnation,
        } = event.watch;
        if self.core.watch_event(vertex, incarnation, now) {
            self.execute();
            // The watch may have been cancelled meanwhile.
            let _ = event.taken.send(());
        } else {
            self.held.push(event);
        }
    }

    pub(super) fn finished(&mut self, done: Result<Done, tokio::task::JoinError>) {
        let now = self.now();
        match done {
            Ok(Done::Watch { watch, result }) => {
                if let Some(tasks) = self.tasks_of(watch.vertex) {
                    tasks.watching = false;
                }
                self.core
                    .watch_ended(watch.vertex, watch.incarnation, result, now);
            }
            Ok(Done::Check { vertex, result }) => {
                if let Some(tasks) = self.tasks_of(vertex) {
                    tasks.check = None;
                }
                self.core.check_ended(vertex, result, now);
            }
            // Panics of resources are caught inside the tasks.
            Err(error) => error!("internal error: a task of the engine ended early: {error}"),
        }
        self.execute();
    }

    pub(super) fn tasks_of(&mut self, vertex: VertexId) -> Option<&mut Tasks> {
        if !self.core.scheduler.contains(vertex) {
            return None;
        }
        self.by_vertex.get_mut(vertex.index as usize)?.as_mut()
    }

    /// Does what the state machine wants.
    pub(super) fn execute(&mut self) {
        for command in self.core.take_commands() {
            match command {
                Command::StartWatch {
                    vertex,
                    incarnation,
                } => self.start_watch(WatchId {
                    vertex,
                    incarnation,
                }),
                Command::StopWatch(vertex) => {
                    if let Some(tasks) = self.tasks_of(vertex) {
                        tasks.watch.cancel();
                    }
                }
                Command::Check(vertex, request) => self.start_check(vertex, request),
                Command::CancelCheck(vertex) => {
                    if let Some(check) = self.tasks_of(vertex).and_then(|it| it.check.as_ref()) {
                        check.cancel();
                    }
                }
                Command::Raise { parent, children } => {
                    self.tell_notified(parent, &children);
                    if let Some(log) = &self.log {
                        // Any part of them may be a vertex of its own by the time that this is read.
                        let children = children.iter().flat_map(|each| self.core.parts(*each));
                        log.resolve(&self.core.parts(parent), &children.collect::<Vec<_>>());
                    }
                }
                Command::Served { parents, child } => {
                    self.tell_served(&parents, child);
                    if let Some(log) = &self.log {
                        // The record may be of a time when they were vertices of their own.
                        let parents = parents.iter().flat_map(|each| self.core.parts(*each));
                        let parents: Vec<_> = parents.collect();
                        for child in self.core.parts(child) {
                            log.serve(parents.clone(), &child);
                        }
                    }
                }
                Command::Event(event) => {
                    if let EngineEvent::Converged(converged) = event {
                        self.converged(converged);
                    }
                    // Nobody may be listening.
                    let _ = self.broadcast.send(event);
                }
            }
        }
    }

    fn tell_notified(&self, parent: VertexId, children: &[VertexId]) {
        if children.is_empty() || self.broadcast.receiver_count() == 0 {
            return;
        }
        for from in self.core.identities(&[parent]) {
            let to = self.core.identities(children);
            let _ = self.broadcast.send(EngineEvent::Notified { from, to });
        }
    }

    fn tell_served(&self, parents: &[VertexId], child: VertexId) {
        if self.broadcast.receiver_count() == 0 {
            return;
        }
        for to in self.core.identities(&[child]) {
            let from = self.core.identities(parents);
            let _ = self.broadcast.send(EngineEvent::Served { from, to });
        }
    }

    pub(super) fn converged(&mut self, converged: bool) {
        let exit = match self.convergence.report(converged) {
            Ok(true) => {
                let seconds = self.core.converger.timeout().unwrap_or_default().as_secs();
                info!(target: converger::LOG, "converged for {seconds} seconds, exiting!");
                Exit::Converged
            }
            Ok(false) => return,
            Err(error) => {
                error!("{error}");
                Exit::Failed(error.into())
            }
        };
        // Who hears of the exit looks at the status next.
        self.publish();
        self.request_exit(exit);
    }

    pub(super) fn request_exit(&self, exit: Exit) {
        self.exit.send_if_modified(|present| {
            let first = present.is_none();
            if first {
                *present = Some(exit);
            }
            first
        });
    }

    pub(super) fn start_watch(&mut self, watch: WatchId) {
        let Some(state) = self.core.vertex(watch.vertex) else {
            return;
        };
        let (resource, params) = (state.resource.clone(), state.params.clone());
        let events = self.event_sender.clone();
        let Some(tasks) = self.tasks_of(watch.vertex) else {
            return;
        };
        tasks.watch = CancellationToken::new();
        tasks.watching = true;
        let context =
            WatchContext::shared(tasks.context.clone(), tasks.watch.clone(), watch, events);
        self.tasks
            .spawn(task::watch(watch, resource, params, context));
    }

    pub(super) fn start_check(&mut self, vertex: VertexId, mut request: CheckRequest) {
        let Some(state) = self.core.vertex(vertex) else {
            return;
        };
        let resource = state.resource.clone();
        let identity = state.declared.identity.clone();
        let log = self.log.clone().filter(|_| request.intent);
        let intent = log.map(|log| (log, self.core.parts(vertex)));
        let exporter = self.exporter.clone();
        let undone = (state.reversal && request.apply).then(|| self.reversals.clone());
        let changes = if self.explain {
            Changes::wanted()
        } else {
            Changes::default()
        };
        let Some(tasks) = self.tasks_of(vertex) else {
            return;
        };
        let cancel = CancellationToken::new();
        tasks.check = Some(cancel.clone());
        let context = CheckContext::new(
            tasks.context.clone(),
            cancel,
            request.apply,
            request.refresh,
            std::mem::take(&mut request.received),
        )
        .with_members(std::mem::take(&mut request.members))
        .reporting(changes);
        let span = task::span(&identity);
        let job = task::Job {
            vertex,
            identity,
            resource,
            intent,
            undone,
            exporter,
        };
        self.tasks
            .spawn(task::check(job, request, context).instrument(span));
    }
}
