//! Secrets that are kept in memory only.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

/// A text that is wiped once nobody holds it any more. Cheap to clone.
pub type Secret = Arc<Zeroizing<String>>;

/// Secrets by the file that stands for them. They outlive the resources that made them, and end with the process.
/// Cheap to clone; clones are one store.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<HashMap<PathBuf, Secret>>>);

impl Secrets {
    /// The secret of a file.
    pub fn get(&self, file: &Path) -> Option<Secret> {
        self.all().get(file).cloned()
    }

    /// Keeps the secret of a file, in place of a former one.
    pub fn keep(&self, file: PathBuf, secret: Secret) {
        self.all().insert(file, secret);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<PathBuf, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}
