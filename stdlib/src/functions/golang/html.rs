//! `golang/html`: text in HTML (functions.md §11.2.1).

use crate::catalog::FunctionDef;
use crate::value::Str;

use super::super::declare::table;

pub(crate) fn all() -> Vec<FunctionDef> {
    table! { "golang/html":
        escape_string, "func(s str) str", "The string with what has a meaning in HTML escaped.",
            |s: &[u8]| escape(s), r#"html.escape_string("<a & b>")"# => r#""&lt;a &amp; b&gt;""#;
        unescape_string, "func(s str) str", "The string with HTML's character references resolved, once.",
            |s: &[u8]| Str::from(&*htmlize::unescape_bytes_in(s, htmlize::Context::General)), r#"html.unescape_string("&lt;&eacute;&#65;")"# => r#""<éA""#;
    }
}

/// Escapes the five characters that have a meaning in HTML.
pub(crate) fn escape(s: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len() + s.len() / 8);
    for byte in s {
        match byte {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'"' => out.extend_from_slice(b"&#34;"),
            _ => out.push(*byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::call;
    use super::*;
    use crate::value::Value;
    use proptest::prelude::*;

    #[test]
    fn references_are_resolved_once() {
        for (text, resolved) in [
            ("&amp;lt;", "&lt;"),
            ("&ampx", "&x"),
            ("&#x41;&#65", "AA"),
            ("&nosuch;", "&nosuch;"),
            ("&notit;", "¬it;"),
        ] {
            let unescaped = call("golang/html.unescape_string", &[text.into()]);
            assert_eq!(unescaped, Ok(resolved.into()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn unescaping_undoes_escaping(text: String) {
            let escaped = Value::from(escape(text.as_bytes()));
            let back = call("golang/html.unescape_string", &[escaped]);
            prop_assert_eq!(back, Ok(text.into()));
        }
    }
}
