//! `noop`: does nothing (resources-host.md §19).

use crate::resource::{Invalid, Params, Validate};

/// Does nothing, which is useful as a point in the order and as the end of notifications.
///
/// ```mcl
/// noop "network is up" {}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "noop", refreshable, groupable)]
pub struct Noop {
    /// A remark for the reader of the program.
    pub comment: String,
}

impl Validate for Noop {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn another_comment_is_another_resource() {
        let mut noop = Noop::default();
        assert_eq!(noop.validate("anything"), Ok(()));
        noop.set("comment", &Value::from("hello")).unwrap();
        assert_eq!(
            noop.differs(&Noop::default()).as_deref(),
            Some("the Comment differs")
        );
    }
}
