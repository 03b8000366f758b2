//! `group`: a local group (resources-host.md §7).

use crate::resource::check::{account_name, account_number, one_of};
use crate::resource::{AutoEdges, Invalid, Meta, Params, Subject, Validate};

/// Manages a local group; the name is that of the group.
///
/// Who is in it is told by the `user`s.
///
/// ```mcl
/// group "deploy" {
///     state => "exists",
///     gid => 4100,
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "group", edgeable, auto_edges = Group::edges)]
pub struct Group {
    /// `exists` or `absent`; must be given.
    pub state: String,
    /// Its number; not managed if it is left out.
    pub gid: Option<u32>,
}

impl Group {
    /// What it provides, and what it wants to run after (engine.md §4.1, resources-host.md §1.14).
    fn edges(&self, name: &str) -> AutoEdges {
        AutoEdges::default().provides(Subject::group(Some(name.to_owned()), self.gid))
    }
}

impl Validate for Group {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        account_name("name", name)?;
        one_of("state", &self.state, &["exists", "absent"])
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        account_number("gid", self.gid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_a_state_and_a_name() {
        let mut group = Group::default();
        assert_eq!(group.validate("a").unwrap_err().param, Some("state"));
        group.state = "absent".to_owned();
        assert_eq!(group.validate("a"), Ok(()));
        assert_eq!(group.validate("a b").unwrap_err().param, Some("name"));
        group.gid = Some(u32::MAX);
        let none = group.validate_all("a", &Meta::default()).unwrap_err();
        assert_eq!(none.param, Some("gid"));
    }
}
