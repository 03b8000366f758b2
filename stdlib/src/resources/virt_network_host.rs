//! `virt:network:host`: the address of one host of a virtual network (resources-services.md S-8.4).

use crate::resource::check::net::{ipv4_network, mac_address};
use crate::resource::check::required;
use crate::resource::{Invalid, Meta, Params, Validate};

use super::virt_network::is_end;

/// Gives a certain address to a certain host, as part of a `virt:network`.
///
/// The name is the host name, unless `hostname` is given.
///
/// ```mcl
/// virt:network "lab" {
///     mac => "52:54:00:12:34:56",
///     ip => "10.77.0.1/24",
/// }
/// virt:network:host "web" {
///     mac => "52:54:00:00:00:01",
///     ip => "10.77.0.10/24",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "virt:network:host", groupable, inside("virt:network", network))]
pub struct VirtNetworkHost {
    /// The name of the `virt:network`; any one if it is left out.
    pub network: String,
    /// The host name that it is given; the name of the resource if it is left out.
    pub hostname: String,
    /// The hardware address of the host, in lower case with colons; must be given.
    pub mac: String,
    /// The address, with the length of the network's prefix; must be given.
    pub ip: String,
}

impl Validate for VirtNetworkHost {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        required("mac", &self.mac)?;
        mac_address("mac", &self.mac)?;
        required("ip", &self.ip)?;
        ipv4_network("ip", &self.ip)?;
        Ok(())
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        let ip = ipv4_network("ip", &self.ip)?;
        if is_end(ip) {
            return Err(Invalid::param(
                "ip",
                format!("must be the address of a host, not an end of its network: `{ip}`"),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_two_addresses() {
        let mut host = VirtNetworkHost::default();
        assert_eq!(
            host.validate_all("a", &Meta::default()).unwrap_err().param,
            Some("mac")
        );
        host.mac = "52:54:00:00:00:01".to_owned();
        assert_eq!(
            host.validate_all("a", &Meta::default()).unwrap_err().param,
            Some("ip")
        );
        host.ip = "10.77.0.10/24".to_owned();
        assert_eq!(host.validate_all("a", &Meta::default()), Ok(()));
    }
}
