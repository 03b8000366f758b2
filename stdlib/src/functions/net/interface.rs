//! The network interfaces of the machine (functions.md §17.4).

use std::path::Path;

use nix::ifaddrs::getifaddrs;

use crate::catalog::{CallError, FunctionDef, Host, Wake};
use crate::value::{Str, Value};

use super::super::declare::{sampler, source};

pub(super) fn functions() -> Vec<FunctionDef> {
    vec![
        source(
            "net.interface_cidr",
            "func(interface str) str",
            "The first IPv4 address of an interface that other networks can reach, with its prefix length. Private addresses \
             count, those of the loopback and of the link do not. It wakes when an interface changes.",
            sampler!(interface_cidr(interface), interfaces_change),
        )
        .catchable(&[
            "could not find interface `N`",
            "interface `N` has no global-unicast IPv4 address",
        ]),
        source(
            "net.macs",
            "func() []str",
            "The hardware addresses of six bytes of all interfaces but the loopback, in lower case with colons, the oldest \
             interface first. It wakes when an interface changes.",
            sampler!(macs(), interfaces_change),
        ),
        source(
            "net.wired_interface",
            "func() str",
            "The first interface that has a hardware address and is neither the loopback nor wireless; one that is up comes \
             before one that is down. It wakes when an interface changes.",
            sampler!(wired_interface(), interfaces_change),
        )
        .catchable(&["no wired network interface found"]),
    ]
}

fn interfaces_change(_: &[Value]) -> Vec<Wake> {
    vec![Wake::Interfaces]
}

/// What the kernel says of an interface.
#[derive(Debug)]
struct Interface {
    index: u32,
    name: String,
    /// The hardware address as text, empty if it has none, which is also told by nothing but zeros: `tunl0` is no cable.
    address: String,
    up: bool,
    loopback: bool,
    wireless: bool,
}

/// The interfaces in the order in which the kernel made them.
fn interfaces(host: &dyn Host) -> Result<Vec<Interface>, CallError> {
    const CLASS: &str = "/sys/class/net";
    let failed = |error: std::io::Error| {
        CallError::fatal(format!(
            "can't list the network interfaces in `{CLASS}`: {error}"
        ))
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(host.locate(CLASS.as_ref())).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        // What is no interface, or has gone meanwhile, has no index.
        found.extend(read_interface(&path));
    }
    found.sort_by_key(|interface| interface.index);
    Ok(found)
}

fn read_interface(path: &Path) -> Option<Interface> {
    const UP: u32 = 1;
    const LOOPBACK: u32 = 8;
    let attribute = |name: &str| {
        let text = std::fs::read_to_string(path.join(name)).ok()?;
        Some(text.trim().to_owned())
    };
    let flags = attribute("flags")?;
    let flags = u32::from_str_radix(flags.trim_start_matches("0x"), 16).ok()?;
    Some(Interface {
        index: attribute("ifindex")?.parse().ok()?,
        name: path.file_name()?.to_str()?.to_owned(),
        address: attribute("address")
            .filter(|address| address.bytes().any(|byte| !b"0:.".contains(&byte)))
            .unwrap_or_default()
            .to_ascii_lowercase(),
        up: flags & UP != 0,
        loopback: flags & LOOPBACK != 0,
        wireless: path.join("wireless").exists(),
    })
}

/// The hardware addresses of six bytes of what is no loopback.
pub(crate) fn hardware_addresses(host: &dyn Host) -> Result<Vec<String>, CallError> {
    const SIX_BYTES: usize = "00:00:00:00:00:00".len();
    Ok(interfaces(host)?
        .into_iter()
        .filter(|interface| !interface.loopback && interface.address.len() == SIX_BYTES)
        .map(|interface| interface.address)
        .collect())
}

fn macs(host: &dyn Host) -> Result<Vec<Value>, CallError> {
    Ok(hardware_addresses(host)?
        .into_iter()
        .map(Value::from)
        .collect())
}

fn wired_interface(host: &dyn Host) -> Result<String, CallError> {
    let mut wired = interfaces(host)?;
    wired.retain(|interface| {
        !interface.loopback && !interface.wireless && !interface.address.is_empty()
    });
    // The sort is stable, so the kernel's order stays among those that are up.
    wired.sort_by_key(|interface| !interface.up);
    wired
        .into_iter()
        .next()
        .map(|interface| interface.name)
        .ok_or_else(|| CallError::catchable("no wired network interface found"))
}

fn interface_cidr(_: &dyn Host, interface: &Str) -> Result<String, CallError> {
    let name = interface.to_string_lossy();
    let mut known = false;
    let addresses = getifaddrs().map_err(|error| {
        CallError::fatal(format!(
            "can't list the addresses of the network interfaces: {}",
            error.desc()
        ))
    })?;
    for entry in addresses.filter(|entry| entry.interface_name == name) {
        known = true;
        let v4 = |address: Option<nix::sys::socket::SockaddrStorage>| {
            Some(address?.as_sockaddr_in()?.ip())
        };
        let (Some(address), Some(mask)) = (v4(entry.address), v4(entry.netmask)) else {
            continue;
        };
        if is_global_unicast(address) {
            return Ok(format!("{address}/{}", mask.to_bits().count_ones()));
        }
    }
    Err(CallError::catchable(if known {
        format!("interface `{name}` has no global-unicast IPv4 address")
    } else {
        format!("could not find interface `{name}`")
    }))
}

