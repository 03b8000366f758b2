//! The tree of paths that somebody is interested in, and how it follows the file system.
//!
//! Each node is one path. The invariant: a node that is a directory and is needed (it has children in the
//! tree, or a watcher, or lies below a recursive watcher) is watched, and was looked at *after* the watch of
//! its parent was in place, so that nothing falls between. What can not be watched for want of watches is
//! looked at again from time to time ([`Tree::recheck_unwatched`]).

mod need;
mod scan;
mod tell;

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use rustc_hash::{FxHashMap, FxHashSet};
use slab::Slab;

use super::Signal;
use super::changes::{Change, What};
use super::inbox::Inbox;
use super::probe;
use super::watches::{WatchId, Watches};

pub(super) type NodeId = usize;

/// The interest in one path.
struct Watcher {
    recurse: bool,
    signal: Arc<Signal>,
}

#[derive(Default)]
struct Node {
    parent: Option<NodeId>,
    name: OsString,
    children: FxHashMap<OsString, NodeId>,
    watchers: Vec<Watcher>,
    /// That of the directory, or of the file if it has other names.
    watch: Option<WatchId>,
    /// The directory may not be read.
    blocked: bool,
    /// What it points to, if it is a link.
    referent: Option<NodeId>,
    /// The links that point to it.
    linked_from: Vec<NodeId>,
}

/// The tree, for as long as the thread of the path watcher runs. That thread holds the lock whenever it works,
/// also while it waits for the thread of `notify`, which therefore must not wait for the lock.
pub(super) type SharedTree = Mutex<Option<Tree>>;

pub(super) struct Tree {
    watches: Watches,
    nodes: Slab<Node>,
    root: NodeId,
    /// Nodes that should be watched, but the system has no watches left.
    unwatched: FxHashSet<NodeId>,
    /// Whether that was told.
    warned: bool,
    /// Nodes that perhaps nobody needs any more. They go at the end of an operation, not in the midst of it.
    garbage: Vec<NodeId>,
}

impl Tree {
    /// An empty tree.
    pub(super) fn shared(inbox: &Arc<Inbox>) -> Arc<SharedTree> {
        Arc::new_cyclic(|shared| {
            let watches = Watches::new(Arc::clone(inbox), Weak::clone(shared));
            Mutex::new(Some(Self::new(watches)))
        })
    }

    fn new(watches: Watches) -> Self {
        let mut nodes = Slab::new();
        let root = nodes.insert(Node::default());
        Self {
            watches,
            nodes,
            root,
            unwatched: FxHashSet::default(),
            warned: false,
            garbage: Vec::new(),
        }
    }

    /// Adds an interest in an absolute path.
    pub(super) fn subscribe(&mut self, path: &Path, recurse: bool, signal: &Arc<Signal>) -> NodeId {
        let path = probe::absolute(Path::new("/"), path);
        let node = self.intern(&path);
        let watchers = &mut self.nodes[node].watchers;
        // There is seldom a second one.
        watchers.reserve_exact(1);
        watchers.push(Watcher {
            recurse,
            signal: signal.clone(),
        });
        self.scan(node);
        self.collect_garbage();
        node
    }

    /// Ends the interest that has this signal.
    pub(super) fn unsubscribe(&mut self, node: NodeId, signal: &Arc<Signal>) {
        let watchers = &mut self.nodes[node].watchers;
        let Some(index) = watchers
            .iter()
            .position(|watcher| Arc::ptr_eq(&watcher.signal, signal))
        else {
            return;
        };
        if watchers.swap_remove(index).recurse {
            self.garbage = self.subtree(node);
        } else {
            self.garbage.push(node);
        }
        self.collect_garbage();
    }

    /// Reacts to a change if all there is to do is to tell somebody, or nobody. Does not look at the file
    /// system.
    ///
    /// Returns whether it did.
    pub(super) fn tell(&mut self, change: &Change) -> bool {
        let only_to_tell = self.is_only_to_tell(change);
        if only_to_tell {
            self.handle(change);
        }
        only_to_tell
    }

