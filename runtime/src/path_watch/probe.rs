//! What is at a path right now, as far as watching it goes.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, StatxAttributes, StatxFlags, statx};

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Probe {
    /// Nothing, or nothing that can be reached.
    Missing,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// Anything else. If it has other names, as a hard link or a mounted file has, changes through those are not
    /// reported to the directory that holds this name.
    Other {
        /// Whether it has other names.
        other_names: bool,
    },
}

impl Probe {
    pub(super) fn of(path: &Path) -> Self {
        let wanted = StatxFlags::TYPE | StatxFlags::NLINK;
        let Ok(stat) = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, wanted) else {
            return Self::Missing;
        };
        match FileType::from_raw_mode(u32::from(stat.stx_mode)) {
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Link,
            _ => Self::Other {
                other_names: stat.stx_nlink > 1
                    || stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT),
            },
        }
    }
}

/// The absolute path that the link at `link` points to.
pub(super) fn referent(link: &Path) -> io::Result<PathBuf> {
    let text = fs::read_link(link)?;
    Ok(absolute(link.parent().unwrap_or(link), &text))
}

/// `path` as seen from the directory `base`, without `.` and `..`. A `..` means the parent of the real
/// directory, even behind a link.
pub(super) fn absolute(base: &Path, path: &Path) -> PathBuf {
    let mut result = base.to_owned();
    for component in path.components() {
        match component {
            Component::RootDir => result = PathBuf::from("/"),
            Component::Normal(name) => result.push(name),
            Component::ParentDir => {
                result = fs::canonicalize(&result).unwrap_or(result);
                result.pop();
            }
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    result
}
