//! `http:server`: a small web server (resources-services.md S-2.2).

use crate::resource::check::net::listen_address;
use crate::resource::check::{absolute, directory};
use crate::resource::{Invalid, Params, Validate};

/// Serves files, and what the `http:server:*` resources that belong to it say, over HTTP without encryption.
///
/// The name is the address to listen on, unless `address` is given.
///
/// ```mcl
/// http:server "127.0.0.1:8099" {
///     root => "/srv/pub/",
///     shutdown_timeout => 5,
/// }
/// http:server:file "/motd" {
///     data => "welcome\n",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "http:server", groupable)]
pub struct HttpServer {
    /// Where to listen, like `127.0.0.1:80`, or `:80` for all addresses; the name of the resource if it is left
    /// out.
    pub address: String,
    /// Seconds for those of the three timeouts below that are left out; none if it is left out itself.
    pub timeout: Option<u64>,
    /// Seconds for reading a request, and for an idle connection; 0 is without end.
    pub read_timeout: Option<u64>,
    /// Seconds for answering a request; 0 is without end.
    pub write_timeout: Option<u64>,
    /// Seconds for ending the running requests when the server stops; 0 is without end.
    pub shutdown_timeout: Option<u64>,
    /// A directory whose files are served where no other resource answers; ends in a slash.
    pub root: String,
}

impl HttpServer {
    /// The address in effect.
    pub fn address<'a>(&'a self, name: &'a str) -> &'a str {
        if self.address.is_empty() {
            name
        } else {
            &self.address
        }
    }
}

impl Validate for HttpServer {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        listen_address("address", self.address(name))?;
        validate_root(&self.root)
    }
}

/// The directory that a server serves, if it serves one.
///
/// # Errors
/// If it is not absolute or does not end in a slash.
pub(super) fn validate_root(root: &str) -> Result<(), Invalid> {
    if root.is_empty() {
        return Ok(());
    }
    absolute("root", root)?;
    directory("root", root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_address() {
        let mut server = HttpServer::default();
        assert_eq!(server.validate(":80"), Ok(()));
        assert_eq!(server.validate("web").unwrap_err().param, Some("address"));
        server.address = "[::1]:8080".to_owned();
        assert_eq!(server.validate("web"), Ok(()));
        server.root = "/srv".to_owned();
        assert_eq!(server.validate("web").unwrap_err().param, Some("root"));
    }
}
