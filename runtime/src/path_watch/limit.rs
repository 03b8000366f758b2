//! The limits of inotify, and what to do about them.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tracing::info;

/// Where the kernel shows its settings.
pub const SYSCTLS: &str = "/proc/sys";

/// A limit of inotify, for each user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// How many directories may be watched.
    Watches,
    /// How many processes may watch.
    Instances,
}

impl Limit {
    fn sysctl(self) -> &'static str {
        match self {
            Self::Watches => "fs.inotify.max_user_watches",
            Self::Instances => "fs.inotify.max_user_instances",
        }
    }

    /// What an agent that may raise it wants at least (engine.md 6.6.2).
    fn least(self) -> u64 {
        match self {
            Self::Watches => 242_940,
            Self::Instances => 512,
        }
    }

    /// A value that is enough for most.
    fn plenty(self) -> u64 {
        match self {
            Self::Watches => 524_288,
            Self::Instances => 1024,
        }
    }

    /// Where it stands below `/proc/sys`.
    fn file(self, sysctls: &Path) -> PathBuf {
        sysctls.join(self.sysctl().replace('.', "/"))
    }

    fn present(self, sysctls: &Path) -> io::Result<u64> {
        let text = fs::read_to_string(self.file(sysctls))?;
        text.trim().parse().map_err(io::Error::other)
    }

    /// Raises it if it is too low; gives the former value then.
    fn raise(self, sysctls: &Path) -> io::Result<Option<u64>> {
        let present = self.present(sysctls)?;
        if present >= self.least() {
            return Ok(None);
        }
        fs::write(self.file(sysctls), self.least().to_string())?;
        Ok(Some(present))
    }
}

/// Raises the limits of inotify to what suits an agent, and never lowers them. `sysctls` is `/proc/sys`. What
/// the system refuses, as it does in most containers, is only logged.
pub fn raise_limits(sysctls: &Path) {
    for limit in [Limit::Watches, Limit::Instances] {
        let (sysctl, least) = (limit.sysctl(), limit.least());
        match limit.raise(sysctls) {
            Ok(None) => {}
            Ok(Some(former)) => info!("raised the sysctl `{sysctl}` from {former} to {least}"),
            Err(error) => info!("can't raise the sysctl `{sysctl}` to {least}: {error}"),
        }
    }
}

/// What is wrong, what that means, and the remedy.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sysctl, present) = (self.sysctl(), self.present(Path::new(SYSCTLS)).ok());
        let wanted = self.plenty().max(present.unwrap_or(0).saturating_mul(2));
        write!(f, "the limit of the sysctl `{sysctl}` is reached")?;
        if let Some(present) = present {
            write!(f, ", which is {present}")?;
        }
        write!(
            f,
            "; until there is room, changes that can't be watched are looked for once a minute only; raise it: \
             `sysctl {sysctl}={wanted}`, and with that line in `/etc/sysctl.d/` for good"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_raised_and_never_lowered() {
        let sysctls = tempfile::tempdir().expect("a temporary directory");
        let watches = Limit::Watches.file(sysctls.path());
        let instances = Limit::Instances.file(sysctls.path());
        fs::create_dir_all(watches.parent().expect("it has one")).expect("it can be made");
        fs::write(&watches, "8192\n").expect("it can be written");
        fs::write(&instances, "4096\n").expect("it can be written");
        raise_limits(sysctls.path());
        let found = |path: &Path| fs::read_to_string(path).expect("it is there");
        assert_eq!(found(&watches), "242940");
        assert_eq!(found(&instances), "4096\n");
    }

    #[test]
    fn limits_that_are_not_there_hold_nothing_up() {
        let sysctls = tempfile::tempdir().expect("a temporary directory");
        raise_limits(sysctls.path());
        assert!(!Limit::Watches.file(sysctls.path()).exists());
    }
}
