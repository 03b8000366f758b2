//! Notices when the kernel's host name changes.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The kernel marks this file as ready, with an error, whenever the name was set.
const FILE: &str = "/proc/sys/kernel/hostname";

/// The watch, which starts when somebody first asks. Cheap to clone; all clones share one.
#[derive(Clone, Debug, Default)]
pub struct HostnameWatch(Arc<Mutex<Option<Running>>>);

#[derive(Debug)]
struct Running {
    events: watch::Receiver<()>,
    /// Ends with its owner.
    _reader: JoinSet<()>,
}

#[expect(
    deprecated,
    reason = "an owned descriptor meets what the unsafe replacement asks for"
)]
fn open() -> io::Result<AsyncFd<File>> {
    AsyncFd::with_interest(File::open(FILE)?, Interest::PRIORITY)
}

impl HostnameWatch {
    /// Tells of each change from now on.
    ///
    /// # Errors
    /// If the kernel does not offer the file.
    pub fn subscribe(&self) -> io::Result<watch::Receiver<()>> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &*running {
            return Ok(running.events.clone());
        }
        let file = open()?;
        let (sender, events) = watch::channel(());
        let mut reader = JoinSet::new();
        reader.spawn(async move {
            // The file is ready once at the beginning, which harms nobody.
            while let Ok(mut ready) = file.ready(Interest::PRIORITY).await {
                ready.clear_ready();
                if sender.send(()).is_err() {
                    return;
                }
            }
        });
        *running = Some(Running {
            events: events.clone(),
            _reader: reader,
        });
        Ok(events)
    }
}
