//! Files on their way: most have no name, so that nothing of them is left when the process is killed.
//!
//! The kernel can give a name to a file that has none, but not one that is taken. To replace a file, the new
//! one has a temporary name for an instant, and on file systems that do not know files without names, for as
//! long as it is written. What a killed process has left under such a name, [`Sweep`] removes.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags, flock, linkat};
use rustix::io::Errno;
use tempfile::NamedTempFile;

/// What all temporary names of this program begin with; the number of the process follows.
const PREFIX: &str = ".mgmt-";

/// A file that is not yet what it is to be.
#[derive(Debug)]
pub(super) enum Temporary {
    /// It has no name, and goes away when it is closed.
    Unnamed(File),
    /// It goes away when it is dropped.
    Named(NamedTempFile),
}

impl Temporary {
    /// An empty file on the file system of `target`, with the mode of any new file, or for nobody else.
    pub(super) fn beside(target: &Path, public: bool) -> io::Result<Self> {
        let directory = target.parent().unwrap_or(target);
        // The kernel takes the umask off. What has an owner or a mode to come is nobody else's until then.
        let mode = if public { 0o666 } else { 0o600 };
        let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
        match rustix::fs::open(directory, flags, Mode::from_raw_mode(mode)) {
            Ok(file) => Ok(Self::Unnamed(lock(file.into()))),
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {
                let named = temporary_name(directory, |path| {
                    let mut options = OpenOptions::new();
                    options.read(true).write(true).create_new(true).mode(mode);
                    options.open(path).map(lock)
                })?;
                Ok(Self::Named(named))
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn file(&self) -> &File {
        match self {
            Self::Unnamed(file) => file,
            Self::Named(named) => named.as_file(),
        }
    }

    pub(super) fn file_mut(&mut self) -> &mut File {
        match self {
            Self::Unnamed(file) => file,
            Self::Named(named) => named.as_file_mut(),
        }
    }

    /// Gives it a name in `directory` that begins with `prefix` and that nothing else has, for good.
    ///
    /// # Errors
    /// If the system refuses, for instance since the directory is on another file system.
    pub(super) fn keep_in(&self, directory: &Path, prefix: &OsStr) -> io::Result<PathBuf> {
        let named =
            tempfile::Builder::new()
                .prefix(prefix)
                .make_in(directory, |path| match self {
                    Self::Unnamed(file) => link(file, path),
                    Self::Named(named) => fs::rename(named.path(), path),
                })?;
        let ((), path) = named.keep()?;
        Ok(path)
    }

    /// Gives it its name, in place of whatever has it.
    pub(super) fn persist(self, target: &Path) -> io::Result<()> {
        match self {
            Self::Named(named) => named.persist(target).map(drop).map_err(|error| error.error),
            Self::Unnamed(file) => match link(&file, target) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let directory = target.parent().unwrap_or(target);
                    let named = temporary_name(directory, |path| link(&file, path))?;
                    named.persist(target).map_err(|error| error.error)
                }
                result => result,
            },
        }
    }
}

/// Marks a file as in use by this process, for as long as it is open. A file system without locks does not
/// lead to an error here, but to one for [`Sweep`], which then leaves everything alone.
fn lock(file: File) -> File {
    let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
    file
}

/// Gives a name to a file that has none.
fn link(file: &File, path: &Path) -> io::Result<()> {
    match linkat(file.as_fd(), "", CWD, path, AtFlags::EMPTY_PATH) {
        // Only who may read everything may do it like this.
        Err(Errno::NOENT) => {
            let open = format!("/proc/self/fd/{}", file.as_raw_fd());
            Ok(linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
        }
        result => Ok(result?),
    }
}

fn own_prefix() -> String {
    format!("{PREFIX}{}-", std::process::id())
}

/// Whether a file of this name is a temporary file of this process, which is about to go.
pub fn is_own_temporary(name: &[u8]) -> bool {
    name.starts_with(own_prefix().as_bytes())
}

/// Whether some process of this program names its temporary files like this.
fn is_temporary(name: &[u8]) -> bool {
    name.strip_prefix(PREFIX.as_bytes()).is_some_and(|rest| {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        digits > 0 && rest.get(digits) == Some(&b'-')
    })
}

/// Makes something under a temporary name in `directory`, which disappears when the result is dropped.
///
/// # Errors
/// Those of `make`.
pub fn temporary_name<T>(
    directory: &Path,
    make: impl FnMut(&Path) -> io::Result<T>,
) -> io::Result<NamedTempFile<T>> {
    tempfile::Builder::new()
        .prefix(&own_prefix())
        .make_in(directory, make)
}

/// Removes what killed processes have left, once from each directory in which something is replaced: what was
/// left is there because something else was not replaced.
#[derive(Debug)]
pub(super) struct Sweep {
    /// What is younger may be in use.
    since: SystemTime,
    swept: HashSet<PathBuf>,
}

impl Sweep {
    pub(super) fn new(since: SystemTime) -> Self {
        Self {
            since,
            swept: HashSet::new(),
        }
    }

    /// Sweeps the directory unless that was done. What does not work out is left for the next process.
    pub(super) fn sweep(&mut self, directory: &Path) {
        if self.swept.contains(directory) {
            return;
        }
        self.swept.insert(directory.to_owned());
        let Ok(entries) = fs::read_dir(directory) else {
            return;
        };
        for entry in entries.flatten() {
            if is_temporary(entry.file_name().as_encoded_bytes()) && self.is_stale(&entry.path()) {
                tracing::debug!(
                    "removed `{}`, left by a process that was killed",
                    entry.path().display()
                );
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn is_stale(&self, path: &Path) -> bool {
        let Ok(metadata) = fs::symlink_metadata(path) else {
            return false;
        };
        let old = metadata
            .modified()
            .is_ok_and(|modified| modified < self.since);
        let unused = || {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            rustix::fs::open(path, flags, Mode::empty())
                .is_ok_and(|file| flock(file, FlockOperation::NonBlockingLockExclusive).is_ok())
        };
        old && (metadata.is_symlink() || metadata.is_file() && unused())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn temporary_names_are_told_from_others() {
        assert!(is_temporary(own_prefix().as_bytes()));
        assert!(is_temporary(b".mgmt-1-abc"));
        for other in [
            &b".mgmt-"[..],
            b".mgmt-a-",
            b".mgmt-12",
            b"mgmt-1-",
            b".mgmt--",
        ] {
            assert!(!is_temporary(other));
        }
    }

    #[test]
    fn a_file_without_name_takes_a_name_that_is_free_or_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        for inode in 0..2 {
            let temporary = Temporary::beside(&path, true).unwrap();
            assert_eq!(names(dir.path()).len(), inode);
            temporary.persist(&path).unwrap();
            assert_eq!(names(dir.path()), ["a"]);
        }
    }

    #[test]
    fn what_is_stale_is_swept_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let stale = dir.path().join(".mgmt-1-stale");
        let used = dir.path().join(".mgmt-1-used");
        let other = dir.path().join(".mgmt");
        let files = [&stale, &used, &other].map(|path| File::create(path).unwrap());
        flock(&files[1], FlockOperation::LockExclusive).unwrap();
        std::os::unix::fs::symlink("x", dir.path().join(".mgmt-1-link")).unwrap();

        let past = SystemTime::now() - Duration::from_secs(60);
        Sweep::new(past).sweep(dir.path());
        assert_eq!(names(dir.path()).len(), 4);

        let future = SystemTime::now() + Duration::from_secs(60);
        Sweep::new(future).sweep(dir.path());
        assert!(!stale.exists());
        assert!(used.exists() && other.exists());
        assert_eq!(names(dir.path()).len(), 2);
    }
}
