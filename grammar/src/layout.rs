//! Between lexer and grammar: makes brackets match and lines end where statements do.
//!
//! A missing bracket is best found by looking at brackets and indentation alone; the grammar would only
//! notice much later. The same goes for a newline in a place where none is allowed. What is wrong
//! is reported here and mended, so that the grammar sees the statement that was meant. A text without
//! such mistakes passes through untouched.

mod brackets;
mod lines;

use crate::error::{MAX_DEPTH, SyntaxError};
use crate::span::{SourceId, Span};
use crate::token::{Token, TokenKind};

/// What the grammar is to read.
pub(crate) struct Layout {
    pub(crate) tokens: Vec<Token>,
    /// Where tokens were added or left out: what the grammar finds there is no news.
    pub(crate) mended: Vec<u32>,
    pub(crate) errors: Vec<SyntaxError>,
}

/// A text and what it is made of.
#[derive(Clone, Copy)]
struct Source<'a> {
    id: SourceId,
    text: &'a str,
}

/// Prepares the tokens of `text` for the grammar.
pub(crate) fn lay_out(id: SourceId, text: &str, mut tokens: Vec<Token>) -> Layout {
    let end = text.len() as u32;
    if tokens
        .last()
        .is_some_and(|last| last.kind != TokenKind::Newline)
    {
        tokens.push(Token {
            kind: TokenKind::Newline,
            start: end,
            end,
        });
    }
    let mut layout = Layout {
        tokens,
        mended: Vec::new(),
        errors: Vec::new(),
    };
    let source = Source { id, text };
    let found = survey(&layout.tokens);
    if found.unbalanced {
        brackets::mend(source, &mut layout);
    }
    if found.broken_lines || found.unbalanced || found.too_deep {
        lines::mend(source, &mut layout);
    }
    layout.mended.sort_unstable();
    layout
}

/// What a quick look at the tokens shows.
#[derive(Default)]
struct Survey {
    unbalanced: bool,
    too_deep: bool,
    broken_lines: bool,
}

fn survey(tokens: &[Token]) -> Survey {
    let mut found = Survey::default();
    let mut open = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::OpenBrace | TokenKind::OpenParen | TokenKind::OpenBracket => {
                open.push(token.kind);
                found.too_deep |= open.len() > MAX_DEPTH;
                found.broken_lines |=
                    token.kind == TokenKind::OpenBrace && lines::is_nameless(tokens, index);
            }
            TokenKind::CloseBrace | TokenKind::CloseParen | TokenKind::CloseBracket => {
                found.unbalanced |= open.pop().and_then(TokenKind::closer) != Some(token.kind);
            }
            TokenKind::Newline => found.broken_lines |= lines::may_be_misplaced(tokens, index),
            _ => {}
        }
    }
    found.unbalanced |= !open.is_empty();
    found
}

impl Source<'_> {
    fn span(self, start: u32, end: u32) -> Span {
        Span::new(self.id, start, end)
    }

    /// The blanks before `offset`, if there is nothing else before it on its line.
    fn indentation(self, offset: u32) -> usize {
        let before = self.text.get(..offset as usize).unwrap_or_default();
        before.len() - before.rfind('\n').map_or(0, |newline| newline + 1)
    }
}
