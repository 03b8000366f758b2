//! Unsaved texts laid over the disk.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mgmt_compiler::files::{Disk, Files};

/// The disk as the editor shows it.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// The open texts.
    pub texts: BTreeMap<PathBuf, Arc<str>>,
}

impl Files for Overlay {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.texts.get(path) {
            Some(text) => Ok(text.as_bytes().to_vec()),
            // A pipe would be waited for, and a device never ends.
            None if fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir()) => {
                Err(io::Error::other("it is not a regular file"))
            }
            None => Disk.read(path),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        self.texts.contains_key(path) || self.is_dir(path) || Disk.exists(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        let below = self
            .texts
            .range::<Path, _>((std::ops::Bound::Excluded(path), std::ops::Bound::Unbounded))
            .next();
        below.is_some_and(|(file, _)| file.starts_with(path)) || Disk.is_dir(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsaved_texts_come_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.mcl");
        std::fs::write(&path, "saved").unwrap();
        let mut overlay = Overlay::default();
        assert_eq!(overlay.read(&path).unwrap(), b"saved");
        overlay.texts.insert(path.clone(), "unsaved".into());
        overlay
            .texts
            .insert(dir.path().join("new/b.mcl"), "".into());
        assert_eq!(overlay.read(&path).unwrap(), b"unsaved");
        assert!(overlay.is_dir(&dir.path().join("new")));
        assert!(!overlay.is_dir(&path));
    }

    #[test]
    fn what_never_ends_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("zero.mcl");
        std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
        let error = Overlay::default().read(&link).unwrap_err();
        assert_eq!(error.to_string(), "it is not a regular file");
    }
}
