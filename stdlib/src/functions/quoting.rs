//! Strings in quotes, as written in Go source (functions.md §11.2.9); `value::quote` writes them.

use bstr::ByteSlice;

use crate::value::{is_printable, quote_keeping};

/// Quotes, and escapes all that is not ASCII.
pub(crate) fn quote_ascii(text: &[u8]) -> String {
    quote_keeping(text, |c| c.is_ascii())
}

/// Quotes, and keeps what is graphic: what prints, and spaces of any width.
pub(crate) fn quote_graphic(text: &[u8]) -> String {
    quote_keeping(text, |c| {
        is_printable(c)
            || matches!(
                c,
                '\u{a0}' | '\u{1680}' | '\u{2000}'
                    ..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
            )
    })
}

/// Whether a text can stand between back quotes on one line.
pub(crate) fn can_backquote(text: &[u8]) -> bool {
    text.to_str().is_ok_and(|text| {
        text.chars()
            .all(|c| c != '`' && c != '\u{feff}' && (c == '\t' || !c.is_ascii_control()))
    })
}

/// What the quoted text at the start of `text` says, and its length with the quotes. Double quotes,
/// back quotes, and single quotes around one character are known.
pub(crate) fn unquote_prefix(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let quote = *text.first()?;
    match quote {
        b'`' => {
            let len = text[1..].find_byte(b'`')?;
            let inside = text[1..=len].iter().copied().filter(|byte| *byte != b'\r');
            Some((inside.collect(), len + 2))
        }
        b'"' | b'\'' => {
            let mut out = Vec::new();
            let mut at = 1;
            let mut characters = 0;
            loop {
                match *text.get(at)? {
                    byte if byte == quote => break,
                    b'\n' => return None,
                    b'\\' => at += 1 + unescape(&text[at + 1..], quote, &mut out)?,
                    _ => {
                        // What is not UTF-8 can not be written in quotes: it is read as U+FFFD, byte by byte.
                        let (c, size) = bstr::decode_utf8(&text[at..]);
                        let read = c.unwrap_or(char::REPLACEMENT_CHARACTER);
                        out.extend_from_slice(read.encode_utf8(&mut [0; 4]).as_bytes());
                        at += if c.is_some() { size } else { 1 };
                    }
                }
                characters += 1;
            }
            (quote == b'"' || characters == 1).then_some((out, at + 1))
        }
        _ => None,
    }
}

/// What a text that is nothing but quoted says.
pub(crate) fn unquote(text: &[u8]) -> Option<Vec<u8>> {
    unquote_prefix(text)
        .filter(|(_, len)| *len == text.len())
        .map(|(inside, _)| inside)
}

/// Appends what the escape after a backslash stands for; gives its length.
fn unescape(text: &[u8], quote: u8, out: &mut Vec<u8>) -> Option<usize> {
    let number = |digits: std::ops::Range<usize>, base| {
        let digits = std::str::from_utf8(text.get(digits)?).ok()?;
        let sound = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u32::from_str_radix(digits, base).ok().filter(|_| sound)
    };
    let kind = *text.first()?;
    let byte = match kind {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'"' | b'\'' if kind == quote => kind,
        b'x' => {
            out.push(number(1..3, 16)?.try_into().ok()?);
            return Some(3);
        }
        b'0'..=b'7' => {
            out.push(number(0..3, 8)?.try_into().ok()?);
            return Some(3);
        }
        b'u' | b'U' => {
            let len = if kind == b'u' { 4 } else { 8 };
            let c = char::from_u32(number(1..1 + len, 16)?)?;
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(1 + len);
        }
        _ => return None,
    };
    out.push(byte);
    Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::quote;
    use proptest::prelude::*;

    #[test]
    fn three_kinds_of_quotes() {
        for (text, inside) in [
            (r#""a\tb""#, "a\tb"),
            (r#""\x41\102\u00e9\U0001F600\"""#, "ABé😀\""),
            ("`a\\n\r`", "a\\n"),
            (r"'\''", "'"),
            ("'é'", "é"),
        ] {
            assert_eq!(
                unquote(text.as_bytes()),
                Some(inside.as_bytes().to_vec()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_quoted_well_is_refused() {
        for text in [
            "",
            "\"",
            "a",
            "\"a",
            "\"a\"b",
            "'ab'",
            "''",
            "\"\n\"",
            r#""\'""#,
            r#""\z""#,
            r#""\x4""#,
            r#""\400""#,
            r#""\ud800""#,
            r#""\x+1""#,
            "`a",
        ] {
            assert_eq!(unquote(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced_in_quotes() {
        assert_eq!(unquote(b"\"a\xe2\x82\""), Some("a\u{fffd}\u{fffd}".into()));
        assert_eq!(unquote(b"'\xff'"), Some("\u{fffd}".into()));
        assert_eq!(unquote(b"'\xe2\x82'"), None);
        assert_eq!(unquote(b"`\xff`"), Some(b"\xff".to_vec()));
    }

    #[test]
    fn a_prefix_ends_with_its_quote() {
        assert_eq!(unquote_prefix(b"\"a\"b"), Some((b"a".to_vec(), 3)));
        assert_eq!(unquote_prefix(b"`a`b"), Some((b"a".to_vec(), 3)));
    }

    #[test]
    fn three_degrees_of_escaping() {
        let text = "é\u{3000}\u{200b}".as_bytes();
        assert_eq!(quote(text), "\"é\\u3000\\u200b\"");
        assert_eq!(quote_graphic(text), "\"é\u{3000}\\u200b\"");
        assert_eq!(quote_ascii(text), r#""\u00e9\u3000\u200b""#);
    }

    #[test]
    fn back_quotes_hold_one_line() {
        assert!(can_backquote("a\té".as_bytes()));
        for text in ["`", "\n", "\u{7f}", "\u{feff}"] {
            assert!(!can_backquote(text.as_bytes()));
        }
        assert!(!can_backquote(b"\xff"));
    }

    proptest! {
        #[test]
        fn unquoting_undoes_quoting(text: Vec<u8>) {
            for quoted in [quote(&text), quote_ascii(&text), quote_graphic(&text)] {
                prop_assert_eq!(unquote(quoted.as_bytes()), Some(text.clone()));
            }
        }
    }
}
