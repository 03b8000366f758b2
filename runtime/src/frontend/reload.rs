//! Notices when the text of a program changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, select_all};
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
    /// What they watch.
    watched: BTreeSet<PathBuf>,
    texts: Texts,
    /// Something has changed of which nobody knows yet.
    stale: bool,
}

/// The texts of a program that stand in files.
pub(super) fn texts(sources: &Sources) -> Texts {
    sources
        .iter()
        .filter_map(|(_, source)| Some((source.path.clone()?, Arc::clone(&source.text))))
        .collect()
}

/// Whether a file says something else than it did when it was read. What can not be read is told by its watch.
async fn differ_from_disk(texts: &Texts) -> bool {
    let texts = texts.clone();
    let look = move || {
        let mut texts = texts.iter();
        texts.any(|(path, text)| fs::read(path).is_ok_and(|now| now != text.as_bytes()))
    };
    tokio::task::spawn_blocking(look).await.unwrap_or(false)
}

/// A watch that may not have begun yet, since nobody has to wait for that.
pub(super) enum Watching {
    Beginning(BoxFuture<'static, SourceWatch>),
    Begun(SourceWatch),
}

impl Watching {
    /// Begins to watch, as [`SourceWatch::new`] does.
    pub(super) fn begin(paths: PathHub, sources: Arc<Sources>) -> Self {
        let begin = async move { SourceWatch::new(&paths, &sources, true).await };
        Self::Beginning(begin.boxed())
    }

    /// The watch, once it has begun.
    pub(super) async fn begun(&mut self) -> &mut SourceWatch {
        loop {
            match self {
                Self::Begun(watch) => return watch,
                Self::Beginning(watch) => {
                    let watch = watch.await;
                    *self = Self::Begun(watch);
                }
            }
        }
    }
}

impl SourceWatch {
    /// Watches all files that were read. If the program does not work, a file that it misses may appear
    /// beside one of them, so their directories are watched too.
    pub(super) async fn new(paths: &PathHub, sources: &Sources, works: bool) -> Self {
        Self::with(paths, sources, works, BTreeSet::new()).await
    }

    /// The same for the next state of a program, after a watch whose events nobody has asked for lately. If that
    /// does not work, a file that has gone may come back.
    pub(super) async fn after(
        former: &mut Self,
        paths: &PathHub,
        sources: &Sources,
        works: bool,
    ) -> Self {
        let more = if works {
            BTreeSet::new()
        } else {
            former.watched.clone()
        };
        let mut watch = Self::with(paths, sources, works, more).await;
        watch.stale |= former.stale || former.event().now_or_never().is_some();
        watch
    }

    async fn with(
        paths: &PathHub,
        sources: &Sources,
        works: bool,
        mut watched: BTreeSet<PathBuf>,
    ) -> Self {
        let texts = texts(sources);
        watched.extend(texts.keys().cloned());
        if !works {
            let directories = texts.keys().filter_map(|path| path.parent());
            watched.extend(directories.map(Path::to_owned));
        }
        let mut watches = Vec::new();
        for path in &watched {
            match paths.watch(path, false).await {
                Ok(watch) => watches.push(watch),
                Err(error) => warn!("the program is not reloaded: {error}"),
            }
        }
        let stale = differ_from_disk(&texts).await;
        Self {
            watches,
            watched,
            texts,
            stale,
        }
    }

    /// What the watched files contained.
    pub(super) fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Waits until one of the files has changed and all have come to rest.
    pub(super) async fn changed(&mut self) {
        if !self.stale {
            self.event().await;
        }
        // Also if nobody waits for the rest this time.
        self.stale = true;
        let rest = async { while tokio::time::timeout(QUIET, self.event()).await.is_ok() {} };
        // Reading too early is harmless: the next event leads to another try.
        let _ = tokio::time::timeout(PATIENCE, rest).await;
        self.stale = false;
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

#[cfg(test)]
mod tests {
    use mgmt_compiler::files::Source;

    use super::*;

    fn sources(path: &Path, text: &str) -> Sources {
        let mut sources = Sources::default();
        let name = path.display().to_string();
        sources.add(Source::new(name, Some(path.to_owned()), text.into()));
        sources
    }

    async fn is_told(watch: &mut SourceWatch) -> bool {
        let patience = Duration::from_secs(10);
        tokio::time::timeout(patience, watch.changed())
            .await
            .is_ok()
    }

    #[tokio::test]
    async fn what_was_saved_before_it_was_watched_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("site.mcl");
        fs::write(&path, "new").unwrap();
        let hub = PathHub::new();
        let mut watch = SourceWatch::new(&hub, &sources(&path, "old"), true).await;
        assert!(is_told(&mut watch).await);
        // Only once.
        assert!(!watch.stale && watch.event().now_or_never().is_none());
        let same = SourceWatch::new(&hub, &sources(&path, "new"), true).await;
        assert!(!same.stale);
    }

    #[tokio::test]
    async fn a_change_is_told_also_if_nobody_waited_until_it_was_at_rest() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("site.mcl");
        fs::write(&path, "old").unwrap();
        let hub = PathHub::new();
        let mut watch = SourceWatch::new(&hub, &sources(&path, "old"), true).await;
        fs::write(&path, "new").unwrap();
        while !watch.stale {
            let _ = tokio::time::timeout(QUIET / 2, watch.changed()).await;
        }
        assert!(is_told(&mut watch).await);
    }

    #[tokio::test]
    async fn what_was_saved_while_it_was_compiled_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("site.mcl");
        fs::write(&path, "old").unwrap();
        let hub = PathHub::new();
        // It misses a file, which comes twice: the second time, nobody asks.
        let mut former = SourceWatch::new(&hub, &sources(&path, "old"), false).await;
        fs::write(directory.path().join("other.mcl"), "").unwrap();
        assert!(is_told(&mut former).await);
        former.stale = true;
        let old = sources(&path, "old");
        let mut watch = SourceWatch::after(&mut former, &hub, &old, false).await;
        assert!(watch.stale);
        assert!(is_told(&mut watch).await);
    }

    /// Of a program that can not be read, nobody knows of which files it consists.
    #[tokio::test]
    async fn a_program_that_comes_back_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("site.mcl");
        fs::write(&path, "old").unwrap();
        let hub = PathHub::new();
        let mut watch = SourceWatch::new(&hub, &sources(&path, "old"), true).await;
        fs::remove_file(&path).unwrap();
        // However often it is looked for.
        for _ in 0..2 {
            watch = SourceWatch::after(&mut watch, &hub, &Sources::default(), false).await;
        }
        watch.stale = false;
        fs::write(&path, "new").unwrap();
        assert!(is_told(&mut watch).await);
    }
}
