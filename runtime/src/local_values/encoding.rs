//! Values as JSON in which each says its type: `{"int": 3}`, `{"list": [{"str": "x"}]}`.

use mgmt_stdlib::value::{List, Map, Str, Struct, Value};
use serde::{Deserialize, Serialize};

/// A value on its way to disk or from there.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoded {
    Bool(bool),
    Int(i64),
    /// The bits, since JSON has no NaN.
    Float(u64),
    Str(String),
    /// A string that is not UTF-8.
    Bytes(Vec<u8>),
    List(Vec<Encoded>),
    Map(Vec<(Encoded, Encoded)>),
    Struct(Vec<(String, Encoded)>),
}

/// Fails if there is a function in the value.
pub(super) fn encode(value: &Value) -> Result<Vec<u8>, String> {
    let encoded = Encoded::try_from(value)?;
    serde_json::to_vec(&encoded).map_err(|error| error.to_string())
}

pub(super) fn decode(bytes: &[u8]) -> Result<Value, String> {
    let encoded: Encoded = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    Ok(encoded.into())
}

impl TryFrom<&Value> for Encoded {
    type Error = String;

    fn try_from(value: &Value) -> Result<Self, String> {
        Ok(match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Float(value) => Self::Float(value.to_bits()),
            Value::Str(value) => match value.to_str() {
                Ok(text) => Self::Str(text.to_owned()),
                Err(_) => Self::Bytes(value.as_bytes().to_vec()),
            },
            Value::List(list) => {
                Self::List(list.iter().map(Self::try_from).collect::<Result<_, _>>()?)
            }
            Value::Map(map) => Self::Map(
                map.iter()
                    .map(|(key, value)| Ok((Self::try_from(key)?, Self::try_from(value)?)))
                    .collect::<Result<_, String>>()?,
            ),
            Value::Struct(fields) => Self::Struct(
                fields
                    .iter()
                    .map(|(name, value)| Ok((name.to_string(), Self::try_from(value)?)))
                    .collect::<Result<_, String>>()?,
            ),
            Value::Func(_) => return Err("a function can not be stored".to_owned()),
        })
    }
}

impl From<Encoded> for Value {
    fn from(encoded: Encoded) -> Self {
        match encoded {
            Encoded::Bool(value) => Self::Bool(value),
            Encoded::Int(value) => Self::Int(value),
            Encoded::Float(bits) => Self::Float(f64::from_bits(bits)),
            Encoded::Str(text) => Self::from(text),
            Encoded::Bytes(bytes) => Self::Str(Str::from(bytes)),
            Encoded::List(list) => Self::List(list.into_iter().map(Self::from).collect::<List>()),
            Encoded::Map(entries) => Self::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (Self::from(key), Self::from(value)))
                    .collect::<Map>(),
            ),
            Encoded::Struct(fields) => Self::Struct(
                fields
                    .into_iter()
                    .map(|(name, value)| (name, Self::from(value)))
                    .collect::<Struct>(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use mgmt_stdlib::types::Type;
    use mgmt_stdlib::value::Func;
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<u64>().prop_map(|bits| Value::Float(f64::from_bits(bits))),
            any::<Vec<u8>>().prop_map(|bytes| Value::Str(Str::from(bytes))),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
                prop::collection::vec((any::<i64>(), inner.clone()), 0..4).prop_map(|entries| {
                    Value::Map(
                        entries
                            .into_iter()
                            .map(|(key, value)| (Value::Int(key), value))
                            .collect(),
                    )
                }),
                prop::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                    .prop_map(|fields| Value::Struct(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_the_same(value in values()) {
            let decoded = decode(&encode(&value).unwrap()).unwrap();
            prop_assert!(decoded.is_same(&value));
        }
    }

    #[test]
    fn functions_are_refused() {
        let func = Value::Func(Func::new(Type::Variant, |_: &[Value]| Ok(Value::Int(1))));
        assert!(encode(&Value::list([func])).is_err());
    }
}
