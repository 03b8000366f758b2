//! Connects the front end with the engine, for as long as the process is to run (engine.md §7).

mod findings;
pub mod graphviz;
pub mod ladder;
pub mod place;
#[cfg(test)]
mod tests;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::engine::{CommitReport, Engine, Exit, RunningGraph, SubmitError};
use crate::frontend::{GraphSource, ProgramFailed, Report, SourcedGraph};
use crate::http::HttpServer;
use crate::metrics;
use crate::resource::Services;
use crate::ui::Ui;
use crate::vocabulary::Vocabulary;
use findings::Teller;
use graphviz::Graphviz;
use ladder::Rung;

/// What one run consists of.
pub(crate) struct Run {
    /// Where its graphs come from; without, it only waits for its end.
    pub(crate) graphs: Option<Box<dyn GraphSource>>,
    /// What the graphs can name.
    pub(crate) vocabulary: Vocabulary,
    /// Tells people what is wrong with them.
    pub(crate) report: Report,
    /// What holds them.
    pub(crate) engine: Arc<Engine>,
    /// What its resources share.
    pub(crate) services: Services,
    /// Whether a converged end tells of resources that failed by its status.
    pub(crate) report_failures: bool,
    /// Ends the run with an error.
    pub(crate) max_runtime: Option<Duration>,
    /// Where each graph is drawn.
    pub(crate) graphviz: Option<Graphviz>,
    /// Where its metrics are to be read.
    pub(crate) metrics: Option<HttpServer>,
    /// Where the run can be looked at.
    pub(crate) ui: Option<Ui>,
    /// What the operator wants.
    pub(crate) rung: watch::Receiver<Rung>,
}

/// Why a run did not end well. It was logged when it happened (engine.md §7.5).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// Something that the whole run depends on failed.
    #[error("{0}")]
    Failed(String),
    /// It converged, but not all is as it should be; only if that is to be told.
    #[error("{failed} resources failed, {blocked} did not run because of that")]
    ResourcesFailed {
        /// Those that failed for good.
        failed: usize,
        /// Those that did not run because of that.
        blocked: usize,
    },
    /// A resource asked for the end, with a status other than 0.
    #[error("a resource asks for the end, with status {0}")]
    Requested(u8),
}

impl Ended {
    /// The exit status of a process whose run ended like this.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::ResourcesFailed { .. } => 2,
            Self::Requested(status) => *status,
        }
    }

    fn failed(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        error!("{reason}");
        Self::Failed(reason)
    }
}

impl Run {
    /// Runs until somebody or something asks for the end, and ends everything in order (engine.md §7.4, §7.5).
    pub(crate) async fn run(self) -> Result<(), Ended> {
        let exit = self.services.exit.clone();
        let writer = self.services.writer.clone();
        let engine = self.engine;
        let mut servers = Servers::default();
        if let Some(server) = self.metrics {
            info!("metrics: http://{}/metrics", server.address());
            servers.start(server, metrics::router(engine.metrics()));
        }
        let ui = self
            .ui
            .map(|ui| ui.start(Arc::clone(&engine), self.vocabulary));
        let cancel = CancellationToken::new();
        let (graphs, newest) = watch::channel(None);
        let mut frontend = JoinSet::new();
        if let Some(source) = self.graphs {
            frontend.spawn(source.run(self.services, graphs, cancel.clone()));
        }
        let show = |newest: SourcedGraph, running: Option<RunningGraph>| {
            if let (Some(graphviz), Some(running)) = (&self.graphviz, running) {
                graphviz.draw(&running);
            }
            if let Some(ui) = &ui {
                ui.declared(newest);
            }
        };
        let mut conductor = Conductor {
            engine: Arc::clone(&engine),
            frontend,
            newest,
            turn: Arc::new(Semaphore::new(1)),
            submissions: JoinSet::new(),
            rung: self.rung.clone(),
            report_failures: self.report_failures,
            draws: self.graphviz.is_some(),
            committed: false,
            teller: Teller::new(self.report),
        };
        info!("running...");
        let mut overdue = false;
        let ended = tokio::select! {
            result = conductor.conduct(&show) => result,
            code = exit.requested() => {
                info!("a resource asks for the end, with status {code}");
                if code == 0 { Ok(()) } else { Err(Ended::Requested(code)) }
            }
            () = time_limit(self.max_runtime) => {
                overdue = true;
                Err(Ended::failed("the limit of --max-runtime is reached"))
            }
        };
        // It may have converged before its commit was told.
        if let Some(graphviz) = &self.graphviz
            && let Some(running) = engine.running_graph().await
            && !running.vertices.is_empty()
        {
            graphviz.draw(&running);
        }
        info!("destroy...");
        cancel.cancel();
        let stopped = conductor.stop(self.rung, overdue).await;
        if let Some(ui) = ui {
            ui.finish().await;
        }
        writer.close();
        if let Some(graphviz) = self.graphviz {
            graphviz.finish().await;
        }
        servers.stop().await;
        ended.and(stopped)
    }
}

