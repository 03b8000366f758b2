//! Makes the files that are ready at the same time durable together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rustix::fs::{Advice, OFlags, fadvise};
use rustix::io::Errno;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

use super::staged::Published;
use super::temporary::Sweep;
use super::{Slot, Staged};
use crate::resource::ResourceError;

/// How many files may be staged at once. Each takes a file descriptor, of which a process often has
/// only 1024.
const SLOTS: usize = 256;

/// Puts files into their places, many at a time. Cheap to clone; clones work together.
#[derive(Clone, Debug)]
pub struct AtomicWriter {
    slots: Arc<Semaphore>,
    queue: Arc<Mutex<Queue>>,
    sweep: Arc<Mutex<Sweep>>,
    closed: CancellationToken,
    #[cfg(test)]
    simulated: bool,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<(Staged, oneshot::Sender<Result<(), ResourceError>>)>,
    /// New files that are visible but perhaps not yet durable.
    new: Vec<PathBuf>,
    /// Somebody is at work and will look at the queue again before leaving.
    led: bool,
}

/// A file that is being committed together with others.
#[derive(Debug)]
pub struct Committing(oneshot::Receiver<Result<(), ResourceError>>);

impl Committing {
    /// Waits until the file is durable and visible. It becomes so also if nobody waits.
    ///
    /// # Errors
    /// If the system refuses; the target is then as it was.
    pub async fn done(self) -> Result<(), ResourceError> {
        self.0.await.map_err(|_| ResourceError::Cancelled)?
    }
}

impl Default for AtomicWriter {
    fn default() -> Self {
        Self {
            slots: Arc::new(Semaphore::new(SLOTS)),
            queue: Arc::default(),
            sweep: Arc::new(Mutex::new(Sweep::new(SystemTime::now()))),
            closed: CancellationToken::new(),
            #[cfg(test)]
            simulated: false,
        }
    }
}

impl AtomicWriter {
    /// Without threads; see [`BlockingPool::simulated`](crate::blocking::BlockingPool::simulated).
    #[cfg(test)]
    pub(crate) fn simulated() -> Self {
        Self {
            simulated: true,
            ..Self::default()
        }
    }

    /// Waits until another file may be staged.
    ///
    /// # Errors
    /// Never, as long as the writer is there.
    pub async fn reserve(&self) -> Result<Slot, ResourceError> {
        let permit = Arc::clone(&self.slots).acquire_owned().await;
        permit
            .map(Slot::limited)
            .map_err(|_| ResourceError::Cancelled)
    }

    /// Makes a new file visible, to be made durable in the background. A file that replaces another is
    /// handed back, to be committed. Must be called within a tokio runtime, on a thread that may block.
    ///
    /// # Errors
    /// If the system refuses; there is then no file.
    pub fn place(&self, staged: Staged) -> Result<Option<Staged>, ResourceError> {
        if !staged.is_new() {
            return Ok(Some(staged));
        }
        let target = staged.target().to_owned();
        self.sweep_beside(&target);
        staged.publish()?;
        self.enqueue(|queue| queue.new.push(target));
        Ok(None)
    }

    /// Makes a staged file durable and visible. If the caller stops waiting, it is committed all the same.
    ///
    /// # Errors
    /// If the system refuses; the target is then as it was.
    pub async fn commit(&self, staged: Staged) -> Result<(), ResourceError> {
        let (done, result) = oneshot::channel();
        self.enqueue(|queue| queue.waiting.push((staged, done)));
        Committing(result).done().await
    }

    /// The same for a thread that may block, within a tokio runtime: if no other file is being committed, this
    /// one is when the call returns, without waking another thread. Otherwise it goes with the others, and
    /// what to wait for is given.
    ///
    /// # Errors
    /// If the system refuses; the target is then as it was.
    pub fn commit_or_join(&self, staged: Staged) -> Result<Option<Committing>, ResourceError> {
        {
            let mut queue = self.queue();
            if queue.led {
                let (done, result) = oneshot::channel();
                queue.waiting.push((staged, done));
                return Ok(Some(Committing(result)));
            }
            queue.led = true;
        }
        let committed = self.commit_here(vec![staged]);
        let more = {
            let mut queue = self.queue();
            queue.led = !(queue.waiting.is_empty() && queue.new.is_empty());
            queue.led
        };
        if more {
            self.start_leading();
        }
        committed.into_iter().collect::<Result<(), _>>()?;
        Ok(None)
    }

    /// Makes staged files durable and visible together, on a thread that may block. The results are in the order of
    /// the files.
    ///
    /// # Errors
    /// For each file, if the system refuses; it is then as it was.
    pub fn commit_here(&self, staged: Vec<Staged>) -> Vec<Result<(), ResourceError>> {
        for staged in &staged {
            self.sweep_beside(staged.target());
        }
        commit_all(staged)
    }

