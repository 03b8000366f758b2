//! Missing and superfluous brackets.
//!
//! Only a text whose brackets do not match comes here, and it is known how many of each kind are
//! missing. Where they are missing is told by the indentation, as a reader would do it: a line that is
//! no deeper than the one with the opening bracket, after lines that were, or, where lines are
//! indented at all, directly after it. Where they are not, by a line that can only be a statement.

use super::{Layout, Source};
use crate::error::{Expected, Found, SyntaxError, SyntaxErrorKind};
use crate::token::{Token, TokenKind};

/// Inserts the missing closing brackets and leaves out those that close nothing.
pub(super) fn mend(source: Source<'_>, layout: &mut Layout) {
    let tokens = std::mem::take(&mut layout.tokens);
    let mut mender = Mender {
        source,
        missing: missing(&tokens),
        tokens: &tokens,
        indents: tokens.windows(2).any(|pair| {
            pair[0].kind == TokenKind::Newline
                && pair[1].kind != TokenKind::Newline
                && source.indentation(pair[1].start) > 0
        }),
        out: Vec::with_capacity(tokens.len() + 8),
        open: Vec::new(),
        layout,
    };
    mender.run();
    let out = mender.out;
    layout.tokens = out;
}

/// For each kind of bracket, how many more are opened than closed.
fn missing(tokens: &[Token]) -> [i64; 3] {
    let mut missing = [0; 3];
    for token in tokens {
        if token.kind.is_open() {
            missing[slot(token.kind)] += 1;
        } else if token.kind.is_close() {
            missing[slot(token.kind)] -= 1;
        }
    }
    missing
}

fn slot(kind: TokenKind) -> usize {
    match kind {
        TokenKind::OpenBrace | TokenKind::CloseBrace => 0,
        TokenKind::OpenParen | TokenKind::CloseParen => 1,
        _ => 2,
    }
}

/// No bracket is meant to close one that is further out than this.
const FAR: usize = 100;

/// No part of a program that misses its opening bracket has more tokens.
const PART: usize = 2000;

fn opener(closer: TokenKind) -> Option<TokenKind> {
    [
        TokenKind::OpenBrace,
        TokenKind::OpenParen,
        TokenKind::OpenBracket,
    ]
    .into_iter()
    .find(|opener| opener.closer() == Some(closer))
}

/// A bracket that is not closed yet.
struct Open {
    token: Token,
    /// Where it is in the list of tokens.
    index: usize,
    /// How far the line is indented on which it stands.
    indent: usize,
    /// How far the first line after it is indented; it has none if it is not the last on its line.
    inside: Option<usize>,
    multiline: bool,
}

struct Mender<'a> {
    source: Source<'a>,
    tokens: &'a [Token],
    missing: [i64; 3],
    /// Whether any line is indented: if none is, that tells nothing.
    indents: bool,
    out: Vec<Token>,
    open: Vec<Open>,
    layout: &'a mut Layout,
}

