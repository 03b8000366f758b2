//! `fwupd:device`: the firmware of one device (resources-services.md S-13.4).

use crate::resource::check::required;
use crate::resource::{Invalid, Params, Validate};

/// Keeps the firmware of a device at a version, by fwupd.
///
/// The name is the identifier of the device, unless `device` is given.
///
/// ```mcl
/// fwupd:device "2082b5e0-7a64-478a-b1b2-e3404fab6dad" {
///     version => "1.2.4",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "fwupd:device", edgeable)]
pub struct FwupdDevice {
    /// The identifier of the device, or one of its GUIDs; the name of the resource if it is left out.
    pub device: String,
    /// The version; must be given.
    pub version: String,
    /// Permit going back to an older version.
    pub allow_downgrade: bool,
}

impl FwupdDevice {
    /// The identifier in effect.
    pub fn device<'a>(&'a self, name: &'a str) -> &'a str {
        if self.device.is_empty() {
            name
        } else {
            &self.device
        }
    }
}

impl Validate for FwupdDevice {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        required("version", &self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_told() {
        let mut device = FwupdDevice::default();
        assert_eq!(device.validate("a").unwrap_err().param, Some("version"));
        device.version = "1".to_owned();
        assert_eq!(device.validate("a"), Ok(()));
        assert_eq!(device.device("a"), "a");
    }
}
