//! `docker:container`: a container (resources-services.md S-6.2).

use std::collections::{BTreeMap, BTreeSet};

use crate::resource::check::{one_of, one_of_or_empty, required};
use crate::resource::{Invalid, Params, Validate};

/// Manages a container of Docker; the name is that of the container.
///
/// The command, the environment and the ports count when the container is created, and not later.
///
/// ```mcl
/// docker:container "web" {
///     image => "nginx:1.27",
///     env => ["TZ=UTC"],
///     ports => {"tcp" => {8080 => 80}},
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(
    kind = "docker:container",
    edgeable,
    compare = DockerContainer::differs_in_env
)]
pub struct DockerContainer {
    /// `running`, `stopped` or `removed`; `running` if it is left out.
    pub state: String,
    /// The image, with or without a tag; must be given.
    pub image: String,
    /// The command and its arguments; those of the image if it is left out.
    pub cmd: Vec<String>,
    /// The environment, each as `NAME=value`.
    #[param(skip_compare)]
    pub env: Vec<String>,
    /// For `tcp`, `udp` and `sctp`, which port of this host leads to which port of the container.
    pub ports: BTreeMap<String, BTreeMap<i64, i64>>,
    /// The version of Docker's interface to use, like `v1.41`; agreed on with the daemon if it is left out.
    pub apiversion: String,
    /// Replace a container that has another image.
    pub force: bool,
}

impl Default for DockerContainer {
    fn default() -> Self {
        Self {
            state: "running".to_owned(),
            image: String::new(),
            cmd: Vec::new(),
            env: Vec::new(),
            ports: BTreeMap::new(),
            apiversion: String::new(),
            force: false,
        }
    }
}

impl DockerContainer {
    /// The order of the variables does not matter (S-6.2).
    fn differs_in_env(&self, other: &Self) -> Option<String> {
        fn set(env: &[String]) -> BTreeSet<&String> {
            env.iter().collect()
        }
        (set(&self.env) != set(&other.env)).then(|| "the Env differs".to_owned())
    }
}

impl Validate for DockerContainer {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        one_of_or_empty("state", &self.state, &["running", "stopped", "removed"])?;
        required("image", &self.image)?;
        if let Some(variable) = self.env.iter().find(|text| !text.contains('=')) {
            return Err(Invalid::param(
                "env",
                format!("must be variables with their values, not `{variable}`"),
            )
            .help("write them like `NAME=value`"));
        }
        if self.env.iter().any(|variable| variable.contains(' ')) {
            return Err(Invalid::param("env", "can not hold a blank"));
        }
        for (protocol, ports) in &self.ports {
            one_of("ports", protocol, &["tcp", "udp", "sctp"])?;
            for port in ports.iter().flat_map(|(host, inner)| [host, inner]) {
                if !(1..=i64::from(u16::MAX)).contains(port) {
                    return Err(Invalid::param(
                        "ports",
                        format!("must be from 1 to {}, not {port}", u16::MAX),
                    ));
                }
            }
        }
        validate_apiversion(&self.apiversion)
    }
}

/// A version of Docker's interface, if one is given.
///
/// # Errors
/// If it is none.
pub(super) fn validate_apiversion(version: &str) -> Result<(), Invalid> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let parts = version
        .strip_prefix('v')
        .and_then(|rest| rest.split_once('.'));
    let known = parts.is_some_and(|(major, minor)| {
        is_number(major) && major.len() == 1 && major != "0" && is_number(minor)
    });
    if version.is_empty() || known {
        return Ok(());
    }
    Err(
        Invalid::param("apiversion", format!("must be a version, not `{version}`"))
            .help("write it like `v1.41`"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut DockerContainer)) -> Option<&'static str> {
        let mut container = DockerContainer {
            image: "a".to_owned(),
            ..DockerContainer::default()
        };
        assert_eq!(container.validate("a"), Ok(()));
        change(&mut container);
        container.validate("a").expect_err("is refused").param
    }

    #[test]
    fn a_container_is_described() {
        let ports = |protocol: &str, host, inner| {
            BTreeMap::from([(protocol.to_owned(), BTreeMap::from([(host, inner)]))])
        };
        assert_eq!(refused(|a| a.image.clear()), Some("image"));
        assert_eq!(refused(|a| a.state = "paused".to_owned()), Some("state"));
        assert_eq!(refused(|a| a.env = vec!["A".to_owned()]), Some("env"));
        assert_eq!(refused(|a| a.env = vec!["A=b c".to_owned()]), Some("env"));
        assert_eq!(refused(|a| a.ports = ports("icmp", 1, 1)), Some("ports"));
        assert_eq!(refused(|a| a.ports = ports("tcp", 0, 1)), Some("ports"));
        assert_eq!(refused(|a| a.ports = ports("tcp", 1, 65536)), Some("ports"));
        assert_eq!(
            refused(|a| a.apiversion = "1.41".to_owned()),
            Some("apiversion")
        );
    }

    #[test]
    fn versions_have_two_numbers() {
        assert_eq!(validate_apiversion("v1.41"), Ok(()));
        for version in ["v0.1", "v10.1", "v1", "v1.", "v1.4a"] {
            assert!(validate_apiversion(version).is_err(), "{version}");
        }
    }

    #[test]
    fn commands_are_compared_in_order_and_variables_are_not() {
        let container = |words: &[&str]| DockerContainer {
            env: words.iter().map(|&word| word.to_owned()).collect(),
            ..DockerContainer::default()
        };
        let (mut one, two) = (container(&["A=1", "B=2"]), container(&["B=2", "A=1"]));
        assert_eq!(one.differs(&two), None);
        one.cmd = vec!["a".to_owned()];
        assert!(one.differs(&two).is_some());
    }
}
