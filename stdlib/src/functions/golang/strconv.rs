//! `golang/strconv`: values and quoted text (functions.md §11.2.9).

use crate::catalog::{CallError, FunctionDef};
use crate::value::quote;

use super::super::convert::{bool_of, refused};
use super::super::declare::table;
use super::super::number::{
    NumberError, integer, parse_decimal, parse_float, parse_float_single, prefixed_integer, sign,
};
use super::super::quoting::{can_backquote, quote_ascii, quote_graphic, unquote, unquote_prefix};

pub(crate) fn all() -> Vec<FunctionDef> {
    table! { "golang/strconv":
        append_bool, "func(dst str, b bool) str", "The string followed by `true` or `false`.",
            |dst: &[u8], b: bool| [dst, b.to_string().as_bytes()].concat(), r#"strconv.append_bool("a", true)"# => r#""atrue""#;
        append_int, "func(dst str, i int, base int) str", "The string followed by an int in a base from 2 to 36.",
            |dst: &[u8], i: i64, base: i64| append_int(dst, i, base), r#"strconv.append_int("0x", 255, 16)"# => r#""0xff""#,
            catches "base B is not one of 2 to 36";
        append_quote, "func(dst str, s str) str", "The first string followed by the second in quotes.",
            |dst: &[u8], s: &[u8]| [dst, quote(s).as_bytes()].concat(), r#"strconv.append_quote("a", "b")"# => r#""a\"b\"""#;
        append_quote_to_ascii, "func(dst str, s str) str",
            "The first string followed by the second in quotes, with all that is not ASCII escaped.",
            |dst: &[u8], s: &[u8]| [dst, quote_ascii(s).as_bytes()].concat(),
            r#"strconv.append_quote_to_ascii("a", "b")"# => r#""a\"b\"""#;
        append_quote_to_graphic, "func(dst str, s str) str",
            "The first string followed by the second in quotes, with graphic characters as they are.",
            |dst: &[u8], s: &[u8]| [dst, quote_graphic(s).as_bytes()].concat(),
            r#"strconv.append_quote_to_graphic("a", "b")"# => r#""a\"b\"""#;
        atoi, "func(s str) int", "The int that decimal digits with an optional sign stand for.",
            |s: &[u8]| parse_decimal(s).map_err(refused("Atoi", s)), r#"strconv.atoi("-42")"# => "-42",
            catches r#"strconv.Atoi: parsing "S": invalid syntax"#, r#"strconv.Atoi: parsing "S": value out of range"#;
        can_backquote, "func(s str) bool", "Whether a string can be written between back quotes on one line.",
            |s: &[u8]| can_backquote(s), r#"strconv.can_backquote("a\nb")"# => "false";
        format_bool, "func(b bool) str", "`true` or `false` as text.",
            |b: bool| b.to_string(), "strconv.format_bool(true)" => r#""true""#;
        format_int, "func(i int, base int) str", "An int in a base from 2 to 36.",
            |i: i64, base: i64| append_int(b"", i, base), "strconv.format_int(-255, 16)" => r#""-ff""#,
            catches "base B is not one of 2 to 36";
        itoa, "func(i int) str", "An int in decimal digits.",
            |i: i64| i.to_string(), "strconv.itoa(-42)" => r#""-42""#;
        parse_bool, "func(str str) bool", "The bool that a text stands for.",
            |str: &[u8]| bool_of(str).ok_or(NumberError::Syntax).map_err(refused("ParseBool", str)),
            r#"strconv.parse_bool("t")"# => "true",
            catches r#"strconv.ParseBool: parsing "S": invalid syntax"#;
        parse_float, "func(s str, bitSize int) float",
            "The float that a text stands for, rounded to single precision for a size of 32.",
            |s: &[u8], bit_size: i64| {
                match bit_size {
                    32 => parse_float_single(s),
                    _ => parse_float(s),
                }
                .map_err(refused("ParseFloat", s))
            },
            r#"strconv.parse_float("1.5", 64)"# => "1.5",
            catches r#"strconv.ParseFloat: parsing "S": invalid syntax"#, r#"strconv.ParseFloat: parsing "S": value out of range"#;
        parse_int, "func(s str, base int, bitSize int) int",
            "The int that a text stands for in a base from 2 to 36, or, for base 0, in the base that a prefix such as `0x` \
             tells; it must fit into so many bits.",
            |s: &[u8], base: i64, bit_size: i64| parse_int(s, base, bit_size),
            r#"strconv.parse_int("0xff", 0, 64)"# => "255",
            catches r#"strconv.ParseInt: parsing "S": invalid syntax"#, r#"strconv.ParseInt: parsing "S": value out of range"#,
                r#"strconv.ParseInt: parsing "S": invalid base B"#, r#"strconv.ParseInt: parsing "S": invalid bit size N"#;
        quote, "func(s str) str", "The string in quotes, with what does not print escaped.",
            |s: &[u8]| quote(s), r#"strconv.quote("a\n")"# => r#""\"a\\n\"""#;
        quote_to_ascii, "func(s str) str", "The string in quotes, with all that is not ASCII escaped.",
            |s: &[u8]| quote_ascii(s), r#"strconv.quote_to_ascii("a")"# => r#""\"a\"""#;
        quote_to_graphic, "func(s str) str", "The string in quotes, with graphic characters as they are.",
            |s: &[u8]| quote_graphic(s), r#"strconv.quote_to_graphic("a")"# => r#""\"a\"""#;
        quoted_prefix, "func(s str) str", "The text in quotes that a string starts with, with its quotes.",
            |s: &[u8]| unquote_prefix(s).map(|(_, len)| s[..len].to_vec()).ok_or_else(not_quoted),
            r#"strconv.quoted_prefix("'a'bc")"# => r#""'a'""#,
            catches "invalid syntax";
        unquote, "func(s str) str", "What a text in quotes says.",
            |s: &[u8]| unquote(s).ok_or_else(not_quoted), r#"strconv.unquote("'a'")"# => r#""a""#,
            catches "invalid syntax";
    }
}

