//! Makes a directory on disk like one of a file tree.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::catalog::FileTree;

/// Copies `source` to `target`: what is not in the source goes, and a file that is the same stays untouched. One at a
/// time does so below `copies`.
pub(super) fn mirror(
    tree: &dyn FileTree,
    source: &Path,
    copies: &Path,
    target: &Path,
) -> io::Result<()> {
    if !tree.stat(source)?.is_dir {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    fs::create_dir_all(copies)?;
    // The lock goes with the handle.
    let lock = File::open(copies)?;
    lock.lock()?;
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    directory(tree, source, target)
}

fn directory(tree: &dyn FileTree, source: &Path, target: &Path) -> io::Result<()> {
    let mode = tree.stat(source)?.mode;
    match fs::symlink_metadata(target) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            fs::remove_file(target)?;
            fs::create_dir(target)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir(target)?,
        Err(error) => return Err(error),
    }
    // Whoever owns the copy must be able to fill it.
    fs::set_permissions(target, Permissions::from_mode(mode | 0o700))?;
    let wanted: BTreeSet<PathBuf> = tree.list(source)?.into_iter().collect();
    for entry in fs::read_dir(target)? {
        let entry = entry?;
        if wanted.contains(Path::new(&entry.file_name())) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    for name in wanted {
        let (from, to) = (source.join(&name), target.join(&name));
        if tree.stat(&from)?.is_dir {
            directory(tree, &from, &to)?;
        } else {
            file(tree, &from, &to)?;
        }
    }
    Ok(())
}

fn file(tree: &dyn FileTree, source: &Path, target: &Path) -> io::Result<()> {
    let content = tree.read(source)?;
    match fs::symlink_metadata(target) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(target)?,
        Ok(found) if found.is_file() && fs::read(target)? == content => return Ok(()),
        _ => {}
    }
    // Aside, then renamed: whoever reads sees the old or the new content.
    let parent = target.parent().unwrap_or(Path::new("/"));
    let mut aside = tempfile::NamedTempFile::new_in(parent)?;
    aside.write_all(&content)?;
    let mode = tree.stat(source)?.mode;
    aside
        .as_file()
        .set_permissions(Permissions::from_mode(mode))?;
    aside.as_file().sync_all()?;
    aside.persist(target)?;
    Ok(())
}
