//! `kv`: a text that all hosts share (resources-host.md §22).

use crate::resource::{Invalid, Meta, Params, Validate};
use crate::value::Str;

/// Keeps a text under a key where all hosts of the cluster can read it.
///
/// The name is the key, unless `key` is given. When the resource goes, the text stays.
///
/// ```mcl
/// kv "leader-hint" {
///     value => "alpha",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "kv", refreshable, receives, compare = Kv::differs_in_key)]
pub struct Kv {
    /// The key; the name of the resource if it is left out.
    #[param(skip_compare)]
    pub key: String,
    /// The text; if it is left out, the key is deleted.
    pub value: Option<Str>,
    /// Keep one text for each host under the key, as `world.kvlookup` reads them.
    pub mapped: bool,
    /// Only replace a smaller value, unless notified.
    pub skiplessthan: bool,
    /// How `skiplessthan` compares: 0 as whole numbers, 1 as texts.
    pub skipcmpstyle: i64,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareStyle {
    /// As whole numbers.
    Int,
    /// Byte by byte.
    Text,
}

impl Kv {
    /// The key in effect.
    pub fn key<'a>(&'a self, name: &'a str) -> &'a str {
        if self.key.is_empty() { name } else { &self.key }
    }

    /// How `skiplessthan` compares; nothing if there is no such style.
    pub fn compare_style(&self) -> Option<CompareStyle> {
        match self.skipcmpstyle {
            0 => Some(CompareStyle::Int),
            1 => Some(CompareStyle::Text),
            _ => None,
        }
    }

    /// Only the key in effect counts (§22.9). The name, for which an empty key stands, is equal on both
    /// sides but not known here.
    fn differs_in_key(&self, other: &Self) -> Option<String> {
        (self.key != other.key).then(|| "the Key differs".to_owned())
    }
}

impl Validate for Kv {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        let key = self.key(name);
        if key.is_empty() {
            return Err(Invalid::param("key", "must not be empty"));
        }
        if !self.skiplessthan {
            return Ok(());
        }
        let Some(style) = self.compare_style() else {
            return Err(Invalid::param(
                "skipcmpstyle",
                format!(
                    "must be 0 for whole numbers or 1 for texts, not {}",
                    self.skipcmpstyle
                ),
            ));
        };
        let value = self.value.as_ref();
        let number = |value: &Str| value.to_str().is_ok_and(|text| text.parse::<i64>().is_ok());
        if style == CompareStyle::Int && value.is_some_and(|value| !number(value)) {
            return Err(Invalid::param(
                "value",
                "must be a whole number, as `skiplessthan` compares",
            )
            .help("add `skipcmpstyle => 1` to compare texts"));
        }
        Ok(())
    }

    fn validate_run(&self, name: &str, _meta: &Meta) -> Result<(), Invalid> {
        let key = self.key(name);
        if key.starts_with('/') || key.ends_with('/') || key.contains("//") {
            return Err(Invalid::param(
                "key",
                format!("must have a word before and after each slash: `{key}`"),
            ));
        }
        if key.contains(char::is_control) {
            return Err(Invalid::param("key", "can not hold control characters"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rising(value: &str, skipcmpstyle: i64) -> Result<(), Option<&'static str>> {
        Kv {
            value: Some(value.into()),
            skiplessthan: true,
            skipcmpstyle,
            ..Kv::default()
        }
        .validate_all("a", &Meta::default())
        .map_err(|invalid| invalid.param)
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert_eq!(rising("-5", 0), Ok(()));
        assert_eq!(rising("a", 0), Err(Some("value")));
        assert_eq!(rising("a", 1), Ok(()));
        assert_eq!(rising("1", 2), Err(Some("skipcmpstyle")));
        let unused = Kv {
            skipcmpstyle: 7,
            ..Kv::default()
        };
        assert_eq!(unused.validate_all("a", &Meta::default()), Ok(()));
    }

    #[test]
    fn keys_are_paths_of_words() {
        let refused = |key: &str| Kv::default().validate_all(key, &Meta::default()).is_err();
        assert!(!refused("a/b c"));
        for key in ["/a", "a/", "a//b", "a\nb"] {
            assert!(refused(key), "{key}");
        }
    }

    #[test]
    fn the_name_is_the_key() {
        let mut kv = Kv::default();
        assert_eq!(kv.key("a"), "a");
        kv.key = "b".to_owned();
        assert_eq!(kv.key("a"), "b");
    }
}
