//! `golang/strings`: text (functions.md §11.2.10).

use bstr::ByteSlice;

use crate::catalog::FunctionDef;
use crate::value::Str;

use super::super::declare::table;
use super::super::strings::{offset, repeat};
use super::super::text;

pub(crate) fn all() -> Vec<FunctionDef> {
    table! { "golang/strings":
        clone, "func(s str) str", "The same string.",
            |s: &Str| s.clone(), r#"strings.clone("a")"# => r#""a""#;
        compare, "func(a str, b str) int", "-1, 0 or 1 as the first string comes before, is, or comes after the second.",
            |a: &[u8], b: &[u8]| a.cmp(b) as i64, r#"strings.compare("a", "b")"# => "-1";
        contains, "func(s str, substr str) bool", "Whether one string is found in another.",
            |s: &[u8], substr: &[u8]| s.contains_str(substr), r#"strings.contains("abc", "bc")"# => "true";
        contains_any, "func(s str, chars str) bool", "Whether any character of the second string is found in the first.",
            |s: &[u8], chars: &[u8]| index_any(s, chars).is_some(), r#"strings.contains_any("abc", "xb")"# => "true";
        count, "func(s str, substr str) int", "How often one string is found in another without overlaps.",
            |s: &[u8], substr: &[u8]| text::find_all(s, substr).count() as i64, r#"strings.count("cheese", "e")"# => "3";
        equal_fold, "func(s str, t str) bool", "Whether two strings are equal but for the case of letters.",
            |s: &[u8], t: &[u8]| text::fold(s).eq(text::fold(t)), r#"strings.equal_fold("Go", "GO")"# => "true";
        has_prefix, "func(s str, prefix str) bool", "Whether a string starts with another.",
            |s: &[u8], prefix: &[u8]| s.starts_with(prefix), r#"strings.has_prefix("abc", "ab")"# => "true";
        has_suffix, "func(s str, suffix str) bool", "Whether a string ends with another.",
            |s: &[u8], suffix: &[u8]| s.ends_with(suffix), r#"strings.has_suffix("abc", "bc")"# => "true";
        index, "func(s str, substr str) int", "The byte at which one string is first found in another, or -1.",
            |s: &[u8], substr: &[u8]| offset(s.find(substr)), r#"strings.index("chicken", "ken")"# => "4";
        index_any, "func(s str, chars str) int",
            "The byte at which any character of the second string is first found in the first, or -1.",
            |s: &[u8], chars: &[u8]| offset(index_any(s, chars)), r#"strings.index_any("abc", "cb")"# => "1";
        join, "func(elems []str, sep str) str", "The strings with a separator between them.",
            |elems: Vec<&[u8]>, sep: &[u8]| text::join(&elems, sep), r#"strings.join(["a", "b"], ", ")"# => r#""a, b""#;
        last_index, "func(s str, substr str) int", "The byte at which one string is last found in another, or -1.",
            |s: &[u8], substr: &[u8]| offset(s.rfind(substr)), r#"strings.last_index("go gopher", "go")"# => "3";
        last_index_any, "func(s str, chars str) int",
            "The byte at which any character of the second string is last found in the first, or -1.",
            |s: &[u8], chars: &[u8]| offset(last_index_any(s, chars)), r#"strings.last_index_any("abcb", "bx")"# => "3";
        repeat, "func(s str, count int) str", "So many copies of a string.",
            |s: &[u8], count: i64| repeat(s, count), r#"strings.repeat("ab", 2)"# => r#""abab""#,
            catches "negative repeat count: N", "the result of N copies would be too long";
        replace, "func(s str, old str, new str, n int) str",
            "The string with the first n occurrences of `old` replaced by `new`, or all for a negative n.",
            |s: &[u8], old: &[u8], new: &[u8], n: i64| {
                text::replace(s, old, new, usize::try_from(n).unwrap_or(usize::MAX))
            },
            r#"strings.replace("oink oink", "k", "ky", 1)"# => r#""oinky oink""#;
        replace_all, "func(s str, old str, new str) str", "The string with each occurrence of `old` replaced by `new`.",
            |s: &[u8], old: &[u8], new: &[u8]| text::replace(s, old, new, usize::MAX),
            r#"strings.replace_all("oink oink", "oink", "moo")"# => r#""moo moo""#;
        title, "func(s str) str", "The string with the first letter of each word in title case.",
            |s: &[u8]| text::title(s), r#"strings.title("loud noises")"# => r#""Loud Noises""#;
        to_lower, "func(s str) str", "The string with each character in lower case.",
            |s: &[u8]| text::lower(s), r#"strings.to_lower("Go")"# => r#""go""#;
        to_title, "func(s str) str", "The string with each character in title case.",
            |s: &[u8]| text::map_chars(s, |cases, c| cases.simple_titlecase(c)), r#"strings.to_title("go")"# => r#""GO""#;
        to_upper, "func(s str) str", "The string with each character in upper case.",
            |s: &[u8]| text::upper(s), r#"strings.to_upper("Go")"# => r#""GO""#;
        to_valid_utf_8, "func(s str, replacement str) str",
            "The string with each run of bytes that are not UTF-8 replaced.",
            |s: &[u8], replacement: &[u8]| Str::from(&*text::to_valid(s, replacement)),
            r#"strings.to_valid_utf_8("abc", "?")"# => r#""abc""#;
        trim, "func(s str, cutset str) str", "The string without any of the given characters at its ends.",
            |s: &[u8], cutset: &[u8]| Str::from(trim_right(trim_left(s, cutset), cutset)),
            r#"strings.trim("xxaxx", "x")"# => r#""a""#;
        trim_left, "func(s str, cutset str) str", "The string without any of the given characters at its start.",
            |s: &[u8], cutset: &[u8]| Str::from(trim_left(s, cutset)), r#"strings.trim_left("xxaxx", "x")"# => r#""axx""#;
        trim_prefix, "func(s str, prefix str) str", "The string without a prefix, if it has it.",
            |s: &[u8], prefix: &[u8]| Str::from(s.strip_prefix(prefix).unwrap_or(s)),
            r#"strings.trim_prefix("v1", "v")"# => r#""1""#;
        trim_right, "func(s str, cutset str) str", "The string without any of the given characters at its end.",
            |s: &[u8], cutset: &[u8]| Str::from(trim_right(s, cutset)), r#"strings.trim_right("xxaxx", "x")"# => r#""xxa""#;
        trim_space, "func(s str) str", "The string without white space at its ends.",
            |s: &[u8]| Str::from(text::trim_space(s)), r#"strings.trim_space(" a ")"# => r#""a""#;
        trim_suffix, "func(s str, suffix str) str", "The string without a suffix, if it has it.",
            |s: &[u8], suffix: &[u8]| Str::from(s.strip_suffix(suffix).unwrap_or(s)),
            r#"strings.trim_suffix("a.go", ".go")"# => r#""a""#;
    }
}

