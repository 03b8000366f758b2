//! What of the tree is still needed.

use rustc_hash::FxHashSet;

use super::{NodeId, Tree};

impl Tree {
    pub(super) fn collect_garbage(&mut self) {
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
            || (self.is_followed(id) && self.is_covered(id))
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
    pub(super) fn is_needed(&self, id: NodeId) -> bool {
        let node = &self.nodes[id];
        !node.children.is_empty() || !node.watchers.is_empty() || self.is_covered(id)
    }

    /// Whether a recursive watcher is here or above. It does not reach through a link, unless it watches
    /// the link itself.
    pub(super) fn is_covered(&self, id: NodeId) -> bool {
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

    /// Whether it is a directory that is watched, or would be if there were watches left.
    fn is_followed(&self, id: NodeId) -> bool {
        self.nodes[id].watch.is_some() || self.unwatched.contains(&id)
    }
}
