//! Holds the machine in the state that the newest resource graph describes (engine.md).
//!
//! [`Engine::submit`] checks a graph, compares it with the running one, and replaces what differs; what
//! is equal runs on undisturbed. From then on every resource is watched, and checked when something may
//! have changed, in the order of the edges and otherwise all at once.
//!
//! The parts, from the inside out: `scheduler` knows who may run and why; `core` is the whole engine as a
//! state machine without tasks and clock; `driver` is the one task that owns it, calls the resources in
//! tasks of their own, and switches graphs; this file is what others use. Nothing here knows a kind.

#[cfg(test)]
mod tests;

mod autoedge;
mod autogroup;
mod background;
mod commit;
mod converged;
mod converger;
mod core;
mod driver;
mod export;
mod limiter;
mod metrics;
mod observation;
mod prepare;
mod receive;
mod record;
mod refresh;
mod reversal;
mod scheduler;
mod semaphore;
pub(crate) mod state_dir;
mod status;
mod task;
mod vertex;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mgmt_compiler::graph::ResourceGraph;
use tokio::sync::{Mutex, Notify, broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tracing::debug;

pub use self::metrics::Metrics;
pub use self::observation::{Observation, RunningEdge, RunningGraph, RunningVertex};
pub use self::prepare::Problem;
pub(crate) use self::scheduler::VertexId;
pub use self::state_dir::{PrefixError, PrefixLock, lock_prefix};
pub use self::status::{EngineEvent, EngineStatus, VertexState, VertexStatus};

use self::driver::{Control, Driver, Rung};
use self::prepare::{Overrides, Preparer};
use crate::resource::{Registry, ResourceError, Services};

/// Called with the new state whenever the whole becomes converged or no longer is. An error ends the run.
pub type StateFn = Box<dyn FnMut(bool) -> Result<(), String> + Send>;

/// What an engine is made of.
pub struct EngineConfig {
    /// The implementations of the kinds.
    pub registry: Registry,
    /// What all resources share.
    pub services: Services,
    /// Whether nothing is ever changed.
    pub noop: bool,
    /// How many resources may apply at once; nothing is no limit.
    pub sema: Option<NonZeroU32>,
    /// Whether the resources themselves may add to the order (engine.md §4.1).
    pub autoedges: bool,
    /// Whether resources may run together as one (engine.md §4.2).
    pub autogroup: bool,
    /// Whether notifications are passed on, and reactions checked, although nothing is changed: what a plan is made of.
    pub foresees: bool,
    /// Whether checks are asked what exactly they find to be different ([`VertexStatus::changes`]).
    pub explain: bool,
    /// Whether somebody looks on ([`Engine::observe`]).
    pub observed: bool,
    /// Whether notifications survive a crash, below the prefix.
    pub durable_notifications: bool,
    /// When everything counts as converged.
    pub converger: ConvergerConfig,
}

/// When everything counts as converged, and what happens then (engine.md §5).
#[derive(Default)]
pub struct ConvergerConfig {
    /// How long everything has to be idle; without it nothing ever converges.
    pub timeout: Option<Duration>,
    /// Whether the engine then asks for the end of the run ([`Engine::exit_requested`]).
    pub exit: bool,
    /// Gets a line `true` or `false` at each change.
    pub status_file: Option<PathBuf>,
    /// Called at each change, in the order of their names.
    pub state_functions: BTreeMap<String, StateFn>,
}

impl fmt::Debug for ConvergerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConvergerConfig")
            .field("timeout", &self.timeout)
            .field("exit", &self.exit)
            .field("status_file", &self.status_file)
            .field("state_functions", &self.state_functions.keys())
            .finish()
    }
}

impl EngineConfig {
    /// Applies everything, without limits and without ever converging.
    pub fn new(registry: Registry, services: Services) -> Self {
        Self {
            registry,
            services,
            noop: false,
            sema: None,
            autoedges: true,
            autogroup: true,
            foresees: false,
            explain: false,
            observed: false,
            durable_notifications: true,
            converger: ConvergerConfig::default(),
        }
    }
}

impl fmt::Debug for EngineConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineConfig")
            .field("registry", &self.registry)
            .field("services", &self.services)
            .field("noop", &self.noop)
            .field("sema", &self.sema)
            .field("converger", &self.converger)
            .finish_non_exhaustive()
    }
}

/// How a graph takes over.
#[derive(Clone, Copy, Debug, Default)]
pub struct SubmitOptions {
    /// Does not let chains that are half through run to their end first.
    pub fast: bool,
    /// What the deploy wants besides the engine's own `noop`.
    pub noop: bool,
    /// What the deploy wants in place of the engine's own `sema`.
    pub sema: Option<NonZeroU32>,
}

