//! `http:client`: fetches a URL (resources-services.md S-3).

use crate::resource::check::net::url_of;
use crate::resource::check::{absolute, not_a_directory, one_of, required};
use crate::resource::{Invalid, Meta, Params, Validate};
use crate::value::Str;

const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE",
];

/// The length of a SHA-256 as hexadecimal digits.
const SHA256_DIGITS: usize = 64;

/// Fetches a URL into a file, once, again and again, or whenever the server has something new.
///
/// The name is the path of the file if it is absolute, unless `file` is given. It also tells the function
/// `net/http.response` which response is meant.
///
/// ```mcl
/// http:client "/var/lib/app/config.json" {
///     url => "https://config.example.com/app.json",
///
///     Meta:poll => 300,
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "http:client", refreshable, sends(
    /// What was fetched; undefined before anything was.
    content: Option<Str>,
))]
pub struct HttpClient {
    /// The file; if it is left out, the name of the resource if that is an absolute path, else a private one.
    pub file: String,
    /// The method of the request; `GET` if it is left out.
    pub method: String,
    /// What to fetch, with `http://` or `https://`; must be given.
    pub url: String,
    /// What is sent with the request.
    pub body: Option<Str>,
    /// Ask only for what is newer than the file; true if it is left out.
    pub mtime_check: bool,
    /// The SHA-256 that the content must have, in lower case hexadecimal digits.
    pub sha256: String,
    /// Keep a request open until the server has something new.
    pub longpoll: bool,
    /// With `longpoll`: the server answers by a redirect as soon as it watches.
    pub longpoll_redirect: bool,
    /// With `longpoll`: ask the server to wait, from the second request on.
    pub longpoll_conditional: bool,
}

impl Default for HttpClient {
    fn default() -> Self {
        Self {
            file: String::new(),
            method: "GET".to_owned(),
            url: String::new(),
            body: None,
            mtime_check: true,
            sha256: String::new(),
            longpoll: false,
            longpoll_redirect: false,
            longpoll_conditional: false,
        }
    }
}

impl HttpClient {
    /// The file that is written, if it is not a private one.
    pub fn file<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        if !self.file.is_empty() {
            Some(&self.file)
        } else if name.starts_with('/') && !name.ends_with('/') {
            Some(name)
        } else {
            None
        }
    }
}

impl Validate for HttpClient {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        if !self.file.is_empty() {
            absolute("file", &self.file)?;
            not_a_directory("file", &self.file)?;
        }
        one_of("method", &self.method, &METHODS)?;
        required("url", &self.url)?;
        url_of("url", &self.url, &["http", "https"])?;
        let is_digit = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f');
        if !self.sha256.chars().all(is_digit) {
            return Err(not_a_hash());
        }
        match (self.longpoll_redirect, self.longpoll_conditional) {
            (true, true) => Err(Invalid::resource(
                "`longpoll_redirect` and `longpoll_conditional` exclude each other",
            )),
            (false, false) if self.longpoll => Err(Invalid::param(
                "longpoll",
                "needs to know how: by `longpoll_redirect` or by `longpoll_conditional`",
            )),
            _ => Ok(()),
        }
    }

    fn validate_meta(&self, meta: &Meta) -> Result<(), Invalid> {
        if self.longpoll && meta.poll != 0 {
            return Err(Invalid::param(
                "longpoll",
                "can not be used together with `Meta:poll`",
            ));
        }
        Ok(())
    }

    fn validate_run(&self, _name: &str, meta: &Meta) -> Result<(), Invalid> {
        if !self.sha256.is_empty() && self.sha256.len() != SHA256_DIGITS {
            return Err(not_a_hash());
        }
        if !self.longpoll && meta.poll == 0 {
            return Err(Invalid::resource(
                "nothing tells when to fetch: neither `longpoll` nor `Meta:poll` is set",
            )
            .help("add `Meta:poll => -1` to fetch once, or the seconds between two requests"));
        }
        Ok(())
    }
}

fn not_a_hash() -> Invalid {
    Invalid::param(
        "sha256",
        format!("must be {SHA256_DIGITS} hexadecimal digits in lower case"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(change: impl FnOnce(&mut HttpClient)) -> HttpClient {
        let mut client = HttpClient {
            url: "http://a/b".to_owned(),
            ..HttpClient::default()
        };
        change(&mut client);
        client
    }

    fn refused(change: impl FnOnce(&mut HttpClient)) -> Option<&'static str> {
        client(change).validate("a").expect_err("is refused").param
    }

    #[test]
    fn a_request_is_well_formed() {
        assert_eq!(client(|_| ()).validate("a"), Ok(()));
        assert_eq!(
            refused(|client| client.method = "get".to_owned()),
            Some("method")
        );
        assert_eq!(refused(|client| client.url.clear()), Some("url"));
        assert_eq!(refused(|client| client.url = "/a".to_owned()), Some("url"));
        assert_eq!(
            refused(|client| client.sha256 = "AB".to_owned()),
            Some("sha256")
        );
        assert_eq!(refused(|client| client.file = "a".to_owned()), Some("file"));
    }

    #[test]
    fn something_tells_when_to_fetch() {
        let poll = |poll| Meta {
            poll,
            ..Meta::default()
        };
        assert_eq!(client(|_| ()).validate_meta(&poll(-1)), Ok(()));
        assert!(client(|_| ()).validate_run("a", &poll(0)).is_err());
        let long = client(|client| client.longpoll = true);
        assert_eq!(long.validate("a").unwrap_err().param, Some("longpoll"));
        assert_eq!(long.validate_meta(&poll(0)), Ok(()));
        assert!(long.validate_meta(&poll(5)).is_err());
    }

    #[test]
    fn an_absolute_name_is_the_file() {
        assert_eq!(client(|_| ()).file("/a"), Some("/a"));
        assert_eq!(client(|_| ()).file("a"), None);
        assert_eq!(
            client(|client| client.file = "/b".to_owned()).file("/a"),
            Some("/b")
        );
    }
}
