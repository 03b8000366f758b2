//! Checks of addresses, names and times of network services.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;
use url::Url;

use crate::resource::Invalid;

/// Splits `host:port` at the last colon and takes the brackets of an IPv6 address away. Both parts may be
/// empty.
pub fn split_host_port(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    match host.strip_prefix('[') {
        Some(host) => Some((host.strip_suffix(']')?, port)),
        None if host.contains([':', '[', ']']) => None,
        None => Some((host, port)),
    }
}

/// What a server listens on: `host:port`, where the host is empty or an IP address.
///
/// # Errors
/// If it is something else, such as a host name.
pub fn listen_address(param: &'static str, text: &str) -> Result<(), Invalid> {
    let host = host_of_listen_address(param, text)?;
    let is_v6 = text.starts_with('[');
    let known = if is_v6 {
        host.parse::<Ipv6Addr>().is_ok()
    } else {
        host.is_empty() || host.parse::<Ipv4Addr>().is_ok()
    };
    if known {
        return Ok(());
    }
    Err(no_address(param, host))
}

/// What a server listens on: `host:port`, where the host is empty or an IPv4 address.
///
/// # Errors
/// If it is something else.
pub fn ipv4_listen_address(param: &'static str, text: &str) -> Result<(), Invalid> {
    let host = host_of_listen_address(param, text)?;
    if host.is_empty() || host.parse::<Ipv4Addr>().is_ok() {
        return Ok(());
    }
    Err(no_address(param, host))
}

fn host_of_listen_address<'a>(param: &'static str, text: &'a str) -> Result<&'a str, Invalid> {
    match split_host_port(text) {
        Some((host, _)) => Ok(host),
        None => Err(Invalid::param(
            param,
            format!("must be an address with a port, not `{text}`"),
        )
        .help("write it like `127.0.0.1:8080`, `[::1]:8080` or `:8080`")),
    }
}

fn no_address(param: &'static str, host: &str) -> Invalid {
    Invalid::param(
        param,
        format!("must have an IP address or nothing in front of the port, not `{host}`"),
    )
}

/// An IPv4 address.
///
/// # Errors
/// If it is none.
pub fn ipv4_address(param: &'static str, text: &str) -> Result<Ipv4Addr, Invalid> {
    text.parse()
        .map_err(|_| Invalid::param(param, format!("must be an IPv4 address, not `{text}`")))
}

/// An IPv4 address with the length of its network's prefix.
///
/// # Errors
/// If it is none.
pub fn ipv4_network(param: &'static str, text: &str) -> Result<Ipv4Net, Invalid> {
    text.parse().map_err(|_| {
        Invalid::param(
            param,
            format!("must be an IPv4 address with a prefix length, not `{text}`"),
        )
        .help("write it like `192.0.2.10/24`")
    })
}

/// A hardware address in its usual spelling, lower case with colons.
///
/// # Errors
/// If it is none, or spelled otherwise.
pub fn mac_address(param: &'static str, text: &str) -> Result<(), Invalid> {
    let octets: Vec<&str> = text.split([':', '-']).collect();
    let is_octet = |octet: &&str| octet.len() == 2 && octet.chars().all(|c| c.is_ascii_hexdigit());
    if octets.len() != 6 || !octets.iter().all(is_octet) {
        return Err(
            Invalid::param(param, format!("must be a hardware address, not `{text}`"))
                .help("write it like `00:16:3e:12:34:56`"),
        );
    }
    let usual = octets.join(":").to_ascii_lowercase();
    if text == usual {
        return Ok(());
    }
    Err(Invalid::param(
        param,
        format!("must be in lower case with colons, not `{text}`"),
    )
    .help(format!("write `{usual}`")))
}

/// A URL.
///
/// # Errors
/// If it is none. The text does not show it, since it may hold a password.
pub fn url(param: &'static str, text: &str) -> Result<Url, Invalid> {
    Url::parse(text).map_err(|error| Invalid::param(param, format!("must be a URL: {error}")))
}

/// A URL of one of some schemes, with a host.
///
/// # Errors
/// If it is another one.
pub fn url_of(param: &'static str, text: &str, schemes: &[&str]) -> Result<Url, Invalid> {
    let url = url(param, text)?;
    if !schemes.contains(&url.scheme()) {
        return Err(Invalid::param(
            param,
            format!(
                "must begin with {}, not `{}://`",
                super::alternatives(
                    &schemes
                        .iter()
                        .map(|s| format!("{s}://"))
                        .collect::<Vec<_>>()
                ),
                url.scheme()
            ),
        ));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(Invalid::param(param, "must name a host"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_split() {
        assert_eq!(split_host_port("a:b"), Some(("a", "b")));
        assert_eq!(split_host_port(":80"), Some(("", "80")));
        assert_eq!(split_host_port("[::1]:80"), Some(("::1", "80")));
        for text in ["", "a", "::1", "a:b:c", "[::1]", "[::1:80"] {
            assert_eq!(split_host_port(text), None, "{text}");
        }
    }

    #[test]
    fn servers_listen_on_addresses() {
        for text in [":80", "127.0.0.1:http", "[::]:80"] {
            assert_eq!(listen_address("address", text), Ok(()), "{text}");
        }
        for text in ["localhost:80", "80", "[127.0.0.1]:80", "1.2.3:80"] {
            assert!(listen_address("address", text).is_err(), "{text}");
        }
        assert_eq!(ipv4_listen_address("address", ":67"), Ok(()));
        assert!(ipv4_listen_address("address", "[::]:67").is_err());
    }

    #[test]
    fn hardware_addresses_have_one_spelling() {
        assert_eq!(mac_address("mac", "00:16:3e:12:34:56"), Ok(()));
        let help = |text| {
            mac_address("mac", text)
                .unwrap_err()
                .help
                .unwrap_or_default()
        };
        assert_eq!(help("00-16-3E-12-34-56"), "write `00:16:3e:12:34:56`");
        assert!(help("00:16:3e:12:34").starts_with("write it like"));
        assert!(help("00:16:3e:12:34:5g").starts_with("write it like"));
    }

    #[test]
    fn urls_do_not_show_in_errors() {
        let error = url("url", "http://user:hunter2@[").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(url_of("url", "http://a/b", &["http", "https"]).is_ok());
        assert_eq!(
            url_of("url", "ftp://a/b", &["http", "https"])
                .unwrap_err()
                .message,
            "must begin with `http://` or `https://`, not `ftp://`"
        );
        assert!(url_of("url", "tftp:///b", &["tftp"]).is_err());
    }
}
