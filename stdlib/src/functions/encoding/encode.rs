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
    use super::super::decode::{Fields, decode_json, decode_yaml};
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

    proptest! {
        #[test]
        fn decoding_undoes_encoding(
            entries in prop::collection::btree_map(".*", prop::collection::vec(any::<i64>(), 0..4), 0..4),
        ) {
            let ty = Type::parse("map{str: []int}").unwrap();
            let value = Value::Map(
                entries
                    .into_iter()
                    .map(|(key, list)| (key.into(), Value::list(list.into_iter().map(Value::Int))))
                    .collect(),
            );
            let text = encode_json(&value).unwrap();
            prop_assert_eq!(decode_json(text.as_bytes(), &ty, Fields::Exact), Ok(value.clone()));
            let text = encode_yaml(&value).unwrap();
            prop_assert_eq!(decode_yaml(text.as_bytes(), &ty, Fields::Exact), Ok(value));
        }
    }
}
