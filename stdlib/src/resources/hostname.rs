//! `hostname`: the names of this machine (resources-host.md §10).

use crate::resource::{Invalid, Meta, Params, Validate};

/// The longest host name that Linux keeps, in bytes.
const LONGEST_HOST_NAME: usize = 64;

/// Sets the host names of this machine.
///
/// The name is the host name, unless `hostname` is given.
///
/// ```mcl
/// hostname "web1.example.com" {
///     pretty_hostname => "the first web server",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "hostname", compare = Hostname::differs_in_hostname)]
pub struct Hostname {
    /// The host name, for those of the three below that are left out; the name of the resource if it is
    /// left out.
    #[param(skip_compare)]
    pub hostname: String,
    /// The name for people, which may hold any character but line breaks; not managed if it is empty.
    pub pretty_hostname: Option<String>,
    /// The name that is set at boot; not managed if it is empty.
    pub static_hostname: Option<String>,
    /// The name that the kernel has now; not managed if it is empty.
    pub transient_hostname: Option<String>,
}

/// The host names that shall be; nothing is not managed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The name for people.
    pub pretty: Option<&'a str>,
    /// The name that is set at boot.
    pub fixed: Option<&'a str>,
    /// The name that the kernel has now.
    pub transient: Option<&'a str>,
}

impl Hostname {
    /// The names that shall be.
    pub fn wanted<'a>(&'a self, name: &'a str) -> Wanted<'a> {
        let common = if self.hostname.is_empty() {
            name
        } else {
            &self.hostname
        };
        let one = |given: &'a Option<String>| {
            Some(given.as_deref().unwrap_or(common)).filter(|name| !name.is_empty())
        };
        Wanted {
            pretty: one(&self.pretty_hostname),
            fixed: one(&self.static_hostname),
            transient: one(&self.transient_hostname),
        }
    }

    /// Only the names in effect count (§10.9).
    fn differs_in_hostname(&self, other: &Self) -> Option<String> {
        // The name of the resource is the same on both sides; an empty one stands for it.
        (self.hostname != other.hostname && self.wanted("") != other.wanted(""))
            .then(|| "the Hostname differs".to_owned())
    }
}

impl Validate for Hostname {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        let wanted = self.wanted(name);
        if (wanted.pretty, wanted.fixed, wanted.transient) == (None, None, None) {
            return Err(Invalid::resource("all names are empty: nothing is managed"));
        }
        Ok(())
    }

    fn validate_run(&self, name: &str, _meta: &Meta) -> Result<(), Invalid> {
        let wanted = self.wanted(name);
        let given = |specific: &Option<String>, param| {
            if specific.is_some() || self.hostname.is_empty() {
                param
            } else {
                "hostname"
            }
        };
        let names = [
            (
                wanted.fixed,
                given(&self.static_hostname, "static_hostname"),
            ),
            (
                wanted.transient,
                given(&self.transient_hostname, "transient_hostname"),
            ),
        ];
        for (name, param) in names {
            if let Some(why) = name.and_then(wrong_host_name) {
                return Err(Invalid::param(
                    param,
                    format!("must be a host name: `{}` {why}", name.unwrap_or_default()),
                ));
            }
        }
        if wanted
            .pretty
            .is_some_and(|name| name.contains(char::is_control))
        {
            return Err(Invalid::param(
                "pretty_hostname",
                "can not hold line breaks or other control characters",
            ));
        }
        Ok(())
    }
}

/// What is wrong with a host name.
fn wrong_host_name(name: &str) -> Option<&'static str> {
    if name.len() > LONGEST_HOST_NAME {
        return Some("is longer than 64 characters");
    }
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    (!name.split('.').all(label))
        .then_some("has other parts than letters, digits and inner hyphens, separated by dots")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_the_name() {
        let hostname = Hostname {
            pretty_hostname: Some("My PC".to_owned()),
            static_hostname: Some(String::new()),
            ..Hostname::default()
        };
        let wanted = Wanted {
            pretty: Some("My PC"),
            fixed: None,
            transient: Some("pc"),
        };
        assert_eq!(hostname.wanted("pc"), wanted);
        assert_eq!(hostname.validate_all("pc", &Meta::default()), Ok(()));
    }

    #[test]
    fn host_names_are_labels() {
        assert_eq!(
            Hostname::default().validate_all("a-1.b", &Meta::default()),
            Ok(())
        );
        for name in ["a b", "-a", "a..b", "é", &"a".repeat(65)] {
            assert_eq!(
                Hostname::default()
                    .validate_all(name, &Meta::default())
                    .unwrap_err()
                    .param,
                Some("static_hostname"),
                "{name}"
            );
        }
        let none = Hostname {
            pretty_hostname: Some(String::new()),
            static_hostname: Some(String::new()),
            transient_hostname: Some(String::new()),
            ..Hostname::default()
        };
        assert!(none.validate_all("a", &Meta::default()).is_err());
    }

    #[test]
    fn a_pretty_name_is_one_line() {
        let pretty = |name: &str| {
            Hostname {
                pretty_hostname: Some(name.to_owned()),
                ..Hostname::default()
            }
            .validate_all("a", &Meta::default())
        };
        assert_eq!(pretty("é \"1\""), Ok(()));
        let param = pretty("a\nb").unwrap_err().param;
        assert_eq!(param, Some("pretty_hostname"));
    }

    #[test]
    fn only_names_in_effect_are_compared() {
        let named = |hostname: &str| Hostname {
            hostname: hostname.to_owned(),
            ..Hostname::default()
        };
        assert!(named("a").differs(&named("b")).is_some());
        let all = |hostname: &str| Hostname {
            pretty_hostname: Some("x".to_owned()),
            static_hostname: Some("x".to_owned()),
            transient_hostname: Some("x".to_owned()),
            ..named(hostname)
        };
        assert_eq!(all("a").differs(&all("b")), None);
    }
}
