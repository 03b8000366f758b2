//! Values to text.

use serde::ser::{Error, Serialize, SerializeMap, Serializer};

use crate::catalog::CallError;
use crate::value::Value;

/// The value as JSON on one line.
pub(super) fn encode_json(value: &Value) -> Result<String, CallError> {
    serde_json::to_string(&Encoded(value))
        .map_err(|error| CallError::catchable(format!("can't encode {error} as JSON")))
}

/// The value as a YAML document.
pub(super) fn encode_yaml(value: &Value) -> Result<String, CallError> {
    serde_yaml_ng::to_string(&Encoded(value))
        .map_err(|error| CallError::catchable(format!("can't encode {error} as YAML")))
}

/// The value, which must have fields or entries, as a TOML document.
pub(super) fn encode_toml(value: &Value) -> Result<String, CallError> {
    toml::to_string(&Encoded(value))
        .map_err(|error| CallError::catchable(format!("can't encode as TOML: {error}")))
}

/// How a value is written: structs as objects, keys as their text, and what is not UTF-8 as U+FFFD.
struct Encoded<'v>(&'v Value);

impl Serialize for Encoded<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Bool(value) => out.serialize_bool(*value),
            Value::Int(value) => out.serialize_i64(*value),
            Value::Float(value) if value.is_finite() => out.serialize_f64(*value),
            Value::Float(value) => Err(S::Error::custom(crate::value::format_float(*value))),
            Value::Str(value) => out.serialize_str(&value.to_string_lossy()),
            Value::List(list) => out.collect_seq(list.iter().map(Encoded)),
            Value::Map(entries) => {
                let mut map = out.serialize_map(Some(entries.len()))?;
                for (key, value) in entries.iter() {
                    map.serialize_entry(&key_text(key), &Encoded(value))?;
                }
                map.end()
            }
            Value::Struct(fields) => {
                let mut map = out.serialize_map(Some(fields.len()))?;
                for (name, value) in fields.iter() {
                    map.serialize_entry(name.as_str(), &Encoded(value))?;
                }
                map.end()
            }
            Value::Func(_) => Err(S::Error::custom("a function")),
        }
    }
}

/// An object has strings for keys.
fn key_text(key: &Value) -> String {
    match key {
        Value::Str(text) => text.to_string_lossy().into_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode::{Fields, decode_json, decode_toml, decode_yaml};
    use super::*;
    use crate::types::Type;
    use proptest::prelude::*;

    #[test]
    fn structs_and_maps_become_objects() {
        let fields = [("b", Value::Float(1.5)), ("a", Value::list([true.into()]))];
        let value = Value::Struct(fields.into_iter().collect());
        assert_eq!(
            encode_json(&value).as_deref(),
            Ok(r#"{"b":1.5,"a":[true]}"#)
        );
        let map = Value::Map([(1.into(), "x".into())].into_iter().collect());
        assert_eq!(encode_json(&map).as_deref(), Ok(r#"{"1":"x"}"#));
    }

    #[test]
    fn what_has_no_json_can_be_caught() {
        let error = encode_json(&Value::Float(f64::NAN)).unwrap_err();
        assert_eq!(
            (error.message.as_str(), error.catchable),
            ("can't encode NaN as JSON", true)
        );
    }

    /// A type that all three formats have.
    fn any_type() -> impl Strategy<Value = Type> {
        let leaf = prop_oneof![
            Just(Type::Bool),
            Just(Type::Int),
            Just(Type::Float),
            Just(Type::Str),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(Type::list),
                inner.clone().prop_map(|value| Type::map(Type::Str, value)),
                prop::collection::btree_map("[a-z_][a-z0-9_]{0,4}", inner, 0..4)
                    .prop_map(Type::structure),
            ]
        })
    }

    /// Any value of a type, without infinities and NaN.
    fn value_of(ty: &Type) -> BoxedStrategy<Value> {
        match ty {
            Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
            Type::Int => any::<i64>().prop_map(Value::Int).boxed(),
            Type::Float => {
                use prop::num::f64::{NORMAL, SUBNORMAL, ZERO};
                (NORMAL | SUBNORMAL | ZERO).prop_map(Value::Float).boxed()
            }
            Type::Str => any_text().prop_map(Value::from).boxed(),
            Type::List(element) => prop::collection::vec(value_of(element), 0..4)
                .prop_map(Value::from)
                .boxed(),
            Type::Map(entry) => prop::collection::vec((any_text(), value_of(&entry.1)), 0..4)
                .prop_map(|entries| {
                    let entries = entries.into_iter().map(|(key, value)| (key.into(), value));
                    Value::Map(entries.collect())
                })
                .boxed(),
            Type::Struct(fields) => {
                let names: Vec<_> = fields.iter().map(|(name, _)| name.clone()).collect();
                let values: Vec<_> = fields.iter().map(|(_, ty)| value_of(ty)).collect();
                values
                    .prop_map(move |values| {
                        Value::Struct(names.iter().cloned().zip(values).collect())
                    })
                    .boxed()
            }
            other => unreachable!("{other} is none of these types"),
        }
    }

    /// Text, with a preference for what the formats could take for something else.
    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            r#"[ -~\t\r\n]{0,12}"#,
            prop::sample::select(vec![
                "",
                " ",
                "~",
                "null",
                "true",
                "No",
                "on",
                "1",
                "1_0",
                "0x1f",
                "0o7",
                "1e3",
                ".inf",
                ".NaN",
                "-",
                "- a",
                "a: b",
                "a #b",
                "#",
                "---",
                "...",
                "!x",
                "&a",
                "*a",
                "|",
                ">",
                "%",
                "@",
                "`",
                "<<",
                "=",
                "2024-01-02",
                "12:30:45",
                "\u{85}",
                "\u{2028}",
                "\u{feff}",
                "\u{7f}",
                "\0",
                "\n",
                "a\n",
                "\na",
                "\r\n",
                "'",
                "\"\"\"",
            ])
            .prop_map(str::to_owned),
        ]
    }

    /// A value with its type.
    fn typed_value(ty: impl Strategy<Value = Type>) -> impl Strategy<Value = (Type, Value)> {
        ty.prop_flat_map(|ty| value_of(&ty).prop_map(move |value| (ty.clone(), value)))
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding((ty, value) in typed_value(any_type())) {
            for fields in [Fields::Exact, Fields::Flexible] {
                let text = encode_json(&value).unwrap();
                prop_assert!(!text.contains('\n'), "{}", text);
                prop_assert_eq!(decode_json(text.as_bytes(), &ty, fields), Ok(value.clone()), "{}", text);
                let text = encode_yaml(&value).unwrap();
                prop_assert_eq!(decode_yaml(text.as_bytes(), &ty, fields), Ok(value.clone()), "{}", text);
            }
        }

        /// A TOML document is a table.
        #[test]
        fn decoding_undoes_encoding_of_tables(
            (ty, value) in typed_value(prop_oneof![
                any_type().prop_map(|value| Type::map(Type::Str, value)),
                prop::collection::btree_map("[a-z_]{1,4}", any_type(), 0..4).prop_map(Type::structure),
            ]),
        ) {
            for fields in [Fields::Exact, Fields::Flexible] {
                let text = encode_toml(&value).unwrap();
                prop_assert_eq!(decode_toml(text.as_bytes(), &ty, fields), Ok(value.clone()), "{}", text);
            }
        }
    }
}
