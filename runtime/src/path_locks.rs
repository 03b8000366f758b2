//! One at a time for each path, for those who read a file, change a part of it and write it again.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// A lock for each path. Cheap to clone; clones share the locks.
#[derive(Clone, Default)]
pub struct PathLocks(Arc<Mutex<HashMap<PathBuf, Weak<AsyncMutex<()>>>>>);

impl PathLocks {
    /// Waits for one's turn at a path, which lasts until the guard is dropped. Two names of one file are two
    /// paths.
    pub async fn lock(&self, path: &Path) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match locks.get(path).and_then(Weak::upgrade) {
                Some(lock) => lock,
                None => {
                    locks.retain(|_, lock| lock.strong_count() > 0);
                    let lock = Arc::default();
                    locks.insert(path.to_owned(), Arc::downgrade(&lock));
                    lock
                }
            }
        };
        lock.lock_owned().await
    }
}

impl fmt::Debug for PathLocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PathLocks")
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn each_path_has_its_own_turn() {
        let locks = PathLocks::default();
        let first = locks.lock(Path::new("/a")).await;
        assert!(locks.clone().lock(Path::new("/a")).now_or_never().is_none());
        assert!(locks.lock(Path::new("/b")).now_or_never().is_some());
        drop(first);
        assert!(locks.lock(Path::new("/a")).now_or_never().is_some());
    }
}
