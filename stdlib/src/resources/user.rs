//! `user`: a local account (resources-host.md §6).

use std::collections::BTreeSet;

use crate::resource::check::{absolute, account_name, account_number, directory, one_of};
use crate::resource::{AutoEdges, Invalid, Meta, Params, Subject, Validate};

/// Manages a local account; the name is the login name.
///
/// ```mcl
/// user "deploy" {
///     state => "exists",
///     uid => 4100,
///     group => "deploy",
///     groups => ["docker", "adm"],
///     homedir => "/srv/deploy/",
///     shell => "/bin/bash",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "user", edgeable, auto_edges = User::edges, compare = User::differs_in_groups)]
pub struct User {
    /// `exists` or `absent`; must be given.
    pub state: String,
    /// Its number; not managed if it is left out.
    pub uid: Option<u32>,
    /// The number of its main group; not managed if it is left out.
    pub gid: Option<u32>,
    /// The name of its main group; not managed if it is left out.
    pub group: Option<String>,
    /// All its further groups; not managed if it is left out, none if it is empty.
    #[param(skip_compare)]
    pub groups: Option<Vec<String>>,
    /// Its home directory, which ends in `/`; not managed if it is left out.
    pub homedir: Option<String>,
    /// Its login shell; not managed if it is left out.
    pub shell: Option<String>,
    /// Permit a `uid` that another account has.
    pub allowduplicateuid: bool,
}

impl User {
    /// The order of the groups does not matter, but whether they are managed does (§6.9).
    fn differs_in_groups(&self, other: &Self) -> Option<String> {
        let set = |groups: &Option<Vec<String>>| {
            groups
                .as_ref()
                .map(|groups| groups.iter().cloned().collect::<BTreeSet<_>>())
        };
        (set(&self.groups) != set(&other.groups)).then(|| "the Groups differs".to_owned())
    }

    fn validate_groups(&self, name: &str) -> Result<(), Invalid> {
        if self.gid.is_some() && self.group.is_some() {
            return Err(
                Invalid::param("gid", "can not be given together with `group`")
                    .help("both mean the main group: leave one out"),
            );
        }
        if let Some(group) = &self.group {
            account_name("group", group)?;
        }
        for group in self.groups.iter().flatten() {
            account_name("groups", group)?;
            if Some(group) == self.group.as_ref() {
                return Err(Invalid::param(
                    "groups",
                    format!("has the main group `{group}` among the further ones"),
                ));
            }
            if group == name {
                return Err(Invalid::param(
                    "groups",
                    format!("has a group of the user's own name: `{group}`"),
                )
                .help("give it as `group` if it is the main group"));
            }
        }
        Ok(())
    }

    /// What it provides, and what it wants to run after (engine.md §4.1, resources-host.md §1.14).
    fn edges(&self, name: &str) -> AutoEdges {
        let names = self.group.iter().chain(self.groups.iter().flatten());
        let named = names.map(|group| Subject::group(Some(group.clone()), None));
        let numbered = self.gid.map(|gid| Subject::group(None, Some(gid)));
        let groups = named.chain(numbered);
        let edges = AutoEdges::default().provides(Subject::user(Some(name.to_owned()), self.uid));
        if self.state == "absent" {
            // A group can not go while it is somebody's main group.
            edges.before_each(groups)
        } else {
            edges.after_each(groups)
        }
    }
}

impl Validate for User {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        account_name("name", name)?;
        one_of("state", &self.state, &["exists", "absent"])?;
        self.validate_groups(name)?;
        if let Some(homedir) = &self.homedir {
            directory("homedir", homedir)?;
        }
        Ok(())
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        if let Some(homedir) = &self.homedir {
            absolute("homedir", homedir)?;
        }
        let fields = [("homedir", &self.homedir), ("shell", &self.shell)];
        for (param, text) in fields {
            if text.iter().any(|text| text.contains([':', '\n'])) {
                return Err(Invalid::param(
                    param,
                    "can not hold a colon or a line break, which end a field of the account's entry",
                ));
            }
        }
        account_number("uid", self.uid)?;
        account_number("gid", self.gid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(change: impl FnOnce(&mut User)) -> User {
        let mut user = User {
            state: "exists".to_owned(),
            ..User::default()
        };
        change(&mut user);
        user
    }

    fn refused(change: impl FnOnce(&mut User)) -> Option<&'static str> {
        user(change)
            .validate_all("deploy", &Meta::default())
            .expect_err("is refused")
            .param
    }

    #[test]
    fn the_main_group_is_told_once() {
        let both = |user: &mut User| {
            user.gid = Some(1);
            user.group = Some("a".to_owned());
        };
        assert_eq!(refused(both), Some("gid"));
        let again = |user: &mut User| {
            user.group = Some("a".to_owned());
            user.groups = Some(vec!["a".to_owned()]);
        };
        assert_eq!(refused(again), Some("groups"));
        assert_eq!(
            refused(|user| user.groups = Some(vec!["deploy".to_owned()])),
            Some("groups")
        );
    }

    #[test]
    fn the_entry_stays_whole() {
        for homedir in ["srv/", "/srv", "/a:b/", "/a\n/"] {
            assert_eq!(
                refused(|user| user.homedir = Some(homedir.to_owned())),
                Some("homedir")
            );
        }
        assert_eq!(
            refused(|user| user.shell = Some("/bin/sh:".to_owned())),
            Some("shell")
        );
        assert_eq!(refused(|user| user.uid = Some(u32::MAX)), Some("uid"));
        assert_eq!(refused(|user| user.state.clear()), Some("state"));
        assert!(user(|_| ()).validate_all("a.b", &Meta::default()).is_err());
    }

    #[test]
    fn no_groups_differ_from_unmanaged_groups() {
        let groups = |names: &[&str]| {
            let names = names.iter().map(|&name| name.to_owned()).collect();
            user(|user| user.groups = Some(names))
        };
        assert_eq!(groups(&["a", "b"]).differs(&groups(&["b", "a"])), None);
        assert!(groups(&[]).differs(&user(|_| ())).is_some());
        assert_eq!(
            groups(&["a"]).validate_all("deploy", &Meta::default()),
            Ok(())
        );
    }
}
