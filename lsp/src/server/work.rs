//! Work off the task that reads messages: when an answer is not wanted any more, and with which texts it may be
//! begun anew.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::analysis::World;

/// So many answers are worked on at once; more only get in each other's way. What waits costs nothing, and is
/// answered at once if it is cancelled.
pub const AT_ONCE: usize = 4;

/// So often an answer is begun anew because the texts have changed, before it is brought to its end.
pub const PATIENCE: u32 = 3;

/// What a question means besides the texts.
#[derive(Clone, Debug)]
pub enum Bound {
    /// Whatever the texts are: those of the newest world are meant.
    Nothing,
    /// Places in this text, which mean nothing in another one.
    Places(PathBuf),
}

impl Bound {
    /// Whether a question about one world can be answered from a newer one.
    pub fn allows(&self, old: &World, new: &World) -> bool {
        match self {
            Self::Nothing => true,
            Self::Places(path) => {
                let text = |world: &World| world.files.texts.get(path).cloned();
                match (text(old), text(new)) {
                    (Some(old), Some(new)) => Arc::ptr_eq(&old, &new),
                    (old, new) => old.is_none() && new.is_none(),
                }
            }
        }
    }
}

/// Whether an answer is wanted, for those who work on it.
#[derive(Clone)]
pub struct Wanted {
    /// Whether nobody waits for it any more.
    pub cancelled: CancellationToken,
    /// The texts that it is about.
    pub world: Arc<World>,
    /// Whether it is wanted even if those have changed.
    pub is_patient: bool,
}

impl Wanted {
    /// Whether it still is.
    pub fn holds(&self) -> bool {
        !self.cancelled.is_cancelled() && (self.is_patient || self.world.is_newest())
    }
}
