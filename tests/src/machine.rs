//! A machine that is a directory, for functions which look at its files.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use mgmt_stdlib::catalog::Host;
use tempfile::TempDir;

/// A machine whose files are below a directory, and whose clock stands still.
#[derive(Debug)]
pub struct Machine(TempDir);

impl Machine {
    /// A machine with some files, by their paths without the first slash, and their texts. A path that ends with a slash
    /// is a directory.
    ///
    /// # Panics
    /// If they can not be made.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("there can be temporary directories");
        for (path, text) in files {
            let path = directory.path().join(path);
            if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
                fs::create_dir_all(path).expect("the directory can be made");
            } else {
                let parent = path.parent().expect("it is below the machine's directory");
                fs::create_dir_all(parent).expect("the directory can be made");
                fs::write(path, text).expect("the file can be written");
            }
        }
        Self(directory)
    }
}

impl Host for Machine {
    fn hostname(&self) -> &str {
        "h1"
    }
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
    fn root(&self) -> &Path {
        self.0.path()
    }
    fn state_dir(&self) -> Option<PathBuf> {
        Some(self.0.path().join("state"))
    }
}
