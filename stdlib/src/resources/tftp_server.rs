//! `tftp:server`: a server that only gives files (resources-services.md S-4.1).

use crate::resource::check::net::listen_address;
use crate::resource::{Invalid, Params, Validate};

use super::http_server::validate_root;

/// Serves files, and the `tftp:file` resources that belong to it, over TFTP; nothing can be written to it.
///
/// The name is the address to listen on, unless `address` is given.
///
/// ```mcl
/// tftp:server ":69" {
///     root => "/srv/tftp/",
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "tftp:server", groupable)]
pub struct TftpServer {
    /// Where to listen, like `:69`; the name of the resource if it is left out.
    pub address: String,
    /// Seconds to wait for each acknowledgement; 5 if it is left out or 0.
    pub timeout: u64,
    /// A directory whose files are served where no `tftp:file` is; ends in a slash.
    pub root: String,
}

impl Default for TftpServer {
    fn default() -> Self {
        Self {
            address: String::new(),
            timeout: 5,
            root: String::new(),
        }
    }
}

impl TftpServer {
    /// The address in effect.
    pub fn address<'a>(&'a self, name: &'a str) -> &'a str {
        if self.address.is_empty() {
            name
        } else {
            &self.address
        }
    }
}

impl Validate for TftpServer {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        listen_address("address", self.address(name))?;
        validate_root(&self.root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_address() {
        assert_eq!(TftpServer::default().validate(":69"), Ok(()));
        assert!(TftpServer::default().validate("tftp").is_err());
    }
}
