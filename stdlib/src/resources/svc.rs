//! `svc`: a systemd unit (resources-host.md §4).

use std::borrow::Cow;

use crate::resource::check::one_of_or_empty;
use crate::resource::{AutoEdges, Invalid, Meta, Params, Subject, Validate};

/// The suffixes with which a name is the name of a unit as it is.
pub(super) const UNIT_SUFFIXES: [&str; 7] = [
    ".service", ".socket", ".path", ".target", ".timer", ".mount", ".slice",
];

/// The longest name of a unit, in bytes.
const LONGEST_UNIT_NAME: usize = 255;

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

    /// The template of which a unit is an instance.
    pub fn template(unit: &str) -> Option<String> {
        let (prefix, instance) = unit.split_once('@')?;
        let suffix = instance.rfind('.')?;
        Some(format!("{prefix}@{}", &instance[suffix..]))
    }

    /// What it has to do with automatic edges if its unit is looked for in these directories, those first
    /// that take precedence.
    pub fn edges_in(&self, name: &str, directories: &[impl AsRef<str>]) -> AutoEdges {
        let unit = Self::unit(name);
        let mut edges = AutoEdges::default();
        if let Some(service) = unit.strip_suffix(".service") {
            edges = edges.provides(Subject::service(service, self.session));
        }
        let template = Self::template(&unit);
        let names = || std::iter::once(&*unit).chain(template.as_deref());
        let below = |suffix: &str| -> Vec<String> {
            let name = |name| {
                directories
                    .iter()
                    .map(move |it| format!("{}/{name}", it.as_ref()))
            };
            let paths = names().flat_map(name);
            paths.map(|path| path + suffix).collect()
        };
        edges
            .after_first(below("").into_iter().map(Subject::file))
            .after_each(below(".d/").into_iter().map(Subject::file))
            .after_all(below(".d/").into_iter().map(Subject::drop_in))
            .before_each([Subject::timer(&*unit, self.session)])
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

    fn validate_run(&self, name: &str, _meta: &Meta) -> Result<(), Invalid> {
        let unit = Self::unit(name);
        let (prefix, _) = unit.rsplit_once('.').unwrap_or((&unit, ""));
        let wrong = |why: String| Invalid::param("name", why);
        if unit.len() > LONGEST_UNIT_NAME {
            return Err(wrong(format!(
                "can be a unit's name only up to {LONGEST_UNIT_NAME} bytes: `{unit}`"
            )));
        }
        let is_odd = |c: &char| !c.is_ascii_alphanumeric() && !":-_.\\@".contains(*c);
        if let Some(odd) = unit.chars().find(is_odd) {
            return Err(wrong(format!(
                "must be the name of a unit, which can not hold {odd:?}: `{unit}`"
            ))
            .help("`systemd-escape` makes a name of any text"));
        }
        if prefix.is_empty() || prefix.starts_with('@') {
            return Err(wrong(format!("must be the name of a unit: `{unit}`")));
        }
        if prefix.ends_with('@') {
            return Err(
                wrong(format!("is that of a template, not of a unit: `{unit}`"))
                    .help(format!("add the instance, as in `{prefix}main`")),
            );
        }
        Ok(())
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
        let template = Svc::template("getty@tty1.b.service");
        assert_eq!(template.as_deref(), Some("getty@.service"));
        assert_eq!(Svc::template("ssh.socket"), None);
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

    #[test]
    fn names_are_those_of_units() {
        let check = |name: &str| Svc::default().validate_all(name, &Meta::default());
        for name in [
            "nginx",
            "getty@tty1",
            "a-b_c:d.e",
            r"dev-\x2d",
            "-.mount",
            "a@",
        ] {
            assert_eq!(check(name).is_ok(), name != "a@", "{name}");
        }
        for name in [
            "a b",
            "a/b",
            "é",
            "@x",
            ".service",
            "a@.service",
            &"a".repeat(250),
        ] {
            assert_eq!(check(name).unwrap_err().param, Some("name"), "{name}");
        }
        assert_eq!(
            check("a@").unwrap_err().help.as_deref(),
            Some("add the instance, as in `a@main`")
        );
    }
}
