//! Finding the programs of the workspace.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower_lsp::ls_types::ProgressToken;

use super::Backend;
use crate::analysis::{self, World};
use crate::server::progress::{self, Step, Steps};

impl Backend {
    /// Finds the programs of the workspace.
    pub(super) fn scan(&self) {
        let (state, changed) = (self.state.clone(), self.changed.clone());
        let (folders, world, shows_progress) = {
            let state = self.state();
            let shows_progress = state.client.shows_progress;
            (state.folders.clone(), state.world.clone(), shows_progress)
        };
        let (steps, progress) = watch::channel(Step::default());
        let token = format!("mgmt/read/{}", world.revision);
        let cancel = self.cancel.clone();
        let reading = self.tasks.spawn_blocking(move || {
            let found = read(&folders, &world, &steps, &cancel);
            if found.is_empty() {
                return;
            }
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.found(found);
            changed.send_replace(state.world.revision);
        });
        if shows_progress {
            let (client, cancel) = (self.client.clone(), self.cancel.clone());
            self.tasks.spawn(async move {
                let shown = async {
                    let token = ProgressToken::String(token);
                    let created = client.create_work_done_progress(token.clone()).await;
                    let token = created.is_ok().then_some(token);
                    progress::follow(&client, token, "Reading the workspace", progress, reading)
                        .await
                };
                let _ = cancel.run_until_cancelled(shown).await;
            });
        }
    }
}

/// The programs below the folders with what they import.
fn read(
    folders: &[PathBuf],
    world: &World,
    steps: &Steps,
    cancel: &CancellationToken,
) -> Vec<(PathBuf, Arc<[PathBuf]>)> {
    let paths: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| analysis::scan::programs(folder))
        .collect();
    let total = paths.len();
    let mut found = Vec::with_capacity(total);
    for (done, path) in paths.into_iter().enumerate() {
        if cancel.is_cancelled() {
            return Vec::new();
        }
        steps.send_replace(Step { done, total });
        if let Some(text) = world.text(&path) {
            let imported = analysis::imports::imported(&path, &text, &*world.files);
            found.push((path, imported));
        }
    }
    found
}
