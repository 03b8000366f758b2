//! `http:server:proxy`: what another web server has, with a copy on disk (resources-services.md S-2.5).

use crate::resource::check::net::url;
use crate::resource::check::{absolute, directory};
use crate::resource::{Invalid, Params, Validate};

use super::http_server_flag::validate_public_path;

/// Serves what another web server has at a path of an `http:server`, and keeps it on disk.
///
/// The name is the path that clients ask for, unless `path` is given; with a slash at the end, it is
/// everything below. What is kept is served for ever.
///
/// ```mcl
/// http:server ":8080" {}
/// http:server:proxy "/mirror/d12/" {
///     sub => "/mirror/",
///     head => "http://up.example/deb/",
///     cache => "/var/cache/mirror/",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "http:server:proxy", groupable, inside("http:server", server))]
pub struct HttpServerProxy {
    /// The name of the `http:server`; any one if it is left out.
    pub server: String,
    /// The path that clients ask for; the name of the resource if it is left out.
    pub path: String,
    /// What is taken away from the front of a path before the other server is asked; begins and ends with a
    /// slash.
    pub sub: String,
    /// What is put in front of a path to ask the other server, a URL that ends in a slash; if it is left out,
    /// only what is kept is served.
    pub head: String,
    /// The directory that keeps what was fetched, which begins and ends with a slash; if it is left out,
    /// nothing is kept.
    pub cache: String,
}

impl HttpServerProxy {
    /// The path in effect.
    pub fn path<'a>(&'a self, name: &'a str) -> &'a str {
        if self.path.is_empty() {
            name
        } else {
            &self.path
        }
    }
}

impl Validate for HttpServerProxy {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        validate_public_path(self.path(name))?;
        for (param, text) in [("sub", &self.sub), ("cache", &self.cache)] {
            if !text.is_empty() {
                absolute(param, text)?;
                directory(param, text)?;
            }
        }
        if !self.head.is_empty() {
            url("head", &self.head)?;
            if !self.head.ends_with('/') {
                return Err(Invalid::param("head", "must end in `/`"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut HttpServerProxy)) -> Option<&'static str> {
        let mut proxy = HttpServerProxy::default();
        assert_eq!(proxy.validate("/a/"), Ok(()));
        change(&mut proxy);
        proxy.validate("/a/").expect_err("is refused").param
    }

    #[test]
    fn parts_of_paths_fit_together() {
        assert_eq!(refused(|proxy| proxy.sub = "/a".to_owned()), Some("sub"));
        assert_eq!(
            refused(|proxy| proxy.cache = "a/".to_owned()),
            Some("cache")
        );
        assert_eq!(refused(|proxy| proxy.head = "/a/".to_owned()), Some("head"));
        assert_eq!(
            refused(|proxy| proxy.head = "http://a/b".to_owned()),
            Some("head")
        );
    }
}