fn not_quoted() -> CallError {
    CallError::catchable("invalid syntax")
}

fn append_int(dst: &[u8], i: i64, base: i64) -> Result<Vec<u8>, CallError> {
    let base = u32::try_from(base)
        .ok()
        .filter(|base| (2..=36).contains(base))
        .ok_or_else(|| CallError::catchable(format!("base {base} is not one of 2 to 36")))?;
    let mut digits = Vec::new();
    let mut rest = i.unsigned_abs();
    while rest > 0 || digits.is_empty() {
        let digit = (rest % u64::from(base)) as u32;
        rest /= u64::from(base);
        // The remainder is a digit of the base.
        digits.push(char::from_digit(digit, base).unwrap_or('?') as u8);
    }
    if i < 0 {
        digits.push(b'-');
    }
    digits.reverse();
    Ok([dst, &digits].concat())
}

fn parse_int(s: &[u8], base: i64, bit_size: i64) -> Result<i64, CallError> {
    let invalid = |what: &str, value| {
        CallError::catchable(format!(
            "strconv.ParseInt: parsing {}: invalid {what} {value}",
            quote(s)
        ))
    };
    if s.is_empty() {
        return Err(refused("ParseInt", s)(NumberError::Syntax));
    }
    if !matches!(base, 0 | 2..=36) {
        return Err(invalid("base", base));
    }
    let bits = match bit_size {
        0 => 64,
        1..=64 => bit_size as u32,
        _ => return Err(invalid("bit size", bit_size)),
    };
    if base == 0 {
        prefixed_integer(s, bits)
    } else {
        let (negative, digits) = sign(s);
        integer(negative, digits, base as u32, bits)
    }
    .map_err(refused("ParseInt", s))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{call, caught};
    use crate::catalog::CallResult;
    use crate::value::Value;
    use proptest::prelude::*;

    fn parse(s: &str, base: i64, bits: i64) -> CallResult {
        call(
            "golang/strconv.parse_int",
            &[s.into(), base.into(), bits.into()],
        )
    }

    #[test]
    fn prefixes_tell_the_base() {
        for (text, value) in [
            ("0x1F", 31),
            ("-0b101", -5),
            ("0o17", 15),
            ("017", 15),
            ("1_000", 1000),
            ("0x_f", 15),
            ("0", 0),
        ] {
            assert_eq!(parse(text, 0, 64), Ok(Value::Int(value)), "{text}");
        }
        for text in ["0x", "_1", "1__0", "08", "0b2"] {
            assert!(
                caught(parse(text, 0, 64)).ends_with("invalid syntax"),
                "{text}"
            );
        }
        assert!(caught(parse("1_0", 10, 64)).ends_with("invalid syntax"));
    }

    #[test]
    fn sizes_limit_the_range() {
        assert_eq!(parse("-128", 10, 8), Ok(Value::Int(-128)));
        assert!(caught(parse("128", 10, 8)).ends_with("value out of range"));
        assert!(caught(parse("1", 10, 65)).ends_with("invalid bit size 65"));
        assert!(caught(parse("1", 37, 8)).ends_with("invalid base 37"));
        assert!(caught(parse("1", -1, -1)).ends_with("invalid base -1"));
        assert!(caught(parse("", 37, 65)).ends_with("invalid syntax"));
    }

    proptest! {
        #[test]
        fn digits_read_back_in_any_base(value: i64, base in 2i64..=36) {
            let text = call("golang/strconv.format_int", &[value.into(), base.into()]).unwrap();
            let back = call("golang/strconv.parse_int", &[text, base.into(), 64.into()]);
            prop_assert_eq!(back, Ok(Value::Int(value)));
        }

        #[test]
        fn unquoting_undoes_quoting(text: Vec<u8>, after in "[a-z\"'`]{0,3}") {
            for name in ["quote", "quote_to_ascii", "quote_to_graphic"] {
                let quoted = call(&format!("golang/strconv.{name}"), &[text.clone().into()]).unwrap();
                let back = call("golang/strconv.unquote", std::slice::from_ref(&quoted));
                prop_assert_eq!(back, Ok(text.clone().into()));
                let more = [quoted.as_str().unwrap().as_bytes(), after.as_bytes()].concat();
                prop_assert_eq!(call("golang/strconv.quoted_prefix", &[more.into()]), Ok(quoted));
            }
        }

        #[test]
        fn back_quotes_hold_what_they_can(text in "[ -~\t\r\n\u{e9}]{0,8}") {
            let can = call("golang/strconv.can_backquote", &[text.as_str().into()]).unwrap();
            let back = call("golang/strconv.unquote", &[format!("`{text}`").into()]);
            if can == Value::Bool(true) {
                prop_assert_eq!(back, Ok(text.into()));
            } else {
                prop_assert!(text.contains(['`', '\r', '\n']));
            }
        }

        #[test]
        fn what_is_formatted_is_parsed(int: i64, flag: bool) {
            let text = call("golang/strconv.itoa", &[int.into()]).unwrap();
            prop_assert_eq!(call("golang/strconv.atoi", &[text]), Ok(Value::Int(int)));
            let text = call("golang/strconv.format_bool", &[flag.into()]).unwrap();
            prop_assert_eq!(call("golang/strconv.parse_bool", &[text]), Ok(Value::Bool(flag)));
        }

        #[test]
        fn appending_is_formatting_after_the_text(before: Vec<u8>, int: i64, base in 2i64..=36) {
            let text = call("golang/strconv.format_int", &[int.into(), base.into()]).unwrap();
            let appended = call("golang/strconv.append_int", &[before.clone().into(), int.into(), base.into()]);
            let expected = [&before[..], text.as_str().unwrap().as_bytes()].concat();
            prop_assert_eq!(appended, Ok(expected.into()));
        }
    }
}
