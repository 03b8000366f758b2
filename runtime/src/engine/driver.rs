//! The one task that owns the state machine, the clock, and the tasks of the resources.

mod submissions;
mod switch;
mod tasks;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::background::Workers;
use super::converged::Convergence;
use super::core::Core;
use super::export::Exporter;
use super::metrics::Metrics;
use super::observation::{Observation, RunningGraph};
use super::prepare::{Overrides, Prepared};
use super::refresh::RefreshLog;
use super::reversal::Reversals;
use super::scheduler::VertexId;
use super::status::{EngineEvent, EngineStatus, VertexStatus};
use super::task::Done;
use super::{CommitReport, EngineConfig, Exit, SubmitError, confine, state_dir};
use crate::resource::{InitContext, Registry, Services, WatchEvent};

/// Watches wait in line beyond this; each has one event under way at most.
const EVENTS: usize = 1024;
/// Listeners that lag behind by more miss the oldest.
const BROADCAST: usize = 1024;
/// The same where somebody keeps a history.
const OBSERVED: usize = 16 * 1024;
/// After so many inputs in a row the clock and the commands get their turn.
const BATCH: usize = 128;

/// How far the operator has climbed (engine.md §7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rung {
    Run,
    Soft,
    Hard,
}

/// What the owner of the engine wants.
#[derive(Debug)]
pub(super) enum Control {
    Submit {
        prepared: Arc<Prepared>,
        overrides: Overrides,
        fast: bool,
        reply: oneshot::Sender<Result<CommitReport, SubmitError>>,
    },
    Shutdown {
        fast: bool,
        reply: oneshot::Sender<Vec<String>>,
    },
    Snapshot(oneshot::Sender<Vec<VertexStatus>>),
    Graph(oneshot::Sender<RunningGraph>),
    Observe {
        known: u64,
        reply: oneshot::Sender<Observation>,
    },
}

/// What others see of the driver.
pub(super) struct Views {
    pub(super) status: watch::Receiver<EngineStatus>,
    pub(super) events: broadcast::Sender<EngineEvent>,
    pub(super) exit: watch::Receiver<Option<Exit>>,
    pub(super) touched: Arc<Notify>,
}

/// A graph on its way.
struct Submission {
    prepared: Arc<Prepared>,
    overrides: Overrides,
    fast: bool,
    reply: oneshot::Sender<Result<CommitReport, SubmitError>>,
    /// The vertices that have to settle before (engine.md §2.7).
    gate: Vec<VertexId>,
}

/// The tasks of one vertex.
struct Tasks {
    context: InitContext,
    watch: CancellationToken,
    /// Whether a watch task exists.
    watching: bool,
    /// That of the `check_apply` that runs.
    check: Option<CancellationToken>,
}

pub(super) struct Driver {
    core: Core,
    epoch: Instant,
    registry: Registry,
    services: Services,
    reversals: Reversals,
    explain: bool,
    exporter: Exporter,
    log: Option<RefreshLog>,
    /// What works for the engine as a whole, and ends after the resources.
    helpers: JoinSet<()>,
    stop_helpers: CancellationToken,
    background: Workers,
    convergence: Convergence,
    tasks: JoinSet<Done>,
    /// By slot of the scheduler.
    by_vertex: Vec<Option<Tasks>>,
    event_sender: mpsc::Sender<WatchEvent>,
    event_receiver: mpsc::Receiver<WatchEvent>,
    /// Events that wait for the resume.
    held: Vec<WatchEvent>,
    control: mpsc::Receiver<Control>,
    rung: watch::Receiver<Rung>,
    waiting: VecDeque<Submission>,
    /// The graph that the pause is for.
    switching: Option<Submission>,
    pause_began: Duration,
    /// Those that wait for the end; there is no way back once there is one.
    leaving: Vec<oneshot::Sender<Vec<String>>>,
    /// Why no further graph can be taken.
    dead: Option<String>,
    status: watch::Sender<EngineStatus>,
    broadcast: broadcast::Sender<EngineEvent>,
    exit: watch::Sender<Option<Exit>>,
    /// Wakes whoever looks on.
    touched: Arc<Notify>,
}

impl Driver {
    pub(super) fn new(
        config: EngineConfig,
        control: mpsc::Receiver<Control>,
        rung: watch::Receiver<Rung>,
        metrics: Arc<Metrics>,
    ) -> (Self, Views) {
        let (event_sender, event_receiver) = mpsc::channel(EVENTS);
        let (status, status_view) = watch::channel(EngineStatus::default());
        let (exit, exit_view) = watch::channel(None);
        let broadcast = broadcast::Sender::new(if config.observed { OBSERVED } else { BROADCAST });
        let touched = Arc::new(Notify::new());
        let views = Views {
            status: status_view,
            events: broadcast.clone(),
            exit: exit_view,
            touched: Arc::clone(&touched),
        };
        let log = config
            .durable_notifications
            .then(|| RefreshLog::open(state_dir::refresh(&config.services.prefix)));
        let exporter = Exporter::new(config.services.clone(), config.registry.clone());
        let mut core = Core::new(config.converger.timeout, metrics);
        core.foresees = config.foresees;
        if config.observed {
            core.scheduler.observe();
        }
        core.resume(false, Duration::ZERO);
        let driver = Self {
            core,
            epoch: Instant::now(),
            reversals: Reversals::open(config.services.clone(), config.registry.clone()),
            background: Workers::new(config.services.clone()),
            registry: config.registry,
            services: config.services,
            explain: config.explain,
            exporter,
            log,
            helpers: JoinSet::new(),
            stop_helpers: CancellationToken::new(),
            convergence: Convergence::new(config.converger),
            tasks: JoinSet::new(),
            by_vertex: Vec::new(),
            event_sender,
            event_receiver,
            held: Vec::new(),
            control,
            rung,
            waiting: VecDeque::new(),
            switching: None,
            pause_began: Duration::ZERO,
            leaving: Vec::new(),
            dead: None,
            status,
            broadcast,
            exit,
            touched,
        };
        (driver, views)
    }

