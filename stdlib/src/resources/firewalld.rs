//! `firewalld`: services and ports of a firewall zone (resources-host.md §31).

use std::collections::BTreeSet;

use crate::resource::check::one_of_or_empty;
use crate::resource::{Invalid, Meta, Params, Validate};

/// The protocols that have ports.
const PROTOCOLS: [&str; 4] = ["tcp", "udp", "sctp", "dccp"];

/// Opens or closes services and ports of a zone of firewalld, until it is restarted.
///
/// ```mcl
/// firewalld "web" {
///     zone => "public",
///     state => $const.res.firewalld.state.exists,
///     services => ["https"],
///     ports => ["8443/tcp"],
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "firewalld", compare = Firewalld::differs_in_lists)]
pub struct Firewalld {
    /// The zone; the default zone of firewalld if it is left out.
    pub zone: String,
    /// `exists` for open or `absent` for closed; `exists` if it is left out.
    pub state: String,
    /// The services, by the names that firewalld has for them.
    #[param(skip_compare)]
    pub services: Vec<String>,
    /// The ports or ranges of ports with their protocols, such as `8443/tcp` or `60000-61000/udp`.
    #[param(skip_compare)]
    pub ports: Vec<String>,
}

impl Firewalld {
    /// Both lists are sets (§31.9).
    fn differs_in_lists(&self, other: &Self) -> Option<String> {
        fn set(list: &[String]) -> BTreeSet<&String> {
            list.iter().collect()
        }
        [
            ("Services", &self.services, &other.services),
            ("Ports", &self.ports, &other.ports),
        ]
        .into_iter()
        .find(|(_, ours, theirs)| set(ours) != set(theirs))
        .map(|(name, _, _)| format!("the {name} differs"))
    }
}

impl Validate for Firewalld {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        one_of_or_empty("state", &self.state, &["exists", "absent"])?;
        if self.services.iter().any(String::is_empty) {
            return Err(Invalid::param("services", "has an empty name"));
        }
        match self.ports.iter().find(|port| !has_protocol(port)) {
            Some(port) => Err(no_port(port)),
            None => Ok(()),
        }
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        match self.ports.iter().find(|port| !is_port(port)) {
            Some(port) => Err(no_port(port)),
            None => Ok(()),
        }
    }
}

fn no_port(text: &str) -> Invalid {
    Invalid::param(
        "ports",
        format!("must be ports with their protocol, not `{text}`"),
    )
    .help("write them like `8443/tcp` or `60000-61000/udp`")
}

/// Whether it has the form of a port, or of a range of them, with a protocol.
fn has_protocol(text: &str) -> bool {
    let Some((ports, protocol)) = text.split_once('/') else {
        return false;
    };
    let number = |text: &str| text.parse::<u64>().is_ok_and(|number| number > 0);
    let numbers = number(ports)
        || ports
            .split_once('-')
            .is_some_and(|(first, last)| number(first) && number(last));
    numbers && !protocol.is_empty() && !protocol.contains('/')
}

fn is_port(text: &str) -> bool {
    let Some((ports, protocol)) = text.split_once('/') else {
        return false;
    };
    let number = |text: &str| text.parse::<u16>().ok().filter(|number| *number > 0);
    let known = match ports.split_once('-') {
        None => number(ports).is_some(),
        Some((first, last)) => match (number(first), number(last)) {
            (Some(first), Some(last)) => first <= last,
            _ => false,
        },
    };
    known && PROTOCOLS.contains(&protocol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_have_a_protocol() {
        for port in ["8443/tcp", "1-2/udp", "65535/sctp"] {
            assert!(is_port(port), "{port}");
        }
        for port in [
            "8443",
            "0/tcp",
            "65536/tcp",
            "2-1/tcp",
            "1/2/tcp",
            "1/",
            "x/tcp",
            "1/icmp",
        ] {
            assert!(!is_port(port), "{port}");
        }
    }

    #[test]
    fn lists_are_sets() {
        let ports = |ports: &[&str]| Firewalld {
            ports: ports.iter().map(|&port| port.to_owned()).collect(),
            ..Firewalld::default()
        };
        assert_eq!(
            ports(&["1/tcp", "2/tcp"]).differs(&ports(&["2/tcp", "1/tcp"])),
            None
        );
        assert!(ports(&["1/tcp"]).differs(&ports(&[])).is_some());
    }
}
