//! Files that are not on disk.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use include_dir::{Dir, DirEntry};
use mgmt_stdlib::catalog::{FileTree, Stat};

use super::Files;

/// Files in memory: for tests, and for programs that are part of a binary. Paths are absolute.
///
/// ```
/// use mgmt_compiler::files::MemoryFiles;
///
/// let program = MemoryFiles::default()
///     .with("/main.mcl", "import \"greeting.mcl\"\n")
///     .with("/greeting.mcl", "print \"hello\" {}\n");
/// ```
///
/// A whole directory is taken in by `include_dir!`, from the crate of that name:
/// `MemoryFiles::from(&include_dir!("$CARGO_MANIFEST_DIR/program"))`.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(BTreeMap<PathBuf, Cow<'static, [u8]>>);

impl MemoryFiles {
    /// The same with one more file.
    #[must_use]
    pub fn with(mut self, path: impl Into<PathBuf>, text: impl Into<Vec<u8>>) -> Self {
        self.0.insert(path.into(), Cow::Owned(text.into()));
        self
    }

    fn insert_all(&mut self, directory: &Dir<'static>) {
        for entry in directory.entries() {
            match entry {
                DirEntry::Dir(below) => self.insert_all(below),
                DirEntry::File(file) => {
                    let path = Path::new("/").join(file.path());
                    self.0.insert(path, Cow::Borrowed(file.contents()));
                }
            }
        }
    }

    fn below<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Path> {
        let from_path = self
            .0
            .range::<Path, _>((Bound::Included(path), Bound::Unbounded));
        from_path
            .map_while(move |(file, _)| file.strip_prefix(path).ok())
            .filter(|below| !below.as_os_str().is_empty())
    }
}

impl From<&Dir<'static>> for MemoryFiles {
    fn from(directory: &Dir<'static>) -> Self {
        let mut files = Self::default();
        files.insert_all(directory);
        files
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let content = self.0.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(content.to_vec())
    }

    fn exists(&self, path: &Path) -> bool {
        self.0.contains_key(path) || Files::is_dir(self, path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.below(path).next().is_some()
    }
}

impl FileTree for MemoryFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.stat(path)?.is_dir {
            true => Err(io::ErrorKind::IsADirectory.into()),
            false => Files::read(self, path),
        }
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        if self.0.contains_key(path) {
            return Ok(Stat {
                is_dir: false,
                mode: 0o644,
            });
        }
        match self.is_dir(path) {
            true => Ok(Stat {
                is_dir: true,
                mode: 0o755,
            }),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        if !self.stat(path)?.is_dir {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let names = self.below(path).filter_map(|below| below.iter().next());
        let names: BTreeSet<_> = names.map(PathBuf::from).collect();
        Ok(names.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use include_dir::include_dir;

    use super::*;

    #[test]
    fn files_have_directories() {
        let files = MemoryFiles::default()
            .with("/main.mcl", "")
            .with("/files/b/c", "c")
            .with("/files/a", "a")
            .with("/files-too", "");
        let list = |path: &str| files.list(Path::new(path)).ok();
        assert_eq!(
            list("/"),
            Some(vec!["files".into(), "files-too".into(), "main.mcl".into()])
        );
        assert_eq!(list("/files/"), Some(vec!["a".into(), "b".into()]));
        assert_eq!(list("/main.mcl"), None);
        let read = |path: &str| FileTree::read(&files, Path::new(path)).map_err(|it| it.kind());
        assert_eq!(read("/files/b/c"), Ok(b"c".to_vec()));
        assert_eq!(read("/files"), Err(io::ErrorKind::IsADirectory));
        assert_eq!(read("/file"), Err(io::ErrorKind::NotFound));
        assert!(files.exists(Path::new("/files/b")) && !files.exists(Path::new("/fil")));
    }

    #[test]
    fn a_directory_is_taken_in_with_all_below() {
        let files = MemoryFiles::from(&include_dir!("$CARGO_MANIFEST_DIR/src/files"));
        assert!(files.exists(Path::new("/memory.rs")));
        assert!(Files::is_dir(&files, Path::new("/")));
        let deep = MemoryFiles::from(&include_dir!("$CARGO_MANIFEST_DIR/src"));
        assert!(deep.exists(Path::new("/files/memory.rs")));
    }
}
