//! `golang/html`: text in HTML (functions.md §11.2.1).

use crate::catalog::FunctionDef;
use crate::value::Str;

use super::super::declare::table;
use super::super::text::escape_html;

pub(crate) fn all() -> Vec<FunctionDef> {
    table! { "golang/html":
        escape_string, "func(s str) str", "The string with what has a meaning in HTML escaped.",
            |s: &[u8]| escape_html(s), r#"html.escape_string("<a & b>")"# => r#""&lt;a &amp; b&gt;""#;
        unescape_string, "func(s str) str", "The string with HTML's character references resolved, once.",
            |s: &[u8]| Str::from(&*htmlize::unescape_bytes_in(s, htmlize::Context::General)), r#"html.unescape_string("&lt;&eacute;&#65;")"# => r#""<éA""#;
    }
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
            let escaped = Value::from(escape_html(text.as_bytes()));
            let back = call("golang/html.unescape_string", &[escaped]);
            prop_assert_eq!(back, Ok(text.into()));
        }

        #[test]
        fn escaped_text_has_no_meaning_in_html(text in "[<>&\"'a;#0-9]{0,12}") {
            let escaped = call("golang/html.escape_string", &[text.as_str().into()]).unwrap();
            let escaped = escaped.as_str().unwrap().to_string_lossy().into_owned();
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']), "{}", escaped);
        }
    }
}
