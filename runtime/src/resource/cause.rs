//! What is in the way of an operation on a path, where the system's own words do not say it.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
use rustix::io::Errno;

/// Why an operation on a path failed: what is in its way if that can be found, or else what the system says.
pub(super) fn cause(path: &Path, error: &io::Error) -> String {
    let found = match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => directory_in_the_way(path),
        ErrorKind::PermissionDenied if error.raw_os_error() == Some(Errno::PERM.raw_os_error()) => {
            let parent = path.parent();
            protection(path).or_else(|| parent.and_then(protection))
        }
        ErrorKind::ResourceBusy => attributes(path)
            .filter(|attributes| attributes.contains(StatxAttributes::MOUNT_ROOT))
            .map(|_| format!("`{}` is a mount point", path.display())),
        _ => None,
    };
    found.unwrap_or_else(|| error.to_string())
}

/// The first of the directories above the path that is none.
fn directory_in_the_way(path: &Path) -> Option<String> {
    let above: Vec<&Path> = path.ancestors().skip(1).collect();
    above.into_iter().rev().find_map(|directory| {
        let shown = directory.display();
        match fs::metadata(directory) {
            Ok(there) if there.is_dir() => None,
            Ok(_) => Some(format!("`{shown}` is no directory")),
            Err(error) if error.kind() == ErrorKind::NotFound => Some(if directory.is_symlink() {
                format!("`{shown}` is a link that leads nowhere")
            } else {
                format!("there is no directory `{shown}`")
            }),
            Err(_) => None,
        }
    })
}

/// The attributes that even root has to take away first.
fn protection(path: &Path) -> Option<String> {
    let attributes = attributes(path)?;
    let (what, flag) = if attributes.contains(StatxAttributes::IMMUTABLE) {
        ("immutable", 'i')
    } else if attributes.contains(StatxAttributes::APPEND) {
        ("only to be appended to", 'a')
    } else {
        return None;
    };
    Some(format!(
        "`{}` is {what}: `chattr -{flag}` permits changing it",
        path.display()
    ))
}

fn attributes(path: &Path) -> Option<StatxAttributes> {
    let stat = statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty());
    stat.ok().map(|stat| stat.stx_attributes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_directory_that_is_none_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        fs::write(at("file"), "").unwrap();
        symlink("nowhere", at("link")).unwrap();
        let why = |path: &str| {
            let error = fs::read(at(path)).unwrap_err();
            cause(&at(path), &error).replace(dir.path().to_str().unwrap(), "")
        };
        assert_eq!(why("none/at/all"), "there is no directory `/none`");
        assert_eq!(why("file/a"), "`/file` is no directory");
        assert_eq!(why("link/a"), "`/link` is a link that leads nowhere");
        assert_eq!(why("a"), "No such file or directory (os error 2)");
    }

    #[test]
    fn an_immutable_file_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a");
        fs::write(&file, "").unwrap();
        let chattr = |change: &str| {
            let status = Command::new("chattr").arg(change).arg(&file).status();
            status.is_ok_and(|status| status.success())
        };
        // Only root may, and not on every file system.
        if !chattr("+i") {
            return;
        }
        let error = fs::remove_file(&file).unwrap_err();
        let why = cause(&file, &error);
        assert!(chattr("-i"));
        assert!(
            why.ends_with("is immutable: `chattr -i` permits changing it"),
            "{why}"
        );
    }
}