    pub(super) async fn run(mut self) {
        if let Some(log) = &self.log {
            let run = log
                .clone()
                .run(self.services.clone(), self.stop_helpers.clone());
            self.helpers.spawn(run);
        }
        let exporter = self.exporter.clone();
        self.helpers.spawn(exporter.run(self.stop_helpers.clone()));
        loop {
            self.core.advance(self.now());
            self.execute();
            self.open_gate();
            if self.core.is_quiescent() {
                if let Some(submission) = self.switching.take() {
                    self.core.paused();
                    self.switch(submission).await;
                    continue;
                }
                if !self.leaving.is_empty() {
                    self.core.paused();
                    self.leave().await;
                    return;
                }
            }
            self.publish();
            let deadline = self
                .core
                .deadline()
                .and_then(|deadline| self.epoch.checked_add(deadline));
            tokio::select! {
                control = self.control.recv() => match control {
                    Some(control) => self.obey(control),
                    // The engine was dropped; so is this task at its next wait.
                    None => return,
                },
                Ok(()) = self.rung.changed() => self.climb(),
                reason = self.background.failed() => {
                    error!("{reason}");
                    self.request_exit(Exit::Failed(reason.into()));
                }
                Some(done) = self.tasks.join_next() => {
                    self.finished(done);
                    self.drain();
                }
                Some(event) = self.event_receiver.recv() => {
                    self.event(event);
                    self.drain();
                }
                () = sleep_until(deadline.unwrap_or(self.epoch)), if deadline.is_some() => {}
            }
        }
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// Takes what has arrived besides, so that what belongs together is worked on together.
    fn drain(&mut self) {
        for _ in 0..BATCH {
            if let Some(done) = self.tasks.try_join_next() {
                self.finished(done);
            } else if let Ok(event) = self.event_receiver.try_recv() {
                self.event(event);
            } else {
                return;
            }
        }
    }

    fn climb(&mut self) {
        let rung = *self.rung.borrow_and_update();
        if rung == Rung::Run {
            return;
        }
        let now = self.now();
        self.core.interrupt(now);
        if rung == Rung::Hard {
            let vertices: Vec<_> = self.core.scheduler.vertices().collect();
            for vertex in vertices {
                let Some(state) = self.core.vertex(vertex) else {
                    continue;
                };
                if let Err(panic) = confine("interrupt", || state.resource.interrupt()) {
                    let identity = &state.declared.identity;
                    error!(kind = %identity.kind, name = %identity.name, "{panic}");
                }
            }
        }
    }

    fn publish(&self) {
        let status = self.core.status();
        self.core.metrics.status(&status);
        self.status.send_if_modified(|former| {
            let changed = *former != status;
            *former = status;
            changed
        });
        if self.core.scheduler.has_touched() {
            self.touched.notify_one();
        }
    }

    /// Lets the workers run again.
    fn resume(&mut self, committed: bool) {
        self.core.resume(committed, self.now());
        self.execute();
        for event in std::mem::take(&mut self.held) {
            self.event(event);
        }
    }

    /// The end: every vertex is removed like at a switch (engine.md §2.9).
    async fn leave(&mut self) {
        info!("waiting...");
        let vertices: Vec<_> = self.core.scheduler.vertices().collect();
        let errors = self.tear_down(&vertices).await;
        self.core.forget(&vertices);
        self.background.finish().await;
        self.stop_helpers.cancel();
        while self.helpers.join_next().await.is_some() {}
        if !errors.is_empty() {
            warn!("{} resources were not cleaned up", errors.len());
        }
        self.publish();
        // Calls that came during the tear down.
        while let Ok(control) = self.control.try_recv() {
            match control {
                Control::Shutdown { reply, .. } => self.leaving.push(reply),
                Control::Submit { reply, .. } => {
                    let _ = reply.send(Err(SubmitError::Fatal("the engine has ended".to_owned())));
                }
                Control::Snapshot(reply) => drop(reply),
                Control::Graph(reply) => drop(reply),
                Control::Observe { reply, .. } => drop(reply),
            }
        }
        for reply in self.leaving.drain(..) {
            let _ = reply.send(errors.clone());
        }
    }
}
