//! `tftp:file`: a file or a text on a TFTP server (resources-services.md S-4.2).

use crate::resource::check::absolute;
use crate::resource::{Invalid, Params, Validate};
use crate::value::Str;

/// Serves a file or a text under a name of a `tftp:server`.
///
/// The name is what clients ask for, unless `filename` is given. It must be the same to the letter.
///
/// ```mcl
/// tftp:server ":69" {}
/// tftp:file "/undionly.kpxe" {
///     path => "/usr/lib/ipxe/undionly.kpxe",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "tftp:file", edgeable, groupable, inside("tftp:server", server))]
pub struct TftpFile {
    /// The name of the `tftp:server`; any one if it is left out.
    pub server: String,
    /// What clients ask for; the name of the resource if it is left out.
    pub filename: String,
    /// The file to serve.
    pub path: String,
    /// The text to serve if there is no `path`.
    pub data: Str,
}

impl TftpFile {
    /// What clients ask for.
    pub fn filename<'a>(&'a self, name: &'a str) -> &'a str {
        if self.filename.is_empty() {
            name
        } else {
            &self.filename
        }
    }
}

impl Validate for TftpFile {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        if self.path.is_empty() {
            return Ok(());
        }
        absolute("path", &self.path)?;
        if self.data.is_empty() {
            return Ok(());
        }
        Err(Invalid::param(
            "data",
            "can not be given together with `path`",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_served() {
        let mut file = TftpFile::default();
        assert_eq!(file.validate("a"), Ok(()));
        file.path = "a".to_owned();
        assert_eq!(file.validate("a").unwrap_err().param, Some("path"));
        file.path = "/a".to_owned();
        file.data = "x".into();
        assert_eq!(file.validate("a").unwrap_err().param, Some("data"));
    }
}
