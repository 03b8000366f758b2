//! `regexp`: regular expressions in the dialect of RE2 (functions.md §19).

mod dialect;

use std::borrow::Cow;

use regex::bytes::{Regex, RegexBuilder};

use crate::catalog::{CallError, FunctionDef};
use crate::value::{Str, Value};

use super::declare::{examples, native, pure};

const REFUSED: &[&str] = &["pattern did not compile: error parsing regexp: E: `X`"];

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        pure(
            "regexp.match",
            "func(pattern str, s str) bool",
            "Whether a regular expression matches anywhere in a string. The dialect is RE2: no look-around and no \
             back-references; `\\d`, `\\s`, `\\w` and `\\b` know ASCII only; `^` and `$` are the ends of the \
             string unless `(?m)` makes them those of lines. A byte that is not UTF-8 counts as U+FFFD.",
            native!(is_match(pattern, s)),
        )
        .catchable(REFUSED)
        .examples(examples![
            r#"regexp.match("^h[0-9]+$", "h12")"# => "true",
            r#"regexp.match("(", "") <|> false"# => "false",
        ]),
        pure(
            "regexp.find",
            "func(pattern str, s str) []str",
            "What a regular expression first matches in a string, followed by what each of its groups matches; an empty \
             list if it matches nothing. Not in the original.",
            native!(find(pattern, s)),
        )
        .catchable(REFUSED)
        .examples(examples![
            r#"regexp.find("([a-z]+)([0-9]+)", "- eth0 -")"# => r#"["eth0", "eth", "0"]"#
        ]),
        pure(
            "regexp.find_all",
            "func(pattern str, s str) []str",
            "All that a regular expression matches in a string, from the left. Not in the original.",
            native!(find_all(pattern, s)),
        )
        .catchable(REFUSED)
        .examples(examples![r#"regexp.find_all("[0-9]+", "1, 22")"# => r#"["1", "22"]"#]),
        pure(
            "regexp.replace_all",
            "func(pattern str, s str, new str) str",
            "The string with all that a regular expression matches replaced; `${1}` or `${name}` in the replacement is what \
             that group matches. Not in the original.",
            native!(replace_all(pattern, s, new)),
        )
        .catchable(REFUSED)
        .examples(examples![r#"regexp.replace_all("[0-9]", "a1b2", "-")"# => r#""a-b-""#]),
        pure(
            "regexp.escape",
            "func(s str) str",
            "A regular expression that matches the string and nothing else. Not in the original.",
            native!(escape(s)),
        )
        .examples(examples![r#"regexp.escape("a.b")"# => r#""a\\.b""#]),
    ]
}

/// The largest program that a pattern may become, in bytes; no string is worth more memory.
const SIZE_LIMIT: usize = 16 << 20;

fn compile(pattern: &[u8]) -> Result<Regex, CallError> {
    let refused = |error: &dyn std::fmt::Display| {
        CallError::catchable(format!(
            "pattern did not compile: error parsing regexp: {error}"
        ))
    };
    let pattern = std::str::from_utf8(pattern).map_err(|_| {
        refused(&format_args!(
            "invalid UTF-8: `{}`",
            String::from_utf8_lossy(pattern)
        ))
    })?;
    let translated = dialect::translate(pattern).map_err(|error| refused(&error))?;
    RegexBuilder::new(&translated)
        .size_limit(SIZE_LIMIT)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                refused(&format_args!("expression too large: `{pattern}`"))
            }
            // The last line says what is wrong; those before it point into the translation.
            error => {
                let text = error.to_string();
                let reason = text.lines().last().unwrap_or_default();
                let reason = reason.trim_start_matches("error: ");
                refused(&format_args!("{reason}: `{pattern}`"))
            }
        })
}

/// The subject with U+FFFD in place of each byte that is not UTF-8.
fn readable(s: &[u8]) -> Cow<'_, [u8]> {
    if std::str::from_utf8(s).is_ok() {
        return Cow::Borrowed(s);
    }
    let mut out = String::with_capacity(s.len() + 8);
    for chunk in s.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(out.into_bytes())
}

