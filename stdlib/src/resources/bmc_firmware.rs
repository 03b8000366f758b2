//! `bmc:firmware`: the firmware of a board management controller (resources-services.md S-12.3).

use crate::bmc::{self, Address, Given};
use crate::param::Secret;
use crate::resource::check::{absolute, not_a_directory, required};
use crate::resource::{Invalid, Meta, Params, Validate};

/// Installs a version of the firmware of a board management controller.
///
/// The name can tell the controller, like `https://admin@bmc.example.com`. It needs `Meta:poll`, since a
/// controller tells nothing by itself.
///
/// ```mcl
/// bmc:firmware "https://admin@bmc.example.com" {
///     password => "...",
///     provider => "supermicro",
///     file => "/srv/firmware/bmc.bin",
///     version => "01.74.10",
///
///     Meta:poll => 3600,
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "bmc:firmware")]
pub struct BmcFirmware {
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
    /// The vendor that the controller must be of, like `supermicro`; must be given.
    pub provider: String,
    /// The file with the firmware; must be given.
    pub file: String,
    /// The SHA-256 of the file; not checked if it is left out.
    pub hash: String,
    /// The version that the controller reports afterwards; must be given.
    pub version: String,
    /// The name of the `bmc:power` that is held off meanwhile; that of this resource if it is left out.
    pub block: String,
}

impl BmcFirmware {
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
                driver: "",
            },
        )
    }
}

impl Validate for BmcFirmware {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        self.address(name)?;
        required("provider", &self.provider)?;
        required("file", &self.file)?;
        absolute("file", &self.file)?;
        not_a_directory("file", &self.file)?;
        required("version", &self.version)
    }

    fn validate_meta(&self, meta: &Meta) -> Result<(), Invalid> {
        bmc::validate_meta(meta)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn firmware_has_a_file_and_a_version() {
        let mut firmware = BmcFirmware {
            provider: "supermicro".to_owned(),
            file: "/a".to_owned(),
            version: "1".to_owned(),
            ..BmcFirmware::default()
        };
        assert_eq!(firmware.validate("https://bmc1"), Ok(()));
        assert_eq!(firmware.validate("a").unwrap_err().param, Some("hostname"));
        firmware.file = "/a/".to_owned();
        assert_eq!(
            firmware.validate("https://bmc1").unwrap_err().param,
            Some("file")
        );
        firmware.provider.clear();
        assert_eq!(
            firmware.validate("https://bmc1").unwrap_err().param,
            Some("provider")
        );
    }
}
