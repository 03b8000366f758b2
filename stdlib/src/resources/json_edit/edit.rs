//! The notation of edits (resources-host.md §29.3).

use serde::de::IgnoredAny;

/// One edit of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Sets what the keys lead to.
    Set {
        /// From the document inwards; at least one.
        path: Vec<String>,
        /// The JSON text of the value, as it was written.
        value: String,
    },
    /// Deletes what the keys lead to.
    Delete {
        /// From the document inwards; at least one.
        path: Vec<String>,
    },
}

/// A text is no edit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at `{rest}`")]
pub struct EditError {
    expected: &'static str,
    rest: String,
}

impl Edit {
    /// Reads an edit.
    ///
    /// # Errors
    /// What was expected where.
    pub fn parse(text: &str) -> Result<Self, EditError> {
        let mut parser = Parser {
            rest: trim_start(text).trim_end_matches(WHITE),
        };
        if parser.rest.starts_with('.') {
            let path = parser.path()?;
            parser.token('=', "`=`, `.` or `[`")?;
            let value = parser.rest;
            if serde_json::from_str::<IgnoredAny>(value).is_err() {
                return parser.expected("one JSON value and nothing behind it");
            }
            return Ok(Self::Set {
                path,
                value: value.to_owned(),
            });
        }
        let Some(rest) = parser.rest.strip_prefix("del") else {
            return parser.expected("`.` or `del(`");
        };
        parser.rest = trim_start(rest);
        parser.token('(', "`(`")?;
        let path = parser.path()?;
        parser.token(')', "`)`, `.` or `[`")?;
        if !parser.rest.is_empty() {
            return parser.expected("the end");
        }
        Ok(Self::Delete { path })
    }
}

const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

fn trim_start(text: &str) -> &str {
    text.trim_start_matches(WHITE)
}

/// What is left, without white space in front.
struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn expected<T>(&self, expected: &'static str) -> Result<T, EditError> {
        Err(EditError {
            expected,
            rest: self.rest.to_owned(),
        })
    }

    fn take(&mut self, token: char) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = trim_start(rest);
                true
            }
            None => false,
        }
    }

    fn token(&mut self, token: char, expected: &'static str) -> Result<(), EditError> {
        if self.take(token) {
            return Ok(());
        }
        self.expected(expected)
    }

    fn path(&mut self) -> Result<Vec<String>, EditError> {
        self.token('.', "`.`")?;
        let mut keys = vec![self.key()?];
        loop {
            if self.take('.') {
                keys.push(self.key()?);
            } else if self.rest.starts_with('[') {
                keys.push(self.bracket()?);
            } else {
                return Ok(keys);
            }
        }
    }

    fn key(&mut self) -> Result<String, EditError> {
        if self.rest.starts_with('[') {
            return self.bracket();
        }
        let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
        if !self.rest.starts_with(is_first) {
            return self.expected("a word or `[`");
        }
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let word = word.to_owned();
        self.rest = trim_start(rest);
        Ok(word)
    }

    fn bracket(&mut self) -> Result<String, EditError> {
        self.token('[', "`[`")?;
        let mut texts = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
        let key = match texts.next() {
            Some(Ok(key)) if !key.is_empty() => key,
            _ => return self.expected("a JSON string that is not empty"),
        };
        let end = texts.byte_offset();
        self.rest = trim_start(&self.rest[end..]);
        self.token(']', "`]`")?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(path: &[&str], value: &str) -> Result<Edit, EditError> {
        Ok(Edit::Set {
            path: path.iter().map(|&key| key.to_owned()).collect(),
            value: value.to_owned(),
        })
    }

    #[test]
    fn paths_are_words_and_brackets() {
        assert_eq!(Edit::parse(".a=1"), set(&["a"], "1"));
        assert_eq!(
            Edit::parse(" . a_1 . [ \"b c\" ] [\"d]\"] . e = {\"x\": [1]} "),
            set(&["a_1", "b c", "d]", "e"], "{\"x\": [1]}")
        );
        assert_eq!(
            Edit::parse("del ( .a[\"b\"] )"),
            Ok(Edit::Delete {
                path: vec!["a".to_owned(), "b".to_owned()]
            })
        );
    }

    #[test]
    fn numbers_keep_their_text() {
        assert_eq!(Edit::parse(".a = 1.50e400"), set(&["a"], "1.50e400"));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "a = 1",
            ". = 1",
            ".a",
            ".a =",
            ".a = 1 2",
            ".a = x",
            ".1 = 1",
            ".a[0] = 1",
            ".a[\"\"] = 1",
            ".a[\"b\" = 1",
            "del .a",
            "del(.a",
            "del(.a) x",
            "delete(.a)",
            ".a[\"b\"",
        ] {
            assert!(Edit::parse(text).is_err(), "{text}");
        }
    }
}
