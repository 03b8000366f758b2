//! `exit`: makes the agent shut down (resources-host.md §23).

use crate::resource::{Invalid, Params, Validate};

/// The highest exit code that can be asked for; shells give the codes above a meaning of their own.
const HIGHEST_CODE: u8 = 125;

/// Makes the agent shut down in good order.
///
/// Put edges in front of it, or it runs at once. Under a service manager that restarts the agent, it makes
/// a loop.
///
/// ```mcl
/// exec "/usr/local/bin/provision" {
///     Before => Exit["done"],
/// }
/// exit "done" {}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "exit")]
pub struct Exit {
    /// The exit code of the agent, from 0 to 125.
    pub code: u8,
}

impl Validate for Exit {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        if self.code > HIGHEST_CODE {
            return Err(Invalid::param(
                "code",
                format!("must be from 0 to {HIGHEST_CODE}, not {}", self.code),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn codes_end_at_125() {
        assert_eq!(Exit { code: 125 }.validate("x"), Ok(()));
        assert_eq!(
            Exit { code: 126 }.validate("x").unwrap_err().to_string(),
            "`code` must be from 0 to 125, not 126"
        );
        let error = Exit { code: 3 }.set("code", &Value::Int(256)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "256 is above 255, the greatest number it takes"
        );
    }
}
