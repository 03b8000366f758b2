//! The tree of paths that somebody is interested in, and how it follows the file system.
//!
//! Each node is one path. The invariant: a node that is a directory and is needed (it has children in the
//! tree, or a watcher, or lies below a recursive watcher) has an inotify watch, and was looked at
//! *after* the watch of its parent was in place, so that nothing falls between.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use inotify::{EventMask, WatchDescriptor, WatchMask, Watches};
use rustc_hash::{FxHashMap, FxHashSet};
use rustix::io::Errno;
use slab::Slab;

use super::probe::{self, Probe};
use super::{PathWatchError, Signal};

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
    /// The directory, or the file if it has other names.
    watch: Option<WatchDescriptor>,
    /// The directory may not be read.
    blocked: bool,
    /// What it points to, if it is a link.
    referent: Option<NodeId>,
    /// The links that point to it.
    linked_from: Vec<NodeId>,
}

pub(super) struct Tree {
    inotify: Watches,
    nodes: Slab<Node>,
    root: NodeId,
    by_watch: HashMap<WatchDescriptor, Vec<NodeId>>,
    /// Nodes that perhaps nobody needs any more. They go at the end of an operation, not in the midst of it.
    garbage: Vec<NodeId>,
}

/// What happens in a directory and to its entries. Reading is not among it.
fn directory_mask() -> WatchMask {
    WatchMask::CREATE
        | WatchMask::DELETE
        | WatchMask::MOVED_FROM
        | WatchMask::MOVED_TO
        | WatchMask::MODIFY
        | WatchMask::ATTRIB
        | WatchMask::DELETE_SELF
        | WatchMask::MOVE_SELF
        | WatchMask::EXCL_UNLINK
        | WatchMask::ONLYDIR
}

fn file_mask() -> WatchMask {
    WatchMask::MODIFY | WatchMask::ATTRIB | WatchMask::DELETE_SELF | WatchMask::MOVE_SELF
}

/// An entry came or went.
fn is_structural(mask: EventMask) -> bool {
    mask.intersects(
        EventMask::CREATE | EventMask::DELETE | EventMask::MOVED_FROM | EventMask::MOVED_TO,
    )
}

impl Tree {
    pub(super) fn new(inotify: Watches) -> Self {
        let mut nodes = Slab::new();
        let root = nodes.insert(Node::default());
        Self {
            inotify,
            nodes,
            root,
            by_watch: HashMap::new(),
            garbage: Vec::new(),
        }
    }

