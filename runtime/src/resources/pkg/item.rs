//! What has to be done with a package (resources-host.md §5.5.2).

use std::fmt;

use mgmt_stdlib::resources::pkg::{Pkg, State};

use crate::resource::ResourceError;

/// One of the packages that are looked at together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    pub(super) name: &'a str,
    pub(super) params: &'a Pkg,
    pub(super) apply: bool,
}

/// What is there of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The version that is installed.
    pub(super) installed: Option<String>,
    /// The newer version that the repositories have; known only if the newest is wanted.
    pub(super) newer: Option<String>,
}

/// What has to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Install,
    InstallVersion(String),
    Upgrade,
    Remove,
}

impl Item<'_> {
    /// What has to be done; nothing if all is well.
    pub(super) fn change(&self, found: &Found) -> Option<Change> {
        match (self.params.wanted_state(), &found.installed) {
            (State::Installed, Some(_)) | (State::Uninstalled, None) => None,
            (State::Installed | State::Newest, None) => Some(Change::Install),
            (State::Uninstalled, Some(_)) => Some(Change::Remove),
            (State::Newest, Some(_)) => found.newer.is_some().then_some(Change::Upgrade),
            (State::Version(wanted), installed) => (installed.as_deref() != Some(wanted))
                .then(|| Change::InstallVersion(wanted.to_owned())),
        }
    }
}

impl Change {
    /// What a plan says of it.
    pub(super) fn in_words(&self, name: &str, found: &Found) -> String {
        let present = found.installed.as_deref();
        let from =
            |new: &str| present.map_or(format!(": {new}"), |old| format!(": {old} -> {new}"));
        match self {
            Self::Install => format!("install `{name}`"),
            Self::InstallVersion(version) => format!("install `{name}`{}", from(version)),
            Self::Upgrade => {
                let newer = found.newer.as_deref().map(from);
                format!("upgrade `{name}`{}", newer.unwrap_or_default())
            }
            Self::Remove => {
                let old = present.map(|old| format!(": {old}"));
                format!("remove `{name}`{}", old.unwrap_or_default())
            }
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Install => f.write_str("installed"),
            Self::InstallVersion(version) => write!(f, "installed in version {version}"),
            Self::Upgrade => f.write_str("upgraded"),
            Self::Remove => f.write_str("removed"),
        }
    }
}

/// Why packages are not as they shall be.
#[derive(Debug, thiserror::Error)]
pub(super) enum PkgError {
    #[error("packages can be managed with PackageKit or with apt, and neither is here")]
    NoBackend,
    #[error("MGMT_PACKAGE_BACKEND can be `packagekit` or `apt`, and not `{0}`")]
    UnknownBackend(String),
    #[error("no repository has the package `{name}`{hint}")]
    NotFound {
        name: String,
        /// Why that may be, to be read on after it; may be empty.
        hint: String,
    },
    #[error("no repository has version {version} of the package `{name}`")]
    NoVersion { name: String, version: String },
    #[error("a higher version of `{0}` is installed; `allowdowngrade => true` permits going back")]
    Downgrade(String),
    #[error("{0}: the package is not trusted; `allowuntrusted => true` permits it")]
    Untrusted(String),
    #[error("can't {operation}: that would remove {others}, which nobody has asked for")]
    WouldRemove { operation: String, others: String },
    #[error("can't {operation}: {packages} is held back; `apt-mark unhold {packages}` permits it")]
    Held { operation: String, packages: String },
    #[error("can't {operation}: {details}")]
    Failed { operation: String, details: String },
}

impl PkgError {
    /// `stale` tells that the lists of packages could not be fetched.
    pub(super) fn not_found(name: &str, providers: &[String], stale: bool) -> Self {
        let mut hint = String::new();
        if !providers.is_empty() {
            hint = format!(
                "; it is virtual, and provided by {}: name one of those",
                providers.join(", ")
            );
        } else if stale {
            "; the lists of packages could not be fetched".clone_into(&mut hint);
        }
        let name = name.to_owned();
        Self::NotFound { name, hint }
    }
}

impl From<PkgError> for ResourceError {
    fn from(error: PkgError) -> Self {
        Self::Other(Box::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(state: &str, installed: Option<&str>, newer: Option<&str>) -> Option<Change> {
        let params = Pkg {
            state: state.to_owned(),
            ..Pkg::default()
        };
        let item = Item {
            name: "a",
            params: &params,
            apply: true,
        };
        item.change(&Found {
            installed: installed.map(str::to_owned),
            newer: newer.map(str::to_owned),
        })
    }

    #[test]
    fn a_plan_tells_the_versions() {
        let found = |installed: Option<&str>, newer: Option<&str>| Found {
            installed: installed.map(str::to_owned),
            newer: newer.map(str::to_owned),
        };
        let words = |change: Change, found: &Found| change.in_words("a", found);
        assert_eq!(words(Change::Install, &found(None, None)), "install `a`");
        let newer = found(Some("1"), Some("2"));
        assert_eq!(words(Change::Upgrade, &newer), "upgrade `a`: 1 -> 2");
        assert_eq!(words(Change::Remove, &newer), "remove `a`: 1");
        let version = || Change::InstallVersion("3".to_owned());
        assert_eq!(words(version(), &newer), "install `a`: 1 -> 3");
        assert_eq!(words(version(), &found(None, None)), "install `a`: 3");
    }

    #[test]
    fn each_state_has_its_changes() {
        assert_eq!(change("installed", Some("1"), Some("2")), None);
        assert_eq!(change("installed", None, None), Some(Change::Install));
        assert_eq!(change("uninstalled", None, None), None);
        assert_eq!(change("uninstalled", Some("1"), None), Some(Change::Remove));
        assert_eq!(change("newest", Some("1"), None), None);
        assert_eq!(
            change("newest", Some("1"), Some("2")),
            Some(Change::Upgrade)
        );
        assert_eq!(change("newest", None, None), Some(Change::Install));
        assert_eq!(change("1:2-3", Some("1:2-3"), None), None);
        let version = Some(Change::InstallVersion("1:2-3".to_owned()));
        assert_eq!(change("1:2-3", Some("1:2-4"), None), version);
        assert_eq!(change("1:2-3", None, None), version);
    }
}
