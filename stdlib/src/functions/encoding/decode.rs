//! Text to values of a known type.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use crate::types::Type;
use crate::value::{Map, Struct, Value};

/// How the members of an object and the fields of a struct relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fields {
    /// They are the same.
    Exact,
    /// Members without a field are ignored, fields without a member are zero.
    Flexible,
}

/// The value of a type that a JSON text stands for.
///
/// # Errors
/// The text of the error: if it is no JSON, or not of that type.
pub(super) fn decode_json(text: &[u8], ty: &Type, fields: Fields) -> Result<Value, String> {
    let invalid = |error: serde_json::Error| format!("invalid JSON: {error}");
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Typed { ty, fields }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    match value {
        // Reading strings as bytes lets control characters pass.
        Ok(value) => check_json(text).map_err(invalid).map(|()| value),
        Err(error) if error.is_data() => Err(describe(&error, ty)),
        Err(error) if error.to_string().starts_with("number out of range") => {
            check_json(text).map_err(invalid)?;
            Err("num doesn't contain float64".to_owned())
        }
        Err(error) => Err(invalid(error)),
    }
}

/// Checks that a text is JSON, whatever it says.
fn check_json(text: &[u8]) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    IgnoredAny::deserialize(&mut reader)?;
    reader.end()
}

/// The value of a type that a YAML document stands for.
///
/// # Errors
/// The text of the error: if it is no YAML, or not of that type.
pub(super) fn decode_yaml(text: &[u8], ty: &Type, fields: Fields) -> Result<Value, String> {
    let invalid = |error: &dyn fmt::Display| format!("invalid YAML: {error}");
    let text = std::str::from_utf8(text).map_err(|error| invalid(&error))?;
    if !is_cheap_yaml(text) {
        return Err(invalid(&"brackets are nested too deeply"));
    }
    let tree: serde_json::Value = serde_yaml_ng::from_str(text).map_err(|error| invalid(&error))?;
    Typed { ty, fields }
        .deserialize(&tree)
        .map_err(|error| describe(&error, ty))
}

/// Whether the reader of YAML is done with a text soon. For each token it looks at all brackets that are open, so that
/// a text of nothing but brackets takes it time by the square of its length. Brackets in strings and comments count
/// here, too; but no text that people write comes near the limit.
fn is_cheap_yaml(text: &str) -> bool {
    /// So many looks take less than a second.
    const MAX_LOOKS: u64 = 200_000_000;
    let (mut open, mut looks) = (0u64, 0u64);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        looks = looks.saturating_add(open);
    }
    looks <= MAX_LOOKS
}

/// The value of a type that a TOML document stands for; times are strings.
///
/// # Errors
/// The text of the error: if it is no TOML, or not of that type.
pub(super) fn decode_toml(text: &[u8], ty: &Type, fields: Fields) -> Result<Value, String> {
    let invalid = |error: &dyn fmt::Display| format!("invalid TOML: {error}");
    let text = std::str::from_utf8(text).map_err(|error| invalid(&error))?;
    let table: toml::Table = toml::from_str(text).map_err(|error| invalid(&error.message()))?;
    Typed { ty, fields }
        .deserialize(&tree_of(toml::Value::Table(table)))
        .map_err(|error| describe(&error, ty))
}

fn tree_of(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(value) => value.into(),
        toml::Value::Float(value) => value.into(),
        toml::Value::Boolean(value) => value.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(tree_of).collect(),
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(key, value)| (key, tree_of(value)))
            .collect(),
    }
}

/// What is wrong with a text that is sound but not of the type. The words of this module are used as they
/// are; those of the reader are explained.
fn describe(error: &serde_json::Error, ty: &Type) -> String {
    let text = error.to_string();
    match text.strip_prefix("invalid type: ") {
        Some(rest) => format!("type doesn't match {}: found {rest}", ty.kind()),
        None => text,
    }
}

/// Reads a value of this type.
#[derive(Clone, Copy)]
struct Typed<'t> {
    ty: &'t Type,
    fields: Fields,
}

impl<'t> Typed<'t> {
    fn of(self, ty: &'t Type) -> Self {
        Self { ty, ..self }
    }