fn is_match(pattern: &[u8], s: &[u8]) -> Result<bool, CallError> {
    Ok(compile(pattern)?.is_match(&readable(s)))
}

fn find(pattern: &[u8], s: &[u8]) -> Result<Vec<Value>, CallError> {
    let s = readable(s);
    let found = compile(pattern)?.captures(&s).map(|groups| {
        groups
            .iter()
            .map(|group| Value::str(group.map_or(&b""[..], |group| group.as_bytes())))
            .collect()
    });
    Ok(found.unwrap_or_default())
}

fn find_all(pattern: &[u8], s: &[u8]) -> Result<Vec<Value>, CallError> {
    Ok(compile(pattern)?
        .find_iter(&readable(s))
        .map(|found| Value::str(found.as_bytes()))
        .collect())
}

fn replace_all(pattern: &[u8], s: &Str, new: &[u8]) -> Result<Str, CallError> {
    let subject = readable(s.as_bytes());
    Ok(match compile(pattern)?.replace_all(&subject, new) {
        Cow::Borrowed(same) => Str::from(same),
        Cow::Owned(replaced) => Str::from(replaced),
    })
}

fn escape(s: &[u8]) -> String {
    regex::escape(&String::from_utf8_lossy(s))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, caught};
    use crate::value::Value;
    use proptest::prelude::*;

    #[test]
    fn invalid_bytes_are_characters() {
        let matched = call(
            "regexp.match",
            &["^.\u{fffd}$".into(), b"\xfe\xff".to_vec().into()],
        );
        assert_eq!(matched, Ok(Value::Bool(true)));
    }

    #[test]
    fn refused_patterns_are_shown() {
        assert_eq!(
            caught(call("regexp.match", &["a**".into(), "".into()])),
            "pattern did not compile: error parsing regexp: invalid nested repetition operator: `**`"
        );
        let error = caught(call("regexp.match", &[b"\xff".to_vec().into(), "".into()]));
        assert!(error.contains("invalid UTF-8"), "{error}");
    }

    #[test]
    fn a_match_may_be_anywhere() {
        for (pattern, s, expected) in [
            ("", "", true),
            ("", "abc", true),
            ("b", "abc", true),
            ("^b", "abc", false),
            ("^b$", "a\nb\nc", false),
            ("(?m)^b$", "a\nb\nc", true),
            ("a.b", "a\nb", false),
            ("(?s)a.b", "a\nb", true),
            ("(?i)straSSE", "STRAsse", true),
            ("(?i)a(?-i)B", "AB", true),
            ("(?i)a(?-i)B", "Ab", false),
            ("(?i:a)B", "AB", true),
            (r"\Aab\z", "ab\n", false),
            (r"[[:word:]]+@[[:^digit:]]", "a_1@x", true),
        ] {
            let found = call("regexp.match", &[pattern.into(), s.into()]);
            assert_eq!(found, Ok(Value::Bool(expected)), "{pattern} {s:?}");
        }
    }

    #[test]
    fn large_patterns_are_refused() {
        let pattern = r"\pL{1000}".repeat(50);
        let error = caught(call("regexp.match", &[pattern.into(), "".into()]));
        assert!(error.contains("expression too large"), "{error}");
    }

    #[test]
    fn groups_that_match_nothing_are_empty() {
        let found = call("regexp.find", &["a(b)?".into(), "xa".into()]).unwrap();
        assert_eq!(found.to_string(), r#"["a", ""]"#);
    }

    proptest! {
        #[test]
        fn an_escaped_string_matches_itself(s: String) {
            let pattern = call("regexp.escape", &[s.clone().into()]).unwrap();
            let found = call("regexp.find", &[pattern, s.clone().into()]);
            prop_assert_eq!(found, Ok(Value::list([s.into()])));
        }

        #[test]
        fn no_pattern_panics(pattern in r"[a-c()\[\]{}|*+?^$.\\dQE:,0-9<>=!&~i-]{0,12}", s in "[a-c]{0,5}") {
            let _ = call("regexp.match", &[pattern.into(), s.into()]);
        }
    }
}
