//! Notices when the text of a program changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{FutureExt, select_all};
use mgmt_compiler::files::Sources;
use tracing::warn;

use crate::path_watch::{PathHub, PathWatch};

/// A save can be several events; the file is read when there was none for this long.
const QUIET: Duration = Duration::from_millis(20);
/// But no later than this after the first.
const PATIENCE: Duration = Duration::from_millis(500);

/// The texts of a program by their paths.
pub(super) type Texts = BTreeMap<PathBuf, Arc<str>>;

/// Watches the files of a program.
pub(super) struct SourceWatch {
    watches: Vec<PathWatch>,
    texts: Texts,
}

/// The texts of a program that stand in files.
pub(super) fn texts(sources: &Sources) -> Texts {
    sources
        .iter()
        .filter_map(|(_, source)| Some((source.path.clone()?, Arc::clone(&source.text))))
        .collect()
}

impl SourceWatch {
    /// Watches all files that were read. If the program does not work, a file that it misses may appear
    /// beside one of them, so their directories are watched too.
    pub(super) async fn new(paths: &PathHub, sources: &Sources, works: bool) -> Self {
        let texts = texts(sources);
        let mut watched: BTreeSet<&Path> = texts.keys().map(PathBuf::as_path).collect();
        if !works {
            watched.extend(texts.keys().filter_map(|path| path.parent()));
        }
        let mut watches = Vec::new();
        for path in watched {
            match paths.watch(path, false).await {
                Ok(watch) => watches.push(watch),
                Err(error) => warn!("the program is not reloaded: {error}"),
            }
        }
        Self { watches, texts }
    }

    /// What the watched files contained.
    pub(super) fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Waits until one of the files has changed and all have come to rest.
    pub(super) async fn changed(&mut self) {
        self.event().await;
        let rest = async { while tokio::time::timeout(QUIET, self.event()).await.is_ok() {} };
        // Reading too early is harmless: the next event leads to another try.
        let _ = tokio::time::timeout(PATIENCE, rest).await;
    }

    async fn event(&mut self) {
        if self.watches.is_empty() {
            std::future::pending::<()>().await;
        }
        let events = self.watches.iter_mut().map(|watch| {
            async {
                if let Err(error) = watch.changed().await {
                    warn!("the program is not reloaded: {error}");
                    std::future::pending::<()>().await;
                }
            }
            .boxed()
        });
        select_all(events).await;
    }
}
