//! A module's `metadata.yaml` (language.md §5.4).

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
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let metadata: Option<Self> =
            serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
        let metadata = metadata.unwrap_or_default();
        if metadata.main.starts_with('/')
            || metadata.main.ends_with('/')
            || metadata.main.is_empty()
        {
            return Err(format!(
                "`main` must be a relative file path, not `{}`",
                metadata.main
            ));
        }
        for (key, value) in [("path", &metadata.path), ("files", &metadata.files)] {
            if !value.is_empty() && (value.starts_with('/') || !value.ends_with('/')) {
                return Err(format!(
                    "`{key}` must be a relative directory that ends in `/`, not `{value}`"
                ));
            }
        }
        Ok(metadata)
    }
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
}
