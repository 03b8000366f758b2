//! Removes files and directory trees without following links (resources-host.md §2.10).
//!
//! Every step names an entry of a directory that is held open, so that nobody can lead the removal
//! elsewhere by swapping a directory for a link. Mount points stop it. How deep a tree is does not matter.

use std::collections::VecDeque;
use std::ffi::{CStr, OsStr, OsString};
use std::mem;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::vec;

use rustix::fs::{
    AtFlags, CWD, Dir, Mode, OFlags, StatxAttributes, StatxFlags, openat, statx, unlinkat,
};
use rustix::io::Errno;
use tokio_util::sync::CancellationToken;

use crate::resource::ResourceError;

/// So many of the directories on the way down to the present one are held open.
const HELD_OPEN: usize = 32;

/// Removes whatever is at `path`, with all that is below. Nothing there is no error.
///
/// # Errors
/// If the system refuses, the path is `/` or ends in `..`, something below is a mount point, or the token
/// is cancelled; what was removed until then stays removed.
pub fn remove_tree(path: &Path, cancel: &CancellationToken) -> Result<(), ResourceError> {
    let Some((parent, name)) = open_parent(path)? else {
        return Ok(());
    };
    let Some(mut here) = remove_or_open(parent.as_fd(), name.to_owned(), path, cancel)? else {
        return Ok(());
    };
    let mut path = path.to_owned();
    let mut way = Way::default();
    loop {
        if let Some(name) = here.entries.next() {
            path.push(&name);
            match remove_or_open(here.directory.as_fd(), name, &path, cancel)? {
                Some(below) => way.down(mem::replace(&mut here, below)),
                None => {
                    path.pop();
                }
            }
        } else if let Some(above) = way.up(&here, &path)? {
            remove_empty(above.directory.as_fd(), &here.name, &path)?;
            path.pop();
            here = above;
        } else {
            return remove_empty(parent.as_fd(), &here.name, &path);
        }
    }
}

/// A directory that is being emptied.
struct Level {
    name: OsString,
    directory: OwnedFd,
    id: Id,
    /// What is still in it.
    entries: vec::IntoIter<OsString>,
}

/// Which directory it is: the numbers of its device and its inode.
type Id = (u32, u32, u64);

/// The directories between the outermost and the present one. Were all held open, or did each take room on the stack,
/// then whoever nests more than the agent can bear would bring it down.
#[derive(Default)]
struct Way {
    levels: Vec<(OsString, Id, vec::IntoIter<OsString>)>,
    /// The last of them.
    held: VecDeque<OwnedFd>,
}

impl Way {
    fn down(&mut self, from: Level) {
        self.levels.push((from.name, from.id, from.entries));
        self.held.push_back(from.directory);
        if self.held.len() > HELD_OPEN {
            self.held.pop_front();
        }
    }

    /// Back to where `down` came from, if it came from anywhere. `path` is only for messages.
    fn up(&mut self, from: &Level, path: &Path) -> Result<Option<Level>, ResourceError> {
        let Some((name, id, entries)) = self.levels.pop() else {
            return Ok(None);
        };
        let directory = match self.held.pop_back() {
            Some(directory) => directory,
            None => {
                let above = open(from.directory.as_fd(), "..").map_err(failed("leave", path))?;
                if identify(above.as_fd(), path)? != id {
                    return Err(ResourceError::message(format!(
                        "can't remove `{}`: it was moved",
                        path.display()
                    )));
                }
                above
            }
        };
        Ok(Some(Level {
            name,
            directory,
            id,
            entries,
        }))
    }
}

fn open(parent: BorrowedFd<'_>, name: impl rustix::path::Arg) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, Mode::empty())
}

/// Removes one object: a directory only if it is empty. Nothing there is no error.
///
/// # Errors
/// If the system refuses, or the path is `/` or ends in `..`.
pub fn remove_one(path: &Path) -> Result<(), ResourceError> {
    let Some((parent, name)) = open_parent(path)? else {
        return Ok(());
    };
    let removed = match unlinkat(&parent, name, AtFlags::empty()) {
        Err(Errno::ISDIR | Errno::PERM) => unlinkat(&parent, name, AtFlags::REMOVEDIR),
        other => other,
    };
    ignore_missing(removed).map_err(failed("remove", path))
}

fn open_parent(path: &Path) -> Result<Option<(OwnedFd, &OsStr)>, ResourceError> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(ResourceError::message(format!(
            "refusing to remove `{}`",
            path.display()
        )));
    };
    match openat(
        CWD,
        parent,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    ) {
        Ok(parent) => Ok(Some((parent, name))),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
        Err(error) => Err(failed("open", parent)(error)),
    }
}

