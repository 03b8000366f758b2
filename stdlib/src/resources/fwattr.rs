//! `fwattr`: a setting of the firmware (resources-services.md S-14).

use crate::resource::{Invalid, Params, Validate};

/// Sets an attribute of the machine's firmware, as its setup program does.
///
/// The name is the attribute, unless `key` is given. Many attributes count from the next boot on.
///
/// ```mcl
/// fwattr "SecureBoot" {
///     value => "Enable",
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "fwattr")]
pub struct Fwattr {
    /// The driver of the firmware, like `thinklmi`; the only one there is if it is left out.
    pub driver: String,
    /// The attribute; the name of the resource if it is left out.
    pub key: String,
    /// The value.
    pub value: String,
    /// Check the value against what the firmware says it takes; true if it is left out.
    pub check: bool,
    /// Take the value to the letter, also where the firmware calls the same by another name.
    pub strict: bool,
    /// Do nothing, but warn, where the firmware has no such attribute.
    pub skip: bool,
}

impl Default for Fwattr {
    fn default() -> Self {
        Self {
            driver: String::new(),
            key: String::new(),
            value: String::new(),
            check: true,
            strict: false,
            skip: false,
        }
    }
}

impl Fwattr {
    /// The attribute in effect.
    pub fn key<'a>(&'a self, name: &'a str) -> &'a str {
        if self.key.is_empty() { name } else { &self.key }
    }
}

impl Validate for Fwattr {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        for (param, text) in [("driver", self.driver.as_str()), ("key", self.key(name))] {
            if text.contains(['/', '\0']) || matches!(text, "." | "..") {
                return Err(Invalid::param(
                    param,
                    format!(
                        "must be a name without slashes, not `{}`",
                        text.escape_debug()
                    ),
                ));
            }
        }
        if self.value.contains('\n') {
            return Err(Invalid::param("value", "must be one line without its end"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_directory() {
        let mut attribute = Fwattr::default();
        assert_eq!(attribute.validate("SecureBoot"), Ok(()));
        assert_eq!(attribute.validate("../a").unwrap_err().param, Some("key"));
        attribute.driver = "..".to_owned();
        assert_eq!(attribute.validate("a").unwrap_err().param, Some("driver"));
        attribute.driver.clear();
        attribute.value = "a\n".to_owned();
        assert_eq!(attribute.validate("a").unwrap_err().param, Some("value"));
    }
}