    /// Waits no longer for new files to be durable, since the agent ends. Writing them out has begun, and
    /// the system completes it.
    pub fn close(&self) {
        self.closed.cancel();
    }

    /// Adds to the queue; whoever finds it idle sets a thread to work on it. The thread ends with the
    /// queue, and the end of the runtime waits for it.
    fn enqueue(&self, add: impl FnOnce(&mut Queue)) {
        let lead = {
            let mut queue = self.queue();
            add(&mut queue);
            !std::mem::replace(&mut queue.led, true)
        };
        if lead {
            self.start_leading();
        }
    }

    fn start_leading(&self) {
        let writer = self.clone();
        #[cfg(test)]
        if self.simulated {
            writer.lead();
            return;
        }
        drop(Handle::current().spawn_blocking(move || writer.lead()));
    }

    fn lead(&self) {
        loop {
            let (waiting, new) = {
                let mut queue = self.queue();
                let waiting = std::mem::take(&mut queue.waiting);
                // Those for whom somebody waits go first.
                let new = if waiting.is_empty() {
                    std::mem::take(&mut queue.new)
                } else {
                    Vec::new()
                };
                queue.led = !(waiting.is_empty() && new.is_empty());
                if !queue.led {
                    return;
                }
                (waiting, new)
            };
            let (staged, waiting): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
            for (result, done) in self.commit_here(staged).into_iter().zip(waiting) {
                // Nobody may be waiting any more.
                let _ = done.send(result);
            }
            make_durable(&new, &self.closed);
        }
    }

    /// Removes what killed processes have left beside something that is replaced; see [`Sweep`].
    pub(crate) fn sweep_beside(&self, target: &Path) {
        if let Some(directory) = target.parent() {
            let mut sweep = self.sweep.lock().unwrap_or_else(PoisonError::into_inner);
            sweep.sweep(directory);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Commits files together, on a thread that may block. The results are in the order of the files.
pub(crate) fn commit_all(staged: Vec<Staged>) -> Vec<Result<(), ResourceError>> {
    if staged.len() > 1 {
        for file in staged.iter().filter_map(Staged::file) {
            start_writing_out(file);
        }
    }
    let synced: Vec<_> = staged
        .iter()
        .map(|staged| {
            let synced = staged.file().map_or(Ok(()), sync);
            synced.map_err(ResourceError::path("sync", staged.target()))
        })
        .collect();
    let mut directories: BTreeMap<PathBuf, Result<(), Errno>> = BTreeMap::new();
    let published: Vec<_> = staged
        .into_iter()
        .zip(synced)
        .map(|(staged, synced)| {
            synced?;
            let published = staged.publish()?;
            if let Some(directory) = published.as_ref().and_then(|file| file.directory.as_ref()) {
                directories.entry(directory.clone()).or_insert(Ok(()));
            }
            Ok(published)
        })
        .collect();
    for (directory, result) in &mut directories {
        *result = sync_directory(directory)
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO));
    }
    published
        .into_iter()
        .map(|published: Result<Option<Published>, ResourceError>| {
            let Some(directory) = published?.and_then(|mut file| file.directory.take()) else {
                return Ok(());
            };
            match directories.get(&directory) {
                Some(Err(errno)) => Err(ResourceError::path("sync", &directory)(io::Error::from(
                    *errno,
                ))),
                _ => Ok(()),
            }
        })
        .collect()
}

/// Syncs files that are in their places already. What has gone since needs it no more. The files are opened
/// one by one, since there may be more of them than a process can hold open.
fn make_durable(paths: &[PathBuf], closed: &CancellationToken) {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let open = |path: &Path| OpenOptions::new().read(true).custom_flags(flags).open(path);
    for path in paths {
        if let Ok(file) = open(path) {
            start_writing_out(&file);
        }
    }
    for path in paths {
        if closed.is_cancelled() {
            return;
        }
        if let Ok(file) = open(path)
            && let Err(error) = sync(&file)
        {
            tracing::warn!("can't sync `{}`: {error}", path.display());
        }
    }
    let directories: BTreeSet<_> = paths.iter().filter_map(|path| path.parent()).collect();
    for directory in directories {
        if let Err(error) = sync_directory(directory)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("can't sync `{}`: {error}", directory.display());
        }
    }
}

/// Starts writing a file out without waiting for it, so that those who wait later wait for all at once.
/// It is only a hint.
fn start_writing_out(file: &File) {
    let _ = fadvise(file, 0, None, Advice::DontNeed);
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    sync(&File::open(directory)?)
}

/// Some file systems have nothing to sync, and say so.
pub(super) fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error)
            if matches!(
                Errno::from_io_error(&error),
                Some(Errno::INVAL | Errno::NOTSUP | Errno::ROFS)
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}
