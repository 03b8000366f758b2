//! `dhcp:range`: addresses for hosts that are not known (resources-services.md S-5.3).

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::resource::check::net::{ipv4_address, ipv4_network};
use crate::resource::{Invalid, Meta, Params, Validate};

use super::dhcp_server::validate_boot;

/// Gives the addresses of a range to hosts that no `dhcp:host` knows, as part of a `dhcp:server`.
///
/// The name is a network like `10.77.0.0/28`, unless `network`, or `from` and `to`, are given.
///
/// ```mcl
/// dhcp:server ":67" {
///     interface => "lab0",
/// }
/// dhcp:range "guests" {
///     from => "10.77.0.100/24",
///     to => "10.77.0.200/24",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "dhcp:range", groupable, inside("dhcp:server", server))]
pub struct DhcpRange {
    /// The name of the `dhcp:server`; any one if it is left out.
    pub server: String,
    /// The network whose addresses are given; the name of the resource if it is left out.
    pub network: String,
    /// The first address, alone or with the length of the network's prefix; goes with `to`.
    pub from: String,
    /// The last address, alone or with the length of the network's prefix; goes with `from`.
    pub to: String,
    /// The network mask, like `/24` or `255.255.255.0`, if `from` and `to` do not tell it.
    pub mask: String,
    /// Addresses that are not given to anybody.
    pub skip: Vec<String>,
    /// Keep the leases over a restart.
    pub persist: bool,
    /// What hosts boot, like `tftp://10.77.0.1/undionly.kpxe`; what the server says if it is left out.
    pub nbp: String,
    /// The path of what hosts boot; that of `nbp` if it is left out.
    pub nbp_path: String,
}

/// The addresses of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The lowest.
    pub first: Ipv4Addr,
    /// The highest, which is not the one that means all hosts.
    pub last: Ipv4Addr,
    /// The length of the network's prefix.
    pub prefix: u8,
}

impl DhcpRange {
    /// The addresses that can be given, without a look at `skip`.
    ///
    /// # Errors
    /// If the parameters do not make up a range.
    pub fn pool(&self, name: &str) -> Result<Pool, Invalid> {
        match (self.from.is_empty(), self.to.is_empty()) {
            (true, true) => self.pool_of_network(name),
            (false, false) => self.pool_of_ends(),
            (true, false) => Err(Invalid::param("to", "needs `from`, too")),
            (false, true) => Err(Invalid::param("from", "needs `to`, too")),
        }
    }

    fn pool_of_network(&self, name: &str) -> Result<Pool, Invalid> {
        if !self.mask.is_empty() {
            return Err(Invalid::param(
                "mask",
                "goes with `from` and `to`, since a network has its own",
            ));
        }
        let network = if self.network.is_empty() {
            name
        } else {
            &self.network
        };
        let network = ipv4_network("network", network)?.trunc();
        Ok(pool(
            offset(network.network(), 1),
            network.broadcast(),
            network,
        ))
    }

    fn pool_of_ends(&self) -> Result<Pool, Invalid> {
        let (first, first_prefix) = address("from", &self.from)?;
        let (last, last_prefix) = address("to", &self.to)?;
        if let (Some(first), Some(last)) = (first_prefix, last_prefix)
            && first != last
        {
            return Err(Invalid::param(
                "to",
                format!("must be of the same network as `from`: /{last} is not /{first}"),
            ));
        }
        let prefix = match (first_prefix.or(last_prefix), self.mask.as_str()) {
            (Some(prefix), "") => prefix,
            (Some(_), _) => {
                return Err(Invalid::param(
                    "mask",
                    "can not be given, since `from` or `to` tells it already",
                ));
            }
            (None, "") => {
                return Err(Invalid::param(
                    "mask",
                    "must be given, since neither `from` nor `to` tells it",
                )
                .help("write `mask => \"/24\"`, or `/24` after both addresses"));
            }
            (None, mask) => parse_mask(mask)?,
        };
        let network = Ipv4Net::new(first, prefix)
            .map_err(|_| Invalid::param("mask", format!("can not be /{prefix}")))?;
        Ok(pool(first, last, network))
    }

    /// The addresses that are not given to anybody.
    ///
    /// # Errors
    /// If one is no address.
    pub fn skipped(&self) -> Result<Vec<Ipv4Addr>, Invalid> {
        self.skip
            .iter()
            .map(|text| Ok(address("skip", text)?.0))
            .collect()
    }
}

/// Without the address that means all hosts of the network.
fn pool(first: Ipv4Addr, last: Ipv4Addr, network: Ipv4Net) -> Pool {
    Pool {
        first,
        last: last.min(offset(network.broadcast(), -1)),
        prefix: network.prefix_len(),
    }
}

fn offset(address: Ipv4Addr, by: i32) -> Ipv4Addr {
    Ipv4Addr::from(address.to_bits().saturating_add_signed(by))
}

