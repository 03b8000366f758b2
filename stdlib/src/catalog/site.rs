//! Where in a program a call stands, and the file tree that the program came with (functions.md §6).

use std::fmt::Debug;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::types::Type;

/// What a live call knows of the place where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// The directory of the module or file that holds the call: absolute, in the tree of [`Site::origin`].
    pub base: PathBuf,
    /// Which tree that is.
    pub origin: Origin,
}

/// Where the text of a program or module comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The tree that the program came with: a deploy, or the files on disk around it.
    #[default]
    Program,
    /// The modules that are part of the library: [`crate::modules::Library`].
    Library,
}

/// What a live call is started with.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Where it stands.
    pub site: Arc<Site>,
    /// The type of its result, if the signature leaves it open.
    pub result: Option<Type>,
}

/// A read-only tree of files. Paths are absolute and begin at its root.
pub trait FileTree: Send + Sync {
    /// The bytes of a file.
    ///
    /// # Errors
    /// As the file system gives them; `NotFound` if there is no such file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// What is at a path.
    ///
    /// # Errors
    /// As the file system gives them; `NotFound` if there is nothing.
    fn stat(&self, path: &Path) -> io::Result<Stat>;

    /// The names in a directory, in order.
    ///
    /// # Errors
    /// As the file system gives them.
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>>;
}

/// What is at a path of a [`FileTree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Its permissions.
    pub mode: u32,
}

/// The tree around a program that is run from the disk: what a deploy of it would hold, as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskTree {
    /// The directory that is `/` of the tree.
    pub root: PathBuf,
    /// The directory that is `/modules/` of the tree, where the root has nothing of that name.
    pub modules: Option<PathBuf>,
}

impl DiskTree {
    /// Where a path of the tree is on disk.
    pub fn locate(&self, path: &Path) -> PathBuf {
        let below = path.strip_prefix("/").unwrap_or(path);
        let in_root = self.root.join(below);
        match (&self.modules, below.strip_prefix("modules")) {
            (Some(modules), Ok(module)) if !in_root.exists() => modules.join(module),
            _ => in_root,
        }
    }

    /// What a directory on disk is called in the tree. One outside of it is reached by `..`.
    pub fn name(&self, directory: &Path) -> PathBuf {
        if let Ok(below) = directory.strip_prefix(&self.root) {
            return Path::new("/").join(below);
        }
        if let Some(modules) = &self.modules
            && let Ok(below) = directory.strip_prefix(modules)
        {
            return Path::new("/modules").join(below);
        }
        let shared = self
            .root
            .components()
            .zip(directory.components())
            .take_while(|(a, b)| a == b)
            .count();
        let up = self.root.components().skip(shared).map(|_| "..");
        let mut name: PathBuf = std::iter::once("/").chain(up).collect();
        name.extend(directory.components().skip(shared));
        name
    }
}

impl FileTree for DiskTree {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(self.locate(path))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        let metadata = fs::metadata(self.locate(path))?;
        Ok(Stat {
            is_dir: metadata.is_dir(),
            mode: metadata.permissions().mode() & 0o7777,
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.locate(path))? {
            names.push(PathBuf::from(entry?.file_name()));
        }
        names.sort();
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_have_names_in_the_tree() {
        let tree = DiskTree {
            root: "/work/site".into(),
            modules: Some("/work/mods".into()),
        };
        for (directory, name) in [
            ("/work/site", "/"),
            ("/work/site/lib", "/lib"),
            ("/work/mods/example.org/x", "/modules/example.org/x"),
            ("/work/shared", "/../shared"),
        ] {
            assert_eq!(tree.name(Path::new(directory)), Path::new(name));
        }
    }

    #[test]
    fn modules_are_below_the_root_or_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        };
        make("site/modules/own/a");
        make("mods/other/a");
        let tree = DiskTree {
            root: directory.path().join("site"),
            modules: Some(directory.path().join("mods")),
        };
        let read = |path: &str| tree.read(Path::new(path)).ok();
        assert_eq!(read("/modules/own/a"), Some(b"site/modules/own/a".to_vec()));
        assert_eq!(read("/modules/other/a"), Some(b"mods/other/a".to_vec()));
        assert_eq!(read("/a"), None);
        assert_eq!(tree.list(Path::new("/")).unwrap(), [Path::new("modules")]);
    }
}
