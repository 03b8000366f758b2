//! How values look in a template (functions.md §10.7).

use std::io::Write;

use super::render::Item;
use crate::value::Value;

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
pub(super) fn print_value(out: &mut Vec<u8>, value: &Value) {
    // Writing to a vector never fails.
    let _ = match value {
        Value::Bool(value) => write!(out, "{value}"),
        Value::Int(value) => write!(out, "{value}"),
        Value::Float(value) => write!(out, "{}", shortest(*value)),
        Value::Str(text) => out.write_all(text.as_bytes()),
        Value::List(list) => {
            out.push(b'[');
            for (at, value) in list.iter().enumerate() {
                separate(out, at);
                print_value(out, value);
            }
            out.write_all(b"]")
        }
        Value::Map(map) => {
            out.extend_from_slice(b"map[");
            for (at, (key, value)) in map.iter().enumerate() {
                separate(out, at);
                print_key(out, key);
                out.push(b':');
                print_value(out, value);
            }
            out.write_all(b"]")
        }
        Value::Struct(fields) => {
            let mut entries: Vec<_> = fields
                .iter()
                .map(|(name, value)| (title(name), value))
                .collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            out.extend_from_slice(b"map[");
            for (at, (name, value)) in entries.into_iter().enumerate() {
                separate(out, at);
                out.extend_from_slice(name.as_bytes());
                out.push(b':');
                print_value(out, value);
            }
            out.write_all(b"]")
        }
        Value::Func(_) => write!(out, "{value}"),
    };
}

fn separate(out: &mut Vec<u8>, at: usize) {
    if at > 0 {
        out.push(b' ');
    }
}

/// A struct that is the key of a map looks like a record.
fn print_key(out: &mut Vec<u8>, key: &Value) {
    let Value::Struct(fields) = key else {
        return print_value(out, key);
    };
    out.push(b'{');
    for (at, (_, value)) in fields.iter().enumerate() {
        separate(out, at);
        print_key(out, value);
    }
    out.push(b'}');
}

/// The name of a value's type in the template language.
pub(super) fn type_name(value: &Value) -> String {
    match value {
        Value::Bool(_) => "bool".to_owned(),
        Value::Int(_) => "int64".to_owned(),
        Value::Float(_) => "float64".to_owned(),
        Value::Str(_) => "string".to_owned(),
        Value::List(list) => {
            let element = list.get(0).map(type_name);
            format!("[]{}", element.as_deref().unwrap_or("interface {}"))
        }
        Value::Map(map) => {
            let key = map.iter().next().map(|(key, _)| type_name(key));
            format!("map[{}]interface {{}}", key.as_deref().unwrap_or("string"))
        }
        Value::Struct(_) => "map[string]interface {}".to_owned(),
        Value::Func(_) => "func".to_owned(),
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
