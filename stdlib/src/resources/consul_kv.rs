//! `consul:kv`: a key of Consul (resources-services.md S-7).

use url::Url;

use crate::param::Secret;
use crate::resource::check::net::split_host_port;
use crate::resource::check::one_of_or_empty;
use crate::resource::{Invalid, Params, Validate};
use crate::value::Str;

/// Keeps a key of Consul at a value.
///
/// The name is the key, or a URL like `http://127.0.0.1:8500/key`, unless `key` is given.
///
/// ```mcl
/// consul:kv "app/colour" {
///     value => "blue",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "consul:kv")]
pub struct ConsulKv {
    /// The key; taken from the name of the resource if it is left out.
    pub key: String,
    /// The value.
    pub value: Str,
    /// `http` or `https`; `http` if neither this nor the name nor the environment tells it.
    pub scheme: String,
    /// Where Consul is, as host and port; `127.0.0.1:8500` if neither this nor the name nor the environment
    /// tells it.
    pub address: String,
    /// The token that permits the access.
    pub token: Secret,
}

/// What is to be written where, as far as the program tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The key.
    pub key: String,
    /// `http` or `https`.
    pub scheme: Option<String>,
    /// Host and port.
    pub address: Option<String>,
}

impl ConsulKv {
    /// What is to be written where.
    pub fn target(&self, name: &str) -> Target {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let mut target = Target {
            key: self.key.clone(),
            scheme: given(&self.scheme),
            address: given(&self.address),
        };
        if !self.key.is_empty() {
            return target;
        }
        match Url::parse(name).ok().filter(Url::has_host) {
            None => target.key = name.to_owned(),
            Some(url) => {
                let path = url.path();
                target.key = path.strip_prefix('/').unwrap_or(path).to_owned();
                let host = url.host_str().unwrap_or_default();
                let address = match url.port() {
                    Some(port) => format!("{host}:{port}"),
                    None => host.to_owned(),
                };
                target.scheme = target.scheme.or_else(|| given(url.scheme()));
                target.address = target.address.or(Some(address));
            }
        }
        target
    }
}

impl Validate for ConsulKv {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        let target = self.target(name);
        if target.key.is_empty() {
            return Err(Invalid::param("key", "must not be empty"));
        }
        one_of_or_empty(
            "scheme",
            target.scheme.as_deref().unwrap_or_default(),
            &["http", "https"],
        )?;
        if !self.address.is_empty() && split_host_port(&self.address).is_none() {
            return Err(Invalid::param(
                "address",
                format!("must be a host with a port, not `{}`", self.address),
            )
            .help("write it like `127.0.0.1:8500`"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_a_key_or_a_url() {
        let mut kv = ConsulKv::default();
        let target = |kv: &ConsulKv, name: &str| {
            let target = kv.target(name);
            (target.key, target.scheme, target.address)
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(target(&kv, "a/b"), ("a/b".to_owned(), None, None));
        assert_eq!(
            target(&kv, "https://consul:8501/a/b"),
            ("a/b".to_owned(), text("https"), text("consul:8501"))
        );
        kv.address = "other:1".to_owned();
        assert_eq!(target(&kv, "http://consul/a").2, text("other:1"));
        kv.key = "k".to_owned();
        assert_eq!(target(&kv, "http://consul/a").0, "k");
    }

    #[test]
    fn the_place_is_checked() {
        let kv = ConsulKv::default();
        assert_eq!(kv.validate("a"), Ok(()));
        assert_eq!(
            kv.validate("http://consul/").unwrap_err().param,
            Some("key")
        );
        assert_eq!(
            kv.validate("ftp://consul/a").unwrap_err().param,
            Some("scheme")
        );
        let wrong = ConsulKv {
            address: "consul".to_owned(),
            ..ConsulKv::default()
        };
        assert_eq!(wrong.validate("a").unwrap_err().param, Some("address"));
    }

    #[test]
    fn the_token_does_not_show() {
        let kv = ConsulKv {
            token: "hunter2".into(),
            ..ConsulKv::default()
        };
        assert!(!format!("{kv:?}").contains("hunter2"));
    }
}
