//! `timer`: ticks (resources-host.md §9).

use crate::resource::{Invalid, Meta, Params, Validate};

/// Ticks every so many seconds: each tick counts as a change, so it notifies whoever listens.
///
/// The first tick comes one interval after the start. A notification starts the interval anew.
///
/// ```mcl
/// timer "hourly" {
///     interval => 3600,
///
///     Notify => Exec["/usr/local/bin/rotate"],
/// }
/// exec "/usr/local/bin/rotate" {}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "timer", refreshable)]
pub struct Timer {
    /// Seconds between ticks; at least one.
    pub interval: u32,
}

impl Validate for Timer {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        Ok(())
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        if self.interval == 0 {
            return Err(Invalid::param("interval", "must be at least one second")
                .help("give the seconds between two ticks, such as `interval => 60`"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn an_interval_is_needed() {
        let mut timer = Timer::default();
        assert_eq!(
            timer.validate_all("t", &Meta::default()).unwrap_err().param,
            Some("interval")
        );
        timer.set("interval", &Value::Int(1)).unwrap();
        assert_eq!(timer.validate_all("t", &Meta::default()), Ok(()));
    }

    #[test]
    fn an_interval_is_not_negative() {
        let error = Timer::default()
            .set("interval", &Value::Int(-1))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "-1 is below 0, the least number it takes"
        );
    }
}
