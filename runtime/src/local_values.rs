//! The store of values that resources bring back into the program (resources-host.md §21.6).
//!
//! It belongs to this machine and survives restarts: one file a name, for root only. The first look at a name
//! reads its file; from then on the memory counts, and whoever subscribed hears of each change.

mod encoding;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mgmt_compiler::graph::Identity;
use mgmt_stdlib::value::Value;
use tokio::sync::watch;
use tracing::warn;

pub(crate) use self::encoding::Encoded;

use crate::atomic_write::write_private;
use crate::engine::state_dir::unique_name;
use crate::resource::ResourceError;

/// The values by name. Cheap to clone; clones are one store. The methods may block.
#[derive(Clone, Debug)]
pub struct LocalValues {
    directory: Arc<Path>,
    values: Arc<Mutex<HashMap<String, watch::Sender<Option<Value>>>>>,
}

impl LocalValues {
    /// A store in a directory, which need not exist.
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory: directory.into(),
            values: Arc::default(),
        }
    }

    /// The value of a name, if there is one.
    ///
    /// # Errors
    /// If its file can not be read.
    pub fn get(&self, name: &str) -> Result<Option<Value>, ResourceError> {
        Ok(self.subscribe(name)?.borrow().clone())
    }

    /// The value of a name, now and whenever it changes.
    ///
    /// # Errors
    /// If its file can not be read.
    pub fn subscribe(&self, name: &str) -> Result<watch::Receiver<Option<Value>>, ResourceError> {
        let mut values = self.values();
        if let Some(value) = values.get(name) {
            return Ok(value.subscribe());
        }
        let (sender, receiver) = watch::channel(self.read(name)?);
        values.insert(name.to_owned(), sender);
        Ok(receiver)
    }

    /// Replaces the value of a name, or forgets it. The same value again is no change.
    ///
    /// # Errors
    /// If it holds a function, or its file can not be written; the value is then as before.
    pub fn set(&self, name: &str, value: Option<Value>) -> Result<(), ResourceError> {
        let receiver = self.subscribe(name)?;
        if is_same(&receiver.borrow(), &value) {
            return Ok(());
        }
        // Held while writing, so that disk and memory agree on who came last.
        let values = self.values();
        match &value {
            Some(value) => self.write(name, value)?,
            None => self.remove(name)?,
        }
        if let Some(sender) = values.get(name) {
            sender.send_replace(value);
        }
        Ok(())
    }

    fn values(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<Option<Value>>>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory
            .join(unique_name(&Identity::new("value", name)))
    }

    fn read(&self, name: &str) -> Result<Option<Value>, ResourceError> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => match encoding::decode(&bytes) {
                Ok(value) => Ok(Some(value)),
                // No file of ours may keep a machine from its state for ever (engine.md §10.1, C2).
                Err(reason) => set_aside(&path, &reason).map(|()| None),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ResourceError::path("read", &path)(error)),
        }
    }

    fn write(&self, name: &str, value: &Value) -> Result<(), ResourceError> {
        let bytes = encoding::encode(value).map_err(ResourceError::message)?;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)
            .map_err(ResourceError::path("create", &self.directory))?;
        write_private(&self.path(name), &[&bytes])
    }

    fn remove(&self, name: &str) -> Result<(), ResourceError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(ResourceError::path("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }
}

/// Keeps a file that holds no value out of the way, for somebody to look at.
fn set_aside(path: &Path, reason: &str) -> Result<(), ResourceError> {
    // Beside it there may be no room for a longer name.
    let directory = path.with_file_name("bad");
    let aside = directory.join(path.file_name().unwrap_or_default());
    warn!(
        "`{}` holds no value: {reason}; it is moved to `{}`, and there is no value",
        path.display(),
        aside.display()
    );
    fs::create_dir_all(&directory)
        .and_then(|()| fs::rename(path, &aside))
        .map_err(ResourceError::path("move", path))
}

/// Whether replacing one by the other makes no difference.
pub fn is_same(a: &Option<Value>, b: &Option<Value>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => a.is_same(b),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_value_survives_and_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let store = || LocalValues::new(dir.path().join("value"));
        // A name is no path.
        let name = "../a/b";
        assert_eq!(store().get(name).unwrap(), None);
        store().set(name, Some(Value::Int(1))).unwrap();
        assert_eq!(store().get(name).unwrap(), Some(Value::Int(1)));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let file = store().path(name);
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        // After the first look, the file is not looked at any more.
        let known = store();
        assert_eq!(known.get(name).unwrap(), Some(Value::Int(1)));
        fs::write(&file, "{").unwrap();
        assert_eq!(known.get(name).unwrap(), Some(Value::Int(1)));
        known.set(name, None).unwrap();
        assert_eq!(store().get(name).unwrap(), None);
    }

    #[test]
    fn only_changes_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let store = LocalValues::new(dir.path().to_owned());
        let mut changes = store.subscribe("a").unwrap();
        store.set("a", Some(Value::Float(f64::NAN))).unwrap();
        assert!(changes.has_changed().unwrap());
        changes.borrow_and_update();
        store.set("a", Some(Value::Float(f64::NAN))).unwrap();
        assert!(!changes.has_changed().unwrap());
    }

    #[test]
    fn a_broken_file_is_set_aside() {
        let dir = tempfile::tempdir().unwrap();
        let store = LocalValues::new(dir.path().to_owned());
        fs::write(store.path("a"), "{").unwrap();
        assert_eq!(store.get("a").unwrap(), None);
        store.set("a", Some(Value::Int(1))).unwrap();
        let again = LocalValues::new(dir.path().to_owned());
        assert_eq!(again.get("a").unwrap(), Some(Value::Int(1)));
        let kept = dir
            .path()
            .join("bad")
            .join(store.path("a").file_name().unwrap());
        assert_eq!(fs::read(kept).unwrap(), b"{");
    }
}