/// Whether an address is one machine's and can be reached from other networks; private ones can.
fn is_global_unicast(address: std::net::Ipv4Addr) -> bool {
    !(address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_unspecified()
        || address.is_broadcast())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{TestHost, call, call_on, caught, sample};
    use super::*;

    /// A machine with these interfaces: name, index, flags, address, wireless.
    fn machine(interfaces: &[(&str, u32, &str, &str, bool)]) -> (tempfile::TempDir, TestHost) {
        let directory = tempfile::tempdir().unwrap();
        let class = directory.path().join("sys/class/net");
        std::fs::create_dir_all(&class).unwrap();
        std::fs::write(class.join("bonding_masters"), "").unwrap();
        for (name, index, flags, address, wireless) in interfaces {
            let path = class.join(name);
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join("ifindex"), format!("{index}\n")).unwrap();
            std::fs::write(path.join("flags"), format!("{flags}\n")).unwrap();
            std::fs::write(path.join("address"), format!("{address}\n")).unwrap();
            if *wireless {
                std::fs::create_dir(path.join("wireless")).unwrap();
            }
        }
        let host = TestHost {
            root: directory.path().to_owned(),
            ..TestHost::default()
        };
        (directory, host)
    }

    const LO: (&str, u32, &str, &str, bool) = ("lo", 1, "0x9", "00:00:00:00:00:00", false);
    const WLAN: (&str, u32, &str, &str, bool) = ("wlan0", 2, "0x1003", "aa:00:00:00:00:02", true);
    const DOWN: (&str, u32, &str, &str, bool) = ("eth0", 3, "0x1002", "AA:00:00:00:00:03", false);
    const UP: (&str, u32, &str, &str, bool) = ("eth1", 4, "0x1003", "aa:00:00:00:00:04", false);
    const TUNNEL: (&str, u32, &str, &str, bool) = ("tun0", 5, "0x1003", "", false);
    const ZEROS: (&str, u32, &str, &str, bool) = ("tunl0", 6, "0x1003", "0.0.0.0", false);
    const TAP: (&str, u32, &str, &str, bool) = ("gretap0", 7, "0x1003", "00:00:00:00:00:00", false);
    const LONG: (&str, u32, &str, &str, bool) = (
        "ib0",
        8,
        "0x1002",
        "80:00:02:08:fe:80:00:00:00:00:00:00:e4:1d:2d:03:00:50:5e:01",
        false,
    );

    #[test]
    fn macs_are_in_the_order_of_the_kernel() {
        let (_directory, host) = machine(&[UP, LO, TUNNEL, DOWN, ZEROS, TAP, LONG, WLAN]);
        assert_eq!(
            call_on(&host, "net.macs", &[]).unwrap().to_string(),
            r#"["aa:00:00:00:00:02", "aa:00:00:00:00:03", "aa:00:00:00:00:04"]"#
        );
    }

    #[test]
    fn a_wired_interface_is_preferably_up() {
        for (interfaces, name) in [
            (&[LO, WLAN, DOWN, UP, TUNNEL][..], "eth1"),
            (&[LO, WLAN, ZEROS, TAP, DOWN], "eth0"),
            // An address of any length will do.
            (&[LONG, LO], "ib0"),
        ] {
            let (_directory, host) = machine(interfaces);
            assert_eq!(call_on(&host, "net.wired_interface", &[]), Ok(name.into()));
        }
        let (_directory, host) = machine(&[LO, WLAN, TUNNEL, ZEROS, TAP]);
        assert_eq!(
            caught(call_on(&host, "net.wired_interface", &[])),
            "no wired network interface found"
        );
    }

    #[test]
    fn the_loopback_has_no_global_address() {
        assert_eq!(
            caught(call("net.interface_cidr", &["lo".into()])),
            "interface `lo` has no global-unicast IPv4 address"
        );
        assert_eq!(
            caught(call("net.interface_cidr", &["no such".into()])),
            "could not find interface `no such`"
        );
    }

    #[test]
    fn interfaces_wake_who_looks_at_them() {
        for name in ["net.macs", "net.wired_interface", "net.interface_cidr"] {
            assert_eq!(sample(name).wake(&["lo".into()]), [Wake::Interfaces]);
        }
    }

    #[test]
    fn private_addresses_are_global_and_those_of_one_link_are_not() {
        for (address, global) in [
            ("10.0.0.1", true),
            ("192.168.1.1", true),
            ("192.0.2.1", true),
            ("127.0.0.1", false),
            ("169.254.0.1", false),
            ("224.0.0.1", false),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
        ] {
            assert_eq!(
                is_global_unicast(address.parse().unwrap()),
                global,
                "{address}"
            );
        }
    }
}
