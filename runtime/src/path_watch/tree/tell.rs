//! Telling those who are interested.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::{NodeId, Tree};
use crate::path_watch::{PathWatchError, Signal};

impl Tree {
    /// Those who are interested in anything.
    pub(in crate::path_watch) fn signals(&self) -> impl Iterator<Item = &Arc<Signal>> {
        let watchers = self.nodes.iter().flat_map(|(_, node)| &node.watchers);
        watchers.map(|watcher| &watcher.signal)
    }

    pub(super) fn signal_recursive_above(&self, id: NodeId) {
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
    pub(super) fn signal(&mut self, id: NodeId, seen: &mut FxHashSet<NodeId>) {
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
    pub(super) fn signal_subtree(&mut self, id: NodeId, seen: &mut FxHashSet<NodeId>) {
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

    pub(super) fn fail_subtree(&self, id: NodeId, failure: &PathWatchError) {
        for id in self.subtree(id) {
            for watcher in &self.nodes[id].watchers {
                watcher.signal.fail(failure);
            }
        }
    }
}
