//! `virt:network`: a virtual network (resources-services.md S-8.3).

use ipnet::Ipv4Net;

use crate::resource::check::net::{ipv4_network, mac_address};
use crate::resource::check::{one_of, one_of_or_empty, required};
use crate::resource::{Invalid, Meta, Params, Validate};

use super::virt::{Auth, validate_startup, validate_uri};

/// The length of the longest prefix whose network has addresses for hosts.
const LONGEST_PREFIX: u8 = 30;

/// Manages a virtual network of libvirt, with the addresses that it gives; the name is that of the network.
///
/// ```mcl
/// virt:network "lab" {
///     state => "up",
///     startup => "enabled",
///     device => "virbr7",
///     mac => "52:54:00:12:34:56",
///     ip => "10.77.0.1/24",
/// }
/// virt:network:range "guests" {
///     start => "10.77.0.100",
///     end => "10.77.0.200",
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "virt:network", groupable)]
pub struct VirtNetwork {
    /// How libvirt is reached, like `qemu:///system`; as libvirt is set up if it is left out.
    pub uri: String,
    /// With what name and password libvirt is reached, if it asks.
    pub auth: Option<Auth>,
    /// `up` or `down`; not managed if it is left out.
    pub state: String,
    /// Do not define it for good: when it is down, it is gone.
    pub transient: bool,
    /// `enabled` or `disabled`, which is whether it starts with libvirt; not managed if it is left out.
    pub startup: String,
    /// Its UUID; libvirt makes one up if it is left out.
    pub uuid: String,
    /// The name of the bridge; `virbr0` if it is left out.
    pub device: String,
    /// How it reaches other networks: `nat`, which it is if it is left out.
    pub mode: String,
    /// The hardware address of the bridge, in lower case with colons; must be given.
    pub mac: String,
    /// The address of the bridge with the length of the network's prefix; must be given.
    pub ip: String,
    /// Remove hosts that no `virt:network:host` declares.
    pub purge_hosts: bool,
    /// Remove ranges that no `virt:network:range` declares.
    pub purge_ranges: bool,
}

impl Default for VirtNetwork {
    fn default() -> Self {
        Self {
            uri: String::new(),
            auth: None,
            state: String::new(),
            transient: false,
            startup: String::new(),
            uuid: String::new(),
            device: "virbr0".to_owned(),
            mode: "nat".to_owned(),
            mac: String::new(),
            ip: String::new(),
            purge_hosts: false,
            purge_ranges: false,
        }
    }
}

impl VirtNetwork {
    /// Whether there shall be no such network.
    pub fn is_absent(&self) -> bool {
        self.transient && self.state == "down"
    }
}

impl Validate for VirtNetwork {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        validate_uri(&self.uri)?;
        one_of_or_empty("state", &self.state, &["up", "down"])?;
        validate_startup(&self.startup, self.transient)?;
        one_of("mode", &self.mode, &["nat"])?;
        required("device", &self.device)?;
        if !self.uuid.is_empty() && !is_uuid(&self.uuid) {
            return Err(Invalid::param(
                "uuid",
                format!("must be a UUID, not `{}`", self.uuid),
            ));
        }
        if self.is_absent() {
            return Ok(());
        }
        required("mac", &self.mac)?;
        mac_address("mac", &self.mac)?;
        required("ip", &self.ip)?;
        ipv4_network("ip", &self.ip)?;
        Ok(())
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        if self.is_absent() {
            return Ok(());
        }
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

/// Whether an address stands for its network, or for all hosts in it.
pub(super) fn is_end(ip: Ipv4Net) -> bool {
    ip.prefix_len() <= LONGEST_PREFIX && (ip.addr() == ip.network() || ip.addr() == ip.broadcast())
}

/// 32 hexadecimal digits, with hyphens where they are usual or without any.
fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
        && matches!(lengths[..], [32] | [8, 4, 4, 4, 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut VirtNetwork)) -> Option<&'static str> {
        let mut network = VirtNetwork {
            mac: "52:54:00:12:34:56".to_owned(),
            ip: "10.77.0.1/24".to_owned(),
            ..VirtNetwork::default()
        };
        assert_eq!(network.validate_all("a", &Meta::default()), Ok(()));
        change(&mut network);
        network
            .validate_all("a", &Meta::default())
            .expect_err("is refused")
            .param
    }

    #[test]
    fn a_network_has_an_address() {
        assert_eq!(refused(|network| network.ip.clear()), Some("ip"));
        assert_eq!(
            refused(|network| network.ip = "10.77.0.0/24".to_owned()),
            Some("ip")
        );
        assert_eq!(
            refused(|network| network.ip = "10.77.0.255/24".to_owned()),
            Some("ip")
        );
        assert_eq!(refused(|network| network.mac.clear()), Some("mac"));
        assert_eq!(
            refused(|network| network.mode = "bridge".to_owned()),
            Some("mode")
        );
        assert_eq!(
            refused(|network| network.uuid = "a".to_owned()),
            Some("uuid")
        );
        let absent = VirtNetwork {
            transient: true,
            state: "down".to_owned(),
            ..VirtNetwork::default()
        };
        assert_eq!(absent.validate_all("a", &Meta::default()), Ok(()));
    }

    #[test]
    fn uuids_have_hyphens_or_none() {
        assert!(is_uuid("3f0c1f5e-0f4e-4b5d-9a0e-0d1c2b3a4f5e"));
        assert!(is_uuid("3f0c1f5e0f4e4b5d9a0e0d1c2b3a4f5e"));
        assert!(!is_uuid("3f0c1f5e-0f4e4b5d9a0e-0d1c2b3a4f5e"));
    }
}
