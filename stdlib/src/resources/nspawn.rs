//! `nspawn`: a container of systemd (resources-host.md §33).

use crate::resource::check::one_of;
use crate::resource::{Invalid, Params, Validate};

/// The longest name of a machine, in bytes.
const LONGEST_MACHINE_NAME: usize = 64;

/// Manages whether a container of systemd-nspawn runs; the name is that of the machine.
///
/// ```mcl
/// nspawn "build" {
///     state => "running",
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "nspawn", refreshable)]
pub struct Nspawn {
    /// `running` or `stopped`; `running` if it is left out.
    pub state: String,
}

impl Default for Nspawn {
    fn default() -> Self {
        Self {
            state: "running".to_owned(),
        }
    }
}

impl Validate for Nspawn {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        if name.len() > LONGEST_MACHINE_NAME {
            return Err(Invalid::resource(format!(
                "the name of a machine has at most {LONGEST_MACHINE_NAME} characters: `{name}`"
            )));
        }
        one_of("state", &self.state, &["running", "stopped"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_a_short_name() {
        assert_eq!(Nspawn::default().validate("build"), Ok(()));
        assert!(Nspawn::default().validate(&"a".repeat(65)).is_err());
    }
}
