//! `net`: a network interface (resources-host.md §12).

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::resource::check::one_of_or_empty;
use crate::resource::{Invalid, Meta, Params, Validate};

/// The longest name of an interface, in bytes.
const LONGEST_INTERFACE_NAME: usize = 15;

/// Manages the link, the addresses and the default gateway of a network interface; the name is that of the
/// interface.
///
/// A file for systemd-networkd keeps them over a reboot.
///
/// ```mcl
/// net "eth1" {
///     state => $const.res.net.state.up,
///     addrs => ["192.0.2.10/24", "2001:db8::10/64"],
///     gateway => "192.0.2.1",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "net", reversible, compare = Net::differs_in_addrs)]
pub struct Net {
    /// `up` or `down`; not managed if it is left out.
    pub state: String,
    /// All its addresses, such as `192.0.2.10/24`; not managed if it is left out, none if it is empty.
    #[param(skip_compare)]
    pub addrs: Option<Vec<String>>,
    /// The default gateway through it; not managed if it is left out.
    pub gateway: String,
    /// Whether packets are forwarded; only systemd-networkd is told.
    pub ip_forward: Option<bool>,
}

impl Net {
    /// The order of the addresses does not matter, but whether they are managed does (§12.9).
    fn differs_in_addrs(&self, other: &Self) -> Option<String> {
        let set = |addrs: &Option<Vec<String>>| {
            addrs
                .as_ref()
                .map(|addrs| addrs.iter().cloned().collect::<BTreeSet<_>>())
        };
        (set(&self.addrs) != set(&other.addrs)).then(|| "the Addrs differs".to_owned())
    }
}

impl Validate for Net {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        if name.len() > LONGEST_INTERFACE_NAME
            || name.contains(|c: char| c == '/' || c == '\0' || c.is_whitespace())
        {
            return Err(Invalid::resource(format!(
                "the name must be that of an interface, of at most {LONGEST_INTERFACE_NAME} characters \
                 without slashes and white space: `{}`",
                name.escape_debug()
            )));
        }
        one_of_or_empty("state", &self.state, &["up", "down"])?;
        for addr in self.addrs.iter().flatten() {
            if addr.parse::<IpNet>().is_err() {
                return Err(Invalid::param(
                    "addrs",
                    format!("must be addresses with a prefix length, not `{addr}`"),
                )
                .help("write them like `192.0.2.10/24`"));
            }
        }
        if !self.gateway.is_empty() && self.gateway.parse::<IpAddr>().is_err() {
            return Err(Invalid::param(
                "gateway",
                format!("must be an IP address, not `{}`", self.gateway),
            ));
        }
        Ok(())
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        let mut seen = BTreeSet::new();
        let twice = |addr: &&String| {
            let parsed = addr.parse::<IpNet>();
            parsed.is_ok_and(|parsed| !seen.insert(parsed))
        };
        match self.addrs.iter().flatten().find(twice) {
            Some(addr) => Err(Invalid::param("addrs", format!("has `{addr}` twice"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_addrs(addrs: &[&str]) -> Net {
        Net {
            addrs: Some(addrs.iter().map(|&addr| addr.to_owned()).collect()),
            ..Net::default()
        }
    }

    #[test]
    fn addresses_have_a_prefix() {
        assert_eq!(
            with_addrs(&["192.0.2.1/24", "::1/128"]).validate_all("eth0", &Meta::default()),
            Ok(())
        );
        assert!(
            with_addrs(&["192.0.2.1"])
                .validate_all("eth0", &Meta::default())
                .is_err()
        );
        assert!(
            with_addrs(&["::1/64", "0:0::1/64"])
                .validate_all("eth0", &Meta::default())
                .is_err()
        );
        assert!(
            Net::default()
                .validate_all("a-very-long-name", &Meta::default())
                .is_err()
        );
        assert!(
            Net::default()
                .validate_all("a b", &Meta::default())
                .is_err()
        );
    }

    #[test]
    fn no_addresses_differ_from_unmanaged_addresses() {
        assert!(with_addrs(&[]).differs(&Net::default()).is_some());
        assert_eq!(
            with_addrs(&["a", "b"]).differs(&with_addrs(&["b", "a"])),
            None
        );
    }
}
