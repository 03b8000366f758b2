//! The functions that belong to the template language (functions.md §10.6.1).

use std::cmp::Ordering;
use std::ops::RangeInclusive;

use bstr::ByteSlice;

use super::format::{print_value, type_name};
use super::printf::printf;
use super::render::{Failure, Item};
use crate::functions::text::{self, escape_html};
use crate::value::Value;

/// A built-in function.
pub(super) struct Builtin {
    name: &'static str,
    /// How many arguments it takes.
    pub(super) args: RangeInclusive<usize>,
    pub(super) call: fn(&[&Item]) -> Result<Item, Failure>,
}

const ANY: usize = usize::MAX;

const BUILTINS: [Builtin; 19] = [
    // The renderer itself knows these two, because they stop early.
    builtin("and", 1, ANY, |_| Ok(Item::Absent)),
    builtin("or", 1, ANY, |_| Ok(Item::Absent)),
    builtin("not", 1, 1, |args| Ok(bool(!args[0].is_true()))),
    builtin("len", 1, 1, |args| len(args[0])),
    builtin("index", 1, ANY, index),
    builtin("slice", 1, ANY, slice),
    builtin("print", 0, ANY, |args| Ok(text_of(joined(args, "")))),
    builtin("println", 0, ANY, |args| Ok(text_of(lined(args)))),
    builtin("printf", 1, ANY, format),
    builtin("html", 0, ANY, |args| {
        Ok(text_of(escape_markup(&shown(args))))
    }),
    builtin("js", 0, ANY, |args| Ok(text_of(escape_js(&shown(args))))),
    builtin("urlquery", 0, ANY, |args| {
        Ok(text_of(escape_query(&shown(args))))
    }),
    builtin("call", 1, ANY, |_| {
        Err(Failure::new(
            "call of nil or of something that is no function",
        ))
    }),
    builtin("eq", 1, ANY, equal),
    builtin("ne", 2, 2, |args| Ok(bool(!same(args[0], args[1])?))),
    builtin("lt", 2, 2, |args| {
        Ok(bool(order(args[0], args[1])? == Some(Ordering::Less)))
    }),
    builtin("le", 2, 2, |args| {
        Ok(bool(order(args[0], args[1])?.is_some_and(Ordering::is_le)))
    }),
    builtin("gt", 2, 2, |args| {
        Ok(bool(order(args[0], args[1])? == Some(Ordering::Greater)))
    }),
    builtin("ge", 2, 2, |args| {
        Ok(bool(order(args[0], args[1])?.is_some_and(Ordering::is_ge)))
    }),
];

const fn builtin(
    name: &'static str,
    least: usize,
    most: usize,
    call: fn(&[&Item]) -> Result<Item, Failure>,
) -> Builtin {
    Builtin {
        name,
        args: least..=most,
        call,
    }
}

/// The built-in function of that name.
pub(super) fn find(name: &str) -> Option<&'static Builtin> {
    const TABLE: &[Builtin] = &BUILTINS;
    TABLE.iter().find(|builtin| builtin.name == name)
}

fn bool(value: bool) -> Item {
    Item::Value(Value::Bool(value))
}

fn text_of(bytes: Vec<u8>) -> Item {
    Item::Value(Value::from(bytes))
}

fn len(item: &Item) -> Result<Item, Failure> {
    let len = match item.value() {
        Some(Value::Str(text)) => text.len(),
        Some(Value::List(list)) => list.len(),
        Some(Value::Map(map)) => map.len(),
        Some(Value::Struct(fields)) => fields.len(),
        Some(other) => return Err(Failure::new(format!("len of type {}", type_name(&other)))),
        None => return Err(Failure::new("len of nil pointer")),
    };
    Ok(Item::Value(Value::Int(len as i64)))
}

/// An int that says where in a list or string something is.
fn place(item: &Item, len: usize) -> Result<usize, Failure> {
    let at = match item {
        Item::Constant(number) => number.int,
        Item::Value(Value::Int(at)) => Some(*at),
        _ => None,
    };
    let at = at.ok_or_else(|| match item.value() {
        Some(other) => Failure::new(format!(
            "cannot index slice/array with type {}",
            type_name(&other)
        )),
        None => Failure::new("cannot index slice/array with nil"),
    })?;
    usize::try_from(at)
        .ok()
        .filter(|at| *at < len)
        .ok_or_else(|| Failure::new(format!("index out of range: {at}")))
}