/// Removes what is no directory; a directory is opened to be emptied. `path` is only for messages.
fn remove_or_open(
    parent: BorrowedFd<'_>,
    name: OsString,
    path: &Path,
    cancel: &CancellationToken,
) -> Result<Option<Level>, ResourceError> {
    if cancel.is_cancelled() {
        return Err(ResourceError::Cancelled);
    }
    match unlinkat(parent, &name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(None),
        // POSIX wants the second for a directory.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(failed("remove", path)(error)),
    }
    let directory = match open(parent, &name) {
        Ok(directory) => directory,
        Err(Errno::NOENT) => return Ok(None),
        // It was no directory: the first error was the true one.
        Err(Errno::NOTDIR | Errno::LOOP) => return Err(failed("remove", path)(Errno::PERM)),
        Err(error) => return Err(failed("open", path)(error)),
    };
    let id = identify(directory.as_fd(), path)?;
    let entries = entries(directory.as_fd(), path)?.into_iter();
    Ok(Some(Level {
        name,
        directory,
        id,
        entries,
    }))
}

fn remove_empty(parent: BorrowedFd<'_>, name: &OsStr, path: &Path) -> Result<(), ResourceError> {
    ignore_missing(unlinkat(parent, name, AtFlags::REMOVEDIR)).map_err(failed("remove", path))
}

/// Which directory it is; a mount point is refused.
fn identify(directory: BorrowedFd<'_>, path: &Path) -> Result<Id, ResourceError> {
    let stat = statx(directory, c"", AtFlags::EMPTY_PATH, StatxFlags::INO)
        .map_err(failed("examine", path))?;
    if stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) {
        return Err(ResourceError::message(format!(
            "refusing to remove `{}`: it is a mount point",
            path.display()
        )));
    }
    Ok((stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino))
}

fn entries(directory: BorrowedFd<'_>, path: &Path) -> Result<Vec<OsString>, ResourceError> {
    let mut entries = Vec::new();
    let list = Dir::read_from(directory).map_err(failed("list", path))?;
    for entry in list {
        let entry = entry.map_err(failed("list", path))?;
        let name: &CStr = entry.file_name();
        if name != c"." && name != c".." {
            entries.push(OsStr::from_bytes(name.to_bytes()).to_owned());
        }
    }
    Ok(entries)
}

fn ignore_missing(result: Result<(), Errno>) -> Result<(), Errno> {
    match result {
        Err(Errno::NOENT) => Ok(()),
        result => result,
    }
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(Errno) -> ResourceError {
    move |error| ResourceError::path(operation, path)(error.into())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use rustix::fs::mkdirat;

    use super::*;
    use crate::namespaces;

    #[test]
    fn a_tree_goes_and_what_it_links_to_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (tree, outside) = (dir.path().join("tree"), dir.path().join("outside"));
        fs::create_dir_all(tree.join("a/b")).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("file"), "").unwrap();
        fs::write(tree.join("a/b/file"), "").unwrap();
        symlink(&outside, tree.join("a/link")).unwrap();
        remove_tree(&tree, &CancellationToken::new()).unwrap();
        assert!(!tree.exists());
        assert!(outside.join("file").exists());
        remove_tree(&tree, &CancellationToken::new()).unwrap();
    }

    #[test]
    fn a_tree_may_be_deeper_than_files_can_be_open_and_paths_are_long() {
        let test = format!("{}::inside_with_few_open_files", module_path!());
        namespaces::run_test(&[], "ulimit -n 64", &test);
    }

    #[test]
    #[ignore = "another test runs it"]
    fn inside_with_few_open_files() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        fs::create_dir(&tree).unwrap();
        let mut directory = openat(CWD, &tree, OFlags::DIRECTORY, Mode::empty()).unwrap();
        for _ in 0..2100 {
            for name in ["a", "b"] {
                mkdirat(&directory, name, Mode::RWXU).unwrap();
            }
            directory = open(directory.as_fd(), "a").unwrap();
        }
        remove_tree(&tree, &CancellationToken::new()).unwrap();
        assert!(!tree.exists());
    }

    #[test]
    fn one_object_goes_if_nothing_is_below() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        fs::create_dir_all(tree.join("a")).unwrap();
        let error = remove_one(&tree).unwrap_err();
        assert!(error.to_string().starts_with("can't remove `"), "{error}");
        remove_one(&tree.join("a")).unwrap();
        remove_one(&tree).unwrap();
        remove_one(&tree).unwrap();
        symlink("nowhere", dir.path().join("link")).unwrap();
        remove_one(&dir.path().join("link")).unwrap();
        assert!(fs::symlink_metadata(dir.path().join("link")).is_err());
    }

    #[test]
    fn the_root_is_refused() {
        let cancel = CancellationToken::new();
        assert!(remove_tree(Path::new("/"), &cancel).is_err());
        assert!(remove_one(Path::new("/..")).is_err());
    }

    #[test]
    fn a_mount_point_is_refused() {
        let proc = openat(
            CWD,
            "/proc",
            OFlags::PATH | OFlags::DIRECTORY,
            Mode::empty(),
        )
        .unwrap();
        let error = identify(proc.as_fd(), Path::new("/proc")).unwrap_err();
        assert!(error.to_string().contains("mount point"));
    }

    #[test]
    fn a_cancelled_removal_removes_nothing_more() {
        let dir = tempfile::tempdir().unwrap();
        let cancel = CancellationToken::new();
        cancel.cancel();
        let error = remove_tree(dir.path(), &cancel).unwrap_err();
        assert!(matches!(error, ResourceError::Cancelled));
        assert!(dir.path().exists());
    }
}
