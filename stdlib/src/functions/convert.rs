//! `convert`: from one type to another (functions.md §4).

use crate::catalog::{CallError, FunctionDef};
use crate::value::{Str, format_float};

use super::declare::{examples, native, pure};
use super::number::{NumberError, parse_decimal, parse_float};

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        pure(
            "convert.format_bool",
            "func(a bool) str",
            "`true` or `false` as text.",
            native!(format_bool(a)),
        )
        .examples(examples!["convert.format_bool(true)" => r#""true""#]),
        pure(
            "convert.int_to_str",
            "func(a int) str",
            "An int in decimal digits.",
            native!(int_to_str(a)),
        )
        .examples(examples!["convert.int_to_str(-7)" => r#""-7""#]),
        pure(
            "convert.float_to_str",
            "func(a float) str",
            "A float in the fewest decimal digits that read back as the same number. Not in the original.",
            native!(float_to_str(a)),
        )
        .examples(examples!["convert.float_to_str(0.1)" => r#""0.1""#]),
        pure(
            "convert.parse_bool",
            "func(a str) bool",
            "The bool that a text stands for: `1`, `t`, `T`, `true`, `True` or `TRUE`, and `0`, `f`, `F`, `false`, \
             `False` or `FALSE`.",
            native!(parse_bool(a)),
        )
        .catchable(&["invalid bool: `S`"])
        .examples(examples![
            r#"convert.parse_bool("T")"# => "true",
            r#"convert.parse_bool("yes") <|> false"# => "false",
        ]),
        pure(
            "convert.str_to_float",
            "func(a str) float",
            "The float that a text stands for: decimal, hexadecimal with a binary exponent, `inf` or `nan`.",
            native!(str_to_float(a)),
        )
        .catchable(&[
            r#"strconv.ParseFloat: parsing "S": invalid syntax"#,
            r#"strconv.ParseFloat: parsing "S": value out of range"#,
        ])
        .examples(examples![
            r#"convert.str_to_float("1e-2")"# => "0.01",
            r#"convert.str_to_float("x") <|> 0.0"# => "0",
        ]),
        pure(
            "convert.str_to_int",
            "func(a str) int",
            "The int that decimal digits with an optional sign stand for.",
            native!(str_to_int(a)),
        )
        .catchable(&[
            r#"strconv.ParseInt: parsing "S": invalid syntax"#,
            r#"strconv.ParseInt: parsing "S": value out of range"#,
        ])
        .examples(examples![
            r#"convert.str_to_int("+42")"# => "42",
            r#"convert.str_to_int("4 2") <|> 0"# => "0",
        ]),
        pure(
            "convert.to_float",
            "func(a int) float",
            "The nearest float; ints beyond 2^53 are rounded.",
            native!(to_float(a)),
        )
        .examples(examples!["convert.to_float(3)" => "3"]),
        pure(
            "convert.to_int",
            "func(a float) int",
            "The float without its fraction. Not a number and what does not fit become the smallest int.",
            native!(to_int(a)),
        )
        .examples(examples!["convert.to_int(-1.7)" => "-1"]),
    ]
}

fn format_bool(a: bool) -> &'static str {
    if a { "true" } else { "false" }
}

fn int_to_str(a: i64) -> String {
    a.to_string()
}

fn float_to_str(a: f64) -> String {
    format_float(a)
}

fn parse_bool(a: &Str) -> Result<bool, CallError> {
    bool_of(a.as_bytes())
        .ok_or_else(|| CallError::catchable(format!("invalid bool: `{}`", a.to_string_lossy())))
}

/// The bool that a text stands for.
pub(crate) fn bool_of(text: &[u8]) -> Option<bool> {
    match text {
        b"1" | b"t" | b"T" | b"TRUE" | b"true" | b"True" => Some(true),
        b"0" | b"f" | b"F" | b"FALSE" | b"false" | b"False" => Some(false),
        _ => None,
    }
}

fn str_to_float(a: &[u8]) -> Result<f64, CallError> {
    parse_float(a).map_err(refused("ParseFloat", a))
}

fn str_to_int(a: &[u8]) -> Result<i64, CallError> {
    parse_decimal(a).map_err(refused("ParseInt", a))
}

/// The catchable error of a parser that refuses a text.
pub(crate) fn refused<'t>(
    parser: &'t str,
    text: &'t [u8],
) -> impl FnOnce(NumberError) -> CallError + 't {
    move |error| CallError::catchable(error.message(parser, text))
}

fn to_float(a: i64) -> f64 {
    a as f64
}

fn to_int(a: f64) -> i64 {
    // 2^63 and -2^63 are floats.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&a) {
        a as i64
    } else {
        i64::MIN
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, caught};
    use crate::value::Value;
    use proptest::prelude::*;

    #[test]
    fn only_the_twelve_spellings_are_bools() {
        for text in ["", " true", "yes", "tRUE"] {
            assert_eq!(
                caught(call("convert.parse_bool", &[text.into()])),
                format!("invalid bool: `{text}`")
            );
        }
        for (texts, value) in [
            (["1", "t", "T", "TRUE", "true", "True"], true),
            (["0", "f", "F", "FALSE", "false", "False"], false),
        ] {
            for text in texts {
                let parsed = call("convert.parse_bool", &[text.into()]);
                assert_eq!(parsed, Ok(Value::Bool(value)), "{text}");
            }
        }
    }

    #[test]
    fn texts_of_values() {
        for (name, value, text) in [
            ("convert.format_bool", Value::Bool(false), "false"),
            ("convert.int_to_str", Value::Int(0), "0"),
            (
                "convert.int_to_str",
                Value::Int(i64::MIN),
                "-9223372036854775808",
            ),
            ("convert.float_to_str", Value::Float(-0.0), "-0"),
            (
                "convert.float_to_str",
                Value::Float(1e21),
                "1000000000000000000000",
            ),
            ("convert.float_to_str", Value::Float(1e-7), "0.0000001"),
            (
                "convert.float_to_str",
                Value::Float(f64::NEG_INFINITY),
                "-Inf",
            ),
        ] {
            assert_eq!(call(name, &[value]), Ok(text.into()), "{name} {text}");
        }
    }

    /// Reads a number, which gives its value or why the function of Go refuses it.
    fn reads(function: &str, of_go: &str, text: &str, expected: Result<Value, &str>) {
        let found = call(function, &[text.into()]);
        match expected {
            Ok(value) => assert_eq!(found, Ok(value), "{text}"),
            Err(why) => assert_eq!(
                caught(found),
                format!("strconv.{of_go}: parsing \"{text}\": {why}")
            ),
        }
    }

    #[test]
    fn ints_are_digits_with_a_sign() {
        for (text, value) in [
            ("+5", Ok(5)),
            ("-0", Ok(0)),
            ("007", Ok(7)),
            ("9223372036854775807", Ok(i64::MAX)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("9223372036854775808", Err("value out of range")),
            ("-9223372036854775809", Err("value out of range")),
            ("", Err("invalid syntax")),
            ("+", Err("invalid syntax")),
            ("--1", Err("invalid syntax")),
            ("1_0", Err("invalid syntax")),
            (" 1", Err("invalid syntax")),
            ("0x1", Err("invalid syntax")),
            ("1.0", Err("invalid syntax")),
            ("٣", Err("invalid syntax")),
        ] {
            reads(
                "convert.str_to_int",
                "ParseInt",
                text,
                value.map(Value::Int),
            );
        }
    }

    #[test]
    fn floats_of_all_forms() {
        for (text, value) in [
            ("1.", Ok(1.0)),
            (".5", Ok(0.5)),
            ("1e5", Ok(1e5)),
            ("1_000.5", Ok(1000.5)),
            ("0x1p-2", Ok(0.25)),
            ("+InF", Ok(f64::INFINITY)),
            ("-infinity", Ok(f64::NEG_INFINITY)),
            ("1e-400", Ok(0.0)),
            // Half way between two floats: the even one.
            ("9007199254740993", Ok(9_007_199_254_740_992.0)),
            ("9007199254740993.0001", Ok(9_007_199_254_740_994.0)),
            ("1.7976931348623159e308", Err("value out of range")),
            ("-0x1p1024", Err("value out of range")),
            ("0x1", Err("invalid syntax")),
            ("1_", Err("invalid syntax")),
            ("1 ", Err("invalid syntax")),
            ("", Err("invalid syntax")),
        ] {
            reads(
                "convert.str_to_float",
                "ParseFloat",
                text,
                value.map(Value::Float),
            );
        }
    }

    #[test]
    fn refused_numbers_are_quoted() {
        assert_eq!(
            caught(call("convert.str_to_int", &["1\n".into()])),
            r#"strconv.ParseInt: parsing "1\n": invalid syntax"#
        );
        assert_eq!(
            caught(call("convert.str_to_float", &["1e999".into()])),
            r#"strconv.ParseFloat: parsing "1e999": value out of range"#
        );
    }

    #[test]
    fn what_is_no_int_becomes_the_smallest() {
        for value in [f64::NAN, f64::INFINITY, 1e19, -1e19, 9.3e18] {
            assert_eq!(
                call("convert.to_int", &[value.into()]),
                Ok(Value::Int(i64::MIN))
            );
        }
        for (float, int) in [
            (1.9, 1),
            (-1.9, -1),
            (-0.5, 0),
            (9_223_372_036_854_774_784.0, 9_223_372_036_854_774_784),
            (-9_223_372_036_854_775_808.0, i64::MIN),
        ] {
            let found = call("convert.to_int", &[float.into()]);
            assert_eq!(found, Ok(Value::Int(int)), "{float}");
        }
    }

    #[test]
    fn a_float_that_is_no_number_survives_text() {
        let text = call("convert.float_to_str", &[f64::NAN.into()]).unwrap();
        let back = call("convert.str_to_float", &[text]).unwrap();
        assert!(back.as_float().unwrap().is_nan());
    }

    #[test]
    fn large_ints_become_the_nearest_float() {
        for (int, float) in [
            (9_007_199_254_740_993, 9_007_199_254_740_992.0),
            (9_007_199_254_740_995, 9_007_199_254_740_996.0),
            (i64::MAX, 9_223_372_036_854_775_808.0),
            (i64::MIN, -9_223_372_036_854_775_808.0),
        ] {
            let found = call("convert.to_float", &[Value::Int(int)]);
            assert_eq!(found, Ok(Value::Float(float)), "{int}");
        }
    }

    proptest! {
        #[test]
        fn small_ints_survive_floats(value in -(1i64 << 53)..=1 << 53) {
            let float = call("convert.to_float", &[value.into()]).unwrap();
            prop_assert_eq!(call("convert.to_int", &[float]), Ok(Value::Int(value)));
        }

        #[test]
        fn ints_survive_text(value: i64) {
            let text = call("convert.int_to_str", &[value.into()]).unwrap();
            prop_assert_eq!(call("convert.str_to_int", &[text]), Ok(Value::Int(value)));
        }

        #[test]
        fn floats_survive_text(value in { use prop::num::f64::*; NORMAL | SUBNORMAL | ZERO | INFINITE }) {
            let text = call("convert.float_to_str", &[value.into()]).unwrap();
            prop_assert_eq!(call("convert.str_to_float", &[text]), Ok(Value::Float(value)));
        }

        #[test]
        fn bools_survive_text(value: bool) {
            let text = call("convert.format_bool", &[value.into()]).unwrap();
            prop_assert_eq!(call("convert.parse_bool", &[text]), Ok(Value::Bool(value)));
        }
    }
}