fn index(args: &[&Item]) -> Result<Item, Failure> {
    let (first, places) = args.split_first().ok_or_else(missing)?;
    let mut item = (*first).clone();
    if let Item::Absent = item {
        return Err(Failure::new("index of untyped nil"));
    }
    for at in places {
        item = match item.value() {
            None => return Err(Failure::new("index of untyped nil")),
            Some(Value::List(list)) => Item::Value(list[place(at, list.len())?].clone()),
            Some(Value::Str(text)) => {
                let byte = text.as_bytes()[place(at, text.len())?];
                Item::Value(Value::Int(byte.into()))
            }
            Some(Value::Map(map)) => {
                let key = key_like(at, map.iter().next().map(|(key, _)| key))?;
                map.get(&key).cloned().map_or(Item::Absent, Item::Value)
            }
            Some(Value::Struct(fields)) => {
                let key = at.value();
                let name = key.as_ref().and_then(Value::as_str);
                let name = name.ok_or_else(|| Failure::new("value has no such key"))?;
                fields
                    .iter()
                    .find(|(have, _)| super::format::title(have).as_bytes() == name.as_bytes())
                    .map_or(Item::Absent, |(_, value)| Item::Value(value.clone()))
            }
            Some(other) => {
                return Err(Failure::new(format!(
                    "can't index item of type {}",
                    type_name(&other)
                )));
            }
        };
    }
    Ok(item)
}

/// A key of the kind that the keys of a map have.
fn key_like(item: &Item, sample: Option<&Value>) -> Result<Value, Failure> {
    let key = match (item, sample) {
        (Item::Constant(number), Some(Value::Float(_))) => Some(Value::Float(number.float)),
        (Item::Constant(number), Some(Value::Int(_))) => number.int.map(Value::Int),
        _ => item.value(),
    };
    let key = key.ok_or_else(|| Failure::new("value is nil; should be a key"))?;
    match sample {
        Some(sample) if sample.kind() != key.kind() => Err(Failure::new(format!(
            "value has type {}; should be {}",
            type_name(&key),
            type_name(sample)
        ))),
        _ => Ok(key),
    }
}

fn slice(args: &[&Item]) -> Result<Item, Failure> {
    let (first, places) = args.split_first().ok_or_else(missing)?;
    let value = first.value();
    let len = match &value {
        Some(Value::Str(text)) => text.len(),
        Some(Value::List(list)) => list.len(),
        Some(other) => {
            return Err(Failure::new(format!(
                "can't slice item of type {}",
                type_name(other)
            )));
        }
        None => return Err(Failure::new("slice of untyped nil")),
    };
    if places.len() > 3 {
        return Err(Failure::new(format!(
            "too many slice indexes: {}",
            places.len()
        )));
    }
    if places.len() == 3 && matches!(value, Some(Value::Str(_))) {
        return Err(Failure::new("cannot 3-index slice a string"));
    }
    let places = places
        .iter()
        .map(|at| place(at, len + 1))
        .collect::<Result<Vec<_>, _>>()?;
    let low = places.first().copied().unwrap_or(0);
    let high = places.get(1).copied().unwrap_or(len);
    let limit = places.get(2).copied().unwrap_or(len);
    for (from, to) in [(low, high), (high, limit)] {
        if from > to {
            return Err(Failure::new(format!("invalid slice index: {from} > {to}")));
        }
    }
    Ok(Item::Value(match value {
        Some(Value::List(list)) => Value::List(list.slice(low..high).unwrap_or_default()),
        Some(Value::Str(text)) => Value::str(&text.as_bytes()[low..high]),
        _ => return Err(missing()),
    }))
}

/// The arguments as text, with a space between two neighbours that are no strings, and always
/// `separator`.
fn joined(args: &[&Item], separator: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let is_text = |item: &Item| matches!(item, Item::Value(Value::Str(_)));
    for (at, item) in args.iter().enumerate() {
        if at > 0 {
            out.extend_from_slice(separator.as_bytes());
            if separator.is_empty() && !is_text(item) && !is_text(args[at - 1]) {
                out.push(b' ');
            }
        }
        match item.value() {
            Some(value) => print_value(&mut out, &value),
            None => out.extend_from_slice(b"<nil>"),
        }
    }
    out
}

