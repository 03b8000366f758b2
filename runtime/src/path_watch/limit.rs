//! The limits of inotify, and what to do about them.

use std::fmt;
use std::fs;

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

    /// A value that is enough for most.
    fn plenty(self) -> u64 {
        match self {
            Self::Watches => 524_288,
            Self::Instances => 1024,
        }
    }

    fn present(self) -> Option<u64> {
        let file = format!("/proc/sys/{}", self.sysctl().replace('.', "/"));
        fs::read_to_string(file).ok()?.trim().parse().ok()
    }
}

/// What is wrong, what that means, and the remedy.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sysctl, present) = (self.sysctl(), self.present());
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
