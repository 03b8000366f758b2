//! Removes files and directory trees without following links (resources-host.md §2.10).
//!
//! Every step names an entry of a directory that is held open, so that nobody can lead the removal
//! elsewhere by swapping a directory for a link. Mount points stop it.

use std::ffi::{CStr, OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir, Mode, OFlags, StatxAttributes, StatxFlags, openat, statx, unlinkat,
};
use rustix::io::Errno;
use tokio_util::sync::CancellationToken;

use crate::resource::ResourceError;

/// Removes whatever is at `path`, with all that is below. Nothing there is no error.
///
/// # Errors
/// If the system refuses, the path is `/` or ends in `..`, something below is a mount point, or the token
/// is cancelled; what was removed until then stays removed.
pub fn remove_tree(path: &Path, cancel: &CancellationToken) -> Result<(), ResourceError> {
    let Some((parent, name)) = open_parent(path)? else {
        return Ok(());
    };
    remove_entry(parent.as_fd(), name, path, cancel)
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

/// `path` is only for messages.
fn remove_entry(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    path: &Path,
    cancel: &CancellationToken,
) -> Result<(), ResourceError> {
    if cancel.is_cancelled() {
        return Err(ResourceError::Cancelled);
    }
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        // POSIX wants the second for a directory.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(failed("remove", path)(error)),
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = match openat(parent, name, flags, Mode::empty()) {
        Ok(directory) => directory,
        Err(Errno::NOENT) => return Ok(()),
        // It was no directory: the first error was the true one.
        Err(Errno::NOTDIR | Errno::LOOP) => return Err(failed("remove", path)(Errno::PERM)),
        Err(error) => return Err(failed("open", path)(error)),
    };
    refuse_mount_point(directory.as_fd(), path)?;
    for name in entries(directory.as_fd(), path)? {
        remove_entry(directory.as_fd(), &name, &path.join(&name), cancel)?;
    }
    ignore_missing(unlinkat(parent, name, AtFlags::REMOVEDIR)).map_err(failed("remove", path))
}

fn refuse_mount_point(directory: BorrowedFd<'_>, path: &Path) -> Result<(), ResourceError> {
    let stat = statx(directory, c"", AtFlags::EMPTY_PATH, StatxFlags::empty())
        .map_err(failed("examine", path))?;
    if stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) {
        return Err(ResourceError::message(format!(
            "refusing to remove `{}`: it is a mount point",
            path.display()
        )));
    }
    Ok(())
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

    use super::*;

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
        let error = refuse_mount_point(proc.as_fd(), Path::new("/proc")).unwrap_err();
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
