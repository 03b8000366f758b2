//! `dhcp:server`: gives addresses to the hosts of a network (resources-services.md S-5.1).

use std::time::Duration;

use crate::duration;
use crate::resource::check::net::{ipv4_address, ipv4_listen_address, url_of};
use crate::resource::check::{self, required};
use crate::resource::{Invalid, Params, Validate};

/// How long a lease lasts if nothing is said.
const DEFAULT_LEASE_TIME: Duration = Duration::from_secs(10 * 60);

/// Gives IPv4 addresses to the hosts of a network: those of the `dhcp:host` and `dhcp:range` resources that
/// belong to it.
///
/// The name is the address to listen on, unless `address` is given.
///
/// ```mcl
/// dhcp:server ":67" {
///     interface => "lab0",
///     serverid => "10.77.0.1",
///     leasetime => "90s",
///     routers => ["10.77.0.1"],
/// }
/// dhcp:range "10.77.0.0/28" {
///     skip => ["10.77.0.1"],
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "dhcp:server", groupable, compare = DhcpServer::differs_in_leasetime)]
pub struct DhcpServer {
    /// Where to listen, usually `:67`; the name of the resource if it is left out.
    pub address: String,
    /// The network interface; must be given.
    pub interface: String,
    /// The address by which the server calls itself, or empty to send none; found out if it is left out.
    pub serverid: Option<String>,
    /// How long an address is lent, like `90s` or `1h30m`, or empty to send none; ten minutes if it is left
    /// out.
    #[param(skip_compare)]
    pub leasetime: Option<String>,
    /// The addresses of the name servers.
    pub dns: Vec<String>,
    /// The addresses of the routers.
    pub routers: Vec<String>,
    /// What hosts boot if nothing else is said, like `tftp://10.77.0.1/undionly.kpxe`.
    pub nbp: String,
}

impl DhcpServer {
    /// The address in effect.
    pub fn address<'a>(&'a self, name: &'a str) -> &'a str {
        if self.address.is_empty() {
            name
        } else {
            &self.address
        }
    }

    /// How long an address is lent; nothing if that is not sent.
    pub fn lease_time(&self) -> Option<Duration> {
        match self.leasetime.as_deref() {
            None => Some(DEFAULT_LEASE_TIME),
            Some(text) => duration::parse(text),
        }
    }

    /// Only how long it is counts, not how it is written (S-5.1).
    fn differs_in_leasetime(&self, other: &Self) -> Option<String> {
        (self.lease_time() != other.lease_time()).then(|| "the Leasetime differs".to_owned())
    }
}

impl Validate for DhcpServer {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        ipv4_listen_address("address", self.address(name))?;
        required("interface", &self.interface)?;
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(serverid) = given(&self.serverid) {
            ipv4_address("serverid", &serverid)?;
        }
        if let Some(leasetime) = given(&self.leasetime) {
            check::duration("leasetime", &leasetime)?;
        }
        for (param, addresses) in [("dns", &self.dns), ("routers", &self.routers)] {
            for address in addresses {
                ipv4_address(param, address)?;
            }
        }
        validate_boot("nbp", &self.nbp)
    }
}

/// What a host boots, if anything.
///
/// # Errors
/// If it is not to be had over TFTP.
pub(super) fn validate_boot(param: &'static str, boot: &str) -> Result<(), Invalid> {
    if boot.is_empty() {
        return Ok(());
    }
    url_of(param, boot, &["tftp"]).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(change: impl FnOnce(&mut DhcpServer)) -> DhcpServer {
        let mut server = DhcpServer {
            interface: "lab0".to_owned(),
            ..DhcpServer::default()
        };
        change(&mut server);
        server
    }

    fn refused(change: impl FnOnce(&mut DhcpServer)) -> Option<&'static str> {
        server(change)
            .validate(":67")
            .expect_err("is refused")
            .param
    }

    #[test]
    fn addresses_are_ipv4() {
        assert_eq!(server(|_| ()).validate(":67"), Ok(()));
        assert_eq!(
            refused(|server| server.interface.clear()),
            Some("interface")
        );
        assert_eq!(
            refused(|server| server.dns = vec!["::1".to_owned()]),
            Some("dns")
        );
        assert_eq!(
            refused(|server| server.routers = vec!["10.0.0.1/24".to_owned()]),
            Some("routers")
        );
        assert_eq!(
            refused(|server| server.serverid = Some("a".to_owned())),
            Some("serverid")
        );
        assert_eq!(
            refused(|server| server.nbp = "http://a/b".to_owned()),
            Some("nbp")
        );
        assert_eq!(
            refused(|server| server.leasetime = Some("90".to_owned())),
            Some("leasetime")
        );
    }

    #[test]
    fn lease_times_are_compared_as_times() {
        let lease = |text: &str| server(|server| server.leasetime = Some(text.to_owned()));
        assert_eq!(lease("10m").differs(&server(|_| ())), None);
        assert_eq!(lease("60s").differs(&lease("1m")), None);
        assert!(lease("").differs(&server(|_| ())).is_some());
        assert_eq!(lease("").validate(":67"), Ok(()));
    }
}