    /// Adds an interest in an absolute path.
    pub(super) fn subscribe(&mut self, path: &Path, recurse: bool, signal: &Arc<Signal>) -> NodeId {
        let path = probe::absolute(Path::new("/"), path);
        let node = self.intern(&path);
        self.nodes[node].watchers.push(Watcher {
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

    /// Reacts to one event of the kernel.
    pub(super) fn handle(
        &mut self,
        watch: &WatchDescriptor,
        mask: EventMask,
        name: Option<&OsStr>,
    ) {
        self.dispatch(watch, mask, name);
        self.collect_garbage();
    }

    fn dispatch(&mut self, watch: &WatchDescriptor, mask: EventMask, name: Option<&OsStr>) {
        if mask.contains(EventMask::Q_OVERFLOW) {
            tracing::debug!("the queue of path events has overflowed");
            self.scan(self.root);
            self.signal_subtree(self.root, &mut FxHashSet::default());
            return;
        }
        if mask.contains(EventMask::IGNORED) {
            for node in self.by_watch.remove(watch).unwrap_or_default() {
                self.nodes[node].watch = None;
                self.changed(node);
            }
            return;
        }
        for node in self.by_watch.get(watch).cloned().unwrap_or_default() {
            match name {
                Some(name) => self.entry_event(node, mask, name),
                None if mask.intersects(
                    EventMask::DELETE_SELF | EventMask::MOVE_SELF | EventMask::UNMOUNT,
                ) =>
                {
                    self.changed(node);
                }
                None => self.signal(node, &mut FxHashSet::default()),
            }
        }
    }

    /// Tells everybody that nothing can be watched any more.
    pub(super) fn fail_all(&mut self, error: io::Error) {
        let failure = PathWatchError::Unavailable(Arc::new(error));
        for (_, node) in &self.nodes {
            for watcher in &node.watchers {
                watcher.signal.fail(&failure);
            }
        }
    }

    /// Something happened to the entry `name` of a directory.
    fn entry_event(&mut self, directory: NodeId, mask: EventMask, name: &OsStr) {
        for watcher in &self.nodes[directory].watchers {
            watcher.signal.event();
        }
        self.signal_recursive_above(directory);
        let child = self.nodes[directory].children.get(name).copied();
        let structural = is_structural(mask);
        match child {
            Some(child) if structural => self.changed(child),
            Some(child) => {
                // It may have got another name, or lost it.
                if mask.contains(EventMask::ATTRIB) && self.nodes[child].children.is_empty() {
                    self.scan(child);
                }
                self.signal(child, &mut FxHashSet::default());
            }
            None if structural && mask.contains(EventMask::ISDIR) && self.is_covered(directory) => {
                let child = self.insert(directory, name);
                self.scan(child);
            }
            None => {}
        }
    }

    /// What is at the node is not what was there.
    fn changed(&mut self, node: NodeId) {
        self.scan(node);
        self.signal_subtree(node, &mut FxHashSet::default());
    }

    /// Looks at what is there now and watches it.
    fn scan(&mut self, id: NodeId) {
        let path = self.path(id);
        let probe = Probe::of(&path);
        match probe {
            Probe::Missing => {
                self.unlink(id);
                self.abandon(id);
            }
            Probe::Other { other_names } => {
                self.unlink(id);
                self.abandon(id);
                let node = &self.nodes[id];
                if other_names && !(node.watchers.is_empty() && node.linked_from.is_empty()) {
                    self.attach(id, &path, file_mask());
                }
            }
            Probe::Link => {
                self.link(id, &path);
                if !path.is_dir() {
                    self.abandon(id);
                } else if self.is_needed(id) {
                    self.scan_directory(id, &path);
                }
            }
            Probe::Directory => {
                self.unlink(id);
                if self.is_needed(id) {
                    self.scan_directory(id, &path);
                } else {
                    self.detach(id);
                }
            }
        }
        if probe != Probe::Directory
            && let Some(blocked) = self.blocked_above(id)
        {
            // Nobody would tell when it changes.
            self.fail_subtree(id, &PathWatchError::Permission(self.path(blocked)));
        }
    }

    fn scan_directory(&mut self, id: NodeId, path: &Path) {
        self.attach(id, path, directory_mask());
        let children: Vec<NodeId> = self.nodes[id].children.values().copied().collect();
        for child in children {
            self.scan(child);
        }
        if !self.is_covered(id) {
            return;
        }
        // What can not be listed was reported by `attach`.
        for entry in path.read_dir().into_iter().flatten().flatten() {
            let is_directory = entry.file_type().is_ok_and(|ty| ty.is_dir());
            let name = entry.file_name();
            if is_directory && !self.nodes[id].children.contains_key(&name) {
                let child = self.insert(id, &name);
                self.scan(child);
            }
        }
    }

    /// Nothing can be below this node any more.
    fn abandon(&mut self, id: NodeId) {
        for below in self.subtree(id) {
            self.detach(below);
            if below != id {
                self.unlink(below);
            }
            self.garbage.push(below);
        }
    }

    fn attach(&mut self, id: NodeId, path: &Path, mask: WatchMask) {
        match self.inotify.add(path, mask) {
            Ok(watch) => {
                self.nodes[id].blocked = false;
                if self.nodes[id].watch.as_ref() != Some(&watch) {
                    self.detach(id);
                    self.by_watch.entry(watch.clone()).or_default().push(id);
                    self.nodes[id].watch = Some(watch);
                }
            }
            Err(error) => {
                self.detach(id);
                self.attach_failed(id, path, error);
            }
        }
    }

    fn attach_failed(&mut self, id: NodeId, path: &Path, error: io::Error) {
        match Errno::from_io_error(&error) {
            // It is gone already, which the watch of its parent tells.
            Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
            Some(Errno::ACCESS | Errno::PERM) => {
                self.nodes[id].blocked = true;
                let failure = PathWatchError::Permission(path.to_owned());
                for watcher in &self.nodes[id].watchers {
                    watcher.signal.fail(&failure);
                }
            }
            Some(Errno::NOSPC) => {
                self.fail_subtree(id, &PathWatchError::OutOfWatches(path.to_owned()));
            }
            _ => {
                let failure = PathWatchError::Io {
                    path: path.to_owned(),
                    source: Arc::new(error),
                };
                self.fail_subtree(id, &failure);
            }
        }
    }

    fn detach(&mut self, id: NodeId) {
        self.nodes[id].blocked = false;
        let Some(watch) = self.nodes[id].watch.take() else {
            return;
        };
        let Some(users) = self.by_watch.get_mut(&watch) else {
            return;
        };
        users.retain(|user| *user != id);
        if users.is_empty() {
            self.by_watch.remove(&watch);
            // Fails only if the kernel has dropped the watch itself.
            let _ = self.inotify.remove(watch);
        }
    }

    fn link(&mut self, id: NodeId, path: &Path) {
        let Ok(referent) = probe::referent(path) else {
            return self.unlink(id);
        };
        let referent = self.intern(&referent);
        if self.nodes[id].referent != Some(referent) {
            self.unlink(id);
            self.nodes[id].referent = Some(referent);
            self.nodes[referent].linked_from.push(id);
            // With a second name for it, its directory is not enough.
            self.scan_leaf(referent);
        }
    }

    fn unlink(&mut self, id: NodeId) {
        if let Some(referent) = self.nodes[id].referent.take() {
            self.nodes[referent].linked_from.retain(|link| *link != id);
            self.garbage.push(referent);
        }
    }

    /// Scans a node unless it may be in the middle of being scanned.
    fn scan_leaf(&mut self, id: NodeId) {
        if self.nodes[id].referent.is_none() && self.nodes[id].children.is_empty() {
            self.scan(id);
        }
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
                            self.attach(id, &path, directory_mask());
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

    /// The nearest directory above that exists, if it may not be read.
    fn blocked_above(&self, id: NodeId) -> Option<NodeId> {
        self.and_above(id)
            .skip(1)
            .find(|id| self.nodes[*id].watch.is_some() || self.nodes[*id].blocked)
            .filter(|id| self.nodes[*id].blocked)
    }

    fn collect_garbage(&mut self) {
        // What is below comes later in the list, and pruning goes upwards.
        while let Some(id) = self.garbage.pop() {
            self.prune(id);
        }
    }

    /// Removes the node, and what only it needed, unless somebody needs it.
    fn prune(&mut self, id: NodeId) {
        if id == self.root || !self.nodes.contains(id) {
            return;
        }
        let mut unneeded = FxHashSet::default();
        if self.is_in_use(id, &mut unneeded) {
            return;
        }
        for id in &unneeded {
            self.unlink(*id);
            self.detach(*id);
        }
        for id in unneeded {
            let node = self.nodes.remove(id);
            if let Some(parent) = node.parent
                && let Some(above) = self.nodes.get_mut(parent)
            {
                above.children.remove(&node.name);
                self.garbage.push(parent);
            }
        }
    }

    /// Whether somebody watches the node, or something below it, or what links to it. Links may form
    /// circles: all nodes that were asked are collected, and none of them is in use if this one is not.
    fn is_in_use(&self, id: NodeId, asked: &mut FxHashSet<NodeId>) -> bool {
        if !asked.insert(id) {
            return false;
        }
        let node = &self.nodes[id];
        !node.watchers.is_empty()
            || (node.watch.is_some() && self.is_covered(id))
            || node
                .children
                .values()
                .any(|child| self.is_in_use(*child, asked))
            || node
                .linked_from
                .iter()
                .any(|link| self.is_in_use(*link, asked))
    }

    /// Whether a directory has to be watched.
    fn is_needed(&self, id: NodeId) -> bool {
        let node = &self.nodes[id];
        !node.children.is_empty() || !node.watchers.is_empty() || self.is_covered(id)
    }

    /// Whether a recursive watcher is here or above. It does not reach through a link, unless it watches
    /// the link itself.
    fn is_covered(&self, id: NodeId) -> bool {
        for id in self.and_above(id) {
            let node = &self.nodes[id];
            if node.watchers.iter().any(|watcher| watcher.recurse) {
                return true;
            }
            if node.referent.is_some() {
                return false;
            }
        }
        false
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

    fn signal_recursive_above(&self, id: NodeId) {
        for id in self.and_above(id) {
            for watcher in self.nodes[id]
                .watchers
                .iter()
                .filter(|watcher| watcher.recurse)
            {
                watcher.signal.event();
            }
        }
    }

    /// Tells those who watch the node or a link to it.
    fn signal(&mut self, id: NodeId, seen: &mut FxHashSet<NodeId>) {
        if !seen.insert(id) {
            return;
        }
        for watcher in &self.nodes[id].watchers {
            watcher.signal.event();
        }
        for link in self.nodes[id].linked_from.clone() {
            self.signal(link, seen);
        }
    }

    /// Tells everybody at and below the node. What links there is looked at again.
    fn signal_subtree(&mut self, id: NodeId, seen: &mut FxHashSet<NodeId>) {
        for id in self.subtree(id) {
            if !seen.insert(id) {
                continue;
            }
            for watcher in &self.nodes[id].watchers {
                watcher.signal.event();
            }
            for link in self.nodes[id].linked_from.clone() {
                self.scan(link);
                self.signal_subtree(link, seen);
            }
        }
    }

    fn fail_subtree(&self, id: NodeId, failure: &PathWatchError) {
        for id in self.subtree(id) {
            for watcher in &self.nodes[id].watchers {
                watcher.signal.fail(failure);
            }
        }
    }

    /// How many inotify watches there are.
    #[cfg(test)]
    pub(super) fn watches(&self) -> usize {
        self.by_watch.len()
    }

    /// How many nodes there are besides the root.
    #[cfg(test)]
    pub(super) fn nodes(&self) -> usize {
        self.nodes.len() - 1
    }
}
