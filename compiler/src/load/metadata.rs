//! A module's `metadata.yaml` (language.md §5.4).

use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use serde::Deserialize;

/// What a module says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// The entry file, relative to the module.
    pub main: String,
    /// The directory with vendored remote modules, relative to the module.
    pub path: String,
    /// The directory with files to ship, relative to the module.
    pub files: String,
    /// Informational.
    pub license: String,
    /// Whether the `path`s of the importing modules are not searched.
    pub parentpathblock: bool,
}

impl Default for Metadata {
    fn default() -> Self {
        Self {
            main: "main.mcl".to_owned(),
            path: String::new(),
            files: "files/".to_owned(),
            license: String::new(),
            parentpathblock: false,
        }
    }
}

impl Metadata {
    /// Parses and checks the text. An empty one means all defaults; unknown keys are ignored.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, MetadataError> {
        let metadata: Option<Self> =
            serde_yaml_ng::from_str(text).map_err(|error| MetadataError::yaml(&error, text))?;
        let metadata = metadata.unwrap_or_default();
        let wrong = |key: &str, message: String| {
            Err(MetadataError {
                message,
                range: line_of_key(text, key),
            })
        };
        if metadata.main.starts_with('/')
            || metadata.main.ends_with('/')
            || metadata.main.is_empty()
        {
            let message = format!(
                "`main` must be a relative file path, not `{}`",
                metadata.main
            );
            return wrong("main", message);
        }
        for (key, value) in [("path", &metadata.path), ("files", &metadata.files)] {
            if !value.is_empty() && (value.starts_with('/') || !value.ends_with('/')) {
                let message =
                    format!("`{key}` must be a relative directory that ends in `/`, not `{value}`");
                return wrong(key, message);
            }
        }
        Ok(metadata)
    }
}

/// A `metadata.yaml` can not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataError {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes.
    pub range: Range<u32>,
}

impl MetadataError {
    fn yaml(error: &serde_yaml_ng::Error, text: &str) -> Self {
        let message = error.to_string();
        // The place is shown otherwise.
        let message = message
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_owned();
        let range = error.location().map_or(0..0, |location| {
            let start = location.index().min(text.len());
            let end = text[start..]
                .find(['\n', ' ', '\t'])
                .map_or(text.len(), |length| start + length);
            start as u32..end as u32
        });
        Self { message, range }
    }
}

/// The line that gives a key; the start of the text if none is found.
fn line_of_key(text: &str, key: &str) -> Range<u32> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let is_it = line
            .trim_start_matches(['"', '\''])
            .strip_prefix(key)
            .is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'));
        if is_it {
            return start as u32..(start + line.trim_end().len()) as u32;
        }
        start += line.len();
    }
    0..0
}

/// The metadata of a module and of those that imported it.
#[derive(Debug)]
pub struct Chain {
    /// Where the module is.
    pub base: PathBuf,
    /// What it says; nothing if there is no `metadata.yaml`.
    pub metadata: Option<Metadata>,
    /// Who imported it.
    pub parent: Option<Rc<Chain>>,
}

impl Chain {
    /// Where remote modules are looked for, most specific first.
    pub fn search_path(&self, global: Option<&PathBuf>) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut next = Some(self);
        while let Some(chain) = next {
            let Some(metadata) = &chain.metadata else {
                break;
            };
            if !metadata.path.is_empty() {
                found.push(chain.base.join(&metadata.path));
            }
            if metadata.parentpathblock {
                break;
            }
            next = chain.parent.as_deref();
        }
        found.extend(global.cloned());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_means_defaults() {
        assert_eq!(Metadata::parse(""), Ok(Metadata::default()));
        assert_eq!(Metadata::parse("# nothing\n"), Ok(Metadata::default()));
        assert_eq!(Metadata::parse("unknown: 1\n"), Ok(Metadata::default()));
    }

    #[test]
    fn bad_paths_are_refused() {
        for text in [
            "main: /x.mcl",
            "main: x/",
            "path: /x/",
            "path: x",
            "files: x",
            "main: [1]",
        ] {
            assert!(Metadata::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn errors_point_at_the_line() {
        for (text, place) in [
            ("license: é\npath: x # no slash\n", "path: x # no slash"),
            ("license: x\nmain: [1]\n", "[1]"),
            ("license: x\n\"files\" : x\n", "\"files\" : x"),
            ("{path: x}", ""),
        ] {
            let range = Metadata::parse(text).unwrap_err().range;
            assert_eq!(&text[range.start as usize..range.end as usize], place);
        }
        for text in ["main: [", "é: {", "\t", "main: é\n é: :\n"] {
            let range = Metadata::parse(text).unwrap_err().range;
            assert!(
                text.get(range.start as usize..range.end as usize).is_some(),
                "{text}"
            );
        }
    }
}