/// What a commit did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitReport {
    /// Counts the committed graphs from one.
    pub generation: u64,
    /// Resources that run on.
    pub kept: usize,
    /// Resources that are new or replaced.
    pub added: usize,
    /// Resources that are gone or replaced.
    pub removed: usize,
    /// How long the workers were paused.
    pub paused: Duration,
    /// What somebody should look at; the graph runs nevertheless.
    pub warnings: Vec<Problem>,
}

/// A graph did not take over.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The graph is not good; the running one was not disturbed.
    #[error("the graph is rejected: {}", join(.0))]
    Rejected(Vec<Problem>),
    /// A newer graph came before this one could take over; the running one was not disturbed.
    #[error("a newer graph came first")]
    Superseded,
    /// The engine is no longer usable, except for its shutdown.
    #[error("{0}")]
    Fatal(String),
}

impl SubmitError {
    fn ended() -> Self {
        Self::Fatal("the engine has ended".to_owned())
    }
}

/// A graph on its way.
#[derive(Debug)]
pub(crate) struct Offered(oneshot::Receiver<Result<CommitReport, SubmitError>>);

impl Offered {
    /// What becomes of it.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub(crate) async fn outcome(self) -> Result<CommitReport, SubmitError> {
        self.0.await.map_err(|_| SubmitError::ended())?
    }
}

fn join(problems: &[Problem]) -> String {
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// Errors on the way to the end; everything was stopped nevertheless.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct ShutdownErrors(pub Vec<String>);

/// Why the engine wants the run to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything has converged, and that was to be the end.
    Converged,
    /// Something that the whole run depends on failed.
    Failed(Arc<str>),
}

/// A running engine. Dropping it ends all its tasks at once; [`Engine::shutdown`] ends them in order.
#[derive(Debug)]
pub struct Engine {
    control: mpsc::Sender<Control>,
    rung: watch::Sender<Rung>,
    status: watch::Receiver<EngineStatus>,
    events: broadcast::Sender<EngineEvent>,
    exit: watch::Receiver<Option<Exit>>,
    touched: Arc<Notify>,
    overrides: Overrides,
    metrics: Arc<Metrics>,
    /// One graph is prepared at a time, so that they reach the driver in the order of their submission.
    preparer: Mutex<Preparer>,
    _driver: AbortOnDropHandle<()>,
}

impl Engine {
    /// Starts an engine with an empty graph. Must be called within a tokio runtime with timers.
    pub fn new(config: EngineConfig) -> Self {
        let (control, control_receiver) = mpsc::channel(16);
        let rung = watch::Sender::new(Rung::Run);
        let registry = Arc::new(config.registry.clone());
        let overrides = Overrides {
            noop: config.noop,
            sema: config.sema,
            skip_autoedges: !config.autoedges,
            skip_autogroup: !config.autogroup,
        };
        let metrics = Arc::new(Metrics::new(config.registry.kinds()));
        let preparer = Preparer::new(registry, config.services.clone(), Arc::clone(&metrics));
        let (driver, views) = Driver::new(
            config,
            control_receiver,
            rung.subscribe(),
            Arc::clone(&metrics),
        );
        Self {
            control,
            rung,
            status: views.status,
            events: views.events,
            exit: views.exit,
            touched: views.touched,
            overrides,
            metrics,
            preparer: Mutex::new(preparer),
            _driver: AbortOnDropHandle::new(tokio::spawn(driver.run())),
        }
    }

    /// Makes `graph` the running one. The call returns when it runs, or when it is certain that it will
    /// not; several may be under way, and the newer ones win (engine.md §2.3, 2.2.10).
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn submit(
        &self,
        graph: impl Into<Arc<ResourceGraph>>,
        options: SubmitOptions,
    ) -> Result<CommitReport, SubmitError> {
        self.offer(graph, options).await?.outcome().await
    }

