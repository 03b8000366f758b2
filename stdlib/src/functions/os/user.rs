//! The users of the machine, as its name services know them.

use std::path::PathBuf;

use nix::unistd::{Uid, User};

use crate::catalog::{CallError, FunctionDef, Host, Wake};
use crate::value::{Str, Value};

use super::super::declare::{sampler, snapshot, source};
use super::super::path::{self, clean, without_slashes};

pub(super) fn functions() -> Vec<FunctionDef> {
    vec![
        snapshot(
            "os.expand_home",
            "func(path str) str",
            "The path with `~/` or `~name/` at its start replaced by the home directory of this process's user or of that \
             user. Such a path is cleaned of `//`, `.` and `..`, and a slash at its end stays; any other is \
             given back as it is, `~` and `~name` too.",
            sampler!(expand_home(path)),
        )
        .catchable(&["can't expand ~name/ into home directory"]),
        snapshot(
            "os.home",
            "func(user str) str",
            "The home directory of a user, with a slash at its end. Users are those that the machine's name services know.",
            sampler!(home(user)),
        )
        .catchable(&["user: unknown user NAME"]),
        snapshot(
            "os.uid",
            "func(user str) str",
            "The number of a user, as text. Users are those that the machine's name services know.",
            sampler!(uid(user)),
        )
        .catchable(&["user: unknown user NAME"]),
        source(
            "os.user_exists",
            "func(user str) bool",
            "Whether the machine knows a user; the empty name is nobody's. It wakes when `/etc/passwd` changes, and not for \
             users from elsewhere.",
            sampler!(user_exists(user), passwd),
        ),
    ]
}

fn passwd(_: &[Value]) -> Vec<Wake> {
    vec![Wake::Path(PathBuf::from("/etc/passwd"))]
}

/// The user of that name.
fn look_up(name: &Str) -> Result<Option<User>, CallError> {
    match name.to_str() {
        Ok(text) if !text.is_empty() && !text.contains('\0') => {
            User::from_name(text).map_err(|error| {
                CallError::fatal(format!("can't look up the user `{text}`: {}", error.desc()))
            })
        }
        _ => Ok(None),
    }
}

fn known(name: &Str) -> Result<User, CallError> {
    look_up(name)?.ok_or_else(|| {
        CallError::catchable(format!("user: unknown user {}", name.to_string_lossy()))
    })
}

fn home(_: &dyn Host, user: &Str) -> Result<Vec<u8>, CallError> {
    let home = path::to_str(&known(user)?.dir);
    Ok([without_slashes(home.as_bytes()), b"/"].concat())
}

fn uid(_: &dyn Host, user: &Str) -> Result<String, CallError> {
    Ok(known(user)?.uid.to_string())
}

fn user_exists(_: &dyn Host, user: &Str) -> Result<bool, CallError> {
    Ok(look_up(user)?.is_some())
}

fn expand_home(_: &dyn Host, path: &Str) -> Result<Str, CallError> {
    let Some((name, below)) = tilde(path.as_bytes()) else {
        return Ok(path.clone());
    };
    let user = if name.is_empty() {
        User::from_uid(Uid::current()).ok().flatten()
    } else {
        look_up(&Str::from(name))?
    };
    let user = user.ok_or_else(|| {
        CallError::catchable(format!(
            "can't expand ~{}/ into home directory",
            String::from_utf8_lossy(name)
        ))
    })?;
    let home = path::to_str(&user.dir);
    let mut expanded = clean(&[home.as_bytes(), b"/", below].concat());
    if path.as_bytes().ends_with(b"/") && !expanded.ends_with(b"/") {
        expanded.push(b'/');
    }
    Ok(Str::from(expanded))
}

/// The name between a leading `~` and the first slash, and what follows the slash.
fn tilde(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = path.strip_prefix(b"~")?;
    let slash = rest.iter().position(|byte| *byte == b'/')?;
    Some((&rest[..slash], &rest[slash + 1..]))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{call, caught, sample};
    use super::*;

    #[test]
    fn the_list_of_users_wakes_who_asks_for_one() {
        let wake = sample("os.user_exists").wake(&["root".into()]);
        assert_eq!(wake, [Wake::Path("/etc/passwd".into())]);
        for name in ["no such user", "a\0b"] {
            assert_eq!(
                call("os.user_exists", &[name.into()]),
                Ok(Value::Bool(false))
            );
        }
    }

    #[test]
    fn root_is_known_everywhere() {
        assert_eq!(call("os.uid", &["root".into()]), Ok("0".into()));
        assert_eq!(call("os.home", &["root".into()]), Ok("/root/".into()));
        assert_eq!(
            call("os.user_exists", &["root".into()]),
            Ok(Value::Bool(true))
        );
        assert_eq!(call("os.user_exists", &["".into()]), Ok(Value::Bool(false)));
        for name in ["os.uid", "os.home"] {
            assert_eq!(
                caught(call(name, &["no such user".into()])),
                "user: unknown user no such user"
            );
        }
    }

    #[test]
    fn a_tilde_at_the_start_is_a_home() {
        for (path, expanded) in [
            ("~root/", "/root/"),
            ("~root//a/../b", "/root/b"),
            ("~root", "~root"),
            ("~", "~"),
            ("~root/../a/./b//c/", "/a/b/c/"),
            ("/a//../b/", "/a//../b/"),
            ("~no such user", "~no such user"),
            ("/a/~root/b", "/a/~root/b"),
            ("", ""),
        ] {
            assert_eq!(call("os.expand_home", &[path.into()]), Ok(expanded.into()));
        }
        let own = User::from_uid(Uid::current()).unwrap().unwrap();
        let own = own.dir.to_str().unwrap().trim_end_matches('/');
        for (path, expanded) in [("~/x", format!("{own}/x")), ("~/", format!("{own}/"))] {
            assert_eq!(call("os.expand_home", &[path.into()]), Ok(expanded.into()));
        }
        assert_eq!(
            caught(call("os.expand_home", &["~no such user/".into()])),
            "can't expand ~no such user/ into home directory"
        );
    }
}
