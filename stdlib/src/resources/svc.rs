//! `svc`: a systemd unit (resources-host.md §4).

use std::borrow::Cow;

use crate::resource::check::one_of_or_empty;
use crate::resource::{Invalid, Params, Validate};

/// The suffixes with which a name is the name of a unit as it is.
pub(super) const UNIT_SUFFIXES: [&str; 7] = [
    ".service", ".socket", ".path", ".target", ".timer", ".mount", ".slice",
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
#[resource(kind = "svc", refreshable, edgeable)]
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
