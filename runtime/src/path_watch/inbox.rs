//! What waits for the thread of the path watcher.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rustix::event::{EventfdFlags, eventfd};
use tokio::sync::oneshot;

use super::changes::Change;
use super::tree::NodeId;
use super::{PathWatchError, Signal, lock};

/// How many changes may wait. With more, looking at everything is cheaper.
const CAPACITY: usize = 16 * 1024;

/// Filled by everybody, emptied by the thread.
pub(super) struct Inbox {
    content: Mutex<Content>,
    /// Readable if there is something.
    bell: OwnedFd,
}

/// What had come.
#[derive(Default)]
pub(super) struct Content {
    pub(super) changes: Vec<Change>,
    /// Changes were lost.
    pub(super) lost: bool,
    pub(super) requests: Vec<Request>,
    /// The thread is to end.
    pub(super) closed: bool,
}

/// What the thread is asked to do.
pub(super) enum Request {
    Subscribe {
        paths: Vec<(PathBuf, bool)>,
        signal: Arc<Signal>,
        done: oneshot::Sender<Result<Vec<NodeId>, PathWatchError>>,
    },
    Unsubscribe {
        nodes: Vec<NodeId>,
        signal: Arc<Signal>,
    },
    /// The numbers of nodes and of watches.
    #[cfg(test)]
    Count(std::sync::mpsc::Sender<(usize, usize)>),
    #[cfg(test)]
    Panic,
}

impl Inbox {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            content: Mutex::default(),
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        })
    }

    /// Something happened. The same thing twice in a row counts once.
    pub(super) fn add_change(&self, change: Change) {
        self.put(|content| {
            if content.changes.last() == Some(&change) {
                return;
            }
            if content.changes.len() == CAPACITY {
                content.changes.clear();
                content.lost = true;
            }
            content.changes.push(change);
        });
    }

    /// Whether something waits that has happened, known or not.
    pub(super) fn has_changes(&self) -> bool {
        let content = lock(&self.content);
        content.lost || !content.changes.is_empty()
    }

    /// It is not known what happened.
    pub(super) fn lose_changes(&self) {
        self.put(|content| content.lost = true);
    }

    /// Drops the request if the thread has ended.
    pub(super) fn ask(&self, request: Request) {
        self.put(|content| {
            if !content.closed {
                content.requests.push(request);
            }
        });
    }

    /// Ends the thread, or tells that it has ended.
    pub(super) fn close(&self) {
        self.put(|content| {
            content.closed = true;
            content.requests.clear();
        });
    }

    pub(super) fn is_closed(&self) -> bool {
        lock(&self.content).closed
    }

    pub(super) fn take(&self) -> Content {
        let mut content = lock(&self.content);
        // Fails if the bell was not rung, but the time had come.
        let _ = rustix::io::read(&self.bell, &mut [0; 8]);
        let taken = std::mem::take(&mut *content);
        content.closed = taken.closed;
        taken
    }

    /// Can be read from when there is something to take.
    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    fn put(&self, put: impl FnOnce(&mut Content)) {
        let mut content = lock(&self.content);
        let silent = content.is_empty();
        put(&mut content);
        if silent && !content.is_empty() {
            // Fails only if the counter is full, in which case the thread is woken already.
            let _ = rustix::io::write(&self.bell, &1u64.to_ne_bytes());
        }
    }
}

impl Content {
    fn is_empty(&self) -> bool {
        self.changes.is_empty() && !self.lost && self.requests.is_empty() && !self.closed
    }
}
