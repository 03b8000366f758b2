//! `hetzner:vm`: a machine of Hetzner (resources-services.md S-11).

use crate::param::Secret;
use crate::resource::check::one_of_or_empty;
use crate::resource::{Invalid, Meta, Params, Validate};

/// Keeps a server of the Hetzner Cloud in a state; the name is that of the server.
///
/// It needs `Meta:poll`, since nothing tells of changes. A project may ask 3600 times an hour.
///
/// ```mcl
/// hetzner:vm "web" {
///     apitoken => "...",
///     state => "running",
///     servertype => "cx22",
///     datacenter => "nbg1-dc3",
///     image => "debian-12",
///
///     Meta:poll => 60,
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "hetzner:vm")]
pub struct HetznerVm {
    /// The token of the project; must be given.
    pub apitoken: Secret,
    /// `exists`, `running`, `off` or `absent`; not managed if it is left out.
    pub state: String,
    /// What to do if only a new server can make a change: `ignore` or `ifneeded`; fail if it is left out.
    pub allowrebuild: String,
    /// The type of the server, like `cx22`.
    pub servertype: String,
    /// The data center, like `nbg1-dc3`.
    pub datacenter: String,
    /// The image, like `debian-12`.
    pub image: String,
    /// What the server is given when it is created.
    pub userdata: String,
    /// The system to boot for a rescue: `linux32`, `linux64` or `freebsd64`; none if it is left out.
    pub serverrescuemode: String,
    /// The names of the SSH keys that are let in during a rescue.
    pub serverrescuekeys: Vec<String>,
    /// Seconds between two looks while waiting; 5 if it is left out.
    pub waitinterval: u32,
    /// Seconds to wait at most; 300 if it is left out.
    pub waittimeout: u32,
}

impl Default for HetznerVm {
    fn default() -> Self {
        Self {
            apitoken: Secret::default(),
            state: String::new(),
            allowrebuild: String::new(),
            servertype: String::new(),
            datacenter: String::new(),
            image: String::new(),
            userdata: String::new(),
            serverrescuemode: String::new(),
            serverrescuekeys: Vec::new(),
            waitinterval: 5,
            waittimeout: 300,
        }
    }
}

impl Validate for HetznerVm {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        if self.apitoken.is_empty() {
            return Err(Invalid::param("apitoken", "must be given"));
        }
        one_of_or_empty(
            "state",
            &self.state,
            &["exists", "running", "off", "absent"],
        )?;
        one_of_or_empty("allowrebuild", &self.allowrebuild, &["ignore", "ifneeded"])?;
        one_of_or_empty(
            "serverrescuemode",
            &self.serverrescuemode,
            &["linux32", "linux64", "freebsd64"],
        )
    }

    fn validate_meta(&self, meta: &Meta) -> Result<(), Invalid> {
        if meta.poll >= 1 {
            return Ok(());
        }
        Err(
            Invalid::resource("`Meta:poll` must be set, since nothing tells of changes")
                .help("add `Meta:poll => 60`"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_polled() {
        let poll = |poll| {
            HetznerVm::default().validate_meta(&Meta {
                poll,
                ..Meta::default()
            })
        };
        assert_eq!(poll(1), Ok(()));
        assert!(poll(0).is_err());
        assert!(poll(-1).is_err());
    }

    #[test]
    fn words_are_known_and_the_token_does_not_show() {
        let mut vm = HetznerVm::default();
        assert_eq!(vm.validate("a").unwrap_err().param, Some("apitoken"));
        vm.apitoken = "hunter2".into();
        assert_eq!(vm.validate("a"), Ok(()));
        assert!(!format!("{vm:?}").contains("hunter2"));
        vm.allowrebuild = "always".to_owned();
        assert_eq!(vm.validate("a").unwrap_err().param, Some("allowrebuild"));
    }
}
