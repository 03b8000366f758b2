//! `fwupd:remote`: a source of firmware (resources-services.md S-13.5).

use crate::resource::check;
use crate::resource::{Invalid, Params, Validate};

/// Manages a source of firmware of fwupd; the name is that of the source, like `lvfs`.
///
/// ```mcl
/// fwupd:remote "lvfs" {
///     enabled => true,
///     refresh_age => "24h",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "fwupd:remote", edgeable)]
pub struct FwupdRemote {
    /// Whether it is used; not managed if it is left out.
    pub enabled: Option<bool>,
    /// How old its data may get before they are fetched anew, like `24h`; never if it is left out.
    pub refresh_age: String,
}

impl Validate for FwupdRemote {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        if self.refresh_age.is_empty() {
            if self.enabled.is_none() {
                return Err(Invalid::resource(
                    "neither `enabled` nor `refresh_age` is given: nothing is managed",
                ));
            }
            return Ok(());
        }
        if check::duration("refresh_age", &self.refresh_age)?.is_zero() {
            return Err(Invalid::param("refresh_age", "must be longer than nothing"));
        }
        if self.enabled == Some(false) {
            return Err(Invalid::param(
                "refresh_age",
                "can not be given for a source that is not used",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_managed() {
        let remote = |enabled, refresh_age: &str| {
            FwupdRemote {
                enabled,
                refresh_age: refresh_age.to_owned(),
            }
            .validate("lvfs")
            .is_ok()
        };
        assert!(remote(Some(false), ""));
        assert!(remote(None, "24h"));
        assert!(!remote(None, ""));
        assert!(!remote(None, "0s"));
        assert!(!remote(None, "a day"));
        assert!(!remote(Some(false), "24h"));
    }
}
