//! Where a board management controller is (resources-services.md S-12.1).

use percent_encoding::percent_decode_str;
use url::Url;

use crate::param::Secret;
use crate::resource::{Invalid, Meta};

/// The port of HTTPS, which is also used for HTTP.
const DEFAULT_PORT: u16 = 443;

/// What a resource says of its controller, besides its name.
#[derive(Clone, Debug)]
pub struct Given<'a> {
    /// The host.
    pub hostname: &'a str,
    /// The port; 0 is not given.
    pub port: u16,
    /// The user.
    pub username: &'a str,
    /// The password.
    pub password: &'a Secret,
    /// Whether the password in the name may be used.
    pub insecure_password: bool,
    /// How to talk to it.
    pub driver: &'a str,
}

/// Where a controller is and how to talk to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Address {
    /// How to talk to it.
    pub driver: String,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The user.
    pub username: String,
    /// The password; empty if there is none.
    pub password: Secret,
}

/// The controller of a resource: what it says, and for the rest what its name says.
///
/// # Errors
/// If there is no host. The text does not show the name, since it may hold a password.
pub fn address(name: &str, given: &Given<'_>) -> Result<Address, Invalid> {
    let named = Url::parse(name).ok();
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let or = |given: &str, named: Option<&str>| {
        if given.is_empty() {
            named.map(decode).unwrap_or_default()
        } else {
            given.to_owned()
        }
    };
    let host = or(given.hostname, named.as_ref().and_then(Url::host_str));
    if host.is_empty() {
        return Err(
            Invalid::param("hostname", "must be given, here or in the name")
                .help("a name looks like `redfish://user@bmc.example.com`"),
        );
    }
    let password = match named.as_ref().and_then(Url::password) {
        Some(password) if given.password.is_empty() && given.insecure_password => {
            Secret::from(decode(password).as_str())
        }
        _ => given.password.clone(),
    };
    Ok(Address {
        driver: or(given.driver, named.as_ref().map(Url::scheme)),
        host,
        port: match given.port {
            0 => named.as_ref().and_then(Url::port).unwrap_or(DEFAULT_PORT),
            port => port,
        },
        username: or(given.username, named.as_ref().map(Url::username)),
        password,
    })
}

/// A controller tells nothing by itself.
///
/// # Errors
/// If it is not polled.
pub fn validate_meta(meta: &Meta) -> Result<(), Invalid> {
    if meta.poll != 0 {
        return Ok(());
    }
    Err(
        Invalid::resource("`Meta:poll` must be set, since a controller tells nothing by itself")
            .help("add `Meta:poll => 60`, or `Meta:poll => -1` to look once"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given<'a>(hostname: &'a str, password: &'a Secret, insecure_password: bool) -> Given<'a> {
        Given {
            hostname,
            port: 0,
            username: "",
            password,
            insecure_password,
            driver: "",
        }
    }

    #[test]
    fn the_name_tells_what_is_not_given() {
        let none = Secret::default();
        let name = "rpcs://admin:hunter2@bmc1:8443";
        let named = address(name, &given("", &none, false)).unwrap();
        assert_eq!(
            (named.driver.as_str(), named.host.as_str()),
            ("rpcs", "bmc1")
        );
        assert_eq!((named.port, named.username.as_str()), (8443, "admin"));
        assert!(named.password.is_empty());
        let allowed = address(name, &given("bmc2", &none, true)).unwrap();
        assert_eq!(allowed.password.reveal(), "hunter2");
        assert_eq!(allowed.host, "bmc2");
        assert_eq!(
            address("gofish://bmc1", &given("", &none, false))
                .unwrap()
                .port,
            443
        );
        assert!(address("bmc1", &given("", &none, false)).is_err());
    }
}
