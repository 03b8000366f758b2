//! `gzip`: a compressed file (resources-host.md §27).

use crate::resource::check::{absolute, not_a_directory};
use crate::resource::{Invalid, Meta, Params, Validate};
use crate::value::Str;

use super::tar::validate_output;

/// Compresses a file or a text, and does so again when it changes.
///
/// The name is the path of the compressed file, unless `path` is given.
///
/// ```mcl
/// gzip "/srv/www/index.html.gz" {
///     input => "/srv/www/index.html",
///     level => $const.res.gzip.level.best_compression,
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "gzip", edgeable)]
pub struct Gzip {
    /// The compressed file; the name of the resource if it is left out.
    pub path: String,
    /// The file to compress.
    pub input: Option<String>,
    /// The text to compress, if there is no `input`.
    pub content: Str,
    /// From 0, not at all, and 1, the fastest, to 9, the smallest; -1 is the usual one, -2 is only Huffman's
    /// code; -1 if it is left out.
    pub level: i64,
}

impl Default for Gzip {
    fn default() -> Self {
        Self {
            path: String::new(),
            input: None,
            content: Str::default(),
            level: -1,
        }
    }
}

impl Gzip {
    /// The compressed file in effect.
    pub fn path<'a>(&'a self, name: &'a str) -> &'a str {
        if self.path.is_empty() {
            name
        } else {
            &self.path
        }
    }
}

impl Validate for Gzip {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        validate_output(self.path(name))?;
        if let Some(input) = &self.input {
            absolute("input", input)?;
            not_a_directory("input", input)?;
        }
        if !(-2..=9).contains(&self.level) {
            return Err(Invalid::param(
                "level",
                format!("must be from -2 to 9, not {}", self.level),
            )
            .help("the constants are `$const.res.gzip.level.*`"));
        }
        Ok(())
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        if self.input.is_some() && !self.content.is_empty() {
            return Err(Invalid::param(
                "content",
                "can not be given together with `input`",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzip(change: impl FnOnce(&mut Gzip)) -> Result<(), Option<&'static str>> {
        let mut gzip = Gzip::default();
        change(&mut gzip);
        gzip.validate_all("/a.gz", &Meta::default())
            .map_err(|invalid| invalid.param)
    }

    #[test]
    fn one_thing_is_compressed() {
        assert_eq!(gzip(|_| ()), Ok(()));
        assert_eq!(gzip(|gzip| gzip.input = Some("/a".to_owned())), Ok(()));
        assert_eq!(
            gzip(|gzip| gzip.input = Some("/a/".to_owned())),
            Err(Some("input"))
        );
        let both = |gzip: &mut Gzip| {
            gzip.input = Some("/a".to_owned());
            gzip.content = "x".into();
        };
        assert_eq!(gzip(both), Err(Some("content")));
        assert_eq!(gzip(|gzip| gzip.level = 10), Err(Some("level")));
    }
}
