//! The path watcher: tells that something at or below a path may have changed
//! (resources-host.md §1.6).
//!
//! All watches of a process share one inotify instance and one thread that reads it. Directories are
//! watched, not files, and each directory once however many of its files are of interest; an event
//! costs a look-up by directory and one by name. A path need not exist: every directory on the way to it
//! that does exist is watched for the next component. Links are watched as links and as what they
//! point to. Nothing is polled.
//!
//! Reads are deliberately not among the events (hence inotify itself rather than a portable crate, which
//! asks for them too): a check that reads would wake every neighbour's check, and ten thousand checks
//! at once would overflow the queue, which again wakes all checks.
//!
//! One thing the kernel does not tell: that a file got another name in a directory that is not watched.
//! Changes through such a name are noticed only if the name was there when the file was last looked at.
//!
//! An event is a hint: take a [`PathWatch`] first, then look at the path, then await
//! [`PathWatch::changed`].

mod probe;
mod reader;
mod tree;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use reader::Reader;
use tree::{NodeId, Tree};

/// Hands out watches of paths. Cheap to clone; all clones share one inotify instance, which is opened at
/// the first watch.
#[derive(Clone, Default)]
pub struct PathHub(Arc<Mutex<Option<Arc<Reader>>>>);

/// A watch of one path or several; dropping it ends it.
pub struct PathWatch {
    reader: Arc<Reader>,
    nodes: Vec<NodeId>,
    signal: Arc<Signal>,
}

/// A path can not be watched.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PathWatchError {
    /// The path is relative.
    #[error("can't watch `{}`: the path is relative", .0.display())]
    Relative(PathBuf),
    /// inotify can not be used at all.
    #[error(
        "can't watch any path: {0}; the number of inotify instances per user is limited by the sysctl `fs.inotify.max_user_instances`"
    )]
    Unavailable(Arc<io::Error>),
    /// The limit of the system is reached.
    #[error("can't watch `{}`: out of inotify watches; raise the sysctl `fs.inotify.max_user_watches`", .0.display())]
    OutOfWatches(PathBuf),
    /// A directory on the way may not be read.
    #[error("can't watch `{}`: permission denied", .0.display())]
    Permission(PathBuf),
    /// Any other failure of the system.
    #[error("can't watch `{}`: {source}", path.display())]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// Why.
        source: Arc<io::Error>,
    },
}

/// What the thread and a [`PathWatch`] share. Events that are not yet taken are joined into one.
#[derive(Default)]
struct Signal {
    notify: Notify,
    failure: Mutex<Option<PathWatchError>>,
}

impl PathHub {
    /// A hub that uses no system resources yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts watching `path`, which must be absolute: its own existence, content and attributes and, if
    /// it is a directory, those of its direct entries, or with `recurse` of everything below.
    ///
    /// What happens after it is ready will be told.
    ///
    /// # Errors
    /// If the path is relative or the system refuses. Refusals that come later are told by
    /// [`PathWatch::changed`].
    pub async fn watch(
        &self,
        path: impl Into<PathBuf>,
        recurse: bool,
    ) -> Result<PathWatch, PathWatchError> {
        self.watch_all(vec![(path.into(), recurse)]).await
    }

    /// Starts watching several paths, each with its `recurse`, for which one event is as good as
    /// another.
    ///
    /// # Errors
    /// As those of [`PathHub::watch`].
    pub async fn watch_all(
        &self,
        paths: Vec<(PathBuf, bool)>,
    ) -> Result<PathWatch, PathWatchError> {
        let mut watch = PathWatch {
            reader: self.reader()?,
            nodes: Vec::new(),
            signal: Arc::new(Signal::default()),
        };
        for (path, recurse) in paths {
            if !path.is_absolute() {
                return Err(PathWatchError::Relative(path));
            }
            let node = watch.reader.tree().subscribe(&path, recurse, &watch.signal);
            watch.nodes.push(node);
        }
        match watch.signal.failure() {
            Some(failure) => Err(failure),
            None => Ok(watch),
        }
    }

    fn reader(&self) -> Result<Arc<Reader>, PathWatchError> {
        let mut slot = lock(&self.0);
        if let Some(reader) = &*slot {
            return Ok(reader.clone());
        }
        let reader = Reader::start().map_err(|error| PathWatchError::Unavailable(error.into()))?;
        Ok(slot.insert(Arc::new(reader)).clone())
    }
}

impl PathWatch {
    /// Waits for the next event. Events since the last call count as one; none is lost if the call is
    /// dropped half-way.
    ///
    /// # Errors
    /// If the path can not be watched any more.
    pub async fn changed(&mut self) -> Result<(), PathWatchError> {
        self.signal.notify.notified().await;
        match self.signal.failure() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }
}

impl Drop for PathWatch {
    fn drop(&mut self) {
        let mut tree = self.reader.tree();
        for node in &self.nodes {
            tree.unsubscribe(*node, &self.signal);
        }
    }
}

impl Signal {
    fn event(&self) {
        self.notify.notify_one();
    }

    fn fail(&self, failure: &PathWatchError) {
        lock(&self.failure).get_or_insert_with(|| failure.clone());
        self.notify.notify_one();
    }

    fn failure(&self) -> Option<PathWatchError> {
        lock(&self.failure).clone()
    }
}

/// A panic elsewhere leaves nothing half done here that a rescan would not repair.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for PathHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PathHub")
    }
}

impl fmt::Debug for PathWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PathWatch")
    }
}

#[cfg(test)]
mod tests;
