//! The task that tells the client what is wrong, after each change.
//!
//! A change after a pause is looked at immediately, and a burst of them at most every [`PAUSE`], so that
//! typing does not queue up work. What was not finished when the next change came is given up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower_lsp::Client;
use tower_lsp::ls_types as lsp;

use super::diagnostics::{ByFile, Programs, Shown};
use super::progress::{self, Step, Steps};
use super::state::State;
use crate::analysis::{World, library};

/// The shortest time between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Checking that takes longer than this is shown.
const LONG: Duration = Duration::from_millis(300);

pub struct Publisher {
    pub client: Client,
    pub state: Arc<Mutex<State>>,
    /// What was last known of each file that has something.
    sent: BTreeMap<PathBuf, Vec<lsp::Diagnostic>>,
    /// The files that the client has diagnostics of without having asked for them.
    pushed: BTreeSet<PathBuf>,
}

impl Publisher {
    pub fn new(client: Client, state: Arc<Mutex<State>>) -> Self {
        Self {
            client,
            state,
            sent: BTreeMap::new(),
            pushed: BTreeSet::new(),
        }
    }

    /// Goes on until it is cancelled.
    pub async fn run(mut self, mut changes: watch::Receiver<u64>, cancel: CancellationToken) {
        let work = async {
            while changes.changed().await.is_ok() {
                let started = Instant::now();
                self.publish().await;
                tokio::time::sleep_until(started + PAUSE).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = cancel.cancelled() => {}
        }
    }

    async fn publish(&mut self) {
        let (world, shown, last) = {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            (
                state.world.clone(),
                state.shown(),
                state.last_changed.clone(),
            )
        };
        let (steps, progress) = watch::channel(Step::default());
        let computing = {
            let (world, shown, last) = (world.clone(), shown.clone(), last.clone());
            tokio::task::spawn_blocking(move || all(&world, &shown, last, &steps))
        };
        let computed = if shown.client.shows_progress {
            let token = format!("mgmt/check/{}", world.revision);
            let title = "Checking the programs";
            progress::show(&self.client, token, title, LONG, progress, computing).await
        } else {
            computing.await
        };
        let Ok(Some(found)) = computed else {
            return;
        };
        // Files that no open document has to do with any more are as if clean.
        let gone = self.sent.keys().filter(|path| !found.contains_key(*path));
        let gone: Vec<PathBuf> = gone.cloned().collect();
        let gone = gone.into_iter().map(|path| (path, Vec::new()));
        let mut stale = false;
        for (path, diagnostics) in gone.chain(found) {
            let is_open = shown.documents.contains_key(&path);
            let pulled = shown.client.pulls && is_open;
            let is_new = self.note(&path, &diagnostics, is_open);
            if pulled {
                // The client asks for these, and knows that it must for the document that it has changed.
                stale |= is_new && last.as_ref() != Some(&path);
                if self.pushed.remove(&path) {
                    self.send(&shown, path, Vec::new()).await;
                }
            } else if is_new {
                if diagnostics.is_empty() {
                    self.pushed.remove(&path);
                } else {
                    self.pushed.insert(path.clone());
                }
                self.send(&shown, path, diagnostics).await;
            }
        }
        if stale && shown.client.refreshes {
            let _ = self.client.workspace_diagnostic_refresh().await;
        }
    }

    /// Remembers what is told of a file, and says whether it is something else than before. That an open
    /// document is clean is told once.
    fn note(&mut self, path: &Path, diagnostics: &[lsp::Diagnostic], is_open: bool) -> bool {
        let is_new = match self.sent.get(path) {
            Some(before) => before != diagnostics,
            None => is_open || !diagnostics.is_empty(),
        };
        if diagnostics.is_empty() && !is_open {
            self.sent.remove(path);
        } else if is_new {
            self.sent.insert(path.to_owned(), diagnostics.to_vec());
        }
        is_new
    }

    async fn send(&self, shown: &Shown, path: PathBuf, diagnostics: Vec<lsp::Diagnostic>) {
        let Some(uri) = shown.uri(&path) else { return };
        let version = shown.documents.get(&path).map(|document| document.version);
        self.client
            .publish_diagnostics(uri, diagnostics, version)
            .await;
    }
}

/// What is wrong in all programs that an open document is part of; nothing if the texts have changed
/// meanwhile.
fn all(world: &World, shown: &Shown, last: Option<PathBuf>, steps: &Steps) -> Option<ByFile> {
    let (library, open): (Vec<&PathBuf>, Vec<&PathBuf>) = shown
        .documents
        .keys()
        .partition(|path| library::is_in(path));
    let is_wanted = || world.is_newest();
    let mut programs = Programs::new(world, shown, &is_wanted);
    let mut found = ByFile::new();
    // What was edited last comes first.
    let mut open = open;
    open.sort_by_key(|path| last.as_ref() != Some(*path));
    let total = open.len();
    for (done, path) in open.into_iter().enumerate() {
        steps.send_replace(Step { done, total });
        found.insert(path.clone(), programs.in_file(path)?);
    }
    found.extend(programs.elsewhere());
    // There is nothing wrong with texts of the library, but somebody reads them.
    let roots: Vec<PathBuf> = programs.roots().chain(library).cloned().collect();
    world.keep_only(&roots);
    world.is_newest().then_some(found)
}
