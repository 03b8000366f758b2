//! `print`: logs a message (resources-host.md §17).

use crate::resource::{Invalid, Params, Validate};
use crate::value::Str;

/// Logs a message, once for each new text.
///
/// ```mcl
/// print "greeting" {
///     msg => "hello, world",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "print", refreshable, receives, groupable)]
pub struct Print {
    /// What to log.
    pub msg: Str,
    /// Log only when notified, and then each time.
    ///
    /// Otherwise a text is logged when it is new, and a notification alone does not repeat it.
    pub refresh_only: bool,
}

impl Validate for Print {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::HostType;
    use crate::resource::Declare;
    use crate::value::Value;

    #[test]
    fn takes_any_text_and_compares_both_parameters() {
        let def = Print::declare();
        assert_eq!(def.param("msg").unwrap().ty, HostType::Bytes);
        assert!(def.traits.refreshable && def.traits.receives && def.traits.groupable);
        let mut print = Print::default();
        print.set("msg", &Value::str(&b"\xff"[..])).unwrap();
        assert_eq!(
            print.differs(&Print::default()).as_deref(),
            Some("the Msg differs")
        );
        assert!(print.is_zero("refresh_only"));
    }
}