    /// The first half of [`Engine::submit`]: when it returns, the graph is good and on its way, before all that are
    /// submitted from then on.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub(crate) async fn offer(
        &self,
        graph: impl Into<Arc<ResourceGraph>>,
        options: SubmitOptions,
    ) -> Result<Offered, SubmitError> {
        let overrides = Overrides {
            noop: self.overrides.noop || options.noop,
            sema: options.sema.or(self.overrides.sema),
            ..self.overrides
        };
        let graph = graph.into();
        let mut preparer = self.preparer.lock().await;
        let began = Instant::now();
        // Resources may look at the machine for as long as they like, but not beyond the engine's end.
        let prepared = tokio::select! {
            prepared = preparer.prepare(&graph, overrides) => {
                prepared.map_err(|problems| {
                    self.metrics.rejected();
                    SubmitError::Rejected(problems)
                })?
            }
            () = self.control.closed() => return Err(SubmitError::ended()),
        };
        debug!("the graph was checked in {:?}", began.elapsed());
        let (reply, answer) = oneshot::channel();
        let control = Control::Submit {
            prepared,
            overrides,
            fast: options.fast,
            reply,
        };
        self.control
            .send(control)
            .await
            .map_err(|_| SubmitError::ended())?;
        Ok(Offered(answer))
    }

    /// Ends everything in order: pauses, stops and joins all watches, cleans all resources up. A running
    /// `check_apply` completes; unless `fast`, chains that are half through run to their end
    /// (engine.md §7.3, rung 1). A second call waits for the end as well.
    ///
    /// # Errors
    /// What went wrong on the way.
    pub async fn shutdown(&self, fast: bool) -> Result<(), ShutdownErrors> {
        let (reply, answer) = oneshot::channel();
        let control = Control::Shutdown { fast, reply };
        if self.control.send(control).await.is_err() {
            return Ok(());
        }
        let errors = answer.await.unwrap_or_default();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(ShutdownErrors(errors))
        }
    }

    /// No pass starts any more, and those that run are told to return (engine.md §7.3, rung 2). Never
    /// blocks and can not be taken back.
    pub fn soft_interrupt(&self) {
        self.rung.send_if_modified(|rung| {
            let climbs = *rung < Rung::Soft;
            *rung = (*rung).max(Rung::Soft);
            climbs
        });
    }

    /// In addition to [`Engine::soft_interrupt`] calls `interrupt` of every resource (rung 3).
    pub fn hard_interrupt(&self) {
        self.rung.send_if_modified(|rung| {
            let climbs = *rung < Rung::Hard;
            *rung = Rung::Hard;
            climbs
        });
    }

    /// The summary, always current.
    pub fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.clone()
    }

    /// Everything that happens from now on. A receiver that does not keep up misses the oldest.
    pub fn events(&self) -> broadcast::Receiver<EngineEvent> {
        self.events.subscribe()
    }

    /// What it counts.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What every resource is doing; empty once the engine has ended.
    pub async fn snapshot(&self) -> Vec<VertexStatus> {
        let (reply, answer) = oneshot::channel();
        if self.control.send(Control::Snapshot(reply)).await.is_err() {
            return Vec::new();
        }
        answer.await.unwrap_or_default()
    }

    /// The graph as it runs: what was declared, and what followed from it. Nothing once the engine has ended.
    pub async fn running_graph(&self) -> Option<RunningGraph> {
        let (reply, answer) = oneshot::channel();
        self.control.send(Control::Graph(reply)).await.ok()?;
        answer.await.ok()
    }

    /// Waits until [`Engine::observe`] has something to tell. For one task, which looks on.
    pub async fn touched(&self) {
        self.touched.notified().await;
    }

    /// What has changed since the last call, if [`EngineConfig::observed`] is set; `known` is the generation
    /// that was seen then, at first zero. Costs the engine what has changed. Nothing once the engine has ended.
    pub async fn observe(&self, known: u64) -> Option<Observation> {
        let (reply, answer) = oneshot::channel();
        let control = Control::Observe { known, reply };
        self.control.send(control).await.ok()?;
        answer.await.ok()
    }

    /// Completes when the engine wants the run to end, or has ended.
    pub async fn exit_requested(&self) -> Exit {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(exit) => exit.clone().unwrap_or(Exit::Converged),
            Err(_) => Exit::Failed("the engine has ended".into()),
        }
    }
}

/// A panic in a resource, as an error of its vertex.
#[derive(Debug, thiserror::Error)]
#[error("panic in {operation}: {message}")]
pub(crate) struct Panicked {
    operation: &'static str,
    message: String,
}

/// Calls into a kind's own code; its panic is an error.
pub(crate) fn confine<T>(operation: &'static str, call: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| panicked(operation, &*panic))
}

fn panicked(operation: &'static str, panic: &(dyn Any + Send)) -> Panicked {
    let message = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    Panicked { operation, message }
}

fn panic_error(operation: &'static str, panic: &(dyn Any + Send)) -> ResourceError {
    ResourceError::message(panicked(operation, panic).to_string())
}