/// The arguments as an action writes them, joined as by `print`.
fn shown(args: &[&Item]) -> Vec<u8> {
    let absent = Item::Value(Value::from("<no value>"));
    let args: Vec<&Item> = args
        .iter()
        .map(|item| match item {
            Item::Absent => &absent,
            item => *item,
        })
        .collect();
    joined(&args, "")
}

fn lined(args: &[&Item]) -> Vec<u8> {
    let mut out = joined(args, " ");
    out.push(b'\n');
    out
}

fn format(args: &[&Item]) -> Result<Item, Failure> {
    let (first, values) = args.split_first().ok_or_else(missing)?;
    match first {
        Item::Value(Value::Str(format)) => Ok(text_of(printf(format.as_bytes(), values))),
        other => Err(Failure::new(match other.value() {
            Some(value) => format!(
                "wrong type for value; expected string; got {}",
                type_name(&value)
            ),
            None => "invalid value; expected string".to_owned(),
        })),
    }
}

fn missing() -> Failure {
    Failure::new("missing argument")
}

fn equal(args: &[&Item]) -> Result<Item, Failure> {
    let (first, others) = args.split_first().ok_or_else(missing)?;
    if others.is_empty() {
        return Err(Failure::new("missing argument for comparison"));
    }
    for other in others {
        if same(first, other)? {
            return Ok(bool(true));
        }
    }
    Ok(bool(false))
}

/// Whether two items of one basic kind are equal.
fn same(a: &Item, b: &Item) -> Result<bool, Failure> {
    match (a.value(), b.value()) {
        (None, None) => Ok(true),
        (None, Some(_)) | (Some(_), None) => Ok(false),
        (Some(a), Some(b)) => {
            basic(&a)?;
            basic(&b)?;
            if a.kind() == b.kind() {
                Ok(a == b)
            } else {
                Err(Failure::new("incompatible types for comparison"))
            }
        }
    }
}

/// Checks that a value can be compared.
fn basic(value: &Value) -> Result<(), Failure> {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => Ok(()),
        other => Err(Failure::new(format!(
            "non-comparable type {}",
            type_name(other)
        ))),
    }
}

/// The order of two numbers or strings; a NaN has none.
fn order(a: &Item, b: &Item) -> Result<Option<Ordering>, Failure> {
    match (a.value(), b.value()) {
        (Some(Value::Int(a)), Some(Value::Int(b))) => Ok(Some(a.cmp(&b))),
        (Some(Value::Float(a)), Some(Value::Float(b))) => Ok(a.partial_cmp(&b)),
        (Some(Value::Str(a)), Some(Value::Str(b))) => Ok(Some(a.cmp(&b))),
        (Some(a), Some(b)) => {
            basic(&a)?;
            basic(&b)?;
            Err(Failure::new(if a.kind() == b.kind() {
                "invalid type for comparison"
            } else {
                "incompatible types for comparison"
            }))
        }
        _ => Err(Failure::new("invalid type for comparison")),
    }
}

/// Escapes for the inside of a string in JavaScript.
fn escape_js(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    for (start, end, c) in text::char_indices(bytes) {
        match c {
            '\\' | '\'' | '"' => out.extend_from_slice(&[b'\\', bytes[start]]),
            '<' | '>' | '&' | '=' => write_unit(&mut out, c as u16),
            // What is not UTF-8 stays as it is, too.
            c if c == '\x7f' || crate::value::is_printable(c) => {
                out.extend_from_slice(&bytes[start..end]);
            }
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write_unit(&mut out, *unit);
                }
            }
        }
    }
    out
}

fn write_unit(out: &mut Vec<u8>, unit: u16) {
    out.extend_from_slice(format!("\\u{unit:04X}").as_bytes());
}

/// Escapes what has a meaning in HTML, and NUL, which may not stand there.
fn escape_markup(bytes: &[u8]) -> Vec<u8> {
    escape_html(bytes).replace(b"\0", "\u{fffd}")
}

/// Escapes for a part of a query in a URL.
fn escape_query(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 4);
    for byte in bytes {
        match byte {
            b' ' => out.push(b'+'),
            b'-' | b'_' | b'.' | b'~' => out.push(*byte),
            byte if byte.is_ascii_alphanumeric() => out.push(*byte),
            byte => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}