    fn mismatch<E: Error>(self, found: &str) -> E {
        E::custom(format_args!(
            "type doesn't match {}: found {found}",
            self.ty.kind()
        ))
    }

    fn string<E: Error>(self, bytes: &[u8]) -> Result<Value, E> {
        match self.ty {
            Type::Str => Ok(Value::str(replace_surrogates(bytes))),
            _ => Err(self.mismatch("a string")),
        }
    }
}

/// The text with U+FFFD for each half of a surrogate pair that stands alone, and for what is not UTF-8.
fn replace_surrogates(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let (valid, invalid) = match std::str::from_utf8(rest) {
            Ok(text) => (text, &[][..]),
            Err(error) => {
                let (valid, invalid) = rest.split_at(error.valid_up_to());
                // The reader has just said so.
                (std::str::from_utf8(valid).unwrap_or_default(), invalid)
            }
        };
        out.push_str(valid);
        rest = match invalid {
            [] => invalid,
            [0xed, 0xa0..=0xbf, 0x80..=0xbf, after @ ..] | [_, after @ ..] => {
                out.push(char::REPLACEMENT_CHARACTER);
                after
            }
        };
    }
    out
}

impl<'de> DeserializeSeed<'de> for Typed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        match self.ty {
            // Unlike text, bytes may hold halves of surrogate pairs.
            Type::Str => reader.deserialize_bytes(self),
            Type::Func(_) | Type::Variant | Type::Var(_) => Err(D::Error::custom(format_args!(
                "nothing can be decoded as {}",
                self.ty
            ))),
            _ => reader.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Typed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.ty.kind())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        match self.ty {
            Type::Bool => Ok(Value::Bool(value)),
            _ => Err(self.mismatch("a bool")),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        match self.ty {
            Type::Int => Ok(Value::Int(value)),
            Type::Float => Ok(Value::Float(value as f64)),
            _ => Err(self.mismatch("a number")),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        match (self.ty, i64::try_from(value)) {
            (Type::Float, _) => Ok(Value::Float(value as f64)),
            (_, Ok(value)) => self.visit_i64(value),
            (Type::Int, Err(_)) => Err(E::custom("num doesn't contain int64")),
            (_, Err(_)) => Err(self.mismatch("a number")),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        match self.ty {
            Type::Float => Ok(Value::Float(value)),
            // The reader of JSON makes a float of `-0`, since ints have one zero.
            Type::Int if value == 0.0 && value.is_sign_negative() => Ok(Value::Int(0)),
            Type::Int => Err(E::custom("num doesn't contain int64")),
            _ => Err(self.mismatch("a number")),
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.string(value.as_bytes())
    }

    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<Value, E> {
        self.string(value)
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Err(self.mismatch("null"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let Type::List(element) = self.ty else {
            return Err(self.mismatch("a list"));
        };
        let mut list = Vec::new();
        while let Some(value) = elements.next_element_seed(self.of(element))? {
            list.push(value);
        }
        Ok(Value::from(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        match self.ty {
            Type::Map(entry) if entry.0 == Type::Str => {
                let mut map = Vec::new();
                while let Some(key) = members.next_key_seed(self.of(&entry.0))? {
                    map.push((key, members.next_value_seed(self.of(&entry.1))?));
                }
                Ok(Value::Map(map.into_iter().collect::<Map>()))
            }
            Type::Map(_) => Err(A::Error::custom("the keys of a map must be strings here")),
            Type::Struct(fields) => {
                let mut values: Vec<Option<Value>> = vec![None; fields.len()];
                let mut unknown = 0;
                while let Some(name) = members.next_key::<String>()? {
                    match fields.iter().position(|(have, _)| *have == name) {
                        Some(at) => {
                            values[at] = Some(members.next_value_seed(self.of(&fields[at].1))?);
                        }
                        None => {
                            members.next_value::<IgnoredAny>()?;
                            unknown += 1;
                        }
                    }
                }
                let missing = values.iter().filter(|value| value.is_none()).count();
                if self.fields == Fields::Exact && unknown != missing {
                    return Err(A::Error::custom("incompatible number of fields"));
                }
                fields
                    .iter()
                    .zip(values)
                    .map(|((name, ty), value)| match value {
                        Some(value) => Ok((name.clone(), value)),
                        None if self.fields == Fields::Flexible => Ok((name.clone(), zero(ty)?)),
                        None => Err(A::Error::custom(format_args!(
                            "field {name} was not found in struct"
                        ))),
                    })
                    .collect::<Result<Struct, _>>()
                    .map(Value::Struct)
            }
            _ => Err(self.mismatch("an object")),
        }
    }
}

/// The value of a field that is not there.
fn zero<E: Error>(ty: &Type) -> Result<Value, E> {
    Value::zero(ty).ok_or_else(|| E::custom(format_args!("nothing can be decoded as {ty}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(text: &str, ty: &str) -> Result<String, String> {
        let ty = Type::parse(ty).unwrap();
        decode_json(text.as_bytes(), &ty, Fields::Exact).map(|value| value.to_string())
    }

    fn flexible(text: &str, ty: &str) -> Result<String, String> {
        let ty = Type::parse(ty).unwrap();
        decode_json(text.as_bytes(), &ty, Fields::Flexible).map(|value| value.to_string())
    }

    #[test]
    fn every_type_has_its_json() {
        for (text, ty, value) in [
            ("true", "bool", "true"),
            ("-9223372036854775808", "int", "-9223372036854775808"),
            ("18446744073709551616", "float", "18446744073709552000"),
            ("1e2", "float", "100"),
            ("-0", "int", "0"),
            ("-0", "float", "-0"),
            ("9007199254740993", "float", "9007199254740992"),
            (r#" "a\u00e9" "#, "str", r#""aé""#),
            (r#""\ud800x""#, "str", "\"\u{fffd}x\""),
            (r#""\ud83d\ude00\/""#, "str", r#""😀/""#),
            (r#""\udc00\ud800""#, "str", "\"\u{fffd}\u{fffd}\""),
            ("9223372036854775807", "int", "9223372036854775807"),
            ("1e-999", "float", "0"),
            ("[]", "[]str", "[]"),
            ("{}", "map{str: int}", "{}"),
            (r#"{"a":1,"a":2}"#, "struct{a int;}", "struct{a: 2}"),
            (r#"[[1],[]]"#, "[][]int", "[[1], []]"),
            (r#"{"a":1,"a":2}"#, "map{str: int}", r#"{"a": 2}"#),
            (
                r#"{"b":1,"a":"x"}"#,
                "struct{a str; b int}",
                r#"struct{a: "x"; b: 1}"#,
            ),
        ] {
            assert_eq!(exact(text, ty).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn other_types_are_refused() {
        for (text, ty, error) in [
            ("1.0", "int", "num doesn't contain int64"),
            ("1e2", "int", "num doesn't contain int64"),
            ("9223372036854775808", "int", "num doesn't contain int64"),
            ("null", "int", "type doesn't match int: found null"),
            ("null", "str", "type doesn't match str: found null"),
            ("1", "str", "type doesn't match str: found "),
            ("\"a\"", "bool", "type doesn't match bool: found a string"),
            (
                "[1]",
                "map{str: int}",
                "type doesn't match map: found a list",
            ),
            ("{}", "map{int: int}", "the keys of a map must be strings"),
            ("{}", "struct{a int}", "incompatible number of fields"),
            (
                r#"{"A":1}"#,
                "struct{a int}",
                "field a was not found in struct",
            ),
            ("1 2", "int", "invalid JSON: trailing characters"),
            ("", "int", "invalid JSON: EOF"),
            ("[1,]", "[]int", "invalid JSON: trailing comma"),
            ("1e999", "float", "num doesn't contain float64"),
            ("[1, -1e999]", "[]float", "num doesn't contain float64"),
            ("\"a\nb\"", "str", "invalid JSON: control character"),
            ("\"\t\"", "str", "invalid JSON: control character"),
            (
                "{\"a\u{1}\": 1}",
                "map{str: int}",
                "invalid JSON: control character",
            ),
            ("\"\\x\"", "str", "invalid JSON: invalid escape"),
            ("01", "int", "invalid JSON: "),
            ("+1", "int", "invalid JSON: "),
            (".5", "float", "invalid JSON: "),
            ("NaN", "float", "invalid JSON: "),
            ("'a'", "str", "invalid JSON: "),
            ("// a\n1", "int", "invalid JSON: "),
            ("null", "bool", "type doesn't match bool: found null"),
            ("null", "float", "type doesn't match float: found null"),
            ("null", "[]int", "type doesn't match list: found null"),
            (
                "null",
                "map{str: int}",
                "type doesn't match map: found null",
            ),
            (
                "null",
                "struct{a int}",
                "type doesn't match struct: found null",
            ),
            ("[null]", "[]int", "type doesn't match int: found null"),
            ("true", "str", "type doesn't match str: found "),
            ("1", "bool", "type doesn't match bool: found a number"),
            ("{}", "[]int", "type doesn't match list: found an object"),
            (
                r#"{"a":1,"b":2}"#,
                "struct{a int}",
                "incompatible number of fields",
            ),
            (
                r#"{"a":1,"x":2}"#,
                "struct{a int; b int}",
                "field b was not found in struct",
            ),
            ("1", "variant", "nothing can be decoded as variant"),
            ("1", "func(int) int", "nothing can be decoded as func"),
        ] {
            let found = exact(text, ty).unwrap_err();
            assert!(found.starts_with(error), "{text}: {found}");
        }
    }

    #[test]
    fn only_white_space_follows_the_value() {
        for fields in [Fields::Exact, Fields::Flexible] {
            let decode = |text: &str| decode_json(text.as_bytes(), &Type::Int, fields);
            assert_eq!(decode(" 1 \t\r\n"), Ok(Value::Int(1)));
            for text in ["1 2", "1,", "1}", "1 x", "1\0"] {
                let found = decode(text).unwrap_err();
                assert!(
                    found.starts_with("invalid JSON: trailing characters"),
                    "{text:?}: {found}"
                );
            }
        }
    }

    #[test]
    fn flexible_structs_take_what_is_there() {
        let ty = "struct{a bool; b []int; c struct{d float; e str}; f map{str: int}}";
        assert_eq!(
            flexible(r#"{"x":1,"b":[1]}"#, ty).as_deref(),
            Ok(r#"struct{a: false; b: [1]; c: struct{d: 0; e: ""}; f: {}}"#)
        );
        // A member that is there must fit.
        for (text, error) in [
            (r#"{"a":null}"#, "type doesn't match bool: found null"),
            (r#"{"b":[1.5]}"#, "num doesn't contain int64"),
            ("[]", "type doesn't match struct: found a list"),
            (r#"{"x":1e999,"x":}"#, "invalid JSON: "),
            (r#"{"c":{"d":1e999},"x":}"#, "invalid JSON: "),
            (r#"{"c":{"d":1e999}}"#, "num doesn't contain float64"),
            ("{\"x\":\"\n\"}", "invalid JSON: control character"),
        ] {
            let found = flexible(text, ty).unwrap_err();
            assert!(found.starts_with(error), "{text}: {found}");
        }
        assert_eq!(
            flexible(r#"{"A":1,"x":{"a":[null]},"y":1e999}"#, "struct{a int}").as_deref(),
            Ok("struct{a: 0}")
        );
        assert_eq!(
            flexible("[{},{}]", "[]struct{a int}").as_deref(),
            Ok("[struct{a: 0}, struct{a: 0}]")
        );
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let depth = 100_000;
        let ty = (0..50).fold(Type::Int, |ty, _| Type::list(ty));
        assert!(decode_json("[".repeat(depth).as_bytes(), &ty, Fields::Exact).is_err());
        let ignored = format!(r#"{{"x":{}"#, "[".repeat(depth));
        assert!(flexible(&ignored, "struct{}").is_err());
        for open in ["[", "{a: ", "{? ", "- ", "? ", "!t ", "&a ", "[]: "] {
            for nested in [
                open.repeat(depth),
                format!("x: |\n{}", format!(" {open}\n").repeat(depth)) + &open.repeat(depth),
            ] {
                let error = decode_yaml(nested.as_bytes(), &ty, Fields::Exact).unwrap_err();
                assert!(error.starts_with("invalid YAML: "), "{open}: {error}");
            }
        }
        // As deep as the reader goes, and many brackets that are text.
        let nested = |depth: usize| {
            let text = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
            let ty = (0..depth).fold(Type::Int, |ty, _| Type::list(ty));
            decode_yaml(text.as_bytes(), &ty, Fields::Exact)
        };
        assert!(nested(100).is_ok());
        assert!(nested(1000).is_err());
        let log = format!("a: |\n{}", "  \u{b7}[31m text of a log\n".repeat(3_000));
        let ty = Type::parse("struct{a str}").unwrap();
        assert!(decode_yaml(log.as_bytes(), &ty, Fields::Exact).is_ok());
        for nested in ["[".repeat(depth), "{a=".repeat(depth)] {
            let document = format!("a = {nested}");
            assert!(decode_toml(document.as_bytes(), &ty, Fields::Exact).is_err());
        }
    }

    #[test]
    fn a_type_text_may_be_hostile() {
        let depth = 100_000;
        for (open, close) in [("[]", ""), ("map{str: ", "}"), ("struct{a ", "}")] {
            let text = format!("{}int{}", open.repeat(depth), close.repeat(depth));
            assert!(Type::parse(&text).is_err(), "{open}");
        }
    }

    #[test]
    fn yaml_that_multiplies_is_an_error() {
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (name, of) in ('b'..='i').zip('a'..) {
            let nine = vec![format!("*{of}"); 9].join(", ");
            bomb.push_str(&format!("{name}: &{name} [{nine}]\n"));
        }
        let ty = Type::parse("struct{x int}").unwrap();
        let error = decode_yaml(bomb.as_bytes(), &ty, Fields::Flexible).unwrap_err();
        assert!(error.starts_with("invalid YAML: "), "{error}");
    }

    #[test]
    fn documents_of_yaml_and_toml_may_be_wrong() {
        let ty = Type::parse("map{str: int}").unwrap();
        for (text, error) in [
            ("a = 1\na = 2\n", "invalid TOML: duplicate key"),
            ("a", "invalid TOML: "),
            ("a = 9223372036854775808\n", "invalid TOML: "),
            ("a = 1.5\n", "num doesn't contain int64"),
            ("a = true\n", "type doesn't match int: found a bool"),
        ] {
            let found = decode_toml(text.as_bytes(), &ty, Fields::Exact).unwrap_err();
            assert!(found.starts_with(error), "{text}: {found}");
        }
        for (text, error) in [
            ("a: 1\n---\nb: 2\n", "invalid YAML: "),
            ("a: 9223372036854775808\n", "num doesn't contain int64"),
            ("a: ~\n", "type doesn't match int: found null"),
            ("", "type doesn't match map: found null"),
        ] {
            let found = decode_yaml(text.as_bytes(), &ty, Fields::Exact).unwrap_err();
            assert!(found.starts_with(error), "{text}: {found}");
        }
        for decode in [decode_yaml, decode_toml] {
            let found = decode(b"a\xff", &ty, Fields::Exact).unwrap_err();
            assert!(found.contains("invalid utf-8"), "{found}");
        }
    }

    #[test]
    fn yaml_has_the_same_types() {
        let ty = Type::parse("struct{a []int; b str}").unwrap();
        let decode = |text: &str| {
            decode_yaml(text.as_bytes(), &ty, Fields::Exact).map(|value| value.to_string())
        };
        assert_eq!(
            decode("a:\n- 1\n- 2\nb: x\n").as_deref(),
            Ok(r#"struct{a: [1, 2]; b: "x"}"#)
        );
        assert!(decode("a: [1\n").unwrap_err().starts_with("invalid YAML: "));
        let error = decode("a: 1\nb: x\n").unwrap_err();
        assert!(error.starts_with("type doesn't match list"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in r#"[\[\]{}:,"'0-9a-e.\-+ \n\\&*|>=#~]{0,24}"#, bytes: Vec<u8>) {
            let ty = Type::parse("struct{a []int; b map{str: float}; c str}").unwrap();
            for text in [text.as_bytes(), &bytes] {
                for fields in [Fields::Exact, Fields::Flexible] {
                    for decode in [decode_json, decode_yaml, decode_toml] {
                        if let Ok(value) = decode(text, &ty, fields) {
                            prop_assert!(value.fits(&ty), "{}", value);
                        }
                    }
                }
            }
        }
    }
}
