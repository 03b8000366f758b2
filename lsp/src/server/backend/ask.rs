//! How questions are answered off the task that reads messages, and when they are given up.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{MessageType, Uri};

use super::Backend;
use crate::analysis::World;
use crate::server::diagnostics::Shown;
use crate::server::question::Question;
use crate::server::work::{Bound, PATIENCE, Wanted};

impl Backend {
    /// Answers a question about places in a file, off the task that reads messages. The world is that of the
    /// moment when this is first polled, which happens in the order of the messages.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        uri: &Uri,
        answer: impl Fn(&Question) -> Option<T> + Send + Sync + 'static,
    ) -> Result<Option<T>> {
        let path = self.path(uri);
        self.ask_of(Bound::Places(path.clone()), path, answer).await
    }

    /// Answers a question about a whole file; see [`Backend::ask`].
    pub(super) async fn ask_whole<T: Send + 'static>(
        &self,
        uri: &Uri,
        answer: impl Fn(&Question) -> Option<T> + Send + Sync + 'static,
    ) -> Result<Option<T>> {
        self.ask_of(Bound::Nothing, self.path(uri), answer).await
    }

    async fn ask_of<T: Send + 'static>(
        &self,
        bound: Bound,
        path: PathBuf,
        answer: impl Fn(&Question) -> Option<T> + Send + Sync + 'static,
    ) -> Result<Option<T>> {
        self.ask_world(bound, move |world, shown, wanted| {
            let view = world.view_while(&path, &|| wanted.holds())?;
            let shown = shown.clone();
            answer(&Question { view, shown })
        })
        .await
    }

    /// Answers a question about all files; see [`Backend::ask`].
    ///
    /// What is not wanted any more is given up. If that is so because the texts have changed, the question is asked
    /// again of the newest ones; or the client is told, if it can not mean those and the client understands that.
    pub(super) async fn ask_world<T: Send + 'static>(
        &self,
        bound: Bound,
        answer: impl Fn(&Arc<World>, &Shown, &Wanted) -> Option<T> + Send + Sync + 'static,
    ) -> Result<Option<T>> {
        let answer = Arc::new(answer);
        // A cancelled request is dropped; the thread that works on it has to be told.
        let cancelled = CancellationToken::new();
        let _guard = cancelled.clone().drop_guard();
        let (mut world, mut shown) = self.now();
        let mut patience = PATIENCE;
        loop {
            let wanted = Wanted {
                cancelled: cancelled.clone(),
                world: world.clone(),
                is_patient: patience == 0,
            };
            let permit = self.permits.clone().acquire_owned().await;
            if wanted.holds() {
                let (wanted, answer, shown) = (wanted.clone(), answer.clone(), shown.clone());
                let answering = tokio::task::spawn_blocking(move || {
                    let _permit = permit;
                    let world = &wanted.world;
                    let answer = catch_unwind(AssertUnwindSafe(|| answer(world, &shown, &wanted)));
                    answer.map(|answer| (answer, wanted.holds()))
                });
                match answering.await {
                    Ok(Ok((answer @ Some(_), _) | (answer, true))) => return Ok(answer),
                    Ok(Ok((None, false))) => {}
                    Ok(Err(_)) | Err(_) => return Err(self.defect().await),
                }
            }
            let (newest, newest_shown) = self.now();
            if bound.allows(&world, &newest) {
                patience = patience.saturating_sub(1);
                (world, shown) = (newest, newest_shown);
            } else if shown.client.knows_stale {
                return Err(Error::content_modified());
            } else {
                patience = 0;
            }
        }
    }

    /// Tells of a panic.
    async fn defect(&self) -> Error {
        let text = "a request ended in a panic: this is a defect of mgmt-lsp";
        self.client.log_message(MessageType::ERROR, text).await;
        Error::internal_error()
    }
}
