//! The modules that are part of the library, as a source of texts.

use std::io;
use std::path::Path;

use mgmt_stdlib::catalog::FileTree;
use mgmt_stdlib::modules::Library;

use super::Files;

impl Files for Library {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        FileTree::read(self, path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.stat(path).is_ok()
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.stat(path).is_ok_and(|stat| stat.is_dir)
    }
}
