//! `http:server:flag`: a form field that is sent to a web server (resources-services.md S-2.4).

use crate::resource::{Invalid, Params, Validate};
use crate::value::Str;

/// Takes a field of the forms that are posted to a path of an `http:server`, and sends it.
///
/// The name is the path, unless `path` is given. Whoever reaches the server can set the value.
///
/// ```mcl
/// http:server ":8080" {}
/// http:server:flag "/done" {
///     key => "status",
/// }
/// value "status" {}
/// Http:Server:Flag["/done"].value -> Value["status"].any
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "http:server:flag", groupable, inside("http:server", server), sends(
    /// The last value of the field; empty if there is none.
    value: Str,
))]
pub struct HttpServerFlag {
    /// The name of the `http:server`; any one if it is left out.
    pub server: String,
    /// The path to which forms are posted; the name of the resource if it is left out.
    pub path: String,
    /// The field of the form; if it is left out, a form is an event and nothing else.
    pub key: String,
}

impl HttpServerFlag {
    /// The path in effect.
    pub fn path<'a>(&'a self, name: &'a str) -> &'a str {
        if self.path.is_empty() {
            name
        } else {
            &self.path
        }
    }
}

impl Validate for HttpServerFlag {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        validate_public_path(self.path(name))
    }
}

/// A path that clients ask for.
///
/// # Errors
/// If it does not begin with a slash.
pub(super) fn validate_public_path(path: &str) -> Result<(), Invalid> {
    if path.starts_with('/') {
        return Ok(());
    }
    Err(Invalid::param(
        "path",
        format!("must begin with `/`, as what clients ask for does: `{path}`"),
    )
    .help(format!("write `/{path}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_with_a_slash() {
        let mut flag = HttpServerFlag::default();
        assert_eq!(flag.validate("/done"), Ok(()));
        assert_eq!(flag.validate("done").unwrap_err().param, Some("path"));
        flag.path = "/done".to_owned();
        assert_eq!(flag.validate("done"), Ok(()));
    }
}
