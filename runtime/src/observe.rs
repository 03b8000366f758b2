//! Looks on while an engine runs, for those who want to see it: what every resource is doing, what happened to
//! it, and what is happening now.
//!
//! The [`Observer`] is one task. It asks the engine what has changed, at most some ten times a second, and keeps
//! a bounded history. The engine never waits for it, nor it for those who read: they copy what they need, or
//! follow the [`feed`] at their own pace and are told when they have missed something. [`shapes`] is what they
//! are given; `model` is what is known.

mod edges;
pub mod feed;
mod history;
mod model;
mod places;
pub mod shapes;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use mgmt_compiler::graph::Identity;
use mgmt_compiler::redact::Masked;
use mgmt_stdlib::catalog::Catalog;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::engine::{Engine, EngineEvent};
use crate::frontend::SourcedGraph;
use crate::resource::Registry;
use feed::{Missed, News};
use model::Model;
use shapes::{Details, Graph, LogEntry, Milliseconds, Status};

/// Readers are told what is new at most this often.
const PAUSE: Duration = Duration::from_millis(100);
/// And so seldom that looking takes no more than one part in so many of the time.
const SHARE: u32 = 10;
/// But not more seldom than this: on a busy machine most of a look is waiting.
const LONGEST: Duration = Duration::from_secs(2);
/// After so many events in a row the others get their turn.
const BATCH: usize = 512;

/// What does not change during a run.
#[derive(Clone, Debug)]
pub struct About {
    /// Who this machine is.
    pub hostname: Arc<str>,
    /// The version of the agent.
    pub version: Arc<str>,
    /// The program that it was told to run, as the operator wrote it.
    pub program: Masked,
    /// Whether nothing is ever changed.
    pub noop: bool,
}

/// Looks on while an engine runs. Dropping it ends that; the engine runs on.
#[derive(Debug)]
pub struct Observer {
    view: View,
    declared: watch::Sender<Option<SourcedGraph>>,
    cancel: CancellationToken,
    task: AbortOnDropHandle<()>,
}

/// What an [`Observer`] has seen. Cheap to clone.
#[derive(Clone, Debug)]
pub struct View {
    model: Arc<Mutex<Model>>,
    newest: watch::Receiver<u64>,
}

impl Observer {
    /// Looks on from now on. The engine must be one that is [observed](crate::engine::EngineConfig::observed).
    pub fn start(
        engine: Arc<Engine>,
        registry: Registry,
        catalog: Arc<Catalog>,
        about: About,
    ) -> Self {
        let (newest, news) = watch::channel(0);
        let model = Model::new(about, registry, catalog, now(), newest);
        let view = View {
            model: Arc::new(Mutex::new(model)),
            newest: news,
        };
        let (declared, declarations) = watch::channel(None);
        let cancel = CancellationToken::new();
        // What happens from here on is heard of, whenever the task gets its first turn.
        let events = engine.events();
        let task = Task {
            engine,
            events,
            model: view.model.clone(),
            declarations,
        };
        Self {
            view,
            declared,
            task: AbortOnDropHandle::new(tokio::spawn(task.run(cancel.clone()))),
            cancel,
        }
    }

    /// What is seen.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// This graph was committed: where its resources stand, and which edges somebody wrote.
    pub fn declared(&self, graph: SourcedGraph) {
        self.declared.send_replace(Some(graph));
    }

    /// Looks a last time, and ends.
    pub async fn finish(self) {
        self.cancel.cancel();
        // It was not aborted, and what panics there has been reported.
        let _ = self.task.await;
    }
}

impl View {
    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The whole in few words, with what does not go well.
    pub fn status(&self) -> Status {
        self.model().status(now())
    }

    /// All vertices and edges.
    pub fn graph(&self) -> Graph {
        self.model().graph(now())
    }

    /// Everything about one resource, also of one that runs as a part of another; nothing if there is none.
    pub fn details(&self, identity: &Identity) -> Option<Details> {
        self.model().details(identity)
    }

    /// What happened lately, the oldest first.
    pub fn log(&self) -> Vec<LogEntry> {
        self.model().log()
    }

    /// What came after `cursor`, a few pieces at a time, without waiting.
    ///
    /// # Errors
    /// If something in between is no longer there.
    pub fn news(&self, cursor: feed::Cursor) -> Result<Vec<News>, Missed> {
        self.model().feed().after(cursor)
    }

    /// Where the feed has got to.
    pub fn cursor(&self) -> feed::Cursor {
        self.model().feed().cursor()
    }

    /// Waits until there may be something after `cursor`; false if there will be nothing more.
    pub async fn wait(&mut self, cursor: feed::Cursor) -> bool {
        let newer = |newest: &u64| *newest > cursor.number;
        self.newest.wait_for(newer).await.is_ok()
    }
}

struct Task {
    engine: Arc<Engine>,
    events: broadcast::Receiver<EngineEvent>,
    model: Arc<Mutex<Model>>,
    declarations: watch::Receiver<Option<SourcedGraph>>,
}

impl Task {
    async fn run(mut self, cancel: CancellationToken) {
        let mut status = self.engine.status();
        let mut looked = Instant::now();
        let mut pause = Duration::ZERO;
        // Whether something may be new: of the vertices, or at all.
        let (mut touched, mut due) = (true, true);
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.engine.touched(), if !touched => (touched, due) = (true, true),
                Ok(()) = status.changed(), if !due => due = true,
                event = self.events.recv() => {
                    due = true;
                    match event {
                        Ok(event) => self.events(event).await,
                        Err(RecvError::Lagged(lost)) => self.lagged(lost).await,
                        Err(RecvError::Closed) => break,
                    }
                }
                Ok(()) = self.declarations.changed() => {
                    due = true;
                    let newest = self.declarations.borrow_and_update().clone();
                    if let Some(graph) = newest {
                        self.model().declare(graph);
                    }
                }
                () = sleep_until(looked + pause), if due => {
                    let began = Instant::now();
                    if std::mem::take(&mut touched) && !self.look(None).await {
                        break;
                    }
                    due = false;
                    let status = *status.borrow_and_update();
                    self.model().tell(status, now());
                    looked = Instant::now();
                    pause = ((looked - began) * SHARE).clamp(PAUSE, LONGEST);
                }
            }
        }
        self.look(None).await;
        while let Ok(event) = self.events.try_recv() {
            self.model().event(event, now());
        }
        let status = *status.borrow_and_update();
        let mut model = self.model();
        model.end();
        model.tell(status, now());
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the engine; false once it has ended.
    async fn look(&self, known: Option<u64>) -> bool {
        let known = known.unwrap_or_else(|| self.model().generation());
        let Some(observation) = self.engine.observe(known).await else {
            return false;
        };
        self.model().observed(observation);
        true
    }

    /// Takes in an event and what has arrived besides.
    async fn events(&mut self, first: EngineEvent) {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some(event) = next.take() else { return };
            if matches!(event, EngineEvent::Committed { .. }) {
                // What follows is about the new resources.
                self.look(None).await;
            }
            self.model().event(event, now());
            match self.events.try_recv() {
                Ok(event) => next = Some(event),
                Err(TryRecvError::Lagged(lost)) => {
                    self.lagged(lost).await;
                    return;
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
        if let Some(event) = next {
            self.model().event(event, now());
        }
    }

    async fn lagged(&self, lost: u64) {
        self.model().lost(lost, now());
        self.look(Some(0)).await;
    }
}

/// The present.
fn now() -> Milliseconds {
    Timestamp::now().as_millisecond()
}
