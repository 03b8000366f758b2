//! The thread that reads the inotify instance.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use inotify::Inotify;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};

use super::{Tree, lock};

/// Room for some thousand events at once.
const BUFFER: usize = 128 * 1024;

/// Owns the thread: dropping it ends and joins the thread.
pub(super) struct Reader {
    tree: Arc<Mutex<Tree>>,
    stop: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    pub(super) fn start() -> io::Result<Self> {
        let inotify = Inotify::init()?;
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        let tree = Arc::new(Mutex::new(Tree::new(inotify.watches())));
        let thread = std::thread::Builder::new().name("paths".into()).spawn({
            let (tree, stop) = (tree.clone(), stop.clone());
            move || run(inotify, &stop, &tree)
        })?;
        Ok(Self {
            tree,
            stop,
            thread: Some(thread),
        })
    }

    pub(super) fn tree(&self) -> MutexGuard<'_, Tree> {
        lock(&self.tree)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Fails only if the counter is full, in which case the thread is woken already.
        let _ = rustix::io::write(&self.stop, &1u64.to_ne_bytes());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the path watcher had panicked");
        }
    }
}

fn run(mut inotify: Inotify, stop: &OwnedFd, tree: &Mutex<Tree>) {
    let mut buffer = vec![0; BUFFER];
    loop {
        match wait(&inotify, stop) {
            Ok(Wake::Stop) => return,
            Ok(Wake::Events) => {}
            Err(error) => return lock(tree).fail_all(error),
        }
        match inotify.read_events(&mut buffer) {
            Ok(events) => {
                let mut tree = lock(tree);
                for event in events {
                    tree.handle(&event.wd, event.mask, event.name);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return lock(tree).fail_all(error),
        }
    }
}

enum Wake {
    Stop,
    Events,
}

fn wait(inotify: &Inotify, stop: &OwnedFd) -> io::Result<Wake> {
    let mut fds = [
        PollFd::from_borrowed_fd(inotify.as_fd(), PollFlags::IN),
        PollFd::from_borrowed_fd(stop.as_fd(), PollFlags::IN),
    ];
    rustix::io::retry_on_intr(|| poll(&mut fds, None))?;
    Ok(if fds[1].revents().is_empty() {
        Wake::Events
    } else {
        Wake::Stop
    })
}
