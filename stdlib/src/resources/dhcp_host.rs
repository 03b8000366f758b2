//! `dhcp:host`: the address of one host (resources-services.md S-5.2).

use crate::resource::check::net::{ipv4_network, mac_address};
use crate::resource::check::required;
use crate::resource::{Invalid, Params, Validate};

use super::dhcp_server::validate_boot;

/// Gives a certain address to a certain host, as part of a `dhcp:server`; the name is free.
///
/// ```mcl
/// dhcp:server ":67" {
///     interface => "lab0",
/// }
/// dhcp:host "printer" {
///     mac => "00:16:3e:12:34:56",
///     ip => "10.77.0.9/28",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "dhcp:host", groupable, inside("dhcp:server", server))]
pub struct DhcpHost {
    /// The name of the `dhcp:server`; any one if it is left out.
    pub server: String,
    /// The hardware address of the host, in lower case with colons; must be given.
    pub mac: String,
    /// The address with the length of the network's prefix, like `10.77.0.9/28`; must be given.
    pub ip: String,
    /// What it boots, like `tftp://10.77.0.1/undionly.kpxe`; what the server says if it is left out.
    pub nbp: String,
    /// The path of what it boots; that of `nbp` if it is left out.
    pub nbp_path: String,
}

impl Validate for DhcpHost {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        required("mac", &self.mac)?;
        mac_address("mac", &self.mac)?;
        required("ip", &self.ip)?;
        ipv4_network("ip", &self.ip)?;
        validate_boot("nbp", &self.nbp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_two_addresses() {
        let host = |mac: &str, ip: &str| {
            DhcpHost {
                mac: mac.to_owned(),
                ip: ip.to_owned(),
                ..DhcpHost::default()
            }
            .validate("a")
            .map_err(|invalid| invalid.param)
        };
        assert_eq!(host("00:16:3e:12:34:56", "10.77.0.9/28"), Ok(()));
        assert_eq!(host("00:16:3E:12:34:56", "10.77.0.9/28"), Err(Some("mac")));
        assert_eq!(host("", "10.77.0.9/28"), Err(Some("mac")));
        assert_eq!(host("00:16:3e:12:34:56", "10.77.0.9"), Err(Some("ip")));
    }
}
