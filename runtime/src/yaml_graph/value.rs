//! Values of parameters.

use mgmt_stdlib::param::HostType;
use mgmt_stdlib::value::Value;
use serde_yaml_ng::{Mapping, Number, Value as Yaml};

/// The value for a parameter of that type.
///
/// # Errors
/// If it is of another type. Numbers are not checked for their width.
pub(super) fn value(yaml: &Yaml, ty: &HostType) -> Result<Value, String> {
    match (ty, yaml) {
        (HostType::Optional(inner), _) => value(yaml, inner),
        (HostType::Any, _) => any(yaml),
        (HostType::Bool, Yaml::Bool(bool)) => Ok(Value::Bool(*bool)),
        (HostType::Str | HostType::Bytes, Yaml::String(text)) => Ok(Value::str(text.as_str())),
        (HostType::Int(_) | HostType::Uint(_), Yaml::Number(number)) => int(number),
        (HostType::Float(_), Yaml::Number(number)) => float(number),
        (HostType::List(element), Yaml::Sequence(list)) => {
            let values: Result<Vec<_>, _> = list.iter().map(|each| value(each, element)).collect();
            Ok(Value::list(values?))
        }
        (HostType::Map(types), Yaml::Mapping(entries)) => {
            let values: Result<_, String> = entries
                .iter()
                .map(|(key, each)| Ok((value(key, &types.0)?, value(each, &types.1)?)))
                .collect();
            Ok(Value::Map(values?))
        }
        (HostType::Struct(fields), Yaml::Mapping(entries)) => structure(fields, entries),
        (HostType::Func(_), _) => Err("a function can not be written in YAML".to_owned()),
        (HostType::Str | HostType::Bytes, Yaml::Bool(_) | Yaml::Number(_)) => Err(format!(
            "expected a text, not {}; put it into quotes",
            describe(yaml)
        )),
        _ => Err(format!("expected {}, not {}", expected(ty), describe(yaml))),
    }
}

fn int(number: &Number) -> Result<Value, String> {
    number
        .as_i64()
        .map(Value::Int)
        .ok_or_else(|| format!("expected a whole number of 64 bits, not {number}"))
}

fn float(number: &Number) -> Result<Value, String> {
    number
        .as_f64()
        .map(Value::Float)
        .ok_or_else(|| format!("expected a number, not {number}"))
}

/// Fields that are left out have the zero value of their type.
fn structure(fields: &[(&'static str, HostType)], entries: &Mapping) -> Result<Value, String> {
    for key in entries.keys() {
        let key = key.as_str().unwrap_or_default();
        if !fields.iter().any(|(name, _)| *name == key) {
            return Err(format!("there is no field `{key}`"));
        }
    }
    let values: Result<_, String> = fields
        .iter()
        .map(|(name, ty)| {
            let value = match entries.get(*name) {
                Some(given) => value(given, ty).map_err(|why| format!("field `{name}`: {why}"))?,
                None => zero(ty)?,
            };
            Ok((*name, value))
        })
        .collect();
    Ok(Value::Struct(values?))
}

fn zero(ty: &HostType) -> Result<Value, String> {
    Ok(match ty {
        HostType::Bool => Value::Bool(false),
        HostType::Str | HostType::Bytes => Value::str(""),
        HostType::Int(_) | HostType::Uint(_) => Value::Int(0),
        HostType::Float(_) => Value::Float(0.0),
        HostType::List(_) => Value::list([]),
        HostType::Map(_) => Value::Map(std::iter::empty().collect()),
        HostType::Struct(fields) => structure(fields, &Mapping::new())?,
        HostType::Optional(inner) => zero(inner)?,
        HostType::Func(_) | HostType::Any => return Err("a field must be given".to_owned()),
    })
}

/// A value for a parameter that takes every type.
fn any(yaml: &Yaml) -> Result<Value, String> {
    Ok(match yaml {
        Yaml::Bool(bool) => Value::Bool(*bool),
        Yaml::String(text) => Value::str(text.as_str()),
        Yaml::Number(number) if number.is_f64() => float(number)?,
        Yaml::Number(number) => int(number)?,
        Yaml::Sequence(list) => {
            let values: Result<Vec<_>, _> = list.iter().map(any).collect();
            let values = values?;
            if values
                .windows(2)
                .any(|pair| pair[0].kind() != pair[1].kind())
            {
                return Err("the elements of a list must be of one type".to_owned());
            }
            Value::list(values)
        }
        Yaml::Mapping(entries) => {
            let values: Result<_, String> = entries
                .iter()
                .map(|(key, each)| Ok((any(key)?, any(each)?)))
                .collect();
            Value::Map(values?)
        }
        Yaml::Null | Yaml::Tagged(_) => {
            return Err(format!("expected a value, not {}", describe(yaml)));
        }
    })
}

fn expected(ty: &HostType) -> String {
    match ty {
        HostType::Bool => "`true` or `false`".to_owned(),
        HostType::Str | HostType::Bytes => "a text".to_owned(),
        HostType::Int(_) | HostType::Uint(_) => "a whole number".to_owned(),
        HostType::Float(_) => "a number".to_owned(),
        HostType::List(_) => "a list".to_owned(),
        HostType::Map(_) | HostType::Struct(_) => "a mapping".to_owned(),
        HostType::Optional(inner) => expected(inner),
        HostType::Func(_) | HostType::Any => "a value".to_owned(),
    }
}

/// What was found, without showing it: it may be a secret.
pub(super) fn describe(yaml: &Yaml) -> &'static str {
    match yaml {
        Yaml::Null => "nothing",
        Yaml::Bool(_) => "a truth value",
        Yaml::Number(_) => "a number",
        Yaml::String(_) => "a text",
        Yaml::Sequence(_) => "a list",
        Yaml::Mapping(_) => "a mapping",
        Yaml::Tagged(_) => "a value with a tag",
    }
}
