//! `ssh:authorized_key`: a key that is let in (resources-host.md §15).

use ssh_key::Error;
use ssh_key::authorized_keys::Entry;

use crate::resource::check::{account_name, no_nul, not_a_directory, one_of};
use crate::resource::{Invalid, Params, Validate};

/// Manages an entry of a file of authorized keys.
///
/// The name is the whole entry, unless `content`, or `type` and `key`, are given.
///
/// ```mcl
/// ssh:authorized_key "ops laptop" {
///     state => "exists",
///     user => "deploy",
///     type => "ssh-ed25519",
///     key => "AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ePFDP3mX3hFvLSbcqHlzmh6rUv8pJ6QbPtHK",
///     comment => "ops@laptop",
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "ssh:authorized_key", edgeable)]
pub struct SshAuthorizedKey {
    /// `exists` or `absent`; must be given.
    pub state: String,
    /// The file, which may be below a home directory like `~user/a`; the usual one of `user` if it is left out.
    pub file: String,
    /// Whose key it is; the user who runs the agent if it is left out.
    pub user: String,
    /// The whole entry; the name of the resource if this and `key` are left out.
    pub content: String,
    /// The options of the entry, like `no-pty`.
    pub options: Vec<String>,
    /// The type of the key, like `ssh-ed25519`; goes with `key`.
    pub r#type: String,
    /// The key itself, in base64; goes with `type`.
    pub key: String,
    /// The remark at the end of the entry.
    pub comment: String,
    /// Create the directory `.ssh` if it is not there; true if it is left out.
    pub mkdir: bool,
}

impl Default for SshAuthorizedKey {
    fn default() -> Self {
        Self {
            state: String::new(),
            file: String::new(),
            user: String::new(),
            content: String::new(),
            options: Vec::new(),
            r#type: String::new(),
            key: String::new(),
            comment: String::new(),
            mkdir: true,
        }
    }
}

impl SshAuthorizedKey {
    /// The file in effect; it begins with `/` or `~`.
    pub fn file(&self) -> String {
        if self.file.is_empty() {
            format!("~{}/.ssh/authorized_keys", self.user)
        } else {
            self.file.clone()
        }
    }

    /// The entry in effect, with its options separated by a comma and a blank (§15.3).
    ///
    /// # Errors
    /// If it is no entry.
    pub fn entry(&self, name: &str) -> Result<Authorized, Invalid> {
        let (param, text) = if !self.key.is_empty() {
            ("key", format!("{} {}", self.r#type, self.key))
        } else if !self.content.is_empty() {
            ("content", self.content.trim().to_owned())
        } else {
            ("name", name.trim().to_owned())
        };
        let wrong = |why: &str| {
            Err(
                Invalid::param(param, format!("must be the entry of a key: {why}"))
                    .help("an entry looks like `ssh-ed25519 AAAA... remark`"),
            )
        };
        if text.is_empty() || text.starts_with('#') {
            return wrong("there is none");
        }
        if text.contains(['\n', '\r', '\0']) {
            return wrong("it is more than one line");
        }
        let entry: Entry = match text.parse() {
            Ok(entry) => entry,
            Err(Error::Encoding(_)) => return wrong("it has no key in base64"),
            Err(Error::AlgorithmUnknown) => {
                return wrong("the type of the key is not known, or not that inside of it");
            }
            Err(error) => return wrong(&error.to_string()),
        };
        let own = entry.config_opts().iter().map(str::to_owned);
        let key = entry.public_key();
        let openssh = match key.to_openssh() {
            Ok(openssh) => openssh,
            Err(error) => return wrong(&error.to_string()),
        };
        let mut words = openssh.splitn(3, ' ').map(str::to_owned);
        Ok(Authorized {
            options: if self.options.is_empty() {
                own.collect()
            } else {
                self.options.clone()
            },
            r#type: words.next().unwrap_or_default(),
            key: words.next().unwrap_or_default(),
            comment: if self.comment.is_empty() {
                words.next().unwrap_or_default()
            } else {
                self.comment.clone()
            },
        })
    }
}

/// The parts of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorized {
    /// Its options.
    pub options: Vec<String>,
    /// The type of the key, which is that inside of it.
    pub r#type: String,
    /// The key, in base64.
    pub key: String,
    /// The remark; empty if there is none.
    pub comment: String,
}

impl std::fmt::Display for Authorized {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.options.is_empty() {
            write!(f, "{} ", self.options.join(", "))?;
        }
        write!(f, "{} {}", self.r#type, self.key)?;
        if !self.comment.is_empty() {
            write!(f, " {}", self.comment)?;
        }
        Ok(())
    }
}

impl Validate for SshAuthorizedKey {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        one_of("state", &self.state, &["exists", "absent"])?;
        if !self.user.is_empty() {
            account_name("user", &self.user)?;
        }
        if !self.file.is_empty() && !self.file.starts_with(['/', '~']) {
            return Err(Invalid::param(
                "file",
                format!(
                    "must be absolute: `{}` begins neither with `/` nor with `~`",
                    self.file
                ),
            ));
        }
        not_a_directory("file", &self.file)?;
        no_nul("file", &self.file)?;
        let parts = [
            ("options", !self.options.is_empty()),
            ("type", !self.r#type.is_empty()),
            ("key", !self.key.is_empty()),
            ("comment", !self.comment.is_empty()),
        ];
        if !self.content.is_empty()
            && let Some((param, _)) = parts.into_iter().find(|(_, given)| *given)
        {
            return Err(Invalid::param(
                param,
                "can not be given together with `content`, which is the whole entry",
            ));
        }
        match (self.r#type.is_empty(), self.key.is_empty()) {
            (true, false) => return Err(Invalid::param("key", "needs `type`, too")),
            (false, true) => return Err(Invalid::param("type", "needs `key`, too")),
            _ => {}
        }
        let texts = self.options.iter().map(|option| ("options", option));
        for (param, text) in texts.chain([("comment", &self.comment)]) {
            if text.contains(['\n', '\r', '\0']) {
                return Err(Invalid::param(param, "must be one line"));
            }
        }
        self.entry(name).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ePFDP3mX3hFvLSbcqHlzmh6rUv8pJ6QbPtHK";

    fn key(change: impl FnOnce(&mut SshAuthorizedKey)) -> SshAuthorizedKey {
        let mut key = SshAuthorizedKey {
            state: "exists".to_owned(),
            ..SshAuthorizedKey::default()
        };
        change(&mut key);
        key
    }

    fn refused(change: impl FnOnce(&mut SshAuthorizedKey)) -> Option<&'static str> {
        key(change).validate("a").expect_err("is refused").param
    }

