//! `remote`: an agent on another host (resources-services.md S-9).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::param::Secret;
use crate::resource::check::net::split_host_port;
use crate::resource::check::{no_nul, not_negative, one_of_or_empty};
use crate::resource::{Invalid, Params, Validate};

/// The port of SSH.
const SSH_PORT: u16 = 22;

/// Runs an agent on another host over SSH, as a member of this cluster.
///
/// The name is the host, like `ssh://root@web1.example.com:22`, unless `remote` is given.
///
/// ```mcl
/// remote "root@web1.example.com" {
///     converger_timeout => 30,
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "remote", compare = Remote::differs_in_target)]
pub struct Remote {
    /// The host; the name of the resource if it is left out.
    #[param(skip_compare)]
    pub remote: Secret,
    /// What the host is called in the cluster; what it calls itself if it is left out.
    pub hostname: String,
    /// `running` or `stopped`; `running` if it is left out.
    pub state: String,
    /// The file of the private key, or empty for none; those in `~/.ssh/` if it is left out.
    pub ssh_id: Option<String>,
    /// The key of the host, as it stands in a `known_hosts` file.
    pub hostkey: String,
    /// Ask for a password on the terminal.
    pub interactive: bool,
    /// Seconds to wait for that password; 0 is without end.
    pub interactive_timeout: u64,
    /// How often to ask for it; 0 is without end.
    pub max_password_tries: u32,
    /// Permit a password in the text of the host.
    pub allow_cleartext_password: bool,
    /// Keep the program and its files on the host; true if it is left out.
    pub caching: bool,
    /// The agent there is expected to end, and the connection is held; true if it is left out.
    pub transient: bool,
    /// The agent there reaches the cluster through the connection; true if it is left out.
    pub tunnelled: bool,
    /// Where the host listens for that, with port 0 for any port; `127.0.0.1:2379` if it is left out.
    pub tunnel_addr: String,
    /// Install there what the agent needs.
    pub install_deps: bool,
    /// After how many seconds without a change the agent there ends; as this one does if it is left out.
    pub converger_timeout: Option<i64>,
}

/// Where an agent is to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The user to log in as.
    pub user: String,
    /// The password, if there is one.
    pub password: Option<Secret>,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Default for Remote {
    fn default() -> Self {
        Self {
            remote: Secret::default(),
            hostname: String::new(),
            state: "running".to_owned(),
            ssh_id: None,
            hostkey: String::new(),
            interactive: false,
            interactive_timeout: 0,
            max_password_tries: 0,
            allow_cleartext_password: false,
            caching: true,
            transient: true,
            tunnelled: true,
            tunnel_addr: "127.0.0.1:2379".to_owned(),
            install_deps: false,
            converger_timeout: None,
        }
    }
}

impl Remote {
    /// Where the agent is to run.
    ///
    /// # Errors
    /// If the text does not tell. The text of the error does not show it, since it may hold a password.
    pub fn target(&self, name: &str) -> Result<Target, Invalid> {
        let wrong = |why: &str| {
            Invalid::param("remote", format!("must be a host to reach by SSH: {why}"))
                .help("write it like `ssh://user@host:22`")
        };
        let text = if self.remote.is_empty() {
            name
        } else {
            self.remote.reveal()
        };
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            format!("ssh://{text}")
        };
        let url = Url::parse(&with_scheme).map_err(|error| wrong(&error.to_string()))?;
        if url.scheme() != "ssh" {
            return Err(wrong("the scheme is another one"));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("something stands behind the host"));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("there is no host"))?;
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Ok(Target {
            user: match url.username() {
                "" => "root".to_owned(),
                user => decode(user),
            },
            password: url
                .password()
                .map(|password| Secret::from(decode(password).as_str())),
            host: host.to_owned(),
            port: url.port().unwrap_or(SSH_PORT),
        })
    }

    /// Only the target in effect counts, not how it is written.
    fn differs_in_target(&self, other: &Self) -> Option<String> {
        // An empty one stands for the name, which is equal on both sides but not known here.
        let same = match (self.remote.is_empty(), other.remote.is_empty()) {
            (false, false) => {
                self.remote == other.remote || self.target("").ok() == other.target("").ok()
            }
            (ours, theirs) => ours == theirs,
        };
        (!same).then(|| "the Remote differs".to_owned())
    }
}