/// What is told by HTTP while the agent runs, until the very end.
#[derive(Default)]
struct Servers {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Servers {
    fn start(&mut self, server: HttpServer, router: Router) {
        self.tasks.spawn(server.serve(router, self.stop.clone()));
    }

    async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Hands graphs from the front end to the engine.
struct Conductor {
    engine: Arc<Engine>,
    frontend: JoinSet<Result<(), ProgramFailed>>,
    newest: watch::Receiver<Option<SourcedGraph>>,
    /// Held by the graph that the engine looks at. Those that come meanwhile are skipped for the newest, and none
    /// overtakes another.
    turn: Arc<Semaphore>,
    submissions: JoinSet<Submission>,
    rung: watch::Receiver<Rung>,
    report_failures: bool,
    /// Whether the graphs that run are drawn.
    draws: bool,
    committed: bool,
    teller: Teller,
}

/// A graph and what the engine said to it; for a drawing, the graph that came of it.
type Submission = (
    SourcedGraph,
    Result<(CommitReport, Option<RunningGraph>), SubmitError>,
);

/// Is shown what runs from now on.
type Show<'a> = &'a (dyn Fn(SourcedGraph, Option<RunningGraph>) + Sync);

impl Conductor {
    async fn conduct(&mut self, show: Show<'_>) -> Result<(), Ended> {
        loop {
            let engine = Arc::clone(&self.engine);
            tokio::select! {
                biased;
                () = reached(&mut self.rung, Rung::Stop) => return Ok(()),
                exit = engine.exit_requested() => return match exit {
                    Exit::Converged if self.report_failures => failures(&engine),
                    Exit::Converged => Ok(()),
                    Exit::Failed(reason) => Err(Ended::failed(&*reason)),
                },
                Some(ended) = self.frontend.join_next() => return frontend_ended(ended),
                Some(submission) = self.submissions.join_next() => {
                    self.submitted(submission, show)?;
                }
                Some(turn) = next_turn(&self.turn, &mut self.newest) => self.submit(turn),
            }
        }
    }

    /// Offers the newest graph to the engine. Several may be under way; the newer ones win.
    fn submit(&mut self, turn: OwnedSemaphorePermit) {
        let Some(newest) = self.newest.borrow_and_update().clone() else {
            return;
        };
        let engine = Arc::clone(&self.engine);
        let draws = self.draws;
        self.submissions.spawn(async move {
            let graph = Arc::clone(&newest.graph);
            let offered = engine.offer(graph, newest.options).await;
            drop(turn);
            let result = match offered {
                Ok(offered) => offered.outcome().await,
                Err(error) => Err(error),
            };
            let running = match result {
                Ok(report) if draws => Ok((report, engine.running_graph().await)),
                result => result.map(|report| (report, None)),
            };
            (newest, running)
        });
    }