impl Mender<'_> {
    fn run(&mut self) {
        let mut indent = 0;
        let mut starts_line = true;
        for (index, token) in self.tokens.iter().copied().enumerate() {
            if starts_line {
                let before = indent;
                indent = self.source.indentation(token.start);
                self.start_line(index, token, indent);
                self.open_deeper_line(index, token, indent, before);
            }
            match token.kind {
                TokenKind::Newline => self.end_line(index),
                kind if kind.is_open() => self.open(index, token, indent),
                kind if kind.is_close() => {
                    let kept = self.close(token, starts_line.then_some(indent));
                    self.out.extend(kept);
                    starts_line = false;
                    continue;
                }
                _ => {}
            }
            starts_line = token.kind == TokenKind::Newline;
            if !(starts_line && self.ends_in_newline()) {
                self.out.push(token);
            }
        }
        while self.open.last().is_some() {
            self.insert_closer();
        }
    }

    /// Whether another newline would be one too many: all that stood on a line was left out.
    fn ends_in_newline(&self) -> bool {
        self.out
            .last()
            .is_none_or(|last| last.kind == TokenKind::Newline)
    }

    fn next_kind(&self, index: usize) -> Option<TokenKind> {
        Some(self.tokens.get(index + 1)?.kind)
    }

    /// A line starts that is deeper than the one before, without a bracket: if the part that is deeper ends
    /// in a closing one, of which there is one too many, its opening one is missing.
    fn open_deeper_line(&mut self, index: usize, first: Token, indent: usize, before: usize) {
        if indent <= before || first.kind.is_binary_operator() {
            return;
        }
        let Some([last, newline]) = self.out.last_chunk::<2>().copied() else {
            return;
        };
        if last.kind.is_open() || last.kind == TokenKind::Comma {
            return;
        }
        let Some(closer) = self.closer_of_part(index, before) else {
            return;
        };
        let Some(kind) = opener(closer) else {
            return;
        };
        if self.missing[slot(closer)] >= 0 {
            return;
        }
        self.missing[slot(closer)] += 1;
        let token = Token {
            kind,
            start: last.end,
            end: last.end,
        };
        self.open.push(Open {
            token,
            index: index - 1,
            indent: before,
            inside: Some(indent),
            multiline: true,
        });
        self.out.pop();
        self.out.extend([token, newline]);
        let error = SyntaxErrorKind::Unexpected {
            found: Found::Token(TokenKind::Newline),
            expected: vec![Expected::Token(kind)],
        };
        let span = self.source.span(newline.start, newline.end);
        let place = self.source.span(last.end, last.end);
        let blank = if kind == TokenKind::OpenBrace {
            " "
        } else {
            ""
        };
        let text = format!("{blank}{}", kind.text().unwrap_or_default());
        self.layout
            .errors
            .push(SyntaxError::new(error, span).replacing(place, text));
        self.layout.mended.push(last.end);
    }

    /// The closing bracket that starts the next line which is not deeper than `outside`.
    fn closer_of_part(&self, index: usize, outside: usize) -> Option<TokenKind> {
        let next = self
            .tokens
            .get(index..)?
            .windows(2)
            .take(PART)
            .filter(|pair| pair[0].kind == TokenKind::Newline)
            .map(|pair| pair[1])
            .find(|first| self.source.indentation(first.start) <= outside)?;
        let same = self.source.indentation(next.start) == outside;
        (same && next.kind.is_close()).then_some(next.kind)
    }

    /// A line starts: brackets whose contents were deeper than this line, or that have none, are missing their
    /// closing one, and with them those that were opened on the same line.
    fn start_line(&mut self, index: usize, first: Token, indent: usize) {
        let mut closed = false;
        while !first.kind.is_close()
            && let Some(open) = self.open.last()
            && indent <= open.indent
            && self.missing[slot(open.token.kind)] > 0
            && (if open.multiline {
                open.inside
                    .map_or(self.indents, |inside| inside > open.indent)
                    || (!self.holds_statements(open) && self.is_statement(index))
            } else {
                closed
            })
        {
            self.insert_closer();
            closed = true;
        }
        if let Some(open) = self.open.last_mut()
            && open.multiline
            && open.inside.is_none()
        {
            open.inside = Some(indent);
        }
    }

    /// Whether the line with this bracket is the head of a block.
    fn holds_statements(&self, open: &Open) -> bool {
        let before = &self.tokens[..open.index];
        let line = before
            .iter()
            .rposition(|token| token.kind == TokenKind::Newline)
            .map_or(0, |newline| newline + 1);
        open.token.kind == TokenKind::OpenBrace
            && self.tokens.get(line).is_some_and(|head| {
                matches!(
                    head.kind,
                    TokenKind::If
                        | TokenKind::For
                        | TokenKind::ForKv
                        | TokenKind::Class
                        | TokenKind::CloseBrace
                )
            })
    }

    /// Whether the line that starts at `index` can be nothing but a statement.
    fn is_statement(&self, index: usize) -> bool {
        let kind = |at: usize| self.tokens.get(at).map(|token| token.kind);
        match kind(index) {
            Some(
                TokenKind::For
                | TokenKind::ForKv
                | TokenKind::Class
                | TokenKind::Include
                | TokenKind::Import,
            ) => true,
            Some(TokenKind::Func) => kind(index + 1) == Some(TokenKind::Identifier),
            // `$name =`
            Some(TokenKind::Dollar) => kind(index + 2) == Some(TokenKind::Equals),
            // `kind "name"`, `Kind["name"]`
            Some(first @ (TokenKind::Identifier | TokenKind::Capitalized)) => {
                let mut at = index;
                while kind(at + 1) == Some(TokenKind::Colon) && kind(at + 2) == Some(first) {
                    at += 2;
                }
                match kind(at + 1) {
                    Some(TokenKind::String | TokenKind::Dollar) => first == TokenKind::Identifier,
                    Some(TokenKind::OpenBracket) => first == TokenKind::Capitalized,
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// A line ends: brackets that should have been closed on it are missing their closing one, unless the
    /// next line goes on with their contents.
    fn end_line(&mut self, index: usize) {
        while let Some(open) = self.open.last()
            && !open.multiline
            && self.missing[slot(open.token.kind)] > 0
            && self.tokens.get(index + 1).is_none_or(|next| {
                (!next.kind.is_close() || Some(next.kind) != open.token.kind.closer())
                    && self.source.indentation(next.start) <= open.indent
            })
        {
            self.insert_closer();
        }
    }

    fn open(&mut self, index: usize, token: Token, indent: usize) {
        if token.kind == TokenKind::OpenBrace && self.next_kind(index) == Some(TokenKind::Newline) {
            while self.is_left_open_before_block(index) {
                self.insert_closer();
            }
        }
        self.open.push(Open {
            token,
            index,
            indent,
            inside: None,
            multiline: self.next_kind(index) == Some(TokenKind::Newline),
        });
    }

    /// Whether the innermost bracket should have been closed before the block that opens at `index`.
    fn is_left_open_before_block(&self, index: usize) -> bool {
        self.open.last().is_some_and(|open| {
            let between = &self.tokens[open.index + 1..index];
            open.token.kind != TokenKind::OpenBrace
                && !open.multiline
                && self.missing[slot(open.token.kind)] > 0
                && between
                    .last()
                    .is_some_and(|last| last.kind.ends_expression() || last.kind.ends_type())
                && !between.iter().any(|token| {
                    matches!(
                        token.kind,
                        TokenKind::Func | TokenKind::If | TokenKind::Else | TokenKind::Newline
                    )
                })
        })
    }

    /// Finds what `token` closes. `indent` tells how far it is indented if it is the first on its line.
    /// Gives what is to stand in its place: nothing if it closes nothing.
    fn close(&mut self, token: Token, indent: Option<usize>) -> Option<Token> {
        let closes = |open: &Open| open.token.kind.closer() == Some(token.kind);
        let slot = slot(token.kind);
        let superfluous = self.missing[slot] < 0;
        if superfluous
            && self
                .open
                .last()
                .is_some_and(|open| !closes(open) && self.missing[self::slot(open.token.kind)] <= 0)
        {
            return self.leave_out(token);
        }
        if indent.is_none()
            && superfluous
            && self
                .open
                .last()
                .is_some_and(|open| closes(open) && open.multiline)
        {
            // What was opened at the end of a line is closed at the start of one.
            return self.leave_out(token);
        }
        if let Some(indent) = indent {
            let here = |open: &Open| closes(open) && open.multiline && open.indent == indent;
            if self.missing[slot] > 0 && self.open.iter().any(here) {
                while self.open.last().is_some_and(|open| !here(open)) {
                    self.insert_closer();
                }
            }
            if superfluous
                && self
                    .open
                    .last()
                    .is_some_and(|open| closes(open) && open.multiline && indent > open.indent)
            {
                return self.leave_out(token);
            }
        }
        // A bracket does not reach out of the block it stands in.
        let found = self
            .open
            .iter()
            .rev()
            .take(FAR)
            .take_while({
                let mut inside = true;
                move |open| {
                    let seen = inside;
                    inside &=
                        closes(open) || open.token.kind != TokenKind::OpenBrace || !open.multiline;
                    seen
                }
            })
            .position(closes);
        let Some(above) = found else {
            return self.exchange(token).or_else(|| self.leave_out(token));
        };
        for _ in 0..above {
            self.insert_closer();
        }
        self.open.pop();
        Some(token)
    }

    /// Takes a bracket of the wrong kind for one of the right kind, if the one is too many and the other too
    /// few.
    fn exchange(&mut self, token: Token) -> Option<Token> {
        let open = self.open.last()?.token;
        let closer = open.kind.closer()?;
        if self.missing[slot(token.kind)] >= 0 || self.missing[slot(closer)] <= 0 {
            return None;
        }
        self.missing[slot(token.kind)] += 1;
        self.missing[slot(closer)] -= 1;
        self.open.pop();
        let span = self.source.span(token.start, token.end);
        let kind = SyntaxErrorKind::MismatchedBracket {
            open: self.source.span(open.start, open.end),
            bracket: open.kind,
            found: token.kind,
        };
        let error = SyntaxError::new(kind, span).replacing(span, closer.text().unwrap_or_default());
        self.layout.errors.push(error);
        self.layout.mended.push(token.start);
        Some(Token {
            kind: closer,
            ..token
        })
    }

    fn leave_out(&mut self, token: Token) -> Option<Token> {
        self.missing[slot(token.kind)] += 1;
        let span = self.source.span(token.start, token.end);
        let error = SyntaxErrorKind::UnopenedBracket {
            bracket: token.kind,
        };
        self.layout
            .errors
            .push(SyntaxError::new(error, span).replacing(span, ""));
        self.layout.mended.push(token.start);
        None
    }

    /// Closes the innermost bracket after the last token that stands on a line.
    fn insert_closer(&mut self) {
        let Some(open) = self.open.pop() else {
            return;
        };
        let Some(closer) = open.token.kind.closer() else {
            return;
        };
        self.missing[slot(closer)] -= 1;
        let newline = self.out.pop_if(|last| last.kind == TokenKind::Newline);
        // A comma at the end of the line separates what the bracket belongs to.
        let comma = self
            .out
            .pop_if(|last| newline.is_some() && !open.multiline && last.kind == TokenKind::Comma);
        let at = self.out.last().map_or(0, |last| last.end);
        // What is one element or statement a line needs its line ended before the bracket too.
        if let Some(newline) = newline
            && open.multiline
        {
            self.out.push(newline);
        }
        self.out.push(Token {
            kind: closer,
            start: at,
            end: at,
        });
        self.out.extend(comma);
        self.out.extend(newline);
        self.layout.mended.extend(comma.map(|comma| comma.start));
        let place = self.source.span(at, at);
        let kind = SyntaxErrorKind::UnclosedBracket {
            open: self.source.span(open.token.start, open.token.end),
            bracket: open.token.kind,
        };
        let error = SyntaxError::new(kind, place);
        let text = closer.text().unwrap_or_default();
        let error = if open.multiline {
            error.replacing(
                place,
                format!("\n{}{text}", self.indentation_text(open.token.start)),
            )
        } else {
            error.replacing(place, text)
        };
        self.layout.errors.push(error);
        self.layout.mended.push(at);
    }

    /// The blanks at the start of the line on which `offset` is.
    fn indentation_text(&self, offset: u32) -> &str {
        let before = self.source.text.get(..offset as usize).unwrap_or_default();
        let line = &before[before.rfind('\n').map_or(0, |newline| newline + 1)..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }
}