impl Validate for Remote {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        let target = self.target(name)?;
        if target.password.is_some() && !self.allow_cleartext_password {
            return Err(Invalid::param("remote", "holds a password").help(
                "use a key, or set `allow_cleartext_password => true` if the program is safe with it",
            ));
        }
        one_of_or_empty("state", &self.state, &["running", "stopped"])?;
        if let Some(ssh_id) = &self.ssh_id {
            no_nul("ssh_id", ssh_id)?;
        }
        let is_base64 =
            |text: &str| STANDARD.decode(text).is_ok() || STANDARD_NO_PAD.decode(text).is_ok();
        if !is_base64(&self.hostkey) {
            return Err(
                Invalid::param("hostkey", "must be the key of a host: it is not base64")
                    .help("it is the last word of its line in a `known_hosts` file"),
            );
        }
        if split_host_port(&self.tunnel_addr).is_none() {
            return Err(Invalid::param(
                "tunnel_addr",
                format!("must be an address with a port, not `{}`", self.tunnel_addr),
            ));
        }
        if self.tunnelled && !self.transient {
            return Err(Invalid::param(
                "tunnelled",
                "needs `transient`, since the tunnel lasts as long as the connection",
            )
            .help("add `tunnelled => false`"));
        }
        if let Some(timeout) = self.converger_timeout {
            not_negative("converger_timeout", timeout)?;
            if !self.transient {
                return Err(Invalid::param("converger_timeout", "needs `transient`"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Option<(String, String, u16)> {
        let target = Remote::default().target(text).ok()?;
        Some((target.user, target.host, target.port))
    }

    #[test]
    fn targets_have_defaults() {
        let expected =
            |user: &str, host: &str, port| Some((user.to_owned(), host.to_owned(), port));
        assert_eq!(target("web1"), expected("root", "web1", 22));
        assert_eq!(target("ssh://a@web1:2222/"), expected("a", "web1", 2222));
        assert_eq!(target("a:b%40c@web1"), expected("a", "web1", 22));
        for text in ["http://web1", "ssh://", "web1/path", "a@"] {
            assert_eq!(target(text), None, "{text}");
        }
    }

    #[test]
    fn passwords_need_permission_and_do_not_show() {
        let mut remote = Remote {
            remote: "a:hunter2@web1".into(),
            ..Remote::default()
        };
        let invalid = remote.validate("x").unwrap_err();
        assert_eq!(invalid.param, Some("remote"));
        assert!(!invalid.to_string().contains("hunter2"));
        assert!(!format!("{remote:?}").contains("hunter2"));
        remote.allow_cleartext_password = true;
        assert_eq!(remote.validate("x"), Ok(()));
    }

    #[test]
    fn a_tunnel_lasts_as_long_as_the_connection() {
        let mut remote = Remote {
            transient: false,
            ..Remote::default()
        };
        assert_eq!(remote.validate("x").unwrap_err().param, Some("tunnelled"));
        remote.tunnelled = false;
        assert_eq!(remote.validate("x"), Ok(()));
        remote.converger_timeout = Some(5);
        assert_eq!(
            remote.validate("x").unwrap_err().param,
            Some("converger_timeout")
        );
    }

    #[test]
    fn targets_are_compared_in_effect() {
        let remote = |text: &str| Remote {
            remote: text.into(),
            ..Remote::default()
        };
        assert_eq!(remote("h").differs(&remote("ssh://root@h:22")), None);
        assert!(remote("h").differs(&remote("g")).is_some());
    }
}