    fn submitted(
        &mut self,
        submission: Result<Submission, JoinError>,
        show: Show<'_>,
    ) -> Result<(), Ended> {
        match submission {
            Ok((graph, Ok((report, running)))) => {
                self.committed = true;
                self.teller.committed(report.warnings, &graph.sources);
                show(graph, running);
                Ok(())
            }
            Ok((_, Err(SubmitError::Superseded))) => Ok(()),
            Ok((graph, Err(SubmitError::Rejected(problems)))) => {
                self.teller.rejected(&problems, &graph.sources);
                if self.committed {
                    warn!("the running graph stays as it is");
                    Ok(())
                } else {
                    let rejected = SubmitError::Rejected(problems);
                    Err(Ended::Failed(rejected.to_string()))
                }
            }
            Ok((_, Err(SubmitError::Fatal(reason)))) => Err(Ended::failed(reason)),
            Err(error) => Err(Ended::failed(format!("internal error: {error}"))),
        }
    }

    /// Ends the front end, then the engine, faster if the operator asks for it.
    /// Ends everything. What is running completes, unless it is to be cancelled or torn down; for a run that is
    /// overdue that follows by itself.
    async fn stop(mut self, mut rung: watch::Receiver<Rung>, overdue: bool) -> Result<(), Ended> {
        let mut result = Ok(());
        let engine = Arc::clone(&self.engine);
        let end = async {
            while let Some(ended) = self.frontend.join_next().await {
                if let Err(ended) = frontend_ended(ended) {
                    result = Err(ended);
                }
            }
            let ended = self.engine.shutdown(false).await;
            while self.submissions.join_next().await.is_some() {}
            if let Err(errors) = ended {
                result = Err(Ended::failed(errors.to_string()));
            }
        };
        let hurry = async {
            climbed(&mut rung, Rung::Interrupt, overdue).await;
            engine.soft_interrupt();
            climbed(&mut rung, Rung::Kill, overdue).await;
            engine.hard_interrupt();
            pending::<()>().await;
        };
        tokio::select! {
            () = end => {}
            () = hurry => {}
        }
        result
    }
}

/// Completes when there is a newer graph, and the engine can look at it; nothing if no more will come.
async fn next_turn(
    turn: &Arc<Semaphore>,
    newest: &mut watch::Receiver<Option<SourcedGraph>>,
) -> Option<OwnedSemaphorePermit> {
    // In this order, whoever is dropped while he waits has missed nothing.
    let turn = Arc::clone(turn).acquire_owned().await.ok()?;
    newest.changed().await.ok()?;
    Some(turn)
}

/// An error if resources failed, or were kept from running by others that did.
fn failures(engine: &Engine) -> Result<(), Ended> {
    let status = *engine.status().borrow();
    if status.failed + status.blocked == 0 {
        return Ok(());
    }
    let ended = Ended::ResourcesFailed {
        failed: status.failed,
        blocked: status.blocked,
    };
    error!("{ended}");
    Err(ended)
}

fn frontend_ended(ended: Result<Result<(), ProgramFailed>, JoinError>) -> Result<(), Ended> {
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Ended::failed(error.to_string())),
        Err(error) => Err(Ended::failed(format!("internal error: {error}"))),
    }
}

/// Waits until the operator, or the time in a run that is overdue, has climbed to a rung.
async fn climbed(rung: &mut watch::Receiver<Rung>, wanted: Rung, overdue: bool) {
    tokio::select! {
        () = reached(rung, wanted) => {}
        () = tokio::time::sleep(ladder::STEP), if overdue => info!("interrupted by the time limit"),
    }
}

/// Completes once the operator has climbed that far.
async fn reached(rung: &mut watch::Receiver<Rung>, wanted: Rung) {
    if rung.wait_for(|rung| *rung >= wanted).await.is_err() {
        // Nobody is left to climb.
        pending::<()>().await;
    }
}

async fn time_limit(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => pending().await,
    }
}
