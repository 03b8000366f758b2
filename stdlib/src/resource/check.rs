//! Checks of parameters that many kinds share. All are pure: none looks at the machine.

pub mod net;

use std::fmt::Display;
use std::time::Duration;

use super::Invalid;
use crate::duration;

/// The longest name of a user or group that the account tools take, in bytes.
const LONGEST_ACCOUNT_NAME: usize = 31;

/// A text that must be given.
///
/// # Errors
/// If it is empty.
pub fn required(param: &'static str, text: &str) -> Result<(), Invalid> {
    if text.is_empty() {
        return Err(Invalid::param(param, "must be given and not be empty"));
    }
    Ok(())
}

/// One of some words, which must be given.
///
/// # Errors
/// If it is empty or another word.
pub fn one_of(param: &'static str, text: &str, words: &[&str]) -> Result<(), Invalid> {
    if words.contains(&text) {
        return Ok(());
    }
    let all = alternatives(words);
    if text.is_empty() {
        return Err(Invalid::param(param, format!("must be given: {all}")));
    }
    let invalid = Invalid::param(param, format!("must be {all}, not `{text}`"));
    Err(
        match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
            Some(meant) => invalid.help(format!("write `{meant}`")),
            None => invalid,
        },
    )
}

/// One of some words, or nothing at all.
///
/// # Errors
/// If it is another word.
pub fn one_of_or_empty(param: &'static str, text: &str, words: &[&str]) -> Result<(), Invalid> {
    if text.is_empty() {
        return Ok(());
    }
    one_of(param, text, words)
}

/// An absolute path.
///
/// # Errors
/// If it does not begin with a slash or holds a NUL byte.
pub fn absolute(param: &'static str, path: &str) -> Result<(), Invalid> {
    if !path.starts_with('/') {
        return Err(Invalid::param(
            param,
            format!("must be absolute: `{path}` does not begin with `/`"),
        ));
    }
    no_nul(param, path)
}

/// A path of anything but a directory.
///
/// # Errors
/// If it ends in a slash.
pub fn not_a_directory(param: &'static str, path: &str) -> Result<(), Invalid> {
    if path.ends_with('/') {
        return Err(Invalid::param(
            param,
            format!("must not be a directory: `{path}` ends in `/`"),
        )
        .help("leave the slash at the end out"));
    }
    Ok(())
}

/// The path of a directory, which ends in a slash.
///
/// # Errors
/// If it does not.
pub fn directory(param: &'static str, path: &str) -> Result<(), Invalid> {
    if path.ends_with('/') {
        return Ok(());
    }
    Err(Invalid::param(
        param,
        format!("must be a directory: `{path}` does not end in `/`"),
    )
    .help(format!("write `{path}/`")))
}

/// Text that can be handed to the operating system.
///
/// # Errors
/// If it holds a NUL byte.
pub fn no_nul(param: &'static str, text: &str) -> Result<(), Invalid> {
    if text.contains('\0') {
        return Err(Invalid::param(param, "contains a NUL byte"));
    }
    Ok(())
}

/// The number that system calls use for "no user" and "no group".
const NO_ID: u32 = u32::MAX;

/// The number of a user or of a group.
///
/// # Errors
/// If it is the one that stands for none.
pub fn account_number(param: &'static str, id: Option<u32>) -> Result<(), Invalid> {
    if id == Some(NO_ID) {
        return Err(Invalid::param(
            param,
            format!("can not be {NO_ID}, which stands for none"),
        ));
    }
    Ok(())
}

/// The name of a user or of a group (resources-host.md §1.9).
///
/// # Errors
/// If the account tools would not take it.
pub fn account_name(param: &'static str, name: &str) -> Result<(), Invalid> {
    let wrong = |why: &str| {
        Err(Invalid::param(
            param,
            format!("must be the name of an account or group: `{name}` {why}"),
        ))
    };
    if name.is_empty() {
        return wrong("is empty");
    }
    if name.len() > LONGEST_ACCOUNT_NAME {
        return wrong("is longer than 31 characters");
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return wrong("does not begin with a letter or an underscore");
    }
    if !name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    {
        return wrong("has other characters than letters, digits, `_` and `-`");
    }
    Ok(())
}

/// A number that counts something.
///
/// # Errors
/// If it is negative.
pub fn not_negative(param: &'static str, number: i64) -> Result<(), Invalid> {
    if number < 0 {
        return Err(Invalid::param(
            param,
            format!("must not be negative, as {number} is"),
        ));
    }
    Ok(())
}

/// A list of texts none of which is empty.
///
/// # Errors
/// If one is.
pub fn no_empty_entries(param: &'static str, list: &[String]) -> Result<(), Invalid> {
    if list.iter().any(String::is_empty) {
        return Err(Invalid::param(param, "has an empty entry"));
    }
    Ok(())
}

/// A span of time, such as `1h30m`.
///
/// # Errors
/// If it is none.
pub fn duration(param: &'static str, text: &str) -> Result<Duration, Invalid> {
    duration::parse(text).ok_or_else(|| {
        Invalid::param(param, format!("must be a span of time, not `{text}`"))
            .help("write it like `90s` or `1h30m`")
    })
}

/// `a`, `b` or `c`, as code.
fn alternatives(words: &[impl Display]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(result: Result<(), Invalid>) -> String {
        result.expect_err("is refused").to_string()
    }

    #[test]
    fn words_are_listed() {
        let words = ["on", "off", "auto"];
        assert_eq!(one_of("state", "on", &words), Ok(()));
        assert_eq!(one_of_or_empty("state", "", &words), Ok(()));
        assert_eq!(
            text(one_of("state", "", &words)),
            "`state` must be given: `on`, `off` or `auto`"
        );
        assert_eq!(
            text(one_of_or_empty("state", "up", &words[..1])),
            "`state` must be `on`, not `up`"
        );
        let near = one_of("state", "OFF", &words).unwrap_err();
        assert_eq!(near.help.as_deref(), Some("write `off`"));
    }

    #[test]
    fn paths_say_what_they_are() {
        assert_eq!(absolute("file", "/a"), Ok(()));
        assert!(absolute("file", "").is_err());
        assert!(absolute("file", "/a\0").is_err());
        assert_eq!(directory("dir", "/a/"), Ok(()));
        assert_eq!(
            directory("dir", "/a").unwrap_err().help.as_deref(),
            Some("write `/a/`")
        );
        assert_eq!(not_a_directory("file", "/a"), Ok(()));
        assert!(not_a_directory("file", "/a/").is_err());
    }

    #[test]
    fn account_names_are_those_of_the_tools() {
        let long = "a".repeat(32);
        for name in ["root", "_apt", "A-b_9", &long[1..]] {
            assert_eq!(account_name("user", name), Ok(()), "{name}");
        }
        for name in ["", "9a", "-a", "a.b", "a$", "é", long.as_str()] {
            assert!(account_name("user", name).is_err(), "{name}");
        }
    }
}
