//! The directories and files that `notify` watches for us.
//!
//! `notify` knows watches by path, the kernel by inode. If two paths of `notify` lead to one inode it tells of one
//! of them only, and to give up one gives up both. So each inode is watched once here, by its real path,
//! for all nodes of the tree that need it. What `notify` does by itself stays harmless: it drops a path, and
//! all below, when it has reported that the path is gone, but we then give up the same paths and start anew.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Weak};

use notify::{Config, ErrorKind, INotifyWatcher, RecursiveMode, Watcher};
use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
use rustix::io::Errno;
use slab::Slab;

use super::changes::Reporter;
use super::inbox::Inbox;
use super::limit::Limit;
use super::tree::{NodeId, SharedTree};

pub(super) type WatchId = usize;

/// How often a path is tried that is replaced while it is being watched. Each replacement is an event, too.
const TRIES: usize = 3;

/// All watches of a process.
pub(super) struct Watches {
    inbox: Arc<Inbox>,
    tree: Weak<SharedTree>,
    notify: Option<Notify>,
    watches: Slab<Watch>,
    by_path: BTreeMap<PathBuf, WatchId>,
    by_inode: HashMap<Inode, WatchId>,
}

struct Notify {
    watcher: INotifyWatcher,
    /// Disconnected once the thread has ended.
    ended: Receiver<()>,
}

struct Watch {
    path: PathBuf,
    identity: Identity,
    users: Vec<NodeId>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Inode {
    major: u32,
    minor: u32,
    number: u64,
}

/// What a path leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity {
    inode: Inode,
    mount: u64,
}

/// Why a path is not watched.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is gone.
    Gone,
    /// It may not be read.
    Permission,
    /// The system has no more to give.
    Exhausted(Limit),
    Io(io::Error),
}

impl Watches {
    /// What happens is told by `tree` or through `inbox`.
    pub(super) fn new(inbox: Arc<Inbox>, tree: Weak<SharedTree>) -> Self {
        Self {
            inbox,
            tree,
            notify: None,
            watches: Slab::new(),
            by_path: BTreeMap::new(),
            by_inode: HashMap::new(),
        }
    }

    /// The watch of what `path` leads to, started if there is none. Somebody has to use it.
    pub(super) fn acquire(&mut self, path: &Path) -> Result<WatchId, Refusal> {
        for _ in 0..TRIES {
            let real = fs::canonicalize(path)?;
            let identity = Identity::of(&real)?;
            if let Some(watch) = self.by_inode.get(&identity.inode) {
                return Ok(*watch);
            }
            self.start(&real)?;
            if Identity::of(&real).is_ok_and(|found| found == identity) {
                return Ok(self.record(real, identity));
            }
        }
        Err(Refusal::Gone)
    }

    fn start(&mut self, path: &Path) -> Result<(), Refusal> {
        let known = self.by_path.contains_key(path);
        let watcher = &mut self.notify()?.watcher;
        if known {
            // It may be dropped already; that is as well.
            let _ = watcher.unwatch(path);
        }
        Ok(watcher.watch(path, RecursiveMode::NonRecursive)?)
    }

    fn record(&mut self, path: PathBuf, identity: Identity) -> WatchId {
        let id = match self.by_path.get(&path) {
            // Something else is there now. Its users see that when the event comes.
            Some(id) => {
                self.by_inode.remove(&self.watches[*id].identity.inode);
                self.watches[*id].identity = identity;
                *id
            }
            None => {
                let id = self.watches.insert(Watch {
                    path: path.clone(),
                    identity,
                    users: Vec::new(),
                });
                self.by_path.insert(path, id);
                id
            }
        };
        self.by_inode.insert(identity.inode, id);
        id
    }

    pub(super) fn add_user(&mut self, id: WatchId, user: NodeId) {
        self.watches[id].users.push(user);
    }

