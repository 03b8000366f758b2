//! The thread that follows the file system.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::inbox::{Inbox, Request};
use super::recheck::Recheck;
use super::tree::{NodeId, SharedTree, Tree};
use super::{PathWatchError, Signal, lock};

/// Owns the thread: dropping it ends and joins the thread.
pub(super) struct Worker {
    inbox: Arc<Inbox>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Looks each `period` at what can not be watched.
    pub(super) fn start(period: Duration) -> io::Result<Self> {
        let inbox = Arc::new(Inbox::new()?);
        let thread = std::thread::Builder::new().name("paths".into()).spawn({
            let inbox = Arc::clone(&inbox);
            move || work(&inbox, period)
        })?;
        Ok(Self {
            inbox,
            thread: Some(thread),
        })
    }

    pub(super) fn inbox(&self) -> &Inbox {
        &self.inbox
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.inbox.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the path watcher had panicked");
        }
    }
}

/// What the thread has.
struct Work<'a> {
    inbox: &'a Inbox,
    tree: Arc<SharedTree>,
    recheck: Recheck,
    /// Tells when file systems are mounted, of which inotify says nothing.
    mounts: Option<File>,
    period: Duration,
    /// When to look at what is not watched.
    next_look: Option<Instant>,
}

fn work(inbox: &Arc<Inbox>, period: Duration) {
    let mut work = Work {
        inbox,
        tree: Tree::shared(inbox),
        recheck: Recheck::default(),
        mounts: File::open("/proc/self/mountinfo").ok(),
        period,
        next_look: None,
    };
    // `notify` panics when its thread has ended; it should not, but everybody would wait for events in vain.
    let result = catch_unwind(AssertUnwindSafe(|| work.run()));
    inbox.close();
    // From here on the tree is this thread's alone, and so it is dropped here: that waits for the other thread.
    let tree = lock(&work.tree).take();
    let error = match result {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error,
        Err(_) => io::Error::other("the path watcher has panicked"),
    };
    let failure = PathWatchError::Unavailable(Arc::new(error));
    for signal in tree.iter().flat_map(Tree::signals) {
        signal.fail(&failure);
    }
}

impl Work<'_> {
    fn run(&mut self) -> io::Result<()> {
        let shared = Arc::clone(&self.tree);
        loop {
            let mounts_changed = self.wait()?;
            // Before the inbox is emptied, so that no change overtakes those that were in it.
            let mut guard = lock(&shared);
            let content = self.inbox.take();
            let Some(tree) = guard.as_mut().filter(|_| !content.closed) else {
                return Ok(());
            };
            if mounts_changed {
                tree.mounts_changed();
            }
            for change in &content.changes {
                tree.handle(change);
            }
            let now = Instant::now();
            if content.lost {
                tracing::debug!("path events were lost: all paths are looked at again");
                self.recheck.lost(now);
            }
            self.do_due(tree, now);
            for request in content.requests {
                answer(tree, request);
            }
            if tree.has_unwatched() && self.next_look.is_none() {
                self.next_look = Some(Instant::now() + self.period);
            }
        }
    }

    fn do_due(&mut self, tree: &mut Tree, now: Instant) {
        if self.recheck.begins(now) {
            tree.rewatch();
            self.recheck.begin(tree.signals().cloned());
        }
        self.recheck.advance(now);
        if self.next_look.is_some_and(|next| next <= now) {
            tree.recheck_unwatched();
            self.next_look = None;
        }
    }

    /// Waits until there is something to do.
    ///
    /// Returns whether something was mounted or unmounted.
    fn wait(&self) -> io::Result<bool> {
        let due = self.recheck.due().into_iter().chain(self.next_look).min();
        let timeout = due.map(|due| due.saturating_duration_since(Instant::now()));
        let timeout = timeout.and_then(|left| Timespec::try_from(left).ok());
        let mut fds = vec![PollFd::from_borrowed_fd(self.inbox.bell(), PollFlags::IN)];
        if let Some(mounts) = &self.mounts {
            fds.push(PollFd::from_borrowed_fd(mounts.as_fd(), PollFlags::PRI));
        }
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => Ok(fds
                .get(1)
                .is_some_and(|mounts| !mounts.revents().is_empty())),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn answer(tree: &mut Tree, request: Request) {
    match request {
        Request::Subscribe {
            paths,
            signal,
            done,
        } => {
            let subscribed = subscribe(tree, &paths, &signal);
            if let Err(Ok(nodes)) = done.send(subscribed) {
                unsubscribe(tree, &nodes, &signal);
            }
        }
        Request::Unsubscribe { nodes, signal } => unsubscribe(tree, &nodes, &signal),
        #[cfg(test)]
        Request::Count(counts) => {
            let _ = counts.send((tree.nodes(), tree.watches()));
        }
        #[cfg(test)]
        Request::Panic => panic!("a test wants it"),
    }
}

fn subscribe(
    tree: &mut Tree,
    paths: &[(PathBuf, bool)],
    signal: &Arc<Signal>,
) -> Result<Vec<NodeId>, PathWatchError> {
    let nodes = paths
        .iter()
        .map(|(path, recurse)| tree.subscribe(path, *recurse, signal))
        .collect();
    match signal.failure() {
        Some(failure) => {
            unsubscribe(tree, &nodes, signal);
            Err(failure)
        }
        None => Ok(nodes),
    }
}

fn unsubscribe(tree: &mut Tree, nodes: &Vec<NodeId>, signal: &Arc<Signal>) {
    for node in nodes {
        tree.unsubscribe(*node, signal);
    }
}