fn index_any(s: &[u8], chars: &[u8]) -> Option<usize> {
    text::char_indices(s)
        .find(|(_, _, c)| text::in_set(chars, *c))
        .map(|(start, ..)| start)
}

fn last_index_any(s: &[u8], chars: &[u8]) -> Option<usize> {
    text::char_indices(s)
        .filter(|(_, _, c)| text::in_set(chars, *c))
        .last()
        .map(|(start, ..)| start)
}

fn trim_left<'s>(s: &'s [u8], cutset: &[u8]) -> &'s [u8] {
    text::trim_start(s, |c| text::in_set(cutset, c))
}

fn trim_right<'s>(s: &'s [u8], cutset: &[u8]) -> &'s [u8] {
    text::trim_end(s, |c| text::in_set(cutset, c))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::call;
    use super::*;
    use crate::value::Value;
    use proptest::prelude::*;

    #[test]
    fn places_are_in_bytes() {
        assert_eq!(index_any("äb".as_bytes(), b"b"), Some(2));
        assert_eq!(last_index_any("bäb".as_bytes(), "ä".as_bytes()), Some(1));
        assert_eq!(index_any(b"", b"b"), None);
        let last = call("golang/strings.last_index", &["abc".into(), "".into()]);
        assert_eq!(last, Ok(Value::Int(3)));
    }

    fn run(name: &str, args: &[&[u8]]) -> Value {
        let args: Vec<Value> = args.iter().map(|arg| arg.to_vec().into()).collect();
        call(&format!("golang/strings.{name}"), &args).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_found_is_there(s in "[abé\u{212a}]{0,8}", part in "[abé]{0,2}") {
            let (s, part) = (s.as_bytes(), part.as_bytes());
            let (first, last) = (run("index", &[s, part]), run("last_index", &[s, part]));
            let (first, last) = (first.as_int().unwrap(), last.as_int().unwrap());
            let contained = run("contains", &[s, part]) == Value::Bool(true);
            prop_assert_eq!(contained, first >= 0);
            prop_assert_eq!(contained, run("count", &[s, part]) != Value::Int(0));
            prop_assert!(first <= last);
            for place in [first, last] {
                if let Ok(place) = usize::try_from(place) {
                    prop_assert_eq!(run("has_prefix", &[&s[place..], part]), Value::Bool(true));
                }
            }
        }

        #[test]
        fn any_string_equals_itself_in_another_case(s: String) {
            for change in ["to_upper", "to_lower", "to_title"] {
                let changed = run(change, &[s.as_bytes()]);
                let changed = changed.as_str().unwrap().as_bytes();
                // A few letters have a case that does not fold back, such as U+0130.
                let same = s.chars().zip(changed.chars()).all(|(a, b)| {
                    a == b || a == 'İ' || a == 'ı' || text::fold(a.to_string().as_bytes()).eq(text::fold(b.to_string().as_bytes()))
                });
                prop_assert!(same, "{} {}", change, s);
            }
        }

        #[test]
        fn any_bytes_survive_their_inverse(s: Vec<u8>, t: Vec<u8>) {
            let (s, t) = (&s[..], &t[..]);
            let whole = Value::from(s.to_vec());
            prop_assert_eq!(run("trim_prefix", &[&[t, s].concat(), t]), whole.clone());
            prop_assert_eq!(run("trim_suffix", &[&[s, t].concat(), t]), whole.clone());
            prop_assert_eq!(run("replace_all", &[s, t, t]), whole.clone());
            prop_assert_eq!(run("replace_all", &[s, b"", b""]), whole.clone());
            prop_assert_eq!(run("clone", &[s]), whole);
            let order = |a, b| run("compare", &[a, b]).as_int().unwrap();
            prop_assert_eq!(order(s, t), -order(t, s));
            let valid = run("to_valid_utf_8", &[s, b"?"]);
            prop_assert!(std::str::from_utf8(valid.as_str().unwrap().as_bytes()).is_ok());
        }

        #[test]
        fn what_is_repeated_is_counted(s in "[ab]{1,3}x", count in 0i64..20) {
            let args = [Value::from(s.as_str()), count.into()];
            let repeated = call("golang/strings.repeat", &args).unwrap();
            let counted = call("golang/strings.count", &[repeated, s.into()]);
            prop_assert_eq!(counted, Ok(Value::Int(count)));
        }
    }

    #[test]
    fn folding_knows_more_than_ascii() {
        for (a, b, equal) in [
            ("σ", "ς", true),
            ("K", "k", true),
            ("ß", "ss", false),
            ("a", "b", false),
        ] {
            let folded = call("golang/strings.equal_fold", &[a.into(), b.into()]);
            assert_eq!(folded, Ok(Value::Bool(equal)), "{a} {b}");
        }
    }
}
