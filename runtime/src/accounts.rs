//! Users and groups, as the C library knows them (resources-host.md §1.9).
//!
//! Nothing is kept between calls, since another resource may just have made the account. The look-ups
//! may block.

mod programs;

use nix::unistd::{Gid, Group, Uid, User};

use crate::resource::ResourceError;

pub use programs::{AccountCommand, change, must_be_local};

/// The number that nobody can have: to chown(2) it says that the owner stays.
const NOBODY: u32 = u32::MAX;

/// What a number means that nobody in the database has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownNumber {
    /// It is used as it is.
    Accept,
    /// It is an error.
    Refuse,
}

/// The user id for a number or a name, tried in this order.
///
/// # Errors
/// If there is no such user, or the look-up fails.
pub fn uid(text: &str, unknown: UnknownNumber) -> Result<u32, ResourceError> {
    Ok(match user(text)? {
        Some(user) => user.uid.as_raw(),
        None => number(text, unknown)
            .ok_or_else(|| ResourceError::message(format!("there is no user `{text}`")))?,
    })
}

/// The group id for a number or a name, tried in this order.
///
/// # Errors
/// If there is no such group, or the look-up fails.
pub fn gid(text: &str, unknown: UnknownNumber) -> Result<u32, ResourceError> {
    let failed = |error: nix::Error| {
        ResourceError::message(format!("can't look up the group `{text}`: {error}"))
    };
    if let Ok(number) = text.parse::<u32>()
        && let Some(group) = Group::from_gid(Gid::from_raw(number)).map_err(failed)?
    {
        return Ok(group.gid.as_raw());
    }
    Ok(match Group::from_name(text).map_err(failed)? {
        Some(group) => group.gid.as_raw(),
        None => number(text, unknown)
            .ok_or_else(|| ResourceError::message(format!("there is no group `{text}`")))?,
    })
}

/// The account for a number or a name, tried in this order.
///
/// # Errors
/// If the look-up fails.
pub fn user(text: &str) -> Result<Option<User>, ResourceError> {
    let failed = |error: nix::Error| {
        ResourceError::message(format!("can't look up the user `{text}`: {error}"))
    };
    if let Ok(number) = text.parse::<u32>()
        && let Some(user) = User::from_uid(Uid::from_raw(number)).map_err(failed)?
    {
        return Ok(Some(user));
    }
    User::from_name(text).map_err(failed)
}

/// What people call the user with that number: the name, if there is one.
pub fn user_name(uid: u32) -> String {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| user.name)
}

/// What people call the group with that number: the name, if there is one.
pub fn group_name(gid: u32) -> String {
    let group = Group::from_gid(Gid::from_raw(gid)).ok().flatten();
    group.map_or_else(|| gid.to_string(), |group| group.name)
}

fn number(text: &str, unknown: UnknownNumber) -> Option<u32> {
    match unknown {
        UnknownNumber::Accept if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().ok().filter(|number| *number != NOBODY)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_found() {
        assert_eq!(uid("root", UnknownNumber::Refuse).unwrap(), 0);
        assert_eq!(uid("0", UnknownNumber::Refuse).unwrap(), 0);
        assert_eq!(gid("root", UnknownNumber::Refuse).unwrap(), 0);
        assert_eq!(
            (user_name(0), group_name(0)),
            ("root".into(), "root".into())
        );
        assert_eq!(user_name(3_999_999), "3999999");
    }

    #[test]
    fn unknown_numbers_are_a_choice() {
        assert_eq!(uid("3999999", UnknownNumber::Accept).unwrap(), 3_999_999);
        assert!(uid("3999999", UnknownNumber::Refuse).is_err());
        assert_eq!(gid("3999999", UnknownNumber::Accept).unwrap(), 3_999_999);
        let error = gid("no-such-group", UnknownNumber::Accept).unwrap_err();
        assert_eq!(error.to_string(), "there is no group `no-such-group`");
        assert!(uid("-1", UnknownNumber::Accept).is_err());
        assert!(uid("4294967294", UnknownNumber::Accept).is_ok());
        assert!(uid("4294967295", UnknownNumber::Accept).is_err());
    }
}
