//! Who this agent is and where it keeps its files (cluster-and-cli.md §1.4.4).

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mgmt_stdlib::hostname;
use nix::unistd::{Uid, gethostname};
use tempfile::TempDir;
use tracing::warn;

use crate::engine::{PrefixError, PrefixLock, lock_prefix};

/// Where the agent of the machine keeps its files, if it runs as root.
pub fn system_prefix(program: &str) -> PathBuf {
    Path::new("/var/lib").join(program)
}

/// Which working directory is to be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrefixChoice {
    /// This one, if it is given.
    pub prefix: Option<PathBuf>,
    /// A new one that goes away with the process.
    pub temporary: bool,
    /// A new one if the usual one can not be made.
    pub allow_temporary: bool,
}

/// A working directory that no other process uses.
#[derive(Debug)]
pub struct Prefix {
    path: Arc<Path>,
    /// Holds the lock until the end.
    _lock: PrefixLock,
    /// Removes the directory at the end.
    _temporary: Option<TempDir>,
}

/// The agent can not be given a place.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum PlaceError {
    #[error("can't find out the host name: {0}; use `--hostname`")]
    NoHostname(#[source] io::Error),
    #[error(
        "`{0}` can not be a host name: it has 1 to 253 letters, digits, dots, hyphens and underscores, \
         does not begin with a dot or hyphen, and is not all signs"
    )]
    BadHostname(String),
    #[error(
        "there is no place to work in: neither STATE_DIRECTORY, XDG_CACHE_HOME nor HOME is set; use `--prefix`"
    )]
    NoPrefix,
    #[error("can't find out the working directory: {0}")]
    NoDirectory(#[source] io::Error),
    #[error(transparent)]
    Prefix(#[from] PrefixError),
}

/// The name that was asked for, or that of the machine.
///
/// # Errors
/// If it is no host name.
pub fn hostname(wanted: Option<&str>) -> Result<String, PlaceError> {
    let name = match wanted {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => gethostname()
            .map_err(|error| PlaceError::NoHostname(error.into()))?
            .to_string_lossy()
            .into_owned(),
    };
    if hostname::is_valid(&name) {
        Ok(name)
    } else {
        Err(PlaceError::BadHostname(name))
    }
}

impl Prefix {
    /// Makes the directory if it is not there, and takes it. The usual one and those that go away have the name of
    /// the program; `env` gives the environment.
    ///
    /// # Errors
    /// If there is none, or another process uses it.
    pub fn take(
        choice: &PrefixChoice,
        program: &str,
        hostname: &str,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, PlaceError> {
        if choice.temporary {
            return Self::temporary(program, hostname);
        }
        let path = match &choice.prefix {
            Some(path) => path.clone(),
            None => usual_prefix(program, env).ok_or(PlaceError::NoPrefix)?,
        };
        match Self::lock(&path, None) {
            Err(error @ PlaceError::Prefix(PrefixError::Unusable { .. }))
                if choice.allow_temporary =>
            {
                warn!("{error}");
                Self::temporary(program, hostname)
            }
            result => result,
        }
    }

    /// The directory.
    pub fn path(&self) -> &Arc<Path> {
        &self.path
    }

    fn temporary(program: &str, hostname: &str) -> Result<Self, PlaceError> {
        let error = |source| PrefixError::Unusable {
            path: std::env::temp_dir(),
            source,
        };
        let directory = tempfile::Builder::new()
            .prefix(&format!("{program}-{hostname}-"))
            .permissions(Permissions::from_mode(0o775))
            .tempdir()
            .map_err(error)?;
        warn!("the prefix `{}` is temporary", directory.path().display());
        let path = directory.path().to_owned();
        Self::lock(&path, Some(directory))
    }

    fn lock(path: &Path, temporary: Option<TempDir>) -> Result<Self, PlaceError> {
        // Relative paths would change their meaning with the working directory.
        let path = std::path::absolute(path).map_err(|source| PrefixError::Unusable {
            path: path.to_owned(),
            source,
        })?;
        let lock = lock_prefix(&path)?;
        Ok(Self {
            path: path.into(),
            _lock: lock,
            _temporary: temporary,
        })
    }
}

/// The directory that [`Prefix::take`] uses unless another is asked for.
pub fn usual_prefix(program: &str, env: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    usual(program, Uid::effective().is_root(), env)
}

fn usual(program: &str, is_root: bool, env: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    // A service may have several directories, separated by colons.
    if let Some(directories) = set("STATE_DIRECTORY") {
        return directories.split(':').next().map(PathBuf::from);
    }
    if is_root {
        return Some(system_prefix(program));
    }
    let cache = set("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || set("HOME").map(|home| Path::new(&home).join(".cache"));
    Some(cache.or_else(home)?.join(program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostnames_are_checked() {
        assert_eq!(
            hostname(Some("web-1.example.org")).unwrap(),
            "web-1.example.org"
        );
        assert!(hostname(Some("a/b")).is_err());
        assert!(!hostname(Some("")).unwrap().is_empty());
    }

    #[test]
    fn the_usual_prefix_follows_the_environment() {
        let env = |pairs: &'static [(&str, &str)]| {
            move |name: &str| {
                let pair = pairs.iter().find(|(key, _)| *key == name)?;
                Some(pair.1.to_owned())
            }
        };
        let all = &[
            ("STATE_DIRECTORY", "/s:/t"),
            ("XDG_CACHE_HOME", "/x"),
            ("HOME", "/h"),
        ];
        assert_eq!(usual("mgmt", true, env(all)), Some("/s".into()));
        assert_eq!(
            usual("mgmt", true, env(&all[1..])),
            Some("/var/lib/mgmt".into())
        );
        assert_eq!(usual("mgmt", false, env(&all[1..])), Some("/x/mgmt".into()));
        assert_eq!(
            usual("mgmt", false, env(&all[2..])),
            Some("/h/.cache/mgmt".into())
        );
        assert_eq!(usual("mgmt", false, env(&[])), None);
    }

    #[test]
    fn a_temporary_prefix_goes_away() {
        let choice = PrefixChoice {
            temporary: true,
            ..PrefixChoice::default()
        };
        let prefix = Prefix::take(&choice, "mgmt", "h1", |_| None).unwrap();
        let path = prefix.path().clone();
        assert!(path.is_dir());
        drop(prefix);
        assert!(!path.exists());
    }
}
