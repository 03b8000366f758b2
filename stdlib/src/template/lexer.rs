//! Text into tokens (functions.md §10.1, §10.3).

use std::ops::Range;

use bstr::ByteSlice;

use super::ast::Number;
use crate::functions::number::{parse_float, prefixed_integer};
use crate::functions::quoting::unquote_prefix;

/// What is wrong, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) at: usize,
    pub(super) message: String,
}

impl SyntaxError {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }
}

/// A piece of a template: text that is copied, or the inside of an action.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(Vec<u8>),
    Action(Vec<Token>),
    /// What can not be read; nothing follows.
    Broken(SyntaxError),
}

/// A token of an action.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Space,
    Dot,
    /// `.Name`
    Field(String),
    /// `$name`, with the dollar.
    Variable(String),
    Word(String),
    Text(Vec<u8>),
    Number(Number),
    Open,
    Close,
    Pipe,
    Comma,
    Declare,
    Assign,
    /// Where the action ends.
    End,
}

const BLANKS: &[u8] = b" \t\r\n";

/// Splits a template into text and actions. Comments are gone, and so is the white space that the
/// actions trim.
pub(super) fn pieces(text: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if let Err(error) = split(text, &mut pieces) {
        // What is wrong before it is told first.
        pieces.push(Piece::Broken(error));
    }
    pieces
}

fn split(text: &[u8], pieces: &mut Vec<Piece>) -> Result<(), SyntaxError> {
    let mut at = 0;
    let mut trim = false;
    while at < text.len() {
        let start = at;
        let open = text[at..]
            .find(b"{{")
            .map_or(text.len(), |found| at + found);
        let trims_before = text[open..].starts_with(b"{{-")
            && text.get(open + 3).is_some_and(|byte| BLANKS.contains(byte));
        let mut copied = &text[start..open];
        if trim {
            copied = copied.trim_start_with(is_blank);
        }
        if trims_before {
            copied = copied.trim_end_with(is_blank);
        }
        if !copied.is_empty() {
            pieces.push(Piece::Text(copied.to_vec()));
        }
        if open == text.len() {
            break;
        }
        let inside = open + if trims_before { 4 } else { 2 };
        // After a trim marker the comment may follow the blank.
        if text[inside..].starts_with(b"/*") {
            (at, trim) = comment(text, inside)?;
            continue;
        }
        let mut lexer = Lexer {
            text,
            at: inside,
            tokens: Vec::new(),
            open: Vec::new(),
        };
        trim = lexer.action(open)?;
        at = lexer.at;
        pieces.push(Piece::Action(lexer.tokens));
    }
    Ok(())
}

fn is_blank(c: char) -> bool {
    c.is_ascii() && BLANKS.contains(&(c as u8))
}

/// Skips a comment; gives where what follows it starts, and whether to trim that.
fn comment(text: &[u8], start: usize) -> Result<(usize, bool), SyntaxError> {
    let end = text[start..]
        .find(b"*/")
        .ok_or_else(|| SyntaxError::new(start, "unclosed comment"))?;
    let after = start + end + 2;
    if text[after..].starts_with(b"}}") {
        return Ok((after + 2, false));
    }
    match right_trim(&text[after..]) {
        Some(len) => Ok((after + len, true)),
        None => Err(SyntaxError::new(
            start,
            "comment ends before closing delimiter",
        )),
    }
}

/// The length of a blank and `-}}`.
fn right_trim(text: &[u8]) -> Option<usize> {
    let blank = text.first().is_some_and(|byte| BLANKS.contains(byte));
    (blank && text[1..].starts_with(b"-}}")).then_some(4)
}

struct Lexer<'t> {
    text: &'t [u8],
    at: usize,
    tokens: Vec<Token>,
    /// The parentheses that are open.
    open: Vec<usize>,
}

