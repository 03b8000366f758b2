//! `bmc:power`: whether a machine is switched on (resources-services.md S-12.2).

use crate::bmc::{self, Address, Given};
use crate::param::Secret;
use crate::resource::check::one_of;
use crate::resource::{Invalid, Meta, Params, Validate};

/// Switches a machine on or off by its board management controller.
///
/// The name can tell the controller, like `gofishs://admin@bmc.example.com`. It needs `Meta:poll`, since a
/// controller tells nothing by itself.
///
/// ```mcl
/// bmc:power "gofishs://admin@bmc.example.com" {
///     password => "...",
///     state => "on",
///
///     Meta:poll => 60,
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "bmc:power")]
pub struct BmcPower {
    /// The host name of the controller; that in the name of the resource if it is left out.
    pub hostname: String,
    /// Its port; that in the name of the resource, or 443, if it is left out.
    pub port: u16,
    /// The user to log in as; that in the name of the resource if it is left out.
    pub username: String,
    /// The password of the user.
    pub password: Secret,
    /// Permit the password in the name of the resource, which logs may show.
    pub insecure_password: bool,
    /// How to talk to it: `gofish` for Redfish, or `rpc`, each with an `s` at the end for TLS; what the name
    /// of the resource begins with if it is left out.
    pub driver: String,
    /// `on` or `off`; must be given.
    pub state: String,
}

impl BmcPower {
    /// Where the controller is.
    ///
    /// # Errors
    /// If nothing tells it.
    pub fn address(&self, name: &str) -> Result<Address, Invalid> {
        bmc::address(
            name,
            &Given {
                hostname: &self.hostname,
                port: self.port,
                username: &self.username,
                password: &self.password,
                insecure_password: self.insecure_password,
                driver: &self.driver,
            },
        )
    }
}

impl Validate for BmcPower {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        let address = self.address(name)?;
        one_of(
            "driver",
            &address.driver,
            &["gofish", "gofishs", "rpc", "rpcs"],
        )
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        one_of("state", &self.state, &["on", "off"])
    }

    fn validate_meta(&self, meta: &Meta) -> Result<(), Invalid> {
        bmc::validate_meta(meta)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_controller_is_known() {
        let mut power = BmcPower {
            state: "on".to_owned(),
            ..BmcPower::default()
        };
        assert_eq!(power.validate("gofish://bmc1"), Ok(()));
        assert_eq!(
            power.validate("ipmi://bmc1").unwrap_err().param,
            Some("driver")
        );
        assert_eq!(power.validate("bmc1").unwrap_err().param, Some("hostname"));
        power.state = "reset".to_owned();
        assert_eq!(
            power
                .validate_run("rpc://bmc1", &Meta::default())
                .unwrap_err()
                .param,
            Some("state")
        );
        assert!(power.validate_meta(&Meta::default()).is_err());
    }
}
