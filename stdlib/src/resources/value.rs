//! `value`: brings a sent value back into the program (resources-host.md §21).

use crate::resource::{Invalid, Params, Validate};
use crate::value::Value;

/// Keeps a value, given or received, where the functions of the package `value` find it by the name of
/// this resource.
///
/// ```mcl
/// import "value"
///
/// exec "count" {
///     cmd => "/usr/bin/wc -l /etc/passwd",
/// }
/// value "lines" {}
/// Exec["count"].stdout -> Value["lines"].any
/// print "p" {
///     msg => value.get_str("lines")->value,
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "value", receives, sends(
    /// The kept value; undefined if there is none.
    any: Option<Value>,
))]
pub struct ValueTap {
    /// The value; if it is undefined, the kept one is forgotten.
    pub any: Option<Value>,
}

impl Validate for ValueTap {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::HostType;
    use crate::resource::Declare;

    #[test]
    fn takes_and_sends_anything() {
        let def = ValueTap::declare();
        let any = HostType::Optional(Box::new(HostType::Any));
        assert_eq!(def.param("any").unwrap().ty, any);
        assert_eq!(def.send("any").unwrap().ty, any);
        let mut value = ValueTap::default();
        assert_eq!(value.get("any"), None);
        value.set("any", &Value::list([Value::Int(1)])).unwrap();
        assert_eq!(value.get("any"), Some(Value::list([Value::Int(1)])));
        assert!(value.differs(&ValueTap::default()).is_some());
    }
}
