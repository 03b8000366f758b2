//! Commits the files that are ready at the same time together.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::spawn_blocking;

use super::{Slot, Staged};
use crate::resource::ResourceError;

/// How many files may be staged at once. Each takes a file descriptor, of which a process often has
/// only 1024.
const SLOTS: usize = 256;

/// Replaces files, many at a time. Cheap to clone; clones work together.
#[derive(Clone, Debug)]
pub struct AtomicWriter {
    slots: Arc<Semaphore>,
    queue: Arc<Mutex<Queue>>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<(Staged, oneshot::Sender<Result<(), ResourceError>>)>,
    /// Somebody is at work and will look at the queue again before leaving.
    led: bool,
}

impl Default for AtomicWriter {
    fn default() -> Self {
        Self {
            slots: Arc::new(Semaphore::new(SLOTS)),
            queue: Arc::default(),
        }
    }
}

impl AtomicWriter {
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

    /// Makes a staged file durable and visible. If the caller stops waiting, it is committed all the same.
    ///
    /// # Errors
    /// If the system refuses; the target is then as it was.
    pub async fn commit(&self, staged: Staged) -> Result<(), ResourceError> {
        let (done, result) = oneshot::channel();
        let lead = {
            let mut queue = self.queue();
            queue.waiting.push((staged, done));
            !std::mem::replace(&mut queue.led, true)
        };
        if lead {
            let writer = self.clone();
            // Not awaited: it may go on with the files of others. Each of those awaits its result.
            spawn_blocking(move || writer.lead());
        }
        result.await.map_err(|_| ResourceError::Cancelled)?
    }

    fn lead(&self) {
        loop {
            let group = {
                let mut queue = self.queue();
                queue.led = !queue.waiting.is_empty();
                if !queue.led {
                    return;
                }
                std::mem::take(&mut queue.waiting)
            };
            let (staged, waiting): (Vec<_>, Vec<_>) = group.into_iter().unzip();
            for (result, done) in commit_all(staged).into_iter().zip(waiting) {
                // Nobody may be waiting any more.
                let _ = done.send(result);
            }
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Commits files together, on a thread that may block. The results are in the order of the files.
pub(crate) fn commit_all(mut staged: Vec<Staged>) -> Vec<Result<(), ResourceError>> {
    let synced: Vec<_> = staged
        .iter_mut()
        .map(|staged| sync(staged.file()).map_err(ResourceError::path("sync", staged.target())))
        .collect();
    let mut directories: BTreeMap<PathBuf, Result<(), Errno>> = BTreeMap::new();
    let published: Vec<_> = staged
        .into_iter()
        .zip(synced)
        .map(|(staged, synced)| {
            synced?;
            let directory = staged.publish()?;
            if let Some(directory) = &directory {
                directories.entry(directory.clone()).or_insert(Ok(()));
            }
            Ok(directory)
        })
        .collect();
    for (directory, result) in &mut directories {
        *result = sync_directory(directory)
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO));
    }
    published
        .into_iter()
        .map(|published: Result<Option<PathBuf>, ResourceError>| {
            let Some(directory) = published? else {
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

fn sync_directory(directory: &Path) -> io::Result<()> {
    sync(&File::open(directory)?)
}

/// Some file systems have nothing to sync, and say so.
fn sync(file: &File) -> io::Result<()> {
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
