//! `pkg`: a package of the distribution (resources-host.md §5).

use crate::resource::check::required;
use crate::resource::{AutoEdges, Invalid, Meta, Params, Subject, Validate};

/// Manages a package of the distribution; the name is that of the package.
///
/// ```mcl
/// pkg ["nginx", "postgresql"] {
///     state => "installed",
/// }
/// pkg "telnet" {
///     state => "uninstalled",
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "pkg", edgeable, auto_edges = Pkg::edges, groupable, merge = Pkg::merged)]
pub struct Pkg {
    /// `installed`, `uninstalled`, `newest`, or the exact version to install; `installed` if it is left out.
    pub state: String,
    /// Permit going back to an older version if `state` is one.
    pub allowdowngrade: bool,
    /// Permit packages whose signature is missing or wrong.
    pub allowuntrusted: bool,
    /// Look among the packages that are not free, too; only PackageKit tells them apart.
    pub allownonfree: bool,
    /// Look among the packages that the distribution does not support, too; only PackageKit tells them apart.
    pub allowunsupported: bool,
}

/// What a package shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State<'a> {
    /// There in any version.
    Installed,
    /// Not there.
    Uninstalled,
    /// There in the newest version that the repositories have.
    Newest,
    /// There in this version.
    Version(&'a str),
}

impl Default for Pkg {
    fn default() -> Self {
        Self {
            state: "installed".to_owned(),
            allowdowngrade: false,
            allowuntrusted: false,
            allownonfree: false,
            allowunsupported: false,
        }
    }
}

impl Pkg {
    /// What it shall be. [`Validate`] refuses an empty text.
    pub fn wanted_state(&self) -> State<'_> {
        match self.state.as_str() {
            "installed" => State::Installed,
            "uninstalled" => State::Uninstalled,
            "newest" => State::Newest,
            version => State::Version(version),
        }
    }

    /// Who wants the newest version is content with what suits who wants any version (§5.9).
    fn merged(&self, other: &Self) -> Result<Self, String> {
        let switches = |pkg: &Self| {
            [
                pkg.allowdowngrade,
                pkg.allowuntrusted,
                pkg.allownonfree,
                pkg.allowunsupported,
            ]
        };
        if switches(self) != switches(other) {
            return Err("what is allowed differs".to_owned());
        }
        match (self.wanted_state(), other.wanted_state()) {
            (ours, theirs) if ours == theirs => Ok(self.clone()),
            (State::Newest, State::Installed) => Ok(self.clone()),
            (State::Installed, State::Newest) => Ok(other.clone()),
            _ => Err("the State differs".to_owned()),
        }
    }

    /// What it provides, and what it wants to run after (engine.md §4.1, resources-host.md §1.14).
    fn edges(&self, name: &str) -> AutoEdges {
        AutoEdges::default().provides(Subject::package(name))
    }
}

impl Validate for Pkg {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        required("state", &self.state)?;
        if self.state == "latest" {
            return Err(Invalid::param("state", "can not be `latest`").help("write `newest`"));
        }
        Ok(())
    }

    fn validate_run(&self, name: &str, _meta: &Meta) -> Result<(), Invalid> {
        let wrong = |why: String| Invalid::param("name", why);
        if name.contains('/') {
            return Err(wrong(format!(
                "must be the name of a package in a repository, not a path: `{name}`"
            )));
        }
        if let Some((package, version)) = name.split_once('=') {
            return Err(wrong(format!(
                "must be the name of a package, without a version: `{name}`"
            ))
            .help(format!(
                "name it `{package}` and write `state => \"{version}\"`"
            )));
        }
        let odd = |c: char| c.is_whitespace() || c.is_control() || ";,*?[]\"'`\\".contains(c);
        if name.starts_with('-') || name.contains(odd) {
            return Err(wrong(format!("must be the name of a package: `{name}`")));
        }
        let version_is_odd = |c: char| c.is_whitespace() || c.is_control() || c == ';';
        if self.state.contains(version_is_odd) {
            return Err(Invalid::param(
                "state",
                format!(
                    "must be `installed`, `uninstalled`, `newest` or a version, not `{}`",
                    self.state
                ),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pkg(state: &str) -> Pkg {
        Pkg {
            state: state.to_owned(),
            ..Pkg::default()
        }
    }

    #[test]
    fn other_words_are_versions() {
        assert_eq!(Pkg::default().wanted_state(), State::Installed);
        assert_eq!(pkg("1:2-3").wanted_state(), State::Version("1:2-3"));
        assert_eq!(pkg("1:2-3").validate("a"), Ok(()));
    }

    #[test]
    fn any_version_is_also_the_newest() {
        let merged = |ours: &str, theirs: &str| {
            let merged = pkg(ours).merged(&pkg(theirs));
            merged.map(|pkg| pkg.state)
        };
        assert_eq!(merged("installed", "newest"), Ok("newest".to_owned()));
        assert_eq!(merged("newest", "installed"), Ok("newest".to_owned()));
        assert_eq!(merged("1", "1"), Ok("1".to_owned()));
        assert!(merged("installed", "1").is_err());
        let allowed = Pkg {
            allowuntrusted: true,
            ..Pkg::default()
        };
        assert!(allowed.merged(&Pkg::default()).is_err());
    }

    #[test]
    fn names_are_those_of_packages() {
        let check = |name: &str| Pkg::default().validate_all(name, &Meta::default());
        for name in ["nginx", "g++", "libc6:i386", "python3.11", "perl(Carp)"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for name in ["-f", "a b", "/tmp/a.deb", "a;1", "a*", "a\n"] {
            assert_eq!(check(name).unwrap_err().param, Some("name"), "{name}");
        }
        assert_eq!(
            check("a=1:2").unwrap_err().help.as_deref(),
            Some("name it `a` and write `state => \"1:2\"`")
        );
        assert!(
            pkg("at least 2")
                .validate_all("a", &Meta::default())
                .is_err()
        );
    }

    #[test]
    fn the_newest_is_not_called_latest() {
        let invalid = pkg("latest").validate("a").unwrap_err();
        assert_eq!(invalid.help.as_deref(), Some("write `newest`"));
        assert!(pkg("").validate("a").is_err());
    }
}
