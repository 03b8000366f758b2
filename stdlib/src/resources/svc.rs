//! `svc`: a systemd unit (resources-host.md §4).

use std::borrow::Cow;

use crate::resource::check::one_of_or_empty;
use crate::resource::{AutoEdges, Invalid, Params, Subject, Validate};

/// The suffixes with which a name is the name of a unit as it is.
pub(super) const UNIT_SUFFIXES: [&str; 7] = [
    ".service", ".socket", ".path", ".target", ".timer", ".mount", ".slice",
];

/// Where the system's units are, those first that take precedence.
pub const SYSTEM_DIRECTORIES: [&str; 4] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// Where the units of every user are, after those of the own home directory.
pub const SESSION_DIRECTORIES: [&str; 3] = [
    "/etc/systemd/user",
    "/run/systemd/user",
    "/usr/lib/systemd/user",
];

/// Manages whether a systemd service runs and whether it is started at boot.
///
/// The name is that of the unit; `.service` can be left out. A notification reloads a running service, or
/// restarts it if it can not be reloaded.
///
/// ```mcl
/// svc "nginx" {
///     state => "running",
///     startup => "enabled",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "svc", refreshable, edgeable, auto_edges = Svc::edges)]
pub struct Svc {
    /// `running` or `stopped`; not managed if it is left out.
    pub state: String,
    /// `enabled` or `disabled`, which is whether it starts at boot; not managed if it is left out.
    pub startup: String,
    /// Use the service manager of the user who runs the agent instead of the system's.
    pub session: bool,
}

impl Svc {
    /// The name of the unit.
    pub fn unit(name: &str) -> Cow<'_, str> {
        if UNIT_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
            Cow::Borrowed(name)
        } else {
            Cow::Owned(format!("{name}.service"))
        }
    }

    /// What it has to do with automatic edges if its unit is looked for in these directories, those first
    /// that take precedence.
    pub fn edges_in(&self, name: &str, directories: &[impl AsRef<str>]) -> AutoEdges {
        let unit = Self::unit(name);
        let mut edges = AutoEdges::default();
        if let Some(service) = unit.strip_suffix(".service") {
            edges = edges.provides(Subject::service(service, self.session));
        }
        let below = |path: &str| {
            let paths = directories.iter().map(|directory| directory.as_ref());
            let files = paths.map(|directory| Subject::file(format!("{directory}/{path}")));
            files.collect::<Vec<_>>()
        };
        edges
            .after_first(below(&unit))
            .after_each(below(&format!("{unit}.d/")))
            .before_each([Subject::timer(unit, self.session)])
    }

    /// What it provides, and what it wants to run after (engine.md §4.1, resources-host.md §1.14).
    fn edges(&self, name: &str) -> AutoEdges {
        if self.session {
            self.edges_in(name, &SESSION_DIRECTORIES)
        } else {
            self.edges_in(name, &SYSTEM_DIRECTORIES)
        }
    }
}

impl Validate for Svc {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        one_of_or_empty("state", &self.state, &["running", "stopped"])?;
        one_of_or_empty("startup", &self.startup, &["enabled", "disabled"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_need_no_suffix() {
        assert_eq!(Svc::unit("getty@tty1"), "getty@tty1.service");
        assert_eq!(Svc::unit("a.b"), "a.b.service");
        assert_eq!(Svc::unit("ssh.socket"), "ssh.socket");
    }

    #[test]
    fn states_are_words() {
        assert_eq!(Svc::default().validate("a"), Ok(()));
        let svc = Svc {
            startup: "masked".to_owned(),
            ..Svc::default()
        };
        assert_eq!(svc.validate("a").unwrap_err().param, Some("startup"));
    }
}
