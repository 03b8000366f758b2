//! One argument under one verb.

use super::super::format::{entries, map_entries, title, type_name};
use super::{Flags, number};
use crate::functions::quoting::{can_backquote, quote_ascii};
use crate::functions::text;
use crate::value::{Value, quote};

/// Writes an argument, or what is wrong with it.
pub(super) fn print(out: &mut Vec<u8>, verb: char, flags: Flags, arg: Option<&Value>) {
    match (verb, arg) {
        ('T', None) | ('v', None) => pad(out, flags, b"<nil>"),
        ('T', Some(value)) => pad(out, flags, cut(type_name(value).as_bytes(), flags)),
        (_, None) => out.extend_from_slice(format!("%!{verb}(<nil>)").as_bytes()),
        // There are no pointers and no errors to print.
        ('p' | 'w', Some(value)) => bad_verb(out, verb, flags, value),
        (_, Some(value)) => print_value(out, verb, flags, value),
    }
}

/// Writes a value with its type, as mistakes show it.
pub(super) fn print_typed(out: &mut Vec<u8>, flags: Flags, arg: Option<&Value>) {
    let Some(value) = arg else {
        return out.extend_from_slice(b"<nil>");
    };
    out.extend_from_slice(type_name(value).as_bytes());
    out.push(b'=');
    print_value(out, 'v', flags, value);
}

fn print_value(out: &mut Vec<u8>, verb: char, flags: Flags, value: &Value) {
    let known = match value {
        Value::Bool(value) => {
            let known = matches!(verb, 't' | 'v');
            if known {
                pad(out, flags, value.to_string().as_bytes());
            }
            known
        }
        Value::Int(int) => number::print_int(out, *int, verb, flags),
        Value::Float(float) => number::print_float(out, *float, verb, flags),
        Value::Str(text) => print_text(out, text.as_bytes(), verb, flags),
        Value::List(list) => {
            open(out, flags, value, b"[");
            for (at, element) in list.iter().enumerate() {
                separate(out, flags, at);
                print_value(out, verb, flags, element);
            }
            out.push(if flags.source { b'}' } else { b']' });
            true
        }
        Value::Map(map) => {
            open(out, flags, value, b"map[");
            for (at, (key, value)) in map_entries(map).into_iter().enumerate() {
                separate(out, flags, at);
                print_key(out, verb, flags, key);
                out.push(b':');
                print_value(out, verb, flags, value);
            }
            out.push(if flags.source { b'}' } else { b']' });
            true
        }
        Value::Struct(fields) => {
            open(out, flags, value, b"map[");
            for (at, (name, value)) in entries(fields).into_iter().enumerate() {
                separate(out, flags, at);
                print_value(out, verb, flags, &Value::from(name));
                out.push(b':');
                print_value(out, verb, flags, value);
            }
            out.push(if flags.source { b'}' } else { b']' });
            true
        }
        Value::Func(_) => {
            out.extend_from_slice(value.to_string().as_bytes());
            true
        }
    };
    if !known {
        bad_verb(out, verb, flags, value);
    }
}

fn bad_verb(out: &mut Vec<u8>, verb: char, flags: Flags, value: &Value) {
    out.extend_from_slice(format!("%!{verb}(").as_bytes());
    print_typed(out, flags, Some(value));
    out.push(b')');
}

fn open(out: &mut Vec<u8>, flags: Flags, value: &Value, bracket: &[u8]) {
    if flags.source {
        out.extend_from_slice(type_name(value).as_bytes());
        out.push(b'{');
    } else {
        out.extend_from_slice(bracket);
    }
}

fn separate(out: &mut Vec<u8>, flags: Flags, at: usize) {
    if at > 0 {
        out.extend_from_slice(if flags.source { b", " } else { b" " });
    }
}

/// A struct that is the key of a map looks like a record.
fn print_key(out: &mut Vec<u8>, verb: char, flags: Flags, key: &Value) {
    let Value::Struct(fields) = key else {
        return print_value(out, verb, flags, key);
    };
    out.push(b'{');
    for (at, (name, value)) in fields.iter().enumerate() {
        separate(out, flags, at);
        if flags.names || flags.source {
            out.extend_from_slice(title(name).as_bytes());
            out.push(b':');
        }
        print_key(out, verb, flags, value);
    }
    out.push(b'}');
}

/// Writes a string; tells whether the verb is one for strings.
fn print_text(out: &mut Vec<u8>, text: &[u8], verb: char, flags: Flags) -> bool {
    match verb {
        'v' if flags.source => pad(out, flags, quote(cut(text, flags)).as_bytes()),
        's' | 'v' => pad(out, flags, cut(text, flags)),
        'q' => {
            let text = cut(text, flags);
            if flags.sharp && can_backquote(text) {
                pad(out, flags, &[b"`", text, b"`"].concat());
            } else if flags.plus {
                pad(out, flags, quote_ascii(text).as_bytes());
            } else {
                pad(out, flags, quote(text).as_bytes());
            }
        }
        'x' | 'X' => {
            let bytes = &text[..flags.precision.unwrap_or(text.len()).min(text.len())];
            pad(out, flags, hexadecimal(bytes, verb, flags).as_bytes());
        }
        _ => return false,
    }
    true
}

fn hexadecimal(bytes: &[u8], verb: char, flags: Flags) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for (at, byte) in bytes.iter().enumerate() {
        if flags.space && at > 0 {
            text.push(' ');
        }
        if flags.sharp && (flags.space || at == 0) {
            text.push('0');
            text.push(verb);
        }
        text.push_str(&if verb == 'x' {
            format!("{byte:02x}")
        } else {
            format!("{byte:02X}")
        });
    }
    text
}

/// As many characters as the precision says.
fn cut(text: &[u8], flags: Flags) -> &[u8] {
    let end = flags
        .precision
        .and_then(|chars| text::char_indices(text).nth(chars));
    &text[..end.map_or(text.len(), |(start, ..)| start)]
}

/// Writes text with spaces, or zeros on the left, up to the width in characters.
pub(super) fn pad(out: &mut Vec<u8>, flags: Flags, text: &[u8]) {
    let missing = match flags.width {
        Some(width) => width.saturating_sub(text::chars(text).count()),
        None => 0,
    };
    if flags.minus {
        out.extend_from_slice(text);
        out.resize(out.len() + missing, b' ');
    } else {
        let filling = if flags.zero { b'0' } else { b' ' };
        out.resize(out.len() + missing, filling);
        out.extend_from_slice(text);
    }
}

/// The same, but never with zeros.
pub(super) fn pad_with_spaces(out: &mut Vec<u8>, flags: Flags, text: &[u8]) {
    pad(
        out,
        Flags {
            zero: false,
            ..flags
        },
        text,
    );
}
