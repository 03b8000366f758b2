//! IP addresses and networks in CIDR notation (functions.md §17.1).

use std::net::IpAddr;

use ipnet::IpNet;

use crate::catalog::{CallError, FunctionDef};
use crate::value::Str;

use super::super::declare::{examples, native, pure};

const BAD_CIDR: &[&str] = &["invalid CIDR address: S"];

pub(super) fn functions() -> Vec<FunctionDef> {
    vec![
        pure(
            "net.cidr_to_first",
            "func(a str) str",
            "The first address of a network that a host can have: the one after the network's own, whatever address is \
             written before the slash. White space around the argument does not count.",
            native!(first(a)),
        )
        .catchable(&["invalid CIDR address: S", "no usable next address"])
        .examples(examples![r#"net.cidr_to_first("10.0.0.0/24")"# => r#""10.0.0.1""#]),
        pure(
            "net.cidr_to_ip",
            "func(a str) str",
            "The address in front of the slash. IPv6 is written in its short form, and an IPv4 address inside IPv6 as IPv4. \
             White space around the argument does not count.",
            native!(ip(a)),
        )
        .catchable(BAD_CIDR)
        .examples(examples![r#"net.cidr_to_ip("10.0.0.77/24")"# => r#""10.0.0.77""#]),
        pure(
            "net.cidr_to_last",
            "func(a str) str",
            "The last address of a network, which in IPv4 is that for broadcasts; a network of one address gives that. White \
             space around the argument does not count.",
            native!(last(a)),
        )
        .catchable(BAD_CIDR)
        .examples(examples![r#"net.cidr_to_last("10.0.0.77/24")"# => r#""10.0.0.255""#]),
        pure(
            "net.cidr_to_mask",
            "func(a str) str",
            "The mask of a network, written like an address. White space around the argument does not count.",
            native!(mask(a)),
        )
        .catchable(BAD_CIDR)
        .examples(examples![r#"net.cidr_to_mask("10.0.0.77/24")"# => r#""255.255.255.0""#]),
        pure(
            "net.cidr_to_network",
            "func(a str) str",
            "The network that an address with a prefix length lies in, with that length. White space around the argument does \
             not count.",
            native!(network(a)),
        )
        .catchable(BAD_CIDR)
        .examples(examples![r#"net.cidr_to_network("10.0.0.77/24")"# => r#""10.0.0.0/24""#]),
        pure(
            "net.cidr_to_prefix",
            "func(a str) str",
            "The number of bits behind the slash, as text. White space around the argument does not count.",
            native!(prefix(a)),
        )
        .catchable(BAD_CIDR)
        .examples(examples![r#"net.cidr_to_prefix("10.0.0.77/24")"# => r#""24""#]),
        pure(
            "net.ip_in_cidr",
            "func(ip str, cidr str) bool",
            "Whether an address lies in a network. An IPv4 address is in no IPv6 network, and the reverse; one inside IPv6 \
             counts as IPv4. White space is not allowed.",
            native!(contains(ip, cidr)),
        )
        .catchable(&["invalid IP: S", "invalid CIDR address: S"])
        .examples(examples![r#"net.ip_in_cidr("10.0.0.7", "10.0.0.0/24")"# => "true"]),
        pure(
            "net.cidr_host",
            "func(a str, n int) str",
            "The address at a place in a network: 0 is the network's own, -1 the last. Not in the original.",
            native!(host(a, n)),
        )
        .catchable(&["invalid CIDR address: S", "there is no address N in CIDR"])
        .examples(examples![
            r#"net.cidr_host("10.0.0.0/24", 10)"# => r#""10.0.0.10""#,
            r#"net.cidr_host("10.0.0.0/24", -2)"# => r#""10.0.0.254""#,
        ]),
        pure(
            "net.cidr_subnet",
            "func(a str, bits int, n int) str",
            "The n-th of the networks that so many more bits split a network into. Not in the original.",
            native!(subnet(a, bits, n)),
        )
        .catchable(&["invalid CIDR address: S", "there is no subnet N of B bits in CIDR"])
        .examples(examples![r#"net.cidr_subnet("10.0.0.0/16", 8, 3)"# => r#""10.0.3.0/24""#]),
        pure(
            "net.cidr_overlap",
            "func(a str, b str) bool",
            "Whether two networks have an address in common. Not in the original.",
            native!(overlap(a, b)),
        )
        .catchable(BAD_CIDR)
        .examples(examples![r#"net.cidr_overlap("10.0.0.0/8", "10.1.0.0/16")"# => "true"]),
        pure(
            "net.is_ip",
            "func(a str) bool",
            "Whether a text is an IPv4 or IPv6 address. Not in the original.",
            native!(is_ip(a)),
        )
        .examples(examples![r#"net.is_ip("::1")"# => "true", r#"net.is_ip("10.0.0.1/8")"# => "false"]),
    ]
}

/// An address with the length of its network's prefix.
#[derive(Clone, Copy)]
struct Cidr {
    written: IpNet,
    /// The same, but of IPv4 if it is an IPv4 address inside IPv6.
    plain: IpNet,
}

impl Cidr {
    /// White space around it does not count.
    fn parse(text: &Str) -> Result<Self, CallError> {
        Self::parse_with(text, str::trim)
    }

    fn parse_exact(text: &Str) -> Result<Self, CallError> {
        Self::parse_with(text, |text| text)
    }

    fn parse_with(text: &Str, clean: fn(&str) -> &str) -> Result<Self, CallError> {
        let read = |text: &str| Self::read(clean(text));
        text.to_str().ok().and_then(read).ok_or_else(|| {
            CallError::catchable(format!("invalid CIDR address: {}", text.to_string_lossy()))
        })
    }

    fn read(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        if bits.is_empty() || !bits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let address: IpAddr = address.parse().ok()?;
        let bits = bits.trim_start_matches('0');
        let bits: u8 = if bits.is_empty() {
            0
        } else {
            bits.parse().ok()?
        };
        let written = IpNet::new(address, bits).ok()?;
        let plain = match (address.to_canonical(), bits.checked_sub(96)) {
            (IpAddr::V4(v4), Some(bits)) if address.is_ipv6() => {
                IpNet::new(v4.into(), bits).ok()?
            }
            _ => written,
        };
        Some(Self { written, plain })
    }
}

fn ip(a: &Str) -> Result<String, CallError> {
    Ok(Cidr::parse(a)?.written.addr().to_canonical().to_string())
}

fn prefix(a: &Str) -> Result<String, CallError> {
    Ok(Cidr::parse(a)?.written.prefix_len().to_string())
}

fn mask(a: &Str) -> Result<String, CallError> {
    Ok(Cidr::parse(a)?.written.netmask().to_string())
}

fn network(a: &Str) -> Result<String, CallError> {
    Ok(Cidr::parse(a)?.plain.trunc().to_string())
}

fn first(a: &Str) -> Result<String, CallError> {
    at(Cidr::parse(a)?.written, 1)
        .map(|address| address.to_string())
        .ok_or_else(|| CallError::catchable("no usable next address"))
}

fn last(a: &Str) -> Result<String, CallError> {
    Ok(Cidr::parse(a)?.written.broadcast().to_string())
}

fn contains(ip: &Str, cidr: &Str) -> Result<bool, CallError> {
    let address = parse_ip(ip)
        .ok_or_else(|| CallError::catchable(format!("invalid IP: {}", ip.to_string_lossy())))?;
    Ok(Cidr::parse_exact(cidr)?
        .plain
        .contains(&address.to_canonical()))
}

fn parse_ip(text: &Str) -> Option<IpAddr> {
    text.to_str().ok()?.parse().ok()
}

fn is_ip(a: &Str) -> bool {
    parse_ip(a).is_some()
}

/// How many addresses a network has; nothing if that does not fit.
fn size(network: IpNet) -> Option<u128> {
    1u128.checked_shl(u32::from(network.max_prefix_len() - network.prefix_len()))
}

/// The address so many after that of the network, if it is inside.
fn at(network: IpNet, offset: u128) -> Option<IpAddr> {
    if size(network).is_some_and(|size| offset >= size) {
        return None;
    }
    Some(match network.network() {
        IpAddr::V4(start) => {
            let offset = u32::try_from(offset).ok()?;
            IpAddr::V4(start.to_bits().checked_add(offset)?.into())
        }
        IpAddr::V6(start) => IpAddr::V6(start.to_bits().checked_add(offset)?.into()),
    })
}

fn host(a: &Str, n: i64) -> Result<String, CallError> {
    let network = Cidr::parse(a)?.plain;
    let offset = if n < 0 {
        // Of 2^128 addresses, the last is at the end of the numbers.
        let last = size(network).map_or(u128::MAX, |size| size - 1);
        last.checked_sub(u128::from(n.unsigned_abs() - 1))
    } else {
        Some(u128::from(n.unsigned_abs()))
    };
    offset
        .and_then(|offset| at(network, offset))
        .map(|address| address.to_string())
        .ok_or_else(|| {
            CallError::catchable(format!("there is no address {n} in {}", network.trunc()))
        })
}

fn subnet(a: &Str, bits: i64, n: i64) -> Result<String, CallError> {
    let network = Cidr::parse(a)?.plain.trunc();
    nth_subnet(network, bits, n)
        .map(|subnet| subnet.to_string())
        .ok_or_else(|| {
            CallError::catchable(format!(
                "there is no subnet {n} of {bits} bits in {network}"
            ))
        })
}

fn nth_subnet(network: IpNet, bits: i64, n: i64) -> Option<IpNet> {
    let (bits, n) = (u8::try_from(bits).ok()?, u128::try_from(n).ok()?);
    let prefix = network.prefix_len().checked_add(bits)?;
    if bits < 128 && n >= 1 << bits {
        return None;
    }
    let host_bits = network.max_prefix_len().checked_sub(prefix)?;
    // Without any host bits to shift over, only the first network remains for a shift this long.
    let offset = n.checked_shl(host_bits.into()).unwrap_or(0);
    IpNet::new(at(network, offset)?, prefix).ok()
}

fn overlap(a: &Str, b: &Str) -> Result<bool, CallError> {
    let (a, b) = (Cidr::parse(a)?.plain, Cidr::parse(b)?.plain);
    Ok(a.contains(&b.network()) || b.contains(&a.network()))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{call, caught};
    use crate::value::Value;
    use proptest::prelude::*;

    fn of(name: &str, cidr: &str) -> String {
        let value = call(&format!("net.{name}"), &[cidr.into()]).unwrap();
        value.as_str().unwrap().to_string_lossy().into_owned()
    }

    #[test]
    fn parts_of_networks() {
        for (cidr, ip, prefix, mask, network, last) in [
            (
                "10.0.0.77/24",
                "10.0.0.77",
                "24",
                "255.255.255.0",
                "10.0.0.0/24",
                "10.0.0.255",
            ),
            (
                " 2001:DB8::1/032\n",
                "2001:db8::1",
                "32",
                "ffff:ffff::",
                "2001:db8::/32",
                "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            ),
            (
                "0.0.0.0/0",
                "0.0.0.0",
                "0",
                "0.0.0.0",
                "0.0.0.0/0",
                "255.255.255.255",
            ),
            (
                "::ffff:1.2.3.4/120",
                "1.2.3.4",
                "120",
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00",
                "1.2.3.0/24",
                "::ffff:1.2.3.255",
            ),
        ] {
            assert_eq!(of("cidr_to_ip", cidr), ip);
            assert_eq!(of("cidr_to_prefix", cidr), prefix);
            assert_eq!(of("cidr_to_mask", cidr), mask);
            assert_eq!(of("cidr_to_network", cidr), network);
            assert_eq!(of("cidr_to_last", cidr), last);
        }
    }

    #[test]
    fn the_first_address_is_after_that_of_the_network() {
        assert_eq!(of("cidr_to_first", "10.0.0.77/24"), "10.0.0.1");
        assert_eq!(of("cidr_to_first", "10.0.0.0/31"), "10.0.0.1");
        assert_eq!(of("cidr_to_first", "::/0"), "::1");
        for cidr in ["10.0.0.1/32", "::1/128"] {
            let error = caught(call("net.cidr_to_first", &[cidr.into()]));
            assert_eq!(error, "no usable next address");
        }
    }

    #[test]
    fn the_first_address_is_read_like_the_others() {
        assert_eq!(of("cidr_to_first", " 10.0.0.77/24\n"), "10.0.0.1");
        for (cidr, first, last) in [
            ("10.0.0.0/31", "10.0.0.1", "10.0.0.1"),
            ("255.255.255.254/31", "255.255.255.255", "255.255.255.255"),
            ("2001:db8::9/126", "2001:db8::9", "2001:db8::b"),
            (
                "::ffff:10.0.0.7/120",
                "::ffff:10.0.0.1",
                "::ffff:10.0.0.255",
            ),
        ] {
            assert_eq!(of("cidr_to_first", cidr), first, "{cidr}");
            assert_eq!(of("cidr_to_last", cidr), last, "{cidr}");
        }
        for cidr in ["10.0.0.1/32", "2001:db8::1/128"] {
            let (address, _) = cidr.split_once('/').unwrap();
            assert_eq!(of("cidr_to_last", cidr), address);
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for cidr in [
            "",
            "10.0.0.1",
            "10.0.0.1/33",
            "10.0.0.01/8",
            "::1/129",
            "fe80::1%eth0/64",
            "10.0.0.1/+8",
            "/8",
            "10.0.0.1/",
        ] {
            for name in ["ip", "prefix", "mask", "network", "first", "last"] {
                let error = caught(call(&format!("net.cidr_to_{name}"), &[cidr.into()]));
                assert_eq!(error, format!("invalid CIDR address: {cidr}"));
            }
        }
    }

    #[test]
    fn membership_keeps_the_families_apart() {
        for (ip, cidr, inside) in [
            ("10.0.0.255", "10.0.0.0/24", true),
            ("10.0.1.0", "10.0.0.0/24", false),
            ("::ffff:10.0.0.1", "10.0.0.0/24", true),
            ("10.0.0.1", "::/0", false),
        ] {
            let found = call("net.ip_in_cidr", &[ip.into(), cidr.into()]);
            assert_eq!(found, Ok(Value::Bool(inside)), "{ip} {cidr}");
        }
        for (ip, cidr, inside) in [
            ("2001:db8::1", "0.0.0.0/0", false),
            ("::1", "::/0", true),
            ("10.0.0.1", "::ffff:10.0.0.0/104", true),
            ("10.0.0.1", "10.0.0.99/032", false),
        ] {
            let found = call("net.ip_in_cidr", &[ip.into(), cidr.into()]);
            assert_eq!(found, Ok(Value::Bool(inside)), "{ip} {cidr}");
        }
        // Unlike elsewhere, white space counts.
        for cidr in [" 10.0.0.0/8", "10.0.0.0/8\n", "10.0.0.0", ""] {
            let error = caught(call("net.ip_in_cidr", &["10.0.0.1".into(), cidr.into()]));
            assert_eq!(error, format!("invalid CIDR address: {cidr}"));
        }
        for ip in ["", " 10.0.0.1", "fe80::1%eth0", "1.2.3", "10.0.0.01"] {
            let error = caught(call("net.ip_in_cidr", &[ip.into(), "10.0.0.0/8".into()]));
            assert_eq!(error, format!("invalid IP: {ip}"));
        }
    }

    #[test]
    fn places_outside_a_network_can_be_caught() {
        for n in [4, -5, i64::MAX, i64::MIN] {
            let error = caught(call("net.cidr_host", &["10.0.0.0/30".into(), n.into()]));
            assert_eq!(error, format!("there is no address {n} in 10.0.0.0/30"));
        }
        for (bits, n) in [(2, 4), (-1, 0), (25, 0), (1, -1), (300, 0)] {
            let args = ["10.0.0.0/8".into(), Value::Int(bits), n.into()];
            assert!(caught(call("net.cidr_subnet", &args)).starts_with("there is no subnet"));
        }
        let whole = call("net.cidr_subnet", &["::/0".into(), 128.into(), 5.into()]);
        assert_eq!(whole, Ok("::5/128".into()));
        let same = call("net.cidr_subnet", &["::/0".into(), 0.into(), 0.into()]);
        assert_eq!(same, Ok("::/0".into()));
    }

    proptest! {
        #[test]
        fn every_address_is_in_its_network(bits: u32, prefix in 0u8..=32, n: i64) {
            let cidr = Value::from(format!("{}/{prefix}", std::net::Ipv4Addr::from(bits)));
            if let Ok(address) = call("net.cidr_host", &[cidr.clone(), n.into()]) {
                prop_assert_eq!(call("net.ip_in_cidr", &[address, cidr]), Ok(Value::Bool(true)));
            }
        }

        #[test]
        fn networks_have_one_text(bits: u32, long: u128, prefix in 0u8..=32, long_prefix in 0u8..=128) {
            for cidr in [
                format!("{}/{prefix}", std::net::Ipv4Addr::from(bits)),
                format!("{}/{long_prefix}", std::net::Ipv6Addr::from(long)),
            ] {
                prop_assert_eq!(format!("{}/{}", of("cidr_to_ip", &cidr), of("cidr_to_prefix", &cidr)), cidr.as_str());
                let network = of("cidr_to_network", &cidr);
                prop_assert_eq!(of("cidr_to_network", &network), network.as_str());
                prop_assert_eq!(of("cidr_to_last", &network), of("cidr_to_last", &cidr));
                prop_assert_eq!(of("cidr_to_mask", &network), of("cidr_to_mask", &cidr));
                for address in [of("cidr_to_ip", &cidr), of("cidr_to_last", &cidr)] {
                    let found = call("net.ip_in_cidr", &[address.into(), network.as_str().into()]);
                    prop_assert_eq!(found, Ok(Value::Bool(true)));
                }
            }
        }

        #[test]
        fn the_first_address_does_not_depend_on_the_written_one(bits: u32, prefix in 0u8..=31) {
            let cidr = format!("{}/{prefix}", std::net::Ipv4Addr::from(bits));
            prop_assert_eq!(of("cidr_to_first", &cidr), of("cidr_to_first", &of("cidr_to_network", &cidr)));
        }
    }
}
