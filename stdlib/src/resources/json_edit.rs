//! `json:edit`: entries of a JSON document (resources-host.md §29).

mod edit;

use crate::resource::check::absolute;
use crate::resource::{Invalid, Params, Validate};

pub use edit::{Edit, EditError};

/// Sets and deletes entries of a JSON document, in a file or in the store of the cluster.
///
/// The name is the document, unless `store` is given. The edits are applied in order.
///
/// ```mcl
/// json:edit "/etc/docker/daemon.json" {
///     edits => [
///         ".[\"log-driver\"] = \"journald\"",
///         ".debug = false",
///         "del(.insecure)",
///     ],
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "json:edit", edgeable)]
pub struct JsonEdit {
    /// The document: an absolute path, `file:///path`, or `etcd:///key`; the name of the resource if it is left
    /// out.
    pub store: String,
    /// The edits, like `.a.b = 5` or `del(.a["b c"])`; must be given.
    pub edits: Vec<String>,
}

/// Where a document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store<'a> {
    /// In this file.
    File(&'a str),
    /// Under this key of the cluster's store.
    Key(&'a str),
}

impl JsonEdit {
    /// Where the document is.
    ///
    /// # Errors
    /// If the text does not tell.
    pub fn store<'a>(&'a self, name: &'a str) -> Result<Store<'a>, Invalid> {
        let text = if self.store.is_empty() {
            name
        } else {
            &self.store
        };
        let wrong = |why: String| {
            Err(Invalid::param("store", why)
                .help("write an absolute path, `file:///path` or `etcd:///key`"))
        };
        let Some((scheme, rest)) = text.split_once("://") else {
            absolute("store", text)?;
            return Ok(Store::File(text));
        };
        if rest.contains(['?', '#']) {
            return wrong(format!("can not have a query or a fragment: `{text}`"));
        }
        match (scheme, rest.strip_prefix('/')) {
            ("file" | "etcd", None) => wrong(format!("can not have a host: `{text}`")),
            ("file" | "etcd", Some("")) => wrong(format!("must name a document: `{text}`")),
            ("file", Some(_)) => Ok(Store::File(rest)),
            ("etcd", Some(key)) => Ok(Store::Key(key)),
            _ => wrong(format!("must be a file or a key, not `{scheme}://`")),
        }
    }

    /// The edits.
    ///
    /// # Errors
    /// If one can not be read.
    pub fn parsed_edits(&self) -> Result<Vec<Edit>, Invalid> {
        self.edits
            .iter()
            .enumerate()
            .map(|(at, text)| {
                Edit::parse(text).map_err(|error| {
                    Invalid::param("edits", format!("can not be read at index {at}: {error}"))
                        .help("edits look like `.a.b = 5` and `del(.a[\"b c\"])`")
                })
            })
            .collect()
    }
}

impl Validate for JsonEdit {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        self.store(name)?;
        if self.edits.is_empty() {
            return Err(Invalid::param("edits", "must be given"));
        }
        self.parsed_edits().map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_files_or_keys() {
        let edit = JsonEdit::default();
        assert_eq!(edit.store("/a"), Ok(Store::File("/a")));
        assert_eq!(edit.store("file:///a"), Ok(Store::File("/a")));
        assert_eq!(edit.store("etcd:///a/b"), Ok(Store::Key("a/b")));
        for text in ["a", "file://a/b", "etcd:///", "http:///a", "etcd:///a?b"] {
            assert!(edit.store(text).is_err(), "{text}");
        }
    }

    #[test]
    fn edits_are_read() {
        let edit = |edits: &[&str]| {
            JsonEdit {
                store: String::new(),
                edits: edits.iter().map(|&edit| edit.to_owned()).collect(),
            }
            .validate("/a")
        };
        assert_eq!(edit(&[".a = 1", "del(.b)"]), Ok(()));
        assert_eq!(edit(&[]).unwrap_err().param, Some("edits"));
        let invalid = edit(&[".a = 1", ".b"]).unwrap_err();
        assert!(invalid.message.contains("index 1"), "{invalid}");
    }
}
