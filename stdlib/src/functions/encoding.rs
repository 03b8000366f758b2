//! `encoding`, `json`, `yaml` and `toml`: values as texts, and bytes as text (functions.md §7). All but the first package
//! are not in the original.

mod decode;
mod encode;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::catalog::{Bound, CallError, CallResult, FunctionDef, Inference};
use crate::types::{FuncType, Type};
use crate::value::{Str, Value};

use super::declare::{Argument, examples, native, pure, typed, wrong_count};
use decode::{Fields, decode_json, decode_toml, decode_yaml};
use encode::{encode_json, encode_toml, encode_yaml};

const JSON_ERRORS: &[&str] = &[
    "invalid JSON: E",
    "type doesn't match T: E",
    "num doesn't contain int64",
    "incompatible number of fields",
    "field F was not found in struct",
];

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        pure(
            "encoding.base64_decode",
            "func(data str) str",
            "The bytes that a text in base64 stands for; line ends in it do not count.",
            native!(base64_decode(data)),
        )
        .catchable(&["could not decode base64: E"])
        .examples(examples![r#"encoding.base64_decode("aGVsbG8=")"# => r#""hello""#]),
        pure(
            "encoding.base64_encode",
            "func(data str) str",
            "The bytes of a string in base64, with padding, on one line.",
            native!(base64_encode(data)),
        )
        .examples(examples![r#"encoding.base64_encode("hello")"# => r#""aGVsbG8=""#]),
        typed(
            "encoding.decode_json",
            "func(data str) ?1",
            "The value that a JSON text stands for. Its type comes from the context or from a second argument, such as \
             `\"map{str: int}\"`. The members of an object must be exactly the fields of a struct.",
            |ty, args| decode(ty, args, |text, ty| decode_json(text, ty, Fields::Exact)),
        )
        .or("func(data str, type str) ?1")
        .inferred(Inference::TypeText)
        .catchable(JSON_ERRORS)
        .examples(examples![
            r#"encoding.decode_json("[1, 2]", "[]int")"# => "[1, 2]",
            r#"encoding.decode_json("{\"a\": true}", "struct{a bool}")"# => "struct{a: true}",
        ]),
        typed(
            "encoding.decode_json_flexible",
            "func(data str) ?1",
            "Like `decode_json`, but members that a struct has no field for are ignored, and fields without a member are \
             zero or empty.",
            |ty, args| decode(ty, args, |text, ty| decode_json(text, ty, Fields::Flexible)),
        )
        .or("func(data str, type str) ?1")
        .inferred(Inference::TypeText)
        .catchable(JSON_ERRORS)
        .examples(examples![
            r#"encoding.decode_json_flexible("{\"b\": 1}", "struct{a bool}")"# => "struct{a: false}"
        ]),
        typed(
            "yaml.decode",
            "func(data str) ?1",
            "The value that a YAML document stands for; otherwise like `encoding.decode_json`. Not in the original.",
            |ty, args| decode(ty, args, |text, ty| decode_yaml(text, ty, Fields::Exact)),
        )
        .or("func(data str, type str) ?1")
        .inferred(Inference::TypeText)
        .catchable(&["invalid YAML: E", "type doesn't match T: E"])
        .examples(examples![
            r#"yaml.decode("a: [1, 2]\n", "map{str: []int}")"# => r#"{"a": [1, 2]}"#
        ]),
        typed(
            "yaml.decode_flexible",
            "func(data str) ?1",
            "The value that a YAML document stands for; otherwise like `encoding.decode_json_flexible`. Not in the original.",
            |ty, args| decode(ty, args, |text, ty| decode_yaml(text, ty, Fields::Flexible)),
        )
        .or("func(data str, type str) ?1")
        .inferred(Inference::TypeText)
        .catchable(&["invalid YAML: E", "type doesn't match T: E"])
        .examples(examples![
            r#"yaml.decode_flexible("b: 1\n", "struct{b int; c str}")"# => r#"struct{b: 1; c: ""}"#
        ]),
        typed(
            "toml.decode",
            "func(data str) ?1",
            "The value that a TOML document stands for, with times as strings; otherwise like `encoding.decode_json`. Not in \
             the original.",
            |ty, args| decode(ty, args, |text, ty| decode_toml(text, ty, Fields::Exact)),
        )
        .or("func(data str, type str) ?1")
        .inferred(Inference::TypeText)
        .catchable(&["invalid TOML: E", "type doesn't match T: E"])
        .examples(examples![
            r#"toml.decode("a = [1, 2]\n", "map{str: []int}")"# => r#"{"a": [1, 2]}"#
        ]),
        typed(
            "toml.decode_flexible",
            "func(data str) ?1",
            "The value that a TOML document stands for, with times as strings; otherwise like \
             `encoding.decode_json_flexible`. Not in the original.",
            |ty, args| decode(ty, args, |text, ty| decode_toml(text, ty, Fields::Flexible)),
        )
        .or("func(data str, type str) ?1")
        .inferred(Inference::TypeText)
        .catchable(&["invalid TOML: E", "type doesn't match T: E"])
        .examples(examples![
            r#"toml.decode_flexible("at = 2024-01-02\n", "struct{at str; n int}")"# => r#"struct{at: "2024-01-02"; n: 0}"#
        ]),
        pure(
            "toml.encode",
            "func(value ?1) str",
            "A map or struct as a TOML document. Not in the original.",
            native!(encode_toml(value)),
        )
        .kinds(1, &["map", "struct"])
        .catchable(&["can't encode as TOML: E"])
        .examples(examples![r#"toml.encode({"a" => 1})"# => r#""a = 1\n""#]),
        pure(
            "json.encode",
            "func(value ?1) str",
            "The value as JSON on one line; struct fields and map entries become members. Not in the original.",
            native!(encode_json(value)),
        )
        .bound(1, &Bound::NoFunc)
        .catchable(&["can't encode F as JSON"])
        .examples(examples![
            r#"json.encode({"a" => [1, 2]})"# => r#""{\"a\":[1,2]}""#
        ]),
        pure(
            "yaml.encode",
            "func(value ?1) str",
            "The value as a YAML document; struct fields and map entries become members. Not in the original.",
            native!(encode_yaml(value)),
        )
        .bound(1, &Bound::NoFunc)
        .catchable(&["can't encode F as YAML"])
        .examples(examples![r#"yaml.encode({"a" => 1})"# => r#""a: 1\n""#]),
        pure(
            "encoding.hex_decode",
            "func(data str) str",
            "The bytes that pairs of hexadecimal digits stand for. Not in the original.",
            native!(hex_decode(data)),
        )
        .catchable(&["could not decode hex: E"])
        .examples(examples![r#"encoding.hex_decode("6869")"# => r#""hi""#]),
        pure(
            "encoding.hex_encode",
            "func(data str) str",
            "The bytes of a string in hexadecimal digits. Not in the original.",
            native!(hex_encode(data)),
        )
        .examples(examples![r#"encoding.hex_encode("hi")"# => r#""6869""#]),
    ]
}

/// Standard base64 that tolerates bits left over in the last digit.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

fn base64_decode(data: &[u8]) -> Result<Vec<u8>, CallError> {
    let digits: Vec<u8> = data
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    BASE64
        .decode(digits)
        .map_err(|error| CallError::catchable(format!("could not decode base64: {error}")))
}

fn base64_encode(data: &[u8]) -> String {
    BASE64.encode(data)
}

fn hex_decode(data: &[u8]) -> Result<Vec<u8>, CallError> {
    let failed = |why| CallError::catchable(format!("could not decode hex: {why}"));
    if !data.len().is_multiple_of(2) {
        return Err(failed("there is half a byte too much"));
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    data.chunks(2)
        .map(|pair| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8))
        .collect::<Option<_>>()
        .ok_or_else(|| failed("there is something else than digits"))
}

/// The bytes in hexadecimal digits.
pub(crate) fn hex_encode(data: &[u8]) -> String {
    use std::fmt::Write;
    data.iter()
        .fold(String::with_capacity(data.len() * 2), |mut out, byte| {
            // Writing to a string never fails.
            let _ = write!(out, "{byte:02x}");
            out
        })
}

/// Decodes the first argument as the result's type, with which the second must agree.
fn decode(
    ty: &FuncType,
    args: &[Value],
    decode: fn(&[u8], &Type) -> Result<Value, String>,
) -> CallResult {
    let data = match args {
        [data] => data,
        [data, text] => {
            check_type(<&Str>::from_value(text)?, &ty.result)?;
            data
        }
        _ => return Err(wrong_count(args.len())),
    };
    decode(Argument::from_value(data)?, &ty.result).map_err(CallError::catchable)
}

fn check_type(text: &Str, wanted: &Type) -> Result<(), CallError> {
    let ty = Type::parse(&text.to_string_lossy())
        .map_err(|error| CallError::fatal(format!("invalid type specification: {error}")))?;
    if ty.same(wanted) {
        Ok(())
    } else {
        Err(CallError::fatal(format!(
            "incompatible types: the argument says {ty}, but {wanted} is needed"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, caught, fatal};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base64_is_read_leniently() {
        let read = |text: &str| call("encoding.base64_decode", &[text.into()]);
        assert_eq!(read("aGV\r\nsbG8=\n"), Ok("hello".into()));
        assert_eq!(read("aGVsbG9="), Ok("hello".into()));
        assert_eq!(read("\r\n"), Ok("".into()));
        assert_eq!(read("+/8="), Ok(vec![0xfb, 0xff].into()));
        for text in [
            "aGVsbG8",
            "aGVs bG8=",
            "*",
            "aGVsbG8==",
            "-_8=",
            "=",
            "a===",
            "aGVsbG8=a",
        ] {
            assert!(
                caught(read(text)).starts_with("could not decode base64: "),
                "{text}"
            );
        }
    }

    #[test]
    fn hex_needs_pairs_of_digits() {
        for text in ["a", "zz"] {
            assert!(
                caught(call("encoding.hex_decode", &[text.into()]))
                    .starts_with("could not decode hex: ")
            );
        }
    }

    #[test]
    fn the_type_text_must_agree() {
        let run = |text: &str| {
            let ty = FuncType {
                args: Vec::new(),
                result: Type::Int,
            };
            decode(&ty, &["1".into(), text.into()], |text, ty| {
                decode_json(text, ty, Fields::Exact)
            })
        };
        assert_eq!(run("int"), Ok(Value::Int(1)));
        assert!(fatal(run("str")).starts_with("incompatible types: "));
        assert!(fatal(run("what")).starts_with("invalid type specification: "));
    }

    #[test]
    fn data_of_any_format_that_does_not_fit_can_be_caught() {
        use crate::catalog::Implementation;
        let ty = FuncType {
            args: Vec::new(),
            result: Type::parse("struct{a int}").unwrap(),
        };
        let mut decoders = 0;
        for function in all() {
            if let Implementation::Typed(decode) = function.implementation {
                decoders += 1;
                for data in ["", "]", "a: x", "a = \"x\"", r#"{"a": null}"#] {
                    let decoded = decode(&ty, &[data.into()]);
                    let is_flexible = function.name.ends_with("_flexible");
                    if !(is_flexible && decoded.is_ok()) {
                        assert!(!caught(decoded).is_empty(), "{}", function.full_name());
                    }
                }
            }
        }
        assert_eq!(decoders, 6);
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(data: Vec<u8>) {
            for (encode, decode) in [
                ("encoding.base64_encode", "encoding.base64_decode"),
                ("encoding.hex_encode", "encoding.hex_decode"),
            ] {
                let text = call(encode, &[data.clone().into()]).unwrap();
                prop_assert_eq!(call(decode, &[text]), Ok(data.clone().into()));
            }
        }
    }
}
