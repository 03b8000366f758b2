//! Keeps passwords such as that of `ssh://user:password@host` out of what people and programs read.
//!
//! This is the one place that knows what such a password looks like. What shows a name or a text of a user goes
//! through it: [`Identity`](crate::graph::Identity) when it is printed, [`Masked`] in what is told as JSON,
//! diagnostics and their excerpts when they are rendered, log lines as a whole. It errs on the safe side: what
//! only looks like a password is masked, too. Parameters that are secret by their kind are marked in the
//! [catalogue](mgmt_stdlib::catalog) instead.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use mgmt_stdlib::value::Value;
use serde::{Deserialize, Serialize, Serializer};

/// What stands in the place of a password.
pub const MASK: &str = "***";

/// What may stand before a colon and an address with `@` without being a user and a password.
const NO_USERS: &[&str] = &["mailto", "sip", "sips", "xmpp", "acct", "npm", "jsr"];

/// The text with `***` in place of the password of each `user:password@host` in it, with or without a scheme.
pub fn passwords(text: &str) -> Cow<'_, str> {
    replace(text, |masked, _| masked.push_str(MASK))
}

/// The same with as many bytes as before, so that all else stays where it is.
pub fn passwords_in_place(text: &str) -> Cow<'_, str> {
    replace(text, |masked, password| {
        masked.extend(std::iter::repeat_n('*', password.len()));
    })
}

/// A value without the passwords in its texts.
pub fn value(value: &Value) -> Value {
    match value {
        Value::Str(text) => match text.to_str().map(passwords) {
            Ok(Cow::Owned(masked)) => Value::str(masked.as_str()),
            _ => value.clone(),
        },
        Value::List(list) => Value::list(list.iter().map(self::value)),
        Value::Map(map) => {
            let entries = map.iter();
            Value::Map(
                entries
                    .map(|(key, each)| (self::value(key), self::value(each)))
                    .collect(),
            )
        }
        Value::Struct(fields) => {
            let fields = fields.iter();
            Value::Struct(
                fields
                    .map(|(name, each)| (name.clone(), self::value(each)))
                    .collect(),
            )
        }
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Func(_) => value.clone(),
    }
}

/// A text that was made to be shown: it can only be made without passwords. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(from = "String")]
pub struct Masked(Arc<str>);

impl Deref for Masked {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Masked {
    fn from(text: &str) -> Self {
        Self(passwords(text).into())
    }
}

impl From<String> for Masked {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl Serialize for Masked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

fn replace(text: &str, mask: impl Fn(&mut String, &str)) -> Cow<'_, str> {
    // Nearly all texts.
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let mut masked = String::new();
    let mut done = 0;
    for password in Segments(text, 0).filter_map(|segment| password(text, segment)) {
        masked.push_str(&text[done..password.start]);
        mask(&mut masked, &text[password.clone()]);
        done = password.end;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(&text[done..]);
    Cow::Owned(masked)
}

/// The parts of a text between characters that can not stand in user, password or host.
struct Segments<'t>(&'t str, usize);

impl Iterator for Segments<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let Self(text, start) = *self;
        let rest = text.get(start..)?;
        let length = rest.find(ends_authority).unwrap_or(rest.len());
        let next = rest[length..].chars().next().map_or(1, char::len_utf8);
        self.1 = start + length + next;
        Some(start..start + length)
    }
}

/// Whether a character can not stand in the part of a URL with user and host.
fn ends_authority(c: char) -> bool {
    c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '<' | '>' | '`')
}

/// Where the password of a segment is, unless there is none.
fn password(text: &str, segment: Range<usize>) -> Option<Range<usize>> {
    let part = &text[segment.clone()];
    let at = part.rfind('@')?;
    let (colon, host) = (part[..at].find(':')?, &part[at + 1..]);
    let password = &part[colon + 1..at];
    // What is masked stays as it is.
    if password.is_empty() || password == MASK || password.ends_with(":***") {
        return None;
    }
    if !text[..segment.start].ends_with("//") {
        let user = part[..colon].trim_start_matches(|c: char| !c.is_alphanumeric());
        let is_host = host.starts_with(|c: char| c.is_alphanumeric() || c == '[' || c == '_');
        if user.is_empty() || !is_host || NO_USERS.contains(&user) || is_digest(host) {
            return None;
        }
    }
    Some(segment.start + colon + 1..segment.start + at)
}

/// Whether what follows an `@` pins a container image: `sha256:` and many digits.
fn is_digest(host: &str) -> bool {
    host.split_once(':').is_some_and(|(algorithm, digits)| {
        let digits = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
        algorithm.starts_with("sha") && digits >= 32
    })
}
