//! `http:server:file`: a file, a directory or a text on a web server (resources-services.md S-2.3).

use crate::resource::check::absolute;
use crate::resource::{Invalid, Meta, Params, Validate};
use crate::value::Str;

/// Serves a file, a directory or a text at a path of an `http:server`.
///
/// The name is the path that clients ask for, unless `filename` is given.
///
/// ```mcl
/// http:server ":8080" {}
/// http:server:file "/motd" {
///     data => "welcome\n",
/// }
/// http:server:file "/images/" {
///     path => "/srv/images/",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(
    kind = "http:server:file",
    receives,
    edgeable,
    groupable,
    inside("http:server", server)
)]
pub struct HttpServerFile {
    /// The name of the `http:server`; any one if it is left out.
    pub server: String,
    /// The path that clients ask for; the name of the resource if it is left out.
    pub filename: String,
    /// The file to serve, or with a slash at the end the directory.
    pub path: String,
    /// The text to serve if there is no `path`.
    pub data: Str,
    /// Let a request that knows the present content wait for the next one.
    pub longpoll: bool,
}

impl HttpServerFile {
    /// The path that clients ask for.
    pub fn filename<'a>(&'a self, name: &'a str) -> &'a str {
        if self.filename.is_empty() {
            name
        } else {
            &self.filename
        }
    }
}

impl Validate for HttpServerFile {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        if self.path.is_empty() {
            return Ok(());
        }
        absolute("path", &self.path)?;
        if !self.data.is_empty() {
            return Err(Invalid::param(
                "data",
                "can not be given together with `path`",
            ));
        }
        if self.longpoll && self.path.ends_with('/') {
            return Err(Invalid::param(
                "longpoll",
                "can not be used with a directory",
            ));
        }
        Ok(())
    }

    fn validate_run(&self, name: &str, _meta: &Meta) -> Result<(), Invalid> {
        if !self.path.ends_with('/') {
            return Ok(());
        }
        let filename = self.filename(name);
        if !filename.ends_with('/') {
            return Err(Invalid::param(
                "path",
                format!("is a directory, but what clients ask for is not: `{filename}` does not end in `/`"),
            )
            .help(format!("write `{filename}/`")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_served() {
        let mut file = HttpServerFile {
            path: "/srv/a".to_owned(),
            ..HttpServerFile::default()
        };
        assert_eq!(file.validate_all("/a", &Meta::default()), Ok(()));
        file.data = "x".into();
        assert_eq!(
            file.validate_all("/a", &Meta::default()).unwrap_err().param,
            Some("data")
        );
    }

    #[test]
    fn directories_answer_for_directories() {
        let mut file = HttpServerFile {
            path: "/srv/".to_owned(),
            ..HttpServerFile::default()
        };
        assert_eq!(file.validate_all("/a/", &Meta::default()), Ok(()));
        assert_eq!(
            file.validate_all("/a", &Meta::default()).unwrap_err().param,
            Some("path")
        );
        file.longpoll = true;
        assert_eq!(
            file.validate_all("/a/", &Meta::default())
                .unwrap_err()
                .param,
            Some("longpoll")
        );
    }
}
