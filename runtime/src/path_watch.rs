//! The path watcher: tells that something at or below a path may have changed
//! (resources-host.md §1.6).
//!
//! All watches of a process share one [`notify`] watcher, and so one inotify instance. Directories are watched,
//! not files and not trees, and each directory once however many of its files are of interest. A path
//! need not exist: every directory on the way to it that does exist is watched for the next component. Links
//! are watched as links and as what they point to. Nothing is polled, except what the limits of the
//! system forbid to watch.
//!
//! The thread of [`notify`] drops what is of no interest ([`changes`]): it also tells of each file that is
//! opened. That a file's content changed it tells whom it concerns, whom the [`tree`] knows. The rest, after which
//! one has to look what is there now, goes through an [`inbox`] to our own thread ([`worker`]). So neither a caller
//! nor the thread of [`notify`] ever waits for the file system.
//!
//! One thing the kernel does not tell: that a file got another name in a directory that is not watched.
//! Changes through such a name are noticed only if the name was there when the file was last looked at.
//!
//! An event is a hint: take a [`PathWatch`] first, then look at the path, then await
//! [`PathWatch::changed`].

mod changes;
mod inbox;
mod limit;
mod probe;
mod recheck;
mod tree;
mod watches;
mod worker;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

pub use limit::{SYSCTLS, raise_limits};

use inbox::Request;
use tree::NodeId;
use worker::Worker;

/// How often those paths are looked at that can not be watched since the limits of the system are reached.
const PERIOD: Duration = Duration::from_secs(60);

/// Hands out watches of paths. Cheap to clone; all clones share one inotify instance, which is opened at
/// the first watch.
#[derive(Clone)]
pub struct PathHub {
    worker: Arc<Mutex<Option<Arc<Worker>>>>,
    period: Duration,
}

/// A watch of one path or several; dropping it ends it.
pub struct PathWatch {
    worker: Arc<Worker>,
    nodes: Vec<NodeId>,
    signal: Arc<Signal>,
}

/// A path can not be watched.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PathWatchError {
    /// The path is relative.
    #[error("can't watch `{}`: the path is relative", .0.display())]
    Relative(PathBuf),
    /// Nothing can be watched at all.
    #[error("can't watch any path: {0}")]
    Unavailable(Arc<io::Error>),
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
    /// The first one.
    failure: OnceLock<Box<PathWatchError>>,
}

impl PathHub {
    /// A hub that uses no system resources yet.
    pub fn new() -> Self {
        Self::looking_each(PERIOD)
    }

    /// A hub that looks each `period` at what the limits of the system forbid to watch.
    fn looking_each(period: Duration) -> Self {
        Self {
            worker: Arc::default(),
            period,
        }
    }

    /// Starts watching `path`, which must be absolute: its own existence, content and attributes and, if
    /// it is a directory, those of its direct entries, or with `recurse` of everything below.
    ///
    /// What happens after it is ready will be told.
    ///
    /// # Errors
    /// If the path is relative or the system refuses. Refusals that come later are told by
    /// [`PathWatch::changed`]. To reach a limit of the system is no error: such paths are looked at from
    /// time to time.
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
        if let Some((path, _)) = paths.iter().find(|(path, _)| !path.is_absolute()) {
            return Err(PathWatchError::Relative(path.clone()));
        }
        let worker = self.worker()?;
        let signal = Arc::<Signal>::default();
        let (done, answer) = oneshot::channel();
        worker.inbox().ask(Request::Subscribe {
            paths,
            signal: Arc::clone(&signal),
            done,
        });
        let nodes = answer.await.unwrap_or_else(|_| {
            let error = io::Error::other("the path watcher has ended");
            Err(PathWatchError::Unavailable(Arc::new(error)))
        })?;
        Ok(PathWatch {
            worker,
            nodes,
            signal,
        })
    }

    /// Lets all watches fail.
    #[cfg(test)]
    pub(crate) fn break_down(&self) {
        self.worker().unwrap().inbox().ask(Request::Panic);
    }

    fn worker(&self) -> Result<Arc<Worker>, PathWatchError> {
        let mut slot = lock(&self.worker);
        if let Some(worker) = slot.as_ref().filter(|it| !it.inbox().is_closed()) {
            return Ok(Arc::clone(worker));
        }
        let worker = Worker::start(self.period)
            .map_err(|error| PathWatchError::Unavailable(Arc::new(error)))?;
        Ok(Arc::clone(slot.insert(Arc::new(worker))))
    }
}

impl Default for PathHub {
    fn default() -> Self {
        Self::new()
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
        self.worker.inbox().ask(Request::Unsubscribe {
            nodes: std::mem::take(&mut self.nodes),
            signal: Arc::clone(&self.signal),
        });
    }
}

impl Signal {
    fn event(&self) {
        self.notify.notify_one();
    }

    fn fail(&self, failure: &PathWatchError) {
        self.failure.get_or_init(|| Box::new(failure.clone()));
        self.notify.notify_one();
    }

    fn failure(&self) -> Option<PathWatchError> {
        self.failure.get().map(|failure| (**failure).clone())
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
