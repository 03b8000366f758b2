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
use mgmt_stdlib::catalog::Catalog;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::engine::{
    CommitReport, Engine, EngineConfig, Exit, RunningGraph, SubmitError, SubmitOptions,
};
use crate::frontend::{GraphSource, ProgramFailed, SourcedGraph};
use crate::http::HttpServer;
use crate::metrics;
use crate::ui::Ui;
use findings::Teller;
use graphviz::Graphviz;
use ladder::Rung;

/// What one run consists of.
pub struct Run {
    /// Where its graphs come from.
    pub graphs: Box<dyn GraphSource>,
    /// What the graphs can name.
    pub catalog: Arc<Catalog>,
    /// The engine to be.
    pub engine: EngineConfig,
    /// Whether a converged end tells of resources that failed by its status.
    pub report_failures: bool,
    /// Ends the run with an error.
    pub max_runtime: Option<Duration>,
    /// Where each graph is drawn.
    pub graphviz: Option<Graphviz>,
    /// Where its metrics are to be read.
    pub metrics: Option<HttpServer>,
    /// Where the run can be looked at.
    pub ui: Option<Ui>,
    /// What the operator wants.
    pub rung: watch::Receiver<Rung>,
}

/// The exit status of a run that did not end well (engine.md §7.5). Why was logged.
const FAILED: u8 = 1;
/// The exit status of a run that converged although some resources failed, if it is asked for.
const FAILED_RESOURCES: u8 = 2;

impl Run {
    /// Runs until somebody or something asks for the end, ends everything in order, and gives the exit
    /// status (engine.md §7.4, §7.5).
    pub async fn run(self) -> u8 {
        let exit = self.engine.services.exit.clone();
        let writer = self.engine.services.writer.clone();
        let registry = self.engine.registry.clone();
        let engine = Arc::new(Engine::new(self.engine));
        let mut servers = Servers::default();
        if let Some(server) = self.metrics {
            info!("metrics: http://{}/metrics", server.address());
            servers.start(server, metrics::router(engine.metrics()));
        }
        let ui = self
            .ui
            .map(|ui| ui.start(Arc::clone(&engine), registry, Arc::clone(&self.catalog)));
        let cancel = CancellationToken::new();
        let (graphs, newest) = watch::channel(None);
        let mut frontend = JoinSet::new();
        let teller = Teller::new(self.graphs.report());
        frontend.spawn(self.graphs.run(graphs, cancel.clone()));
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
            teller,
        };
        let status = tokio::select! {
            result = conductor.conduct(&show) => result.err().unwrap_or(0),
            code = exit.requested() => {
                info!("a resource asks for the end, with status {code}");
                code
            }
            () = time_limit(self.max_runtime) => {
                error!("the limit of --max-runtime is reached");
                FAILED
            }
        };
        cancel.cancel();
        let stopped = conductor.stop(self.rung).await;
        if let Some(ui) = ui {
            ui.finish().await;
        }
        writer.close();
        if let Some(graphviz) = self.graphviz {
            graphviz.finish().await;
        }
        servers.stop().await;
        if status == 0 {
            stopped.err().unwrap_or(0)
        } else {
            status
        }
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
type Show<'a> = &'a dyn Fn(SourcedGraph, Option<RunningGraph>);

impl Conductor {
    async fn conduct(&mut self, show: Show<'_>) -> Result<(), u8> {
        loop {
            let engine = Arc::clone(&self.engine);
            tokio::select! {
                biased;
                () = reached(&mut self.rung, Rung::Stop) => return Ok(()),
                exit = engine.exit_requested() => return match exit {
                    Exit::Converged if self.report_failures => failures(&engine),
                    Exit::Converged => Ok(()),
                    Exit::Failed(reason) => {
                        error!("{reason}");
                        Err(FAILED)
                    }
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
            let offered = engine.offer(graph, SubmitOptions::default()).await;
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
    ) -> Result<(), u8> {
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
                    Err(FAILED)
                }
            }
            Ok((_, Err(SubmitError::Fatal(reason)))) => {
                error!("{reason}");
                Err(FAILED)
            }
            Err(error) => {
                error!("internal error: {error}");
                Err(FAILED)
            }
        }
    }

    /// Ends the front end, then the engine, faster if the operator asks for it.
    async fn stop(mut self, mut rung: watch::Receiver<Rung>) -> Result<(), u8> {
        let mut result = Ok(());
        let engine = Arc::clone(&self.engine);
        let end = async {
            while let Some(ended) = self.frontend.join_next().await {
                result = result.and(frontend_ended(ended));
            }
            let ended = self.engine.shutdown(false).await;
            while self.submissions.join_next().await.is_some() {}
            if let Err(errors) = ended {
                error!("{errors}");
                result = Err(FAILED);
            }
        };
        let hurry = async {
            reached(&mut rung, Rung::Interrupt).await;
            engine.soft_interrupt();
            reached(&mut rung, Rung::Kill).await;
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
fn failures(engine: &Engine) -> Result<(), u8> {
    let status = *engine.status().borrow();
    if status.failed + status.blocked == 0 {
        return Ok(());
    }
    error!(
        "{} resources failed, {} did not run because of that",
        status.failed, status.blocked
    );
    Err(FAILED_RESOURCES)
}

fn frontend_ended(ended: Result<Result<(), ProgramFailed>, JoinError>) -> Result<(), u8> {
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            error!("{error}");
            Err(FAILED)
        }
        Err(error) => {
            error!("internal error: {error}");
            Err(FAILED)
        }
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
