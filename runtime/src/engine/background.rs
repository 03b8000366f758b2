//! The workers that resources share (engine.md §2.10).

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::core::describe;
use super::panic_error;
use crate::resource::{Background, BackgroundContext, ResourceError, Services};

/// By name, those that a graph wants.
pub(crate) type Wanted = BTreeMap<&'static str, Arc<dyn Background>>;

/// How a worker ended.
type Ended = (&'static str, Result<(), ResourceError>);

/// The workers of one engine.
pub(crate) struct Workers {
    services: Services,
    running: BTreeMap<&'static str, CancellationToken>,
    /// Those that were told to end, and have not.
    ending: BTreeSet<&'static str>,
    tasks: JoinSet<Ended>,
    /// What ended while somebody waited for something else.
    ended: VecDeque<Ended>,
}

impl Workers {
    pub(crate) fn new(services: Services) -> Self {
        Self {
            services,
            running: BTreeMap::new(),
            ending: BTreeSet::new(),
            tasks: JoinSet::new(),
            ended: VecDeque::new(),
        }
    }

    /// Starts those that do not run yet, and waits until they are ready.
    ///
    /// # Errors
    /// If one of them ended before; all that this call started then end.
    pub(crate) async fn start(&mut self, wanted: &Wanted) -> Result<(), String> {
        let mut starting = Vec::new();
        for (name, worker) in wanted {
            if self.running.contains_key(name) {
                continue;
            }
            // Two lives of one worker never overlap.
            while self.ending.contains(name) {
                self.join_one().await;
            }
            starting.push((*name, self.spawn(name, Arc::clone(worker))));
        }
        for at in 0..starting.len() {
            let (name, ready) = &mut starting[at];
            if ready.await.is_ok() {
                debug!("background({name}): ready");
                continue;
            }
            let name = *name;
            while !self.ended.iter().any(|(ended, _)| *ended == name) {
                self.join_one().await;
            }
            let (_, result) = self
                .ended
                .iter()
                .position(|(ended, _)| *ended == name)
                .and_then(|at| self.ended.remove(at))
                .unwrap_or((name, Ok(())));
            self.running.remove(name);
            for (name, _) in &starting {
                self.tell_to_end(name);
            }
            return Err(failure(name, result));
        }
        Ok(())
    }

    /// Tells all others than these to end, without waiting for it.
    pub(crate) fn retain(&mut self, wanted: &Wanted) {
        let names: Vec<_> = self.running.keys().copied().collect();
        for name in names {
            if !wanted.contains_key(name) {
                self.tell_to_end(name);
            }
        }
    }

    /// Ends all, and waits for it.
    pub(crate) async fn finish(&mut self) {
        self.retain(&Wanted::new());
        let mut patience = Duration::from_secs(1);
        let mut complained = false;
        while !self.tasks.is_empty() {
            if complained && patience > Duration::from_secs(4) {
                self.join_one().await;
            } else if timeout(patience, self.join_one()).await.is_err() {
                complained = true;
                patience *= 2;
                for name in &self.ending {
                    warn!("background({name}): blocked: it does not end");
                }
            }
        }
        if complained {
            info!("exited: all background workers have ended");
        }
        for (name, result) in self.ended.drain(..) {
            if let Err(error) = result
                && !matches!(error, ResourceError::Cancelled)
            {
                error!("background({name}): {}", describe(&error));
            }
        }
    }

    /// Completes with the reason when one of them ends that was not told to.
    pub(crate) async fn failed(&mut self) -> String {
        loop {
            while let Some((name, result)) = self.ended.pop_front() {
                if self.running.remove(name).is_some() {
                    return failure(name, result);
                }
                debug!("background({name}): ended");
            }
            if self.tasks.is_empty() {
                pending::<()>().await;
            }
            self.join_one().await;
        }
    }

    fn spawn(&mut self, name: &'static str, worker: Arc<dyn Background>) -> oneshot::Receiver<()> {
        let cancel = CancellationToken::new();
        let (ready, is_ready) = oneshot::channel();
        let context = BackgroundContext::new(self.services.clone(), cancel.clone(), ready);
        self.running.insert(name, cancel);
        self.tasks.spawn(async move {
            let run = AssertUnwindSafe(worker.run(&context)).catch_unwind();
            let result = run
                .await
                .unwrap_or_else(|panic| Err(panic_error("background", &*panic)));
            (name, result)
        });
        is_ready
    }

    fn tell_to_end(&mut self, name: &'static str) {
        if let Some(cancel) = self.running.remove(name) {
            cancel.cancel();
            self.ending.insert(name);
        }
    }

    /// Waits until one of them has ended. May be dropped while it waits.
    async fn join_one(&mut self) {
        match self.tasks.join_next().await {
            Some(ended) => self.note(ended),
            // Nobody is left to wait for.
            None => self.ending.clear(),
        }
    }

    fn note(&mut self, ended: Result<Ended, JoinError>) {
        match ended {
            Ok(ended) => {
                self.ending.remove(ended.0);
                self.ended.push_back(ended);
            }
            // Panics are caught inside the task.
            Err(error) => error!("internal error: a background worker ended early: {error}"),
        }
    }
}

fn failure(name: &str, result: Result<(), ResourceError>) -> String {
    match result {
        Ok(()) => format!("background({name}): ended unexpectedly"),
        Err(error) => format!("background({name}): {}", describe(&error)),
    }
}
