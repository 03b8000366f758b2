//! The text of values (typing-and-evaluation.md §1.5, functions.md §1.8, §1.9.3).

use std::fmt::{self, Write};

use super::Value;

/// Quotes a byte string: double quotes, the usual escapes, `\xHH` for control and invalid bytes,
/// `\uHHHH` and `\UHHHHHHHH` for other code points that do not print.
pub fn quote(bytes: &[u8]) -> String {
    quote_keeping(bytes, is_printable)
}

/// The same, but which characters beyond ASCII's control characters are kept is chosen.
pub fn quote_keeping(bytes: &[u8], keep: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            quote_char(&mut out, c, &keep);
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
    out
}

fn quote_char(out: &mut String, c: char, keep: impl Fn(char) -> bool) {
    match c {
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        '\\' => out.push_str("\\\\"),
        '"' => out.push_str("\\\""),
        c if c.is_ascii_control() => {
            let _ = write!(out, "\\x{:02x}", c as u32);
        }
        c if keep(c) => out.push(c),
        c if (c as u32) < 0x10000 => {
            let _ = write!(out, "\\u{:04x}", c as u32);
        }
        c => {
            let _ = write!(out, "\\U{:08x}", c as u32);
        }
    }
}

/// Letters, marks, numbers, punctuation, symbols and the ASCII space.
pub fn is_printable(c: char) -> bool {
    // The standard library's debug escape leaves exactly the printable characters, and grapheme
    // extenders, alone.
    // It escapes the single quote, which does print.
    matches!(c, ' ' | '\'')
        || (!c.is_whitespace() && (c.escape_debug().len() == 1 || !c.is_control() && is_mark(c)))
}

/// A combining mark: escaped by `escape_debug` although it prints.
fn is_mark(c: char) -> bool {
    let mut escaped = String::from("a");
    escaped.push(c);
    // In the middle of a text `str::escape_debug` leaves grapheme extenders alone.
    escaped.escape_debug().count() == 2
}

/// The shortest decimal that reads back exactly, never with an exponent: `13`, `0.1`, `NaN`, `+Inf`.
pub fn format_float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        format!("{value}")
    }
}

impl Value {
    /// The text of the value, or the first bytes of it, at most so many, and `...`. Costs no more than what is
    /// shown.
    pub fn excerpt(&self, max_bytes: usize) -> String {
        let mut excerpt = Excerpt {
            text: String::new(),
            max_bytes,
        };
        if write!(excerpt, "{self}").is_err() {
            excerpt.text.push_str("...");
        }
        excerpt.text
    }
}

/// Takes so many bytes and then refuses more.
struct Excerpt {
    text: String,
    max_bytes: usize,
}

