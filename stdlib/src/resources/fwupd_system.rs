//! `fwupd:system`: the firmware of all devices (resources-services.md S-13.3).

use crate::resource::check::{no_empty_entries, one_of};
use crate::resource::{Invalid, Params, Validate};

/// Keeps the firmware of every device that fwupd can update at the newest version; the name is free.
///
/// ```mcl
/// fwupd:system "all" {
///     state => "newest",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "fwupd:system", edgeable)]
pub struct FwupdSystem {
    /// `newest`; must be given.
    pub state: String,
    /// The identifiers of devices that are left alone.
    pub exclude: Vec<String>,
}

impl Validate for FwupdSystem {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        one_of("state", &self.state, &["newest"])?;
        no_empty_entries("exclude", &self.exclude)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_told() {
        let mut system = FwupdSystem::default();
        assert_eq!(system.validate("a").unwrap_err().param, Some("state"));
        system.state = "newest".to_owned();
        assert_eq!(system.validate("a"), Ok(()));
        system.exclude = vec![String::new()];
        assert_eq!(system.validate("a").unwrap_err().param, Some("exclude"));
    }
}
