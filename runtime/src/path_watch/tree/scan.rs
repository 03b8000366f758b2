//! Looking at paths and watching what is there.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::{NodeId, Tree};
use crate::path_watch::PathWatchError;
use crate::path_watch::probe::{self, Probe};
use crate::path_watch::watches::Refusal;

impl Tree {
    /// Looks at what is there now and watches it.
    pub(super) fn scan(&mut self, id: NodeId) {
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
                    self.attach(id, &path);
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
        self.attach(id, path);
        let children: Vec<NodeId> = self.nodes[id].children.values().copied().collect();
        for child in children {
            self.scan(child);
        }
        if !self.is_covered(id) {
            return;
        }
        for name in directories_in(path) {
            if !self.nodes[id].children.contains_key(&name) {
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

    pub(super) fn attach(&mut self, id: NodeId, path: &Path) {
        match self.watches.acquire(path) {
            Ok(watch) => {
                self.nodes[id].blocked = false;
                self.unwatched.remove(&id);
                if self.nodes[id].watch != Some(watch) {
                    self.detach(id);
                    self.watches.add_user(watch, id);
                    self.nodes[id].watch = Some(watch);
                }
            }
            Err(refusal) => {
                self.detach(id);
                self.refused(id, path, refusal);
            }
        }
    }

    fn refused(&mut self, id: NodeId, path: &Path, refusal: Refusal) {
        match refusal {
            // The watch of its parent tells when it comes back.
            Refusal::Gone => {}
            Refusal::Permission => {
                self.nodes[id].blocked = true;
                let failure = PathWatchError::Permission(path.to_owned());
                for watcher in &self.nodes[id].watchers {
                    watcher.signal.fail(&failure);
                }
            }
            Refusal::Exhausted(limit) => {
                self.unwatched.insert(id);
                if !std::mem::replace(&mut self.warned, true) {
                    tracing::warn!("can't watch `{}`: {limit}", path.display());
                }
            }
            Refusal::Io(error) => {
                let failure = PathWatchError::Io {
                    path: path.to_owned(),
                    source: Arc::new(error),
                };
                self.fail_subtree(id, &failure);
            }
        }
    }

    pub(super) fn detach(&mut self, id: NodeId) {
        self.nodes[id].blocked = false;
        self.unwatched.remove(&id);
        if let Some(watch) = self.nodes[id].watch.take() {
            self.watches.release(watch, id);
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

    pub(super) fn unlink(&mut self, id: NodeId) {
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

    /// The nearest directory above that exists, if it may not be read.
    fn blocked_above(&self, id: NodeId) -> Option<NodeId> {
        self.and_above(id)
            .skip(1)
            .find(|id| self.nodes[*id].watch.is_some() || self.nodes[*id].blocked)
            .filter(|id| self.nodes[*id].blocked)
    }
}

/// The names of the directories in a directory, which is not held open: of a deep tree, that would be too many. What
/// can not be listed was reported by `attach`.
fn directories_in(path: &Path) -> Vec<OsString> {
    let entries = path.read_dir().into_iter().flatten().flatten();
    let directories = entries.filter(|entry| entry.file_type().is_ok_and(|ty| ty.is_dir()));
    directories.map(|entry| entry.file_name()).collect()
}