impl Lexer<'_> {
    /// Reads to the end of the action; tells whether to trim what follows.
    fn action(&mut self, start: usize) -> Result<bool, SyntaxError> {
        loop {
            let rest = &self.text[self.at..];
            let trim = right_trim(rest);
            if trim.is_some() || rest.starts_with(b"}}") {
                if !self.open.is_empty() {
                    return Err(SyntaxError::new(self.at, "unclosed left paren"));
                }
                let len = trim.unwrap_or(2);
                self.push(Kind::End, len);
                return Ok(trim.is_some());
            }
            let Some(first) = rest.first() else {
                return Err(SyntaxError::new(start, "unclosed action"));
            };
            self.token(*first, rest)?;
        }
    }

    fn push(&mut self, kind: Kind, len: usize) {
        let span = self.at..self.at + len;
        self.at += len;
        self.tokens.push(Token { kind, span });
    }

    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.at, message)
    }

    fn token(&mut self, first: u8, rest: &[u8]) -> Result<(), SyntaxError> {
        match first {
            b' ' | b'\t' | b'\r' | b'\n' => {
                let blanks = rest.iter().take_while(|byte| BLANKS.contains(byte)).count();
                // The last blank belongs to a trim marker.
                let trims = rest[blanks..].starts_with(b"-}}") && blanks > 1;
                self.push(Kind::Space, blanks - usize::from(trims));
            }
            b'(' => {
                self.open.push(self.at);
                self.push(Kind::Open, 1);
            }
            b')' => {
                if self.open.pop().is_none() {
                    return Err(self.error("unexpected right paren"));
                }
                self.push(Kind::Close, 1);
            }
            b'|' => self.push(Kind::Pipe, 1),
            b',' => self.push(Kind::Comma, 1),
            b'=' => self.push(Kind::Assign, 1),
            b':' if rest.starts_with(b":=") => self.push(Kind::Declare, 2),
            b':' => return Err(self.error("expected :=")),
            b'"' | b'`' | b'\'' => self.quoted(first, rest)?,
            b'.' if !rest.get(1).is_some_and(u8::is_ascii_digit) => {
                let name = name(&rest[1..]);
                let len = 1 + name.len();
                self.terminated(len)?;
                let kind = if name.is_empty() {
                    Kind::Dot
                } else {
                    Kind::Field(name.to_owned())
                };
                self.push(kind, len);
            }
            b'$' => {
                let name = format!("${}", name(&rest[1..]));
                let len = name.len();
                self.terminated(len)?;
                self.push(Kind::Variable(name), len);
            }
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number(rest)?,
            _ => {
                let word = name(rest).to_owned();
                if word.is_empty() {
                    let (c, _) = bstr::decode_utf8(rest);
                    let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
                    return Err(self.error(format!("unexpected {c:?} in command")));
                }
                let len = word.len();
                self.terminated(len)?;
                self.push(Kind::Word(word), len);
            }
        }
        Ok(())
    }

    /// Checks that something may follow here that is no part of the token.
    fn terminated(&self, len: usize) -> Result<(), SyntaxError> {
        let after = &self.text[self.at + len..];
        match after.first() {
            None => Ok(()),
            Some(byte) if BLANKS.contains(byte) || b".,|:)(=".contains(byte) => Ok(()),
            Some(_) if after.starts_with(b"}}") => Ok(()),
            Some(_) => {
                let (c, _) = bstr::decode_utf8(after);
                let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
                Err(SyntaxError::new(
                    self.at + len,
                    format!("bad character {c:?}"),
                ))
            }
        }
    }

    fn quoted(&mut self, quote: u8, rest: &[u8]) -> Result<(), SyntaxError> {
        let Some((inside, len)) = unquote_prefix(rest) else {
            return Err(self.error(match quote {
                b'"' => "unterminated quoted string",
                b'`' => "unterminated raw quoted string",
                _ => "unterminated character constant",
            }));
        };
        let kind = if quote == b'\'' {
            let (c, _) = bstr::decode_utf8(&inside);
            let code = i64::from(u32::from(c.unwrap_or(char::REPLACEMENT_CHARACTER)));
            Kind::Number(Number {
                int: Some(code),
                float: code as f64,
                is_float: false,
            })
        } else {
            Kind::Text(inside)
        };
        self.push(kind, len);
        Ok(())
    }

    fn number(&mut self, rest: &[u8]) -> Result<(), SyntaxError> {
        let mut len = 0;
        while let Some(byte) = rest.get(len) {
            let exponent = len > 0 && matches!(rest[len - 1], b'e' | b'E' | b'p' | b'P');
            let signed = matches!(byte, b'+' | b'-') && (len == 0 || exponent);
            if !(signed || byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_')) {
                break;
            }
            len += 1;
        }
        let text = &rest[..len];
        let number = number(text).ok_or_else(|| {
            self.error(format!("bad number syntax: {}", crate::value::quote(text)))
        })?;
        self.push(Kind::Number(number), len);
        Ok(())
    }
}

/// The letters, digits and underscores that a text starts with.
fn name(text: &[u8]) -> &str {
    let len = text
        .char_indices()
        .find(|(start, end, c)| {
            let replaced = *c == char::REPLACEMENT_CHARACTER && end - start == 1;
            replaced || !(c.is_alphanumeric() || *c == '_')
        })
        .map_or(text.len(), |(start, ..)| start);
    // What is not UTF-8 has just been left out.
    std::str::from_utf8(&text[..len]).unwrap_or_default()
}

/// The number that a text stands for.
fn number(text: &[u8]) -> Option<Number> {
    if let Ok(int) = prefixed_integer(text, 64) {
        return Some(Number {
            int: Some(int),
            float: int as f64,
            is_float: false,
        });
    }
    let looks_like_int = !text.iter().any(|byte| b".eEpP".contains(byte));
    let float = parse_float(text).ok().filter(|_| !looks_like_int)?;
    let whole = float.fract() == 0.0 && float.abs() < 9e18;
    Some(Number {
        int: whole.then_some(float as i64),
        float,
        is_float: true,
    })
}