    fn is_only_to_tell(&self, Change { path, what }: &Change) -> bool {
        if what.is_structural() && self.watches.any_below(path) {
            return false;
        }
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            return true;
        };
        let mut directories = self.watches.users(directory).into_iter();
        directories.all(|node| match self.nodes[node].children.get(name) {
            Some(child) => match what {
                What::Content => true,
                What::Attributes => !self.nodes[*child].children.is_empty(),
                What::Came { .. } | What::Went => false,
            },
            None => *what != (What::Came { directory: true }) || !self.is_covered(node),
        })
    }

    /// Reacts to a change.
    pub(super) fn handle(&mut self, change: &Change) {
        let Change { path, what } = change;
        if what.is_structural() {
            self.replaced(path);
        } else {
            for node in self.watches.users(path) {
                self.signal(node, &mut FxHashSet::default());
            }
        }
        if let (Some(directory), Some(name)) = (path.parent(), path.file_name()) {
            for node in self.watches.users(directory) {
                self.entry_changed(node, *what, name);
            }
        }
        self.collect_garbage();
    }

    /// Forgets all watches and starts them anew. Whoever has an interest has to be told after that.
    pub(super) fn rewatch(&mut self) {
        self.end_watches(Path::new("/"));
        self.scan(self.root);
        self.collect_garbage();
    }

    /// Looks whether other file systems are at the watched paths than before.
    pub(super) fn mounts_changed(&mut self) {
        for path in self.watches.displaced() {
            self.replaced(&path);
        }
        self.collect_garbage();
    }

    /// Tells those who are interested in what could not be watched to look again, and tries to watch it.
    pub(super) fn recheck_unwatched(&mut self) {
        for node in self.unwatched.clone() {
            // One of the others may have removed it.
            if self.unwatched.contains(&node) {
                self.changed(node);
                self.signal_recursive_above(node);
            }
        }
        self.collect_garbage();
        if self.warned && self.unwatched.is_empty() {
            self.warned = false;
            tracing::info!("there are enough inotify watches again");
        }
    }

    /// Whether there is something that could not be watched.
    pub(super) fn has_unwatched(&self) -> bool {
        !self.unwatched.is_empty()
    }

    /// Something else may be at the path, and below.
    fn replaced(&mut self, path: &Path) {
        for node in self.end_watches(path) {
            if self.nodes.contains(node) {
                self.changed(node);
            }
        }
    }

    /// Ends the watches at and below a path.
    ///
    /// Returns whose they were.
    fn end_watches(&mut self, path: &Path) -> Vec<NodeId> {
        let users = self.watches.end_below(path);
        for node in &users {
            self.nodes[*node].watch = None;
        }
        users
    }

    /// Something happened to the entry `name` of a directory.
    fn entry_changed(&mut self, directory: NodeId, what: What, name: &OsStr) {
        for watcher in &self.nodes[directory].watchers {
            watcher.signal.event();
        }
        self.signal_recursive_above(directory);
        match self.nodes[directory].children.get(name).copied() {
            Some(child) if what.is_structural() => self.changed(child),
            Some(child) => {
                // It may have got another name, or lost it.
                if what == What::Attributes && self.nodes[child].children.is_empty() {
                    self.scan(child);
                }
                self.signal(child, &mut FxHashSet::default());
            }
            None if what == (What::Came { directory: true }) && self.is_covered(directory) => {
                let child = self.insert(directory, name);
                self.scan(child);
                self.garbage.push(child);
            }
            None => {}
        }
    }

    /// What is at the node is not what was there.
    fn changed(&mut self, node: NodeId) {
        self.scan(node);
        self.signal_subtree(node, &mut FxHashSet::default());
    }

    /// The node of a path without dots, made if there is none. Its ancestors are watched.
    fn intern(&mut self, path: &Path) -> NodeId {
        let mut id = self.root;
        for component in path.components() {
            let Component::Normal(name) = component else {
                continue;
            };
            id = match self.nodes[id].children.get(name) {
                Some(child) => *child,
                None => {
                    let child = self.insert(id, name);
                    if self.nodes[id].watch.is_none() {
                        let path = self.path(id);
                        if path.is_dir() {
                            self.attach(id, &path);
                        }
                    }
                    self.scan(child);
                    child
                }
            };
        }
        id
    }

    fn insert(&mut self, parent: NodeId, name: &OsStr) -> NodeId {
        let id = self.nodes.insert(Node {
            parent: Some(parent),
            name: name.to_owned(),
            ..Node::default()
        });
        self.nodes[parent].children.insert(name.to_owned(), id);
        id
    }

    fn and_above(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(Some(id), |id| self.nodes[*id].parent)
    }

    /// The node and everything below; each before what is below it.
    fn subtree(&self, id: NodeId) -> Vec<NodeId> {
        let mut all = vec![id];
        let mut next = 0;
        while let Some(id) = all.get(next) {
            all.extend(self.nodes[*id].children.values());
            next += 1;
        }
        all
    }

    fn path(&self, id: NodeId) -> PathBuf {
        let mut names: Vec<&OsStr> = self
            .and_above(id)
            .map(|id| self.nodes[id].name.as_os_str())
            .collect();
        // The root has no name.
        names.pop();
        let mut path = PathBuf::from("/");
        path.extend(names.into_iter().rev());
        path
    }

    /// How many watches there are.
    #[cfg(test)]
    pub(super) fn watches(&self) -> usize {
        self.watches.len()
    }

    /// How many nodes there are besides the root.
    #[cfg(test)]
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len() - 1
    }
}
