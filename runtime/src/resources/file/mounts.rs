//! What is mounted below a directory, which no purge removes (resources-host.md §2.5.5).

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::resource::ResourceError;

/// One line for each mount of this process; see proc_pid_mountinfo(5).
const MOUNTS: &str = "/proc/self/mountinfo";
/// Which word of a line is the mount point, from 0.
const MOUNT_POINT: usize = 4;

/// The mount points below a directory, as paths that begin with it.
///
/// # Errors
/// If the system does not tell.
pub(super) fn below(directory: &Path) -> Result<Vec<PathBuf>, ResourceError> {
    // The system tells paths without links.
    let real = fs::canonicalize(directory).map_err(ResourceError::path("examine", directory))?;
    let mounts = fs::read(MOUNTS).map_err(ResourceError::path("read", Path::new(MOUNTS)))?;
    let below = mount_points(&mounts).filter_map(|mount_point| {
        let below = mount_point.strip_prefix(&real).ok()?;
        (below != Path::new("")).then(|| directory.join(below))
    });
    Ok(below.collect())
}

fn mount_points(lines: &[u8]) -> impl Iterator<Item = PathBuf> {
    let lines = lines.split(|byte| *byte == b'\n');
    lines.filter_map(|line| {
        let escaped = line.split(|byte| *byte == b' ').nth(MOUNT_POINT)?;
        Some(OsString::from_vec(unescape(escaped)).into())
    })
}

/// White space and backslashes are written as a backslash and three octal digits.
fn unescape(mut escaped: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(escaped.len());
    while let [first, rest @ ..] = escaped {
        escaped = match rest {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', rest @ ..] if *first == b'\\' => {
                text.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest
            }
            rest => {
                text.push(*first);
                rest
            }
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read_with_odd_names() {
        let lines = b"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            23 22 0:5 / /srv/a\\040b\\134c rw,nosuid shared:1 - tmpfs none rw\n";
        let found: Vec<_> = mount_points(lines).collect();
        assert_eq!(found, [Path::new("/"), Path::new("/srv/a b\\c")]);
    }

    #[test]
    fn what_is_mounted_below_is_found() {
        let below = below(Path::new("/")).unwrap();
        assert!(below.contains(&PathBuf::from("/proc")), "{below:?}");
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(super::below(dir.path()).unwrap(), [] as [PathBuf; 0]);
    }
}