impl fmt::Write for Excerpt {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.max_bytes - self.text.len();
        let fits = (0..=room.min(text.len()))
            .rfind(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        self.text.push_str(&text[..fits]);
        if fits < text.len() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => f.write_str(&format_float(*value)),
            Self::Str(value) => f.write_str(&quote(value.as_bytes())),
            Self::List(list) => separated(f, "[", ", ", "]", list.iter(), |f, value| {
                write!(f, "{value}")
            }),
            Self::Map(map) => separated(f, "{", ", ", "}", map.iter(), |f, (key, value)| {
                write!(f, "{key}: {value}")
            }),
            Self::Struct(fields) => separated(
                f,
                "struct{",
                "; ",
                "}",
                fields.iter(),
                |f, (name, value)| write!(f, "{name}: {value}"),
            ),
            Self::Func(func) => write!(f, "func({})", func.ty()),
        }
    }
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    separator: &str,
    close: &str,
    items: impl Iterator<Item = T>,
    mut item: impl FnMut(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    f.write_str(open)?;
    for (i, each) in items.enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        item(f, each)?;
    }
    f.write_str(close)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_no_longer_than_it_may_be() {
        let list = Value::list((0..1_000_000).map(Value::Int));
        assert_eq!(list.excerpt(8), "[0, 1, 2...");
        assert_eq!(Value::from("é").excerpt(2), "\"...");
        assert_eq!(Value::list([Value::Int(1)]).excerpt(3), "[1]");
    }

    #[test]
    fn every_kind_has_its_text() {
        let map = |entries: Vec<(Value, Value)>| Value::Map(entries.into_iter().collect());
        let fields =
            |fields: Vec<(&'static str, Value)>| Value::Struct(fields.into_iter().collect());
        let func = crate::value::Func::new(
            crate::types::Type::func([("a", crate::types::Type::Int)], crate::types::Type::Str),
            |_: &[Value]| Ok(Value::from("")),
        );
        for (value, text) in [
            (true.into(), "true"),
            (i64::MIN.into(), "-9223372036854775808"),
            (3.0.into(), "3"),
            ((-0.0).into(), "-0"),
            (f64::NAN.into(), "NaN"),
            (f64::INFINITY.into(), "+Inf"),
            (5e-7.into(), "0.0000005"),
            ("a\"".into(), r#""a\"""#),
            (b"\xff".to_vec().into(), r#""\xff""#),
            (Value::list([]), "[]"),
            (Value::list(["a".into(), "".into()]), r#"["a", ""]"#),
            (map(vec![]), "{}"),
            (
                map(vec![(true.into(), 1.into()), (false.into(), 2.into())]),
                "{false: 2, true: 1}",
            ),
            (
                map(vec![(10.into(), "b".into()), (9.into(), "a".into())]),
                r#"{9: "a", 10: "b"}"#,
            ),
            (
                map(vec![
                    ("b".into(), Value::list([])),
                    ("B".into(), map(vec![])),
                ]),
                r#"{"B": {}, "b": []}"#,
            ),
            (fields(vec![]), "struct{}"),
            (
                fields(vec![
                    ("b", 1.into()),
                    ("a", fields(vec![("c", "x".into())])),
                ]),
                r#"struct{b: 1; a: struct{c: "x"}}"#,
            ),
            (Value::Func(func), "func(func(a int) str)"),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn every_character_has_its_quoting() {
        for (text, quoted) in [
            ("\u{7}\u{8}\u{c}\n\r\t\u{b}\\\"", r#""\a\b\f\n\r\t\v\\\"""#),
            ("\0\u{1b}\u{7f}", r#""\x00\x1b\x7f""#),
            (" '`é日😀$", r#"" '`é日😀$""#),
            (
                "\u{ad}\u{2028}\u{e000}\u{feff}",
                r#""\u00ad\u2028\ue000\ufeff""#,
            ),
            ("\u{e0001}\u{10ffff}", r#""\U000e0001\U0010ffff""#),
            ("\u{fffd}", "\"\u{fffd}\""),
            ("", r#""""#),
        ] {
            assert_eq!(quote(text.as_bytes()), quoted);
        }
        // Each byte that is not UTF-8 for itself, also where several begin a character.
        for (bytes, quoted) in [
            (&b"\xe2\x82"[..], r#""\xe2\x82""#),
            (b"\xed\xa0\x80", r#""\xed\xa0\x80""#),
            (b"\xc0\x80a\xf5", r#""\xc0\x80a\xf5""#),
        ] {
            assert_eq!(quote(bytes), quoted);
        }
    }

    #[test]
    fn floats_never_have_an_exponent() {
        assert_eq!(format_float(13.0), "13");
        assert_eq!(format_float(1e21), "1000000000000000000000");
        assert_eq!(format_float(0.1), "0.1");
        assert_eq!(format_float(f64::NEG_INFINITY), "-Inf");
    }

    #[test]
    fn quoting_escapes_what_does_not_print() {
        assert_eq!(
            quote("a\n\"é\u{a0}\u{1}".as_bytes()),
            "\"a\\n\\\"é\\u00a0\\x01\""
        );
        assert_eq!(quote(b"\xff\x7f"), "\"\\xff\\x7f\"");
        assert_eq!(quote("e\u{301}".as_bytes()), "\"e\u{301}\"");
        assert_eq!(quote("\u{200b}".as_bytes()), "\"\\u200b\"");
        assert_eq!(quote(b"it's"), "\"it's\"");
    }
}