    /// Ends the watch with its last user.
    pub(super) fn release(&mut self, id: WatchId, user: NodeId) {
        let users = &mut self.watches[id].users;
        users.retain(|known| *known != user);
        if users.is_empty() {
            self.end(id);
        }
    }

    /// Ends all watches at and below `path`, which may lead elsewhere now.
    ///
    /// Returns their users.
    pub(super) fn end_below(&mut self, path: &Path) -> Vec<NodeId> {
        let ids: Vec<WatchId> = self.below(path).collect();
        ids.into_iter().flat_map(|id| self.end(id)).collect()
    }

    /// Whether there are watches at or below `path`.
    pub(super) fn any_below(&self, path: &Path) -> bool {
        self.below(path).next().is_some()
    }

    fn below(&self, path: &Path) -> impl Iterator<Item = WatchId> {
        self.by_path
            .range::<Path, _>((Bound::Included(path), Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(path))
            .map(|(_, id)| *id)
    }

    fn end(&mut self, id: WatchId) -> Vec<NodeId> {
        let watch = self.watches.remove(id);
        self.by_path.remove(&watch.path);
        self.by_inode.remove(&watch.identity.inode);
        if let Some(notify) = &mut self.notify {
            // Fails only if it has dropped the path itself.
            let _ = notify.watcher.unwatch(&watch.path);
        }
        watch.users
    }

    /// Who uses the watch of a path.
    pub(super) fn users(&self, path: &Path) -> Vec<NodeId> {
        self.by_path
            .get(path)
            .map_or_else(Vec::new, |id| self.watches[*id].users.clone())
    }

    /// The watched paths that lead elsewhere than when they were watched.
    pub(super) fn displaced(&self) -> Vec<PathBuf> {
        let displaced = self.watches.iter().filter(|(_, watch)| {
            Identity::of(&watch.path).map_or(true, |found| found != watch.identity)
        });
        displaced.map(|(_, watch)| watch.path.clone()).collect()
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.watches.len()
    }

    fn notify(&mut self) -> Result<&mut Notify, Refusal> {
        if let Some(ref mut notify) = self.notify {
            return Ok(notify);
        }
        let (alive, ended) = channel();
        let reporter = Reporter::new(Arc::clone(&self.inbox), self.tree.clone(), alive);
        let watcher =
            INotifyWatcher::new(reporter, Config::default()).map_err(|error| match error.kind {
                ErrorKind::Io(error) if Errno::from_io_error(&error) == Some(Errno::MFILE) => {
                    Refusal::Exhausted(Limit::Instances)
                }
                _ => Refusal::from(error),
            })?;
        Ok(self.notify.insert(Notify { watcher, ended }))
    }
}

impl Drop for Watches {
    /// Ends the thread of `notify`, and waits for that.
    fn drop(&mut self) {
        if let Some(Notify { watcher, ended }) = self.notify.take() {
            drop(watcher);
            // Nothing is ever sent.
            let _ = ended.recv();
        }
    }
}

impl Identity {
    fn of(path: &Path) -> io::Result<Self> {
        let wanted = StatxFlags::INO | StatxFlags::MNT_ID;
        let stat = statx(CWD, path, AtFlags::empty(), wanted)?;
        Ok(Self {
            inode: Inode {
                major: stat.stx_dev_major,
                minor: stat.stx_dev_minor,
                number: stat.stx_ino,
            },
            mount: stat.stx_mnt_id,
        })
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        match Errno::from_io_error(&error) {
            Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Self::Gone,
            Some(Errno::ACCESS | Errno::PERM) => Self::Permission,
            _ => Self::Io(error),
        }
    }
}

impl From<notify::Error> for Refusal {
    fn from(error: notify::Error) -> Self {
        match error.kind {
            ErrorKind::PathNotFound => Self::Gone,
            ErrorKind::MaxFilesWatch => Self::Exhausted(Limit::Watches),
            ErrorKind::Io(error) => error.into(),
            _ => Self::Io(io::Error::other(error)),
        }
    }
}
