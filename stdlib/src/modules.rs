//! The modules that are written in mcl and are part of the library, with their data files (functions.md §30, §31).
//!
//! They are a read-only [`FileTree`]: `/core/PACKAGE/` holds what belongs to a package of the library, and
//! `/modules/NAME/` what is imported by its URL.

use std::io;
use std::path::{Path, PathBuf};

use include_dir::{Dir, DirEntry, include_dir};

use crate::catalog::{FileTree, Stat};

static CORE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/core");
static MODULES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/modules");

/// What stands before the name of a module in its URL, without the scheme.
pub const MODULES_URL: &str = "github.com/purpleidea/mgmt/modules";

/// The tree of all of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Library;

/// What a path of the tree means.
enum Found {
    Root,
    Dir(&'static Dir<'static>),
    File(&'static [u8]),
}

impl Library {
    fn find(self, path: &Path) -> io::Result<Found> {
        let path = path.strip_prefix("/").unwrap_or(path);
        let mut parts = path.components();
        let Some(first) = parts.next() else {
            return Ok(Found::Root);
        };
        let below = parts.as_path();
        let root = match first.as_os_str().to_str() {
            Some("core") => &CORE,
            Some("modules") => &MODULES,
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        if below.as_os_str().is_empty() {
            return Ok(Found::Dir(root));
        }
        match root.get_entry(below) {
            Some(DirEntry::Dir(dir)) => Ok(Found::Dir(dir)),
            Some(DirEntry::File(file)) => Ok(Found::File(file.contents())),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The directory of a package, if some of it is written in mcl.
    pub fn package(self, package: &str) -> Option<PathBuf> {
        let dir = CORE.get_dir(package)?;
        let is_mcl = |path: &Path| path.extension().is_some_and(|extension| extension == "mcl");
        dir.files()
            .any(|file| is_mcl(file.path()))
            .then(|| Path::new("/core").join(package))
    }

    /// The directory of the module that a URL without its scheme names, if it is one of these.
    pub fn module(self, url: &Path) -> Option<PathBuf> {
        let name = url.strip_prefix(MODULES_URL).ok()?;
        if name.as_os_str().is_empty() {
            return None;
        }
        MODULES
            .get_dir(name)
            .filter(|dir| dir.get_file(name.join("metadata.yaml")).is_some())
            .map(|_| Path::new("/modules").join(name))
    }
}

impl FileTree for Library {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.find(path)? {
            Found::File(content) => Ok(content.to_vec()),
            Found::Root | Found::Dir(_) => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let is_dir = !matches!(self.find(path)?, Found::File(_));
        Ok(Stat {
            is_dir,
            mode: if is_dir { 0o755 } else { 0o644 },
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let dir = match self.find(path)? {
            Found::Root => return Ok(vec!["core".into(), "modules".into()]),
            Found::File(_) => return Err(io::ErrorKind::NotADirectory.into()),
            Found::Dir(dir) => dir,
        };
        let names = dir
            .entries()
            .iter()
            .filter_map(|entry| entry.path().file_name());
        let mut names: Vec<_> = names.map(PathBuf::from).collect();
        names.sort();
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_can_be_walked() {
        let mut directories = vec![PathBuf::from("/")];
        let mut files = 0;
        while let Some(directory) = directories.pop() {
            for name in Library.list(&directory).unwrap() {
                let path = directory.join(name);
                if Library.stat(&path).unwrap().is_dir {
                    directories.push(path);
                } else {
                    files += 1;
                    assert!(Library.read(&path).is_ok(), "{}", path.display());
                }
            }
        }
        assert!(files > 20, "{files}");
        assert!(Library.read(Path::new("/core")).is_err());
        assert!(Library.stat(Path::new("/nothing")).is_err());
    }

    #[test]
    fn modules_are_found_by_their_url() {
        let find = |url: &str| Library.module(Path::new(url));
        assert_eq!(
            find("github.com/purpleidea/mgmt/modules/misc/"),
            Some("/modules/misc".into())
        );
        for url in [
            "github.com/purpleidea/mgmt/modules/nothing/",
            "github.com/purpleidea/mgmt/modules/",
            "example.org/misc/",
        ] {
            assert_eq!(find(url), None, "{url}");
        }
        assert_eq!(Library.package("example"), Some("/core/example".into()));
        assert_eq!(Library.package("embedded"), None);
        assert_eq!(Library.package("strings"), None);
    }
}