    #[test]
    fn an_entry_is_the_name_or_the_content_or_put_together() {
        let name = format!("no-pty,from=\"10.0.0.0/8\" ssh-ed25519 {KEY} a b");
        let normal = format!("no-pty, from=\"10.0.0.0/8\" ssh-ed25519 {KEY} a b");
        assert_eq!(key(|_| ()).entry(&name).unwrap().to_string(), normal);
        let content = key(|key| key.content = format!("ssh-ed25519 {KEY}\n"));
        assert_eq!(content.validate("a"), Ok(()));
        assert_eq!(
            content.entry("a").unwrap().to_string(),
            format!("ssh-ed25519 {KEY}")
        );
        let parts = key(|key| {
            key.r#type = "ssh-ed25519".to_owned();
            key.key = KEY.to_owned();
            key.options = vec!["no-pty".to_owned()];
            key.comment = "x".to_owned();
        });
        assert_eq!(parts.validate("a"), Ok(()));
        assert_eq!(
            parts.entry("a").unwrap().to_string(),
            format!("no-pty ssh-ed25519 {KEY} x")
        );
    }

    #[test]
    fn the_type_is_that_of_the_key() {
        let other = |key: &mut SshAuthorizedKey| {
            key.r#type = "ssh-rsa".to_owned();
            key.key = KEY.to_owned();
        };
        assert_eq!(refused(other), Some("key"));
        assert_eq!(
            refused(|key| key.content = format!("ssh-rsa {KEY}")),
            Some("content")
        );
    }

    #[test]
    fn nothing_else_is_an_entry() {
        assert_eq!(refused(|_| ()), Some("name"));
        assert_eq!(
            refused(|key| key.content = "# a".to_owned()),
            Some("content")
        );
        assert_eq!(refused(|key| key.key = KEY.to_owned()), Some("key"));
        assert_eq!(
            refused(|key| key.r#type = "ssh-rsa".to_owned()),
            Some("type")
        );
        assert_eq!(refused(|key| key.state.clear()), Some("state"));
        assert_eq!(refused(|key| key.user = "a b".to_owned()), Some("user"));
        assert_eq!(refused(|key| key.file = "a".to_owned()), Some("file"));
        let both = |key: &mut SshAuthorizedKey| {
            key.content = format!("ssh-ed25519 {KEY}");
            key.comment = "x".to_owned();
        };
        assert_eq!(refused(both), Some("comment"));
    }

    #[test]
    fn the_usual_file_is_in_the_home_directory() {
        assert_eq!(key(|_| ()).file(), "~/.ssh/authorized_keys");
        assert_eq!(
            key(|key| key.user = "a".to_owned()).file(),
            "~a/.ssh/authorized_keys"
        );
    }
}