/// An address, and the length of its network's prefix if it is given.
fn address(param: &'static str, text: &str) -> Result<(Ipv4Addr, Option<u8>), Invalid> {
    if text.contains('/') {
        let network = ipv4_network(param, text)?;
        return Ok((network.addr(), Some(network.prefix_len())));
    }
    Ok((ipv4_address(param, text)?, None))
}

fn parse_mask(text: &str) -> Result<u8, Invalid> {
    let prefix = match text.strip_prefix('/') {
        Some(digits) => digits.parse().ok().filter(|prefix| *prefix <= 32),
        None => text
            .parse()
            .ok()
            .and_then(|mask| ipnet::ipv4_mask_to_prefix(mask).ok()),
    };
    prefix.ok_or_else(|| {
        Invalid::param("mask", format!("must be a network mask, not `{text}`"))
            .help("write it like `/24` or `255.255.255.0`")
    })
}

impl Validate for DhcpRange {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        self.pool(name)?;
        self.skipped()?;
        validate_boot("nbp", &self.nbp)
    }

    fn validate_run(&self, name: &str, _meta: &Meta) -> Result<(), Invalid> {
        if !self.from.is_empty() && !self.network.is_empty() {
            return Err(Invalid::param(
                "network",
                "can not be given together with `from` and `to`",
            ));
        }
        let pool = self.pool(name)?;
        if pool.first > pool.last {
            return Err(Invalid::resource("there is no address in the range"));
        }
        for skipped in self.skipped()? {
            // The one that means all hosts is not given in any case, and may be named.
            if skipped < pool.first || skipped > offset(pool.last, 1) {
                return Err(Invalid::param(
                    "skip",
                    format!(
                        "has `{skipped}`, which is not from {} to {}",
                        pool.first, pool.last
                    ),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str, mask: &str) -> DhcpRange {
        DhcpRange {
            from: from.to_owned(),
            to: to.to_owned(),
            mask: mask.to_owned(),
            ..DhcpRange::default()
        }
    }

    fn ends(range: &DhcpRange, name: &str) -> Result<(String, String, u8), Option<&'static str>> {
        range
            .validate_all(name, &Meta::default())
            .and_then(|()| range.pool(name))
            .map(|pool| (pool.first.to_string(), pool.last.to_string(), pool.prefix))
            .map_err(|invalid| invalid.param)
    }

    fn pool(
        first: &str,
        last: &str,
        prefix: u8,
    ) -> Result<(String, String, u8), Option<&'static str>> {
        Ok((first.to_owned(), last.to_owned(), prefix))
    }

    #[test]
    fn a_network_gives_all_but_its_ends() {
        let named = DhcpRange::default();
        assert_eq!(
            ends(&named, "10.0.0.0/28"),
            pool("10.0.0.1", "10.0.0.14", 28)
        );
        assert_eq!(
            ends(&named, "10.0.0.7/30"),
            pool("10.0.0.5", "10.0.0.6", 30)
        );
        assert_eq!(ends(&named, "10.0.0.0/31"), Err(None));
        assert_eq!(ends(&named, "guests"), Err(Some("network")));
        assert_eq!(
            ends(&range("", "", "/24"), "10.0.0.0/28"),
            Err(Some("mask"))
        );
    }

    #[test]
    fn two_ends_need_one_mask() {
        let both = |from, to, mask| ends(&range(from, to, mask), "a");
        assert_eq!(
            both("10.0.0.5", "10.0.0.9", "/24"),
            pool("10.0.0.5", "10.0.0.9", 24)
        );
        assert_eq!(
            both("10.0.0.5", "10.0.0.255", "255.255.255.0"),
            pool("10.0.0.5", "10.0.0.254", 24)
        );
        assert_eq!(
            both("10.0.0.5/24", "10.0.0.9", ""),
            pool("10.0.0.5", "10.0.0.9", 24)
        );
        assert_eq!(both("10.0.0.5/24", "10.0.0.9/25", ""), Err(Some("to")));
        assert_eq!(both("10.0.0.5/24", "10.0.0.9", "/24"), Err(Some("mask")));
        assert_eq!(both("10.0.0.5", "10.0.0.9", ""), Err(Some("mask")));
        assert_eq!(
            both("10.0.0.5", "10.0.0.9", "255.0.255.0"),
            Err(Some("mask"))
        );
        assert_eq!(both("10.0.0.9", "10.0.0.5", "/24"), Err(None));
        assert_eq!(both("10.0.0.9", "", "/24"), Err(Some("from")));
    }

    #[test]
    fn what_is_skipped_is_in_the_range() {
        let skip = |skip: &str| {
            let range = DhcpRange {
                skip: vec![skip.to_owned()],
                ..DhcpRange::default()
            };
            range
                .validate_all("10.0.0.0/28", &Meta::default())
                .map_err(|invalid| invalid.param)
        };
        assert_eq!(skip("10.0.0.1"), Ok(()));
        assert_eq!(skip("10.0.0.2/28"), Ok(()));
        assert_eq!(skip("10.0.0.16"), Err(Some("skip")));
        assert_eq!(skip("x"), Err(Some("skip")));
    }
}
