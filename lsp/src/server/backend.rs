//! One method for each message. Each is a line or two; what it asks is in [`crate::analysis`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::*;
use tower_lsp::{Client, LanguageServer};

use super::capabilities::{self, Client as Abilities};
use super::convert::{Text, path};
use super::diagnostics::Shown;
use super::publisher::Publisher;
use super::state::State;
use crate::analysis::{self, View, World};

/// The server of one client.
pub struct Backend {
    client: Client,
    state: Arc<Mutex<State>>,
    /// Tells the publisher of each new revision.
    changed: watch::Sender<u64>,
    tasks: TaskTracker,
    cancel: CancellationToken,
    /// Whether the client has asked for the end.
    ended: Arc<AtomicBool>,
}

/// A question about a file, with what is needed to speak of the answer.
struct Question {
    view: View,
    shown: Shown,
}

impl Question {
    fn text(&self) -> Option<Text<'_>> {
        let file = self.view.file()?;
        Some(Text::of(file, self.shown.client.encoding))
    }
}

impl Backend {
    pub fn new(client: Client, world: World, ended: Arc<AtomicBool>) -> Self {
        Self {
            client,
            state: Arc::new(Mutex::new(State::new(world))),
            changed: watch::Sender::new(0),
            tasks: TaskTracker::new(),
            cancel: CancellationToken::new(),
            ended,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and has the diagnostics looked at again.
    fn edit(&self, change: impl FnOnce(&mut State)) {
        let revision = {
            let mut state = self.state();
            change(&mut state);
            state.world.revision
        };
        self.changed.send_replace(revision);
    }

    /// Answers a question about a file off the task that reads messages. The world is that of the moment
    /// when this is called, not when it is first polled, so call it before the first `.await`.
    async fn ask<T: Send + 'static>(
        &self,
        uri: &Uri,
        answer: impl FnOnce(&Question) -> Option<T> + Send + 'static,
    ) -> Result<Option<T>> {
        let (world, shown) = {
            let state = self.state();
            let shown = Shown {
                client: state.client,
                documents: state.documents.clone(),
            };
            (state.world.clone(), shown)
        };
        let path = path(uri);
        let answering = tokio::task::spawn_blocking(move || {
            catch_unwind(AssertUnwindSafe(|| {
                let view = world.view(&path)?;
                answer(&Question { view, shown })
            }))
        });
        match answering.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(_) => {
                self.client
                    .log_message(
                        MessageType::ERROR,
                        "a request ended in a panic: this is a defect of mgmt-lsp",
                    )
                    .await;
                Err(Error::internal_error())
            }
        }
    }

    /// Finds the programs of the workspace.
    fn scan(&self) {
        let state = self.state.clone();
        let changed = self.changed.clone();
        let folders = self.state().folders.clone();
        self.tasks.spawn_blocking(move || {
            let paths: Vec<PathBuf> = folders
                .iter()
                .flat_map(|folder| analysis::scan::programs(folder))
                .collect();
            if paths.is_empty() {
                return;
            }
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.look_at(paths);
            changed.send_replace(state.world.revision);
        });
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let abilities = Abilities::of(&params);
        let mut state = self.state();
        state.client = abilities;
        state.folders = match &params.workspace_folders {
            Some(folders) => folders.iter().map(|folder| path(&folder.uri)).collect(),
            #[expect(deprecated, reason = "older clients say it this way")]
            None => params.root_uri.iter().map(path).collect(),
        };
        Ok(InitializeResult {
            capabilities: capabilities::offer(abilities),
            server_info: Some(ServerInfo {
                name: "mgmt-lsp".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            offset_encoding: None,
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        let publisher = Publisher::new(self.client.clone(), self.state.clone());
        let changes = self.changed.subscribe();
        self.tasks
            .spawn(publisher.run(changes, self.cancel.clone()));
        self.scan();
        if self.state().client.watches_files {
            let _ = self
                .client
                .register_capability(vec![capabilities::watching()])
                .await;
        }
    }

    async fn shutdown(&self) -> Result<()> {
        self.ended.store(true, Ordering::Release);
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        self.edit(|state| state.open(document.uri, document.version, document.text));
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let document = params.text_document;
        self.edit(|state| state.change(&document.uri, document.version, params.content_changes));
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.edit(|state| state.close(&params.text_document.uri));
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let paths = params.changes.iter().map(|change| path(&change.uri));
        let paths: Vec<PathBuf> = paths
            .filter(|path| {
                path.extension()
                    .is_some_and(|it| it == "mcl" || it == "yaml")
            })
            .collect();
        if !paths.is_empty() {
            self.edit(|state| state.look_at(paths));
        }
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        self.edit(|state| {
            let gone: Vec<PathBuf> = params
                .event
                .removed
                .iter()
                .map(|it| path(&it.uri))
                .collect();
            state.folders.retain(|folder| !gone.contains(folder));
            let added = params.event.added.iter().map(|it| path(&it.uri));
            state.folders.extend(added);
        });
        self.scan();
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        self.ask(&params.text_document.uri, |question| {
            let edits = analysis::format::document(question.view.text())?;
            question.edits(&edits)
        })
        .await
    }
}

impl Question {
    /// Edits of the file in question.
    fn edits(&self, edits: &[analysis::TextEdit]) -> Option<Vec<TextEdit>> {
        let text = self.text()?;
        let edits = edits
            .iter()
            .map(|edit| TextEdit::new(text.range(&edit.range), edit.text.clone()));
        Some(edits.collect())
    }
}
