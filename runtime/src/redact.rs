//! Keeps passwords in URLs, such as `ssh://user:password@host`, out of what people and programs read.

use std::borrow::Cow;

const MASK: &str = "***";

/// The text with `***` in place of the password of each URL in it.
pub fn passwords(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, authority) = rest.split_at(at + "://".len());
        masked.push_str(before);
        rest = authority;
        let end = authority.find(ends_authority).unwrap_or(authority.len());
        if let Some(at) = authority[..end].rfind('@')
            && let Some((user, password)) = authority[..at].split_once(':')
            && !password.is_empty()
        {
            masked.push_str(user);
            masked.push(':');
            masked.push_str(MASK);
            rest = &authority[at..];
        }
    }
    if masked.is_empty() {
        return Cow::Borrowed(text);
    }
    masked.push_str(rest);
    Cow::Owned(masked)
}

/// Whether a character can not stand in the part of a URL with user and host.
fn ends_authority(c: char) -> bool {
    c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '<' | '>' | '`')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_urls_are_masked_and_nothing_else() {
        for (text, masked) in [
            ("remote[ssh://u:pw@h:22]: x", "remote[ssh://u:***@h:22]: x"),
            (
                "http://a:b@c/ and ftp://d:e:f@g",
                "http://a:***@c/ and ftp://d:***@g",
            ),
            ("p@ss: ssh://u:p@ss@h/x", "p@ss: ssh://u:***@h/x"),
            ("ssh://u@h", "ssh://u@h"),
            ("http://h:80/a@b", "http://h:80/a@b"),
            ("http://h/x:y@z", "http://h/x:y@z"),
            ("a:b@c", "a:b@c"),
            ("://:x@", "://:***@"),
            ("", ""),
        ] {
            assert_eq!(passwords(text), masked);
        }
        assert!(matches!(passwords("nothing to hide"), Cow::Borrowed(_)));
    }
}
