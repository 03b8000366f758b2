//! How values look in a template (functions.md §10.7).

use std::cmp::Ordering;

use super::render::Item;
use crate::value::{Key, Map, Struct, Value};

/// The name of a field or function with its first letter in upper case.
pub(super) fn title(name: &str) -> String {
    let mut chars = name.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A function in a value, which a template can do nothing with.
pub(super) fn function_inside(value: &Value) -> Option<&Value> {
    match value {
        Value::Func(_) => Some(value),
        Value::List(list) => list.iter().find_map(function_inside),
        Value::Map(map) => map.iter().find_map(|(_, value)| function_inside(value)),
        Value::Struct(fields) => fields.iter().find_map(|(_, value)| function_inside(value)),
        _ => None,
    }
}

/// Writes what an action gives.
pub(super) fn print(out: &mut Vec<u8>, item: &Item) {
    match item.value() {
        Some(value) => print_value(out, &value),
        None => out.extend_from_slice(b"<no value>"),
    }
}

/// Writes a value as `%v` does.
pub(super) use super::printf::print_value;

/// The fields of a struct under their names in title case, in the order of these.
pub(super) fn entries(fields: &Struct) -> Vec<(String, &Value)> {
    let mut entries: Vec<_> = fields
        .iter()
        .map(|(name, value)| (title(name), value))
        .collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries
}

/// The entries of a map in the order of their keys: those that are structs, field by field (§10.2).
pub(super) fn map_entries(map: &Map) -> Vec<(&Value, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    if let Some((Value::Struct(_), _)) = entries.first() {
        entries.sort_by(|a, b| field_by_field(a.0, b.0));
    }
    entries
}

fn field_by_field(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Struct(a), Value::Struct(b)) => a
            .iter()
            .zip(b.iter())
            .map(|(x, y)| field_by_field(x.1, y.1))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal),
        (a, b) => Key(a.clone()).cmp(&Key(b.clone())),
    }
}

/// The name of a value's type in the template language.
pub(super) fn type_name(value: &Value) -> String {
    match value {
        Value::Map(map) => {
            let key = map.iter().next().map(|(key, _)| key_type(key));
            format!("map[{}]interface {{}}", key.as_deref().unwrap_or("string"))
        }
        Value::Struct(_) => "map[string]interface {}".to_owned(),
        Value::List(_) if has_struct(value) => "[]interface {}".to_owned(),
        // Of what an empty list is one can not be seen.
        _ => exact_type(value).unwrap_or_else(|| "[]interface {}".to_owned()),
    }
}

/// The type of a list, which is kept if no struct is in it (§10.7.2), or of what is in one; nothing if an empty
/// list or map hides it.
fn exact_type(value: &Value) -> Option<String> {
    Some(match value {
        Value::Bool(_) => "bool".to_owned(),
        Value::Int(_) => "int64".to_owned(),
        Value::Float(_) => "float64".to_owned(),
        Value::Str(_) => "string".to_owned(),
        Value::List(list) => format!("[]{}", list.iter().find_map(exact_type)?),
        Value::Map(map) => {
            let key = key_type(map.iter().next()?.0);
            let value = map.iter().find_map(|(_, value)| exact_type(value))?;
            format!("map[{key}]{value}")
        }
        Value::Struct(_) => "map[string]interface {}".to_owned(),
        Value::Func(_) => "func".to_owned(),
    })
}

/// The type of a key, which is a record if it is a struct.
fn key_type(key: &Value) -> String {
    let Value::Struct(fields) = key else {
        return exact_type(key).unwrap_or_else(|| "interface {}".to_owned());
    };
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{} {}", title(name), key_type(value)))
        .collect();
    if fields.is_empty() {
        "struct {}".to_owned()
    } else {
        format!("struct {{ {} }}", fields.join("; "))
    }
}

fn has_struct(value: &Value) -> bool {
    match value {
        Value::Struct(_) => true,
        Value::List(list) => list.iter().any(has_struct),
        Value::Map(map) => map
            .iter()
            .any(|(key, value)| has_struct(key) || has_struct(value)),
        _ => false,
    }
}

/// The fewest digits that read back exactly, with an exponent if the number is below 0.0001 or not
/// below a million (§10.7.1).
pub(super) fn shortest(value: f64) -> String {
    if !value.is_finite() {
        return crate::value::format_float(value);
    }
    let scientific = format!("{value:e}");
    if (-4..6).contains(&exponent(&scientific)) {
        format!("{value}")
    } else {
        with_exponent(&scientific)
    }
}

/// The exponent of a number in Rust's scientific notation.
pub(super) fn exponent(scientific: &str) -> i32 {
    scientific
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or(0)
}

/// Rust's `1.5e6` as `1.5e+06`.
pub(super) fn with_exponent(text: &str) -> String {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}
