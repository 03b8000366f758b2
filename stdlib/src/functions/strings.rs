//! `strings`: text, byte by byte and character by character (functions.md §21).

use bstr::ByteSlice;

use crate::catalog::{CallError, FunctionDef};
use crate::value::{Str, Value};

use super::declare::{examples, native, pure};
use super::{list, text};

pub(crate) fn all() -> Vec<FunctionDef> {
    let mut all = original();
    all.extend(additions());
    all
}

fn original() -> Vec<FunctionDef> {
    vec![
        pure(
            "strings.contains",
            "func(s str, substr str) bool",
            "Whether the second string is found in the first; the empty one always is.",
            native!(contains(s, substr)),
        )
        .examples(examples![r#"strings.contains("seafood", "foo")"# => "true"]),
        pure(
            "strings.has_prefix",
            "func(s str, prefix str) bool",
            "Whether a string starts with another; with the empty one it does.",
            native!(has_prefix(s, prefix)),
        )
        .examples(examples![r#"strings.has_prefix("golang", "go")"# => "true"]),
        pure(
            "strings.has_suffix",
            "func(s str, suffix str) bool",
            "Whether a string ends with another; with the empty one it does.",
            native!(has_suffix(s, suffix)),
        )
        .examples(examples![r#"strings.has_suffix("a.conf", ".conf")"# => "true"]),
        pure(
            "strings.join_nonempty",
            "func(s []str, sep str) str",
            "The strings that are not empty, with a separator between them. Without any it is empty.",
            native!(join_nonempty(s, sep)),
        )
        .examples(examples![r#"strings.join_nonempty(["a", "", "b"], ",")"# => r#""a,b""#]),
        pure(
            "strings.left_pad",
            "func(s str, pad str, len int) str",
            "The string with copies of `pad` before it until it has `len` bytes at least. The copies are whole, so it may \
             become longer; with an empty `pad` it stays as it is. More than a gibibyte ends the program.",
            native!(left_pad(s, pad, len)),
        )
        .examples(examples![r#"strings.left_pad("7", "0", 3)"# => r#""007""#]),
        pure(
            "strings.replace_all",
            "func(s str, old str, new str) str",
            "The string with each occurrence of `old` replaced by `new`. An empty `old` is found before each \
             character and at the end.",
            native!(replace_all(s, old, new)),
        )
        .examples(examples![
            r#"strings.replace_all("oink oink", "k", "ky")"# => r#""oinky oinky""#,
            r#"strings.replace_all("ab", "", "-")"# => r#""-a-b-""#,
        ]),
        pure(
            "strings.right_pad",
            "func(s str, pad str, len int) str",
            "The string with copies of `pad` after it until it has `len` bytes at least. The copies are whole, so it may \
             become longer; with an empty `pad` it stays as it is. More than a gibibyte ends the program.",
            native!(right_pad(s, pad, len)),
        )
        .examples(examples![r#"strings.right_pad("7", "0", 3)"# => r#""700""#]),
        pure(
            "strings.split",
            "func(a str, b str) []str",
            "The pieces of the first string between occurrences of the second; its characters if the second is empty. The \
             empty string has one piece, and no characters.",
            native!(split(a, b)),
        )
        .examples(examples![
            r#"strings.split("a,b", ",")"# => r#"["a", "b"]"#,
            r#"strings.split("ab", "")"# => r#"["a", "b"]"#,
        ]),
        pure(
            "strings.substr",
            "func(s str, low int, high int) str",
            "The bytes from `low` up to but not including `high`. A character of several bytes may be cut in two.",
            native!(substr(s, low, high)),
        )
        .catchable(&["low/high out of range"])
        .examples(examples![
            r#"strings.substr("hello", 1, 3)"# => r#""el""#,
            r#"strings.substr("hello", 3, 9) <|> """# => r#""""#,
        ]),
        pure(
            "strings.to_lower",
            "func(a str) str",
            "The string with each character in lower case, one for one; there is no context. A byte that is not UTF-8 becomes \
             U+FFFD.",
            native!(to_lower(a)),
        )
        .examples(examples![r#"strings.to_lower("ABC")"# => r#""abc""#]),
        pure(
            "strings.to_upper",
            "func(a str) str",
            "The string with each character in upper case, one for one, so that `ß` stays. A byte that is not UTF-8 becomes \
             U+FFFD.",
            native!(to_upper(a)),
        )
        .examples(examples![r#"strings.to_upper("abc")"# => r#""ABC""#]),
        pure(
            "strings.trim_space",
            "func(a str) str",
            "The string without white space at its ends: all that Unicode calls so, such as line ends and no-break spaces.",
            native!(trim_space(a)),
        )
        .examples(examples![r#"strings.trim_space(" a b\n")"# => r#""a b""#]),
    ]
}

fn additions() -> Vec<FunctionDef> {
    vec![
        pure(
            "strings.join",
            "func(s []str, sep str) str",
            "The strings with a separator between them. Not in the original.",
            native!(join(s, sep)),
        )
        .examples(examples![r#"strings.join(["a", "", "b"], ",")"# => r#""a,,b""#]),
        pure(
            "strings.fields",
            "func(s str) []str",
            "The words of a string: what stands between runs of white space. Not in the original.",
            native!(fields(s)),
        )
        .examples(examples![r#"strings.fields(" a  b\n")"# => r#"["a", "b"]"#]),
        pure(
            "strings.lines",
            "func(s str) []str",
            "The lines of a string, without their line ends. Not in the original.",
            native!(lines(s)),
        )
        .examples(examples![r#"strings.lines("a\nb\n")"# => r#"["a", "b"]"#]),
        pure(
            "strings.index",
            "func(s str, substr str) int",
            "The byte at which one string is first found in another, or -1. Not in the original.",
            native!(index(s, substr)),
        )
        .examples(examples![r#"strings.index("chicken", "ken")"# => "4"]),
        pure(
            "strings.last_index",
            "func(s str, substr str) int",
            "The byte at which one string is last found in another, or -1. Not in the original.",
            native!(last_index(s, substr)),
        )
        .examples(examples![r#"strings.last_index("go gopher", "go")"# => "3"]),
        pure(
            "strings.count",
            "func(s str, substr str) int",
            "How often one string is found in another without overlaps. Not in the original.",
            native!(count(s, substr)),
        )
        .examples(examples![r#"strings.count("cheese", "e")"# => "3"]),
        pure(
            "strings.repeat",
            "func(s str, count int) str",
            "So many copies of a string. Not in the original.",
            native!(repeat(s, count)),
        )
        .catchable(&["negative repeat count: N", "the result of N copies would be too long"])
        .examples(examples![r#"strings.repeat("ab", 3)"# => r#""ababab""#]),
        pure(
            "strings.reverse",
            "func(s str) str",
            "The characters from the last to the first. Not in the original.",
            native!(reverse(s)),
        )
        .examples(examples![r#"strings.reverse("abc")"# => r#""cba""#]),
        pure(
            "strings.title",
            "func(s str) str",
            "The string with the first letter of each word in title case. Not in the original.",
            native!(title(s)),
        )
        .examples(examples![r#"strings.title("hello world")"# => r#""Hello World""#]),
        pure(
            "strings.contains_any",
            "func(s str, chars str) bool",
            "Whether any character of the second string is found in the first. Not in the original.",
            native!(contains_any(s, chars)),
        )
        .examples(examples![r#"strings.contains_any("hello", "xyz")"# => "false"]),
        pure(
            "strings.trim",
            "func(s str, chars str) str",
            "The string without any of the given characters at its ends. Not in the original.",
            native!(trim(s, chars)),
        )
        .examples(examples![r#"strings.trim("--a-b-", "-")"# => r#""a-b""#]),
        pure(
            "strings.trim_prefix",
            "func(s str, prefix str) str",
            "The string without a prefix, if it has it. Not in the original.",
            native!(trim_prefix(s, prefix)),
        )
        .examples(examples![r#"strings.trim_prefix("v1.2", "v")"# => r#""1.2""#]),
        pure(
            "strings.trim_suffix",
            "func(s str, suffix str) str",
            "The string without a suffix, if it has it. Not in the original.",
            native!(trim_suffix(s, suffix)),
        )
        .examples(examples![r#"strings.trim_suffix("a.conf", ".conf")"# => r#""a""#]),
        pure(
            "strings.indent",
            "func(s str, prefix str) str",
            "The string with `prefix` before each line that is not empty. Not in the original.",
            native!(indent(s, prefix)),
        )
        .examples(examples![r#"strings.indent("a\n\nb", "  ")"# => r#""  a\n\n  b""#]),
    ]
}

fn contains(s: &[u8], substr: &[u8]) -> bool {
    s.contains_str(substr)
}

fn has_prefix(s: &[u8], prefix: &[u8]) -> bool {
    s.starts_with(prefix)
}

fn has_suffix(s: &[u8], suffix: &[u8]) -> bool {
    s.ends_with(suffix)
}

fn join_nonempty(mut s: Vec<&[u8]>, sep: &[u8]) -> Vec<u8> {
    s.retain(|piece| !piece.is_empty());
    text::join(&s, sep)
}

fn left_pad(s: &Str, pad: &[u8], len: i64) -> Result<Str, CallError> {
    match padding(s, pad, len)? {
        None => Ok(s.clone()),
        Some(mut padding) => {
            padding.extend_from_slice(s.as_bytes());
            Ok(Str::from(padding))
        }
    }
}

fn right_pad(s: &Str, pad: &[u8], len: i64) -> Result<Str, CallError> {
    match padding(s, pad, len)? {
        None => Ok(s.clone()),
        Some(padding) => Ok(Str::concat(&[s, &Str::from(padding)])),
    }
}

/// The longest string that these functions make, in bytes.
const MAX_LEN: usize = 1 << 30;

/// Whole copies of `pad` that bring `s` to `len` bytes at least; nothing if none are needed or help.
fn padding(s: &Str, pad: &[u8], len: i64) -> Result<Option<Vec<u8>>, CallError> {
    let missing = usize::try_from(len).unwrap_or(0).saturating_sub(s.len());
    if missing == 0 || pad.is_empty() {
        return Ok(None);
    }
    if missing > MAX_LEN {
        return Err(CallError::fatal(format!(
            "a string of {len} bytes would be too long"
        )));
    }
    Ok(Some(pad.repeat(missing.div_ceil(pad.len()))))
}

fn replace_all(s: &Str, old: &[u8], new: &[u8]) -> Str {
    if !s.as_bytes().contains_str(old) {
        return s.clone();
    }
    Str::from(text::replace(s.as_bytes(), old, new, usize::MAX))
}

fn split(a: &[u8], b: &[u8]) -> Vec<Value> {
    strings(text::split(a, b))
}

/// A list of strings.
fn strings<'t>(pieces: impl IntoIterator<Item = &'t [u8]>) -> Vec<Value> {
    pieces.into_iter().map(Value::str).collect()
}

fn substr(s: &[u8], low: i64, high: i64) -> Result<Str, CallError> {
    list::span(low, high)
        .and_then(|span| s.get(span))
        .map(Str::from)
        .ok_or_else(|| CallError::catchable("low/high out of range"))
}

fn to_lower(a: &[u8]) -> String {
    text::lower(a)
}

fn to_upper(a: &[u8]) -> String {
    text::upper(a)
}

fn trim_space(a: &[u8]) -> Str {
    text::trim_space(a).into()
}

fn join(s: Vec<&[u8]>, sep: &[u8]) -> Vec<u8> {
    text::join(&s, sep)
}

fn fields(s: &[u8]) -> Vec<Value> {
    strings(s.fields())
}

fn lines(s: &[u8]) -> Vec<Value> {
    strings(s.lines())
}

/// An offset into a string, or -1.
pub(crate) fn offset(found: Option<usize>) -> i64 {
    // No string is longer than `isize::MAX`.
    found.map_or(-1, |at| at as i64)
}

fn index(s: &[u8], substr: &[u8]) -> i64 {
    offset(s.find(substr))
}

fn last_index(s: &[u8], substr: &[u8]) -> i64 {
    offset(s.rfind(substr))
}

fn count(s: &[u8], substr: &[u8]) -> i64 {
    text::find_all(s, substr).count() as i64
}

pub(crate) fn repeat(s: &[u8], count: i64) -> Result<Vec<u8>, CallError> {
    let copies = usize::try_from(count)
        .map_err(|_| CallError::catchable(format!("negative repeat count: {count}")))?;
    match s.len().checked_mul(copies) {
        Some(len) if len <= MAX_LEN => Ok(s.repeat(copies)),
        _ => Err(CallError::catchable(format!(
            "the result of {count} copies would be too long"
        ))),
    }
}

fn reverse(s: &[u8]) -> String {
    text::chars(s)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect()
}

fn title(s: &[u8]) -> String {
    text::title(s)
}

fn contains_any(s: &[u8], chars: &[u8]) -> bool {
    text::chars(s).any(|c| text::in_set(chars, c))
}

fn trim(s: &[u8], chars: &[u8]) -> Str {
    let cut = |c| text::in_set(chars, c);
    text::trim_end(text::trim_start(s, cut), cut).into()
}

fn trim_prefix(s: &[u8], prefix: &[u8]) -> Str {
    s.strip_prefix(prefix).unwrap_or(s).into()
}

fn trim_suffix(s: &[u8], suffix: &[u8]) -> Str {
    s.strip_suffix(suffix).unwrap_or(s).into()
}

fn indent(s: &[u8], prefix: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len() * 2);
    for line in s.lines_with_terminator() {
        if !line.trim_end_with(|c| c == '\n' || c == '\r').is_empty() {
            out.extend_from_slice(prefix);
        }
        out.extend_from_slice(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, caught};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn padding_adds_whole_copies() {
        let pad = |name, s: &str, pad: &str, len: i64| {
            call(name, &[s.into(), pad.into(), len.into()]).unwrap()
        };
        assert_eq!(pad("strings.left_pad", "a", "xy", 4), "xyxya".into());
        assert_eq!(pad("strings.right_pad", "a", "xy", 4), "axyxy".into());
        // Bytes count, not characters.
        assert_eq!(pad("strings.left_pad", "\u{e9}", "-", 3), "-\u{e9}".into());
        for name in ["strings.left_pad", "strings.right_pad"] {
            let huge = call(name, &["a".into(), "b".into(), i64::MAX.into()]);
            assert!(huge.is_err_and(|error| !error.catchable), "{name}");
        }
        for (s, with, len) in [
            ("abc", "x", 3),
            ("abc", "x", -1),
            ("abc", "", 10),
            ("", "x", 0),
        ] {
            assert_eq!(pad("strings.left_pad", s, with, len), s.into());
            assert_eq!(pad("strings.right_pad", s, with, len), s.into());
        }
    }

    #[test]
    fn padding_with_nothing_ends() {
        for name in ["strings.left_pad", "strings.right_pad"] {
            let padded = call(name, &["abc".into(), "".into(), i64::MAX.into()]);
            assert_eq!(padded, Ok("abc".into()), "{name}");
        }
    }

    #[test]
    fn pieces_between_separators() {
        for (s, by, pieces) in [
            (&b""[..], ",", &[&b""[..]][..]),
            (b"", "", &[]),
            (b"a", ",", &[b"a"]),
            (b",a,", ",", &[b"", b"a", b""]),
            (b"aaa", "aa", &[b"", b"a"]),
            (b"\xc3\xa9\xff", "", &[b"\xc3\xa9", b"\xff"]),
        ] {
            let expected = Value::list(pieces.iter().map(|piece| Value::str(*piece)));
            let found = call("strings.split", &[s.to_vec().into(), by.into()]);
            assert_eq!(found, Ok(expected));
        }
    }

    #[test]
    fn joining_skips_what_is_empty() {
        for (pieces, joined) in [(&["", ""][..], ""), (&["", "a", "", "b"], "a-b"), (&[], "")] {
            let pieces = Value::list(pieces.iter().map(|piece| Value::from(*piece)));
            let found = call("strings.join_nonempty", &[pieces, "-".into()]);
            assert_eq!(found, Ok(joined.into()));
        }
    }

    #[test]
    fn an_empty_text_is_replaced_between_characters() {
        let replace = |s: Value| call("strings.replace_all", &[s, "".into(), "-".into()]);
        assert_eq!(replace("a\u{e9}".into()), Ok("-a-\u{e9}-".into()));
        assert_eq!(replace("".into()), Ok("-".into()));
        let invalid = replace(b"\xff".to_vec().into());
        assert_eq!(invalid, Ok(b"-\xff-".to_vec().into()));
    }

    #[test]
    fn case_maps_one_character_to_one() {
        for (name, s, mapped) in [
            ("strings.to_upper", "\u{df}", "\u{df}"),
            ("strings.to_lower", "\u{130}", "i"),
            ("strings.to_lower", "\u{391}\u{3a3}", "\u{3b1}\u{3c3}"),
        ] {
            assert_eq!(call(name, &[s.into()]), Ok(mapped.into()), "{name} {s}");
        }
        let invalid = call("strings.to_upper", &[b"a\xff".to_vec().into()]);
        assert_eq!(invalid, Ok("A\u{fffd}".into()));
    }

    #[test]
    fn white_space_is_that_of_unicode() {
        let trim = |s: &str| call("strings.trim_space", &[s.into()]);
        let space = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2003}\u{2028}\u{3000}";
        assert_eq!(trim(&format!("{space}a b{space}")), Ok("a b".into()));
        assert_eq!(trim("\u{200b}a"), Ok("\u{200b}a".into()));
    }

    #[test]
    fn substr_counts_bytes() {
        let cut = |s: &str, low: i64, high: i64| {
            call("strings.substr", &[s.into(), low.into(), high.into()])
        };
        assert_eq!(cut("é", 0, 1), Ok(Value::from(b"\xc3".to_vec())));
        assert_eq!(cut("ab", 2, 2), Ok("".into()));
        for (low, high) in [(-1, 1), (2, 1), (0, 3)] {
            assert_eq!(caught(cut("ab", low, high)), "low/high out of range");
        }
    }

    #[test]
    fn strings_are_compared_byte_by_byte() {
        for (name, s, other, expected) in [
            ("strings.contains", &b"a\xffb"[..], &b"\xff"[..], true),
            ("strings.contains", b"\xc3\xa9", b"\xa9", true),
            ("strings.contains", b"abc", b"B", false),
            ("strings.contains", b"", b"a", false),
            ("strings.has_prefix", b"\xc3\xa9", b"\xc3", true),
            ("strings.has_prefix", b"ab", b"abc", false),
            ("strings.has_suffix", b"\xc3\xa9", b"\xa9", true),
            ("strings.has_suffix", b"ab", b"AB", false),
        ] {
            let found = call(name, &[s.to_vec().into(), other.to_vec().into()]);
            assert_eq!(found, Ok(Value::Bool(expected)), "{name} {s:?} {other:?}");
        }
    }

    #[test]
    fn what_is_replaced_does_not_overlap() {
        for (s, old, new, replaced) in [
            ("aaa", "aa", "b", "ba"),
            ("abab", "ab", "", ""),
            ("abc", "x", "y", "abc"),
            ("a", "a", "aa", "aa"),
        ] {
            let found = call("strings.replace_all", &[s.into(), old.into(), new.into()]);
            assert_eq!(found, Ok(replaced.into()), "{s} {old} {new}");
        }
    }

    #[test]
    fn the_empty_string_is_in_every_string() {
        for name in [
            "strings.contains",
            "strings.has_prefix",
            "strings.has_suffix",
        ] {
            assert_eq!(call(name, &["".into(), "".into()]), Ok(Value::Bool(true)));
        }
        assert_eq!(
            call("strings.count", &["aé".into(), "".into()]),
            Ok(Value::Int(3))
        );
    }

    #[test]
    fn repeating_has_limits() {
        let copies = |count: i64| call("strings.repeat", &["ab".into(), count.into()]);
        assert_eq!(copies(0), Ok("".into()));
        assert_eq!(caught(copies(-1)), "negative repeat count: -1");
        assert_eq!(
            caught(copies(i64::MAX)),
            format!("the result of {} copies would be too long", i64::MAX)
        );
    }

    proptest! {
        #[test]
        fn joining_undoes_splitting(s: Vec<u8>, separator in prop::collection::vec(any::<u8>(), 1..3)) {
            let pieces = call("strings.split", &[s.clone().into(), separator.clone().into()]).unwrap();
            let joined = call("strings.join", &[pieces, separator.into()]);
            prop_assert_eq!(joined, Ok(Value::from(s)));
        }

        #[test]
        fn reversing_twice_changes_nothing(s: String) {
            let once = call("strings.reverse", &[s.clone().into()]).unwrap();
            prop_assert_eq!(call("strings.reverse", &[once]), Ok(s.into()));
        }

        #[test]
        fn joining_undoes_splitting_into_characters(s: Vec<u8>) {
            let pieces = call("strings.split", &[s.clone().into(), "".into()]).unwrap();
            prop_assert_eq!(call("strings.join", &[pieces, "".into()]), Ok(Value::from(s)));
        }

        #[test]
        fn splitting_undoes_joining(
            pieces in prop::collection::vec("[a-z ]{0,4}", 1..6),
            separator in "[,;]{1,3}",
        ) {
            let pieces = Value::list(pieces.into_iter().map(Value::from));
            let joined = call("strings.join", &[pieces.clone(), separator.clone().into()]).unwrap();
            prop_assert_eq!(call("strings.split", &[joined, separator.into()]), Ok(pieces));
        }

        #[test]
        fn both_sides_of_a_cut_are_the_whole(s: Vec<u8>, at: prop::sample::Index) {
            let at = Value::Int(at.index(s.len() + 1) as i64);
            let len = Value::Int(s.len() as i64);
            let low = call("strings.substr", &[s.clone().into(), 0.into(), at.clone()]).unwrap();
            let high = call("strings.substr", &[s.clone().into(), at, len]).unwrap();
            let joined = call("strings.join", &[Value::list([low, high]), "".into()]);
            prop_assert_eq!(joined, Ok(Value::from(s)));
        }

        #[test]
        fn replacing_by_the_same_changes_nothing(s: Vec<u8>, old in prop::collection::vec(any::<u8>(), 0..3)) {
            let same = call("strings.replace_all", &[s.clone().into(), old.clone().into(), old.into()]);
            prop_assert_eq!(same, Ok(Value::from(s)));
        }

        #[test]
        fn a_second_time_changes_nothing(s: Vec<u8>) {
            for name in ["strings.trim_space", "strings.to_lower", "strings.to_upper"] {
                let once = call(name, &[s.clone().into()]).unwrap();
                prop_assert_eq!(call(name, std::slice::from_ref(&once)), Ok(once), "{}", name);
            }
        }

        #[test]
        fn what_was_put_before_or_after_can_be_taken_off(s: Vec<u8>, more: Vec<u8>) {
            let before = [&more[..], &s].concat();
            let after = [&s[..], &more].concat();
            let without = call("strings.trim_prefix", &[before.into(), more.clone().into()]);
            prop_assert_eq!(without, Ok(s.clone().into()));
            let without = call("strings.trim_suffix", &[after.into(), more.into()]);
            prop_assert_eq!(without, Ok(s.into()));
        }

        #[test]
        fn padding_reaches_the_length_by_less_than_one_copy(s: Vec<u8>, pad in prop::collection::vec(any::<u8>(), 1..5), len in -3i64..40) {
            for (name, keeps) in [
                ("strings.left_pad", <[u8]>::ends_with as fn(&[u8], &[u8]) -> bool),
                ("strings.right_pad", <[u8]>::starts_with),
            ] {
                let padded = call(name, &[s.clone().into(), pad.clone().into(), len.into()]).unwrap();
                let padded = padded.as_str().unwrap().as_bytes().to_vec();
                let wanted = usize::try_from(len).unwrap_or(0).max(s.len());
                prop_assert!(keeps(&padded, &s));
                prop_assert!((wanted..wanted + pad.len()).contains(&padded.len()));
            }
        }
    }
}
