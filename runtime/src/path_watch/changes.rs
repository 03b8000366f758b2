//! What `notify` reports, reduced to what matters here.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Weak};

use notify::event::{CreateKind, ModifyKind, RenameMode};
use notify::{Event, EventHandler, EventKind};

use super::inbox::Inbox;
use super::tree::SharedTree;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: PathBuf,
    pub(super) what: What,
}

/// What happened at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// What is there was not there before.
    Came {
        /// Whether it may be a directory.
        directory: bool,
    },
    /// What was there is not there any more.
    Went,
    /// The content of a file.
    Content,
    /// Owner, mode, times, or the number of names.
    Attributes,
}

impl What {
    /// Whether another thing is at the path now, or none.
    pub(super) fn is_structural(self) -> bool {
        matches!(self, Self::Came { .. } | Self::Went)
    }
}

/// Passes on what `notify` reports. It runs on the thread of `notify`, which can not be asked for anything
/// meanwhile: what only has to be told is told at once, which saves waking another thread, and all else is
/// left to the thread of the path watcher.
pub(super) struct Reporter {
    inbox: Arc<Inbox>,
    tree: Weak<SharedTree>,
    /// Dropped with the thread.
    _alive: Sender<()>,
}

impl Reporter {
    pub(super) fn new(inbox: Arc<Inbox>, tree: Weak<SharedTree>, alive: Sender<()>) -> Self {
        Self {
            inbox,
            tree,
            _alive: alive,
        }
    }

    /// Whether the change is dealt with.
    fn tell(&self, change: &Change) -> bool {
        let Some(tree) = self.tree.upgrade() else {
            return false;
        };
        // Never waits: whoever has the lock may be waiting for this thread. Nothing overtakes what is in the inbox.
        let Ok(mut tree) = tree.try_lock() else {
            return false;
        };
        !self.inbox.has_changes() && tree.as_mut().is_some_and(|tree| tree.tell(change))
    }
}

impl EventHandler for Reporter {
    fn handle_event(&mut self, event: notify::Result<Event>) {
        match event {
            Ok(event) if event.need_rescan() => self.inbox.lose_changes(),
            Ok(event) => {
                // Most events are of files that were opened, by our own checks for instance.
                if let Some(what) = what(event.kind) {
                    for path in event.paths {
                        let change = Change { path, what };
                        if !self.tell(&change) {
                            self.inbox.add_change(change);
                        }
                    }
                }
            }
            Err(error) => {
                tracing::debug!("path events may be lost: {error}");
                self.inbox.lose_changes();
            }
        }
    }
}

fn what(kind: EventKind) -> Option<What> {
    Some(match kind {
        // Both ends of a renaming are reported by themselves, too.
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => {
            return None;
        }
        EventKind::Modify(ModifyKind::Data(_)) => What::Content,
        EventKind::Modify(ModifyKind::Metadata(_)) => What::Attributes,
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)) => What::Went,
        EventKind::Create(kind) => What::Came {
            directory: kind != CreateKind::File,
        },
        EventKind::Modify(_) | EventKind::Any | EventKind::Other => What::Came { directory: true },
    })
}
