//! Where the engine and its resources keep their state below the prefix (engine.md §6.5).

use std::borrow::Cow;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use mgmt_compiler::graph::Identity;
use mgmt_compiler::redact;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

/// How long another process may take to leave a prefix. If an agent is killed while it starts a command, the child
/// holds the lock until it has become that command.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(10);

/// The longest name of a directory entry on the file systems that matter.
const NAME_MAX: usize = 255;

/// Where the private directories of all resources are.
pub(crate) fn state(prefix: &Path) -> PathBuf {
    prefix.join("engine").join("state")
}

/// The private directory of a resource.
pub(crate) fn vardir(prefix: &Path, identity: &Identity) -> PathBuf {
    // The empty part gives the trailing slash.
    state(prefix).join(unique_name(identity)).join("")
}

/// Creates a directory below the prefix, with those above it. Commands that run as other users may look into it, but
/// only its owner and group may put something there, whatever the process lets others do.
pub(crate) fn create(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o775).create(directory)
}

/// Where pending notifications are kept.
pub(crate) fn refresh(prefix: &Path) -> PathBuf {
    prefix.join("engine").join("refresh")
}

/// `kind-` with the encoded name, then the name in a readable form; a digest if that is too long, or if there is a
/// password in the name.
pub(crate) fn unique_name(identity: &Identity) -> String {
    let kind = identity.kind.as_str().replace('/', "-");
    let encoded = URL_SAFE.encode(identity.name.as_bytes());
    let readable = identity.name.as_str().replace(['/', '\0'], "-");
    let name = format!("{kind}-{encoded}+{readable}");
    let is_shown = matches!(redact::passwords(&identity.name), Cow::Borrowed(_));
    if is_shown && name.len() <= NAME_MAX {
        return name;
    }
    let digest = Sha256::digest(format!("{}[{}]", identity.kind, identity.name).as_bytes());
    let kind: String = kind.chars().take(40).collect();
    format!("{kind}-{}", URL_SAFE.encode(digest))
}

/// The exclusive use of a prefix, until it is dropped.
#[derive(Debug)]
pub struct PrefixLock(#[allow(dead_code)] File);

/// The prefix can not be used.
#[derive(Debug, thiserror::Error)]
pub enum PrefixError {
    /// It can not be created or opened.
    #[error("can't use the directory `{}`: {source}", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody else has it.
    #[error(
        "the directory `{}` is used by another process; stop it, or choose another directory with --prefix",
        path.display()
    )]
    Locked {
        /// Which.
        path: PathBuf,
    },
}

/// Creates the prefix if need be and takes it for this process alone. It waits a moment for another process to
/// leave it.
///
/// # Errors
/// If it can not be created, or if another process has it.
pub fn lock_prefix(prefix: &Path) -> Result<PrefixLock, PrefixError> {
    lock_within(PATIENCE, prefix)
}

fn lock_within(patience: Duration, prefix: &Path) -> Result<PrefixLock, PrefixError> {
    let unusable = |source| PrefixError::Unusable {
        path: prefix.to_owned(),
        source,
    };
    create(prefix).map_err(unusable)?;
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(prefix.join("lock"))
        .map_err(unusable)?;
    let began = Instant::now();
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(PrefixLock(file)),
            Err(Errno::WOULDBLOCK) if began.elapsed() < patience => thread::sleep(PAUSE),
            Err(Errno::WOULDBLOCK) => {
                return Err(PrefixError::Locked {
                    path: prefix.to_owned(),
                });
            }
            Err(error) => return Err(unusable(error.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_tells_kind_and_name() {
        let path = vardir(Path::new("/p"), &Identity::new("file", "/tmp/x"));
        assert_eq!(path.to_str(), Some("/p/engine/state/file-L3RtcC94+-tmp-x/"));
    }

    #[test]
    fn long_names_are_digested_and_stay_apart() {
        let name = |tail: &str| unique_name(&Identity::new("file", "x".repeat(300) + tail));
        assert!(name("a").len() <= NAME_MAX);
        assert_ne!(name("a"), name("b"));
    }

    #[test]
    fn a_password_in_a_name_is_not_in_the_directory() {
        let name = |password: &str| {
            let identity = Identity::new("remote", format!("root:{password}@h"));
            unique_name(&identity)
        };
        let encoded = URL_SAFE.encode("root:hunter2@h");
        assert!(!name("hunter2").contains("hunter2") && !name("hunter2").contains(&encoded));
        assert_ne!(name("hunter2"), name("hunter3"));
    }

    #[test]
    fn a_prefix_serves_one_process() {
        let prefix = tempfile::tempdir().expect("a temporary directory");
        let held = lock_prefix(prefix.path()).expect("nobody has it yet");
        assert!(matches!(
            lock_within(Duration::ZERO, prefix.path()),
            Err(PrefixError::Locked { .. })
        ));
        drop(held);
        assert!(lock_within(Duration::ZERO, prefix.path()).is_ok());
    }

    /// As the child of a killed agent does.
    #[test]
    fn who_leaves_a_prefix_just_now_is_waited_for() {
        let prefix = tempfile::tempdir().expect("a temporary directory");
        let held = lock_prefix(prefix.path()).expect("nobody has it yet");
        thread::scope(|scope| {
            let next = scope.spawn(|| lock_within(Duration::from_secs(60), prefix.path()));
            thread::sleep(PAUSE);
            drop(held);
            assert!(next.join().expect("it does not panic").is_ok());
        });
    }
}
