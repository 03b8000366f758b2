//! What a check finds to be different, in terms that people understand: what `mgmt plan` shows.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// One difference between what is and what should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something that is said or counted, and changes nothing on the machine. Never holds a secret.
    Notice(String),
    /// Something to be done, in the imperative: ``remove `/tmp/x` ``. Never holds a secret.
    Step(String),
    /// A property and its values: `mode`, `0644`, `0600`. Never holds a secret.
    Property {
        /// What it is called.
        name: &'static str,
        /// What it is.
        old: String,
        /// What it should be.
        new: String,
    },
    /// The content of a file.
    Content {
        /// The file.
        path: String,
        /// What is in it; nothing if there is none yet.
        old: Option<Excerpt>,
        /// What should be in it.
        new: Excerpt,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Notice(text) | Self::Step(text) => f.write_str(text),
            Self::Property { name, old, new } => write!(f, "{name}: {old} -> {new}"),
            Self::Content { path, new, .. } => write!(f, "write {new} to `{path}`"),
        }
    }
}

/// What may be shown of a file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Excerpt {
    /// All of it.
    Text(String),
    /// Only how much it is.
    Bytes(u64),
    /// Nothing: it is not for everybody.
    Private,
}

/// More than this is not kept to be shown, in bytes.
pub const LARGEST_EXCERPT: usize = 256 * 1024;

impl Excerpt {
    /// Of what is for everybody.
    pub fn of(content: &[u8]) -> Self {
        let text = (content.len() <= LARGEST_EXCERPT)
            .then(|| std::str::from_utf8(content).ok())
            .flatten()
            .filter(|text| !text.contains('\0'));
        match text {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(content.len() as u64),
        }
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{} bytes", text.len()),
            Self::Bytes(count) => write!(f, "{count} bytes"),
            Self::Private => f.write_str("private content"),
        }
    }
}

/// Where a check reports what it finds, if anybody wants to know. Clones report to the same place.
#[derive(Clone, Debug, Default)]
pub struct Changes(Option<Arc<Mutex<Vec<Change>>>>);

impl Changes {
    /// Somebody wants to know.
    pub fn wanted() -> Self {
        Self(Some(Arc::default()))
    }

    /// Another place, for somebody who wants to know as much.
    #[must_use]
    pub fn another(&self) -> Self {
        Self(self.0.as_ref().map(|_| Arc::default()))
    }

    /// Reports a change, which is only made if somebody wants to know.
    pub fn report(&self, change: impl FnOnce() -> Change) {
        if let Some(changes) = &self.0 {
            let mut changes = changes.lock().unwrap_or_else(PoisonError::into_inner);
            changes.push(change());
        }
    }

    /// What was reported since the last call, in order.
    pub fn take(&self) -> Vec<Change> {
        self.0.as_ref().map_or_else(Vec::new, |changes| {
            std::mem::take(&mut *changes.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_of_moderate_size_is_shown() {
        assert_eq!(Excerpt::of(b"a\n"), Excerpt::Text("a\n".to_owned()));
        assert_eq!(Excerpt::of(b"\xff"), Excerpt::Bytes(1));
        assert_eq!(Excerpt::of(b"a\0"), Excerpt::Bytes(2));
        let large = vec![b'a'; LARGEST_EXCERPT + 1];
        assert_eq!(Excerpt::of(&large), Excerpt::Bytes(large.len() as u64));
    }

    #[test]
    fn nothing_is_made_that_nobody_wants() {
        Changes::default().report(|| unreachable!("nobody wants it"));
        let changes = Changes::wanted();
        changes.clone().report(|| Change::Step("go".to_owned()));
        assert_eq!(changes.take(), [Change::Step("go".to_owned())]);
        assert_eq!(changes.take(), []);
    }
}
