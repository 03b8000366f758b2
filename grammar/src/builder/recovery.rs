//! What happens after a mistake that the grammar has no production for.

use super::Builder;
use crate::ast::{Entry, EntryKind, ExprId, ExprKind};
use crate::error::{Expected, Found, MAX_EXPECTED, SyntaxErrorKind};
use crate::parser::{ParseFailure, Recovered};
use crate::token::TokenKind;

/// Where the parser goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// After the statement.
    Statement,
    /// At the braces of a statement.
    Head,
    /// At the next line of a resource.
    Entry,
    /// At the next element, or at the closing bracket.
    Element,
}

impl Builder<'_> {
    /// Notes the mistake and what was skipped after it.
    pub(crate) fn recover(&mut self, recovered: Recovered, _at: Recovery) {
        let start = match &recovered.error {
            ParseFailure::UnrecognizedToken { token, .. } | ParseFailure::ExtraToken { token } => {
                token.0
            }
            ParseFailure::InvalidToken { location }
            | ParseFailure::UnrecognizedEof { location, .. } => *location,
            ParseFailure::User { error } => match *error {},
        };
        self.unexpected(recovered.error);
        let skipped = recovered.dropped_tokens.last().map_or(start, |last| last.2);
        self.quiet_until = self.quiet_until.max(skipped);
        self.skip_opened(&recovered.dropped_tokens);
    }

    pub(crate) fn recover_expr(
        &mut self,
        l: u32,
        recovered: Recovered,
        at: Recovery,
        r: u32,
    ) -> ExprId {
        self.recover(recovered, at);
        self.expr(l, ExprKind::Error, r)
    }

    pub(crate) fn recover_entry(&mut self, l: u32, recovered: Recovered, r: u32) -> Entry {
        self.recover(recovered, Recovery::Entry);
        self.entry(l, (EntryKind::Error, None), r)
    }

    /// Reports a token that can not stand where it does, unless that follows from an earlier mistake.
    pub(crate) fn unexpected(&mut self, failure: ParseFailure) {
        let (found, l, r, expected) = match failure {
            ParseFailure::UnrecognizedToken {
                token: (l, kind, r),
                expected,
            } => (Found::Token(kind), l, r, expected),
            ParseFailure::ExtraToken {
                token: (l, kind, r),
            } => (Found::Token(kind), l, r, Vec::new()),
            ParseFailure::UnrecognizedEof { location, expected } => {
                (Found::End, location, location, expected)
            }
            ParseFailure::InvalidToken { location } => (
                Found::Token(TokenKind::Error),
                location,
                location,
                Vec::new(),
            ),
            ParseFailure::User { error } => match error {},
        };
        if found == Found::Token(TokenKind::Error) || l < self.quiet_until {
            return;
        }
        let span = self.span(l, r);
        let expected = words(&expected);
        self.report(SyntaxErrorKind::Unexpected { found, expected }, span);
    }

    /// Brackets that were opened among the skipped tokens are skipped up to where they close.
    fn skip_opened(&mut self, dropped: &[(u32, TokenKind, u32)]) {
        let mut depth = 0_usize;
        for (_, kind, _) in dropped {
            if kind.is_open() {
                depth += 1;
            } else if kind.is_close() {
                depth = depth.saturating_sub(1);
            }
        }
        // The parser holds one token already; if it is what closes the last bracket, nothing is left.
        let mut next = self.position.get().saturating_sub(1);
        while depth > 0
            && let Some(token) = self.tokens.get(next)
        {
            if token.kind.is_open() {
                depth += 1;
            } else if token.kind.is_close() {
                depth -= 1;
            }
            self.quiet_until = self.quiet_until.max(token.end);
            next += 1;
        }
        self.position.set(self.position.get().max(next));
    }
}

/// The parser's list of acceptable terminals in words: an expression, a type, a token.
fn words(terminals: &[String]) -> Vec<Expected> {
    let tokens: Vec<TokenKind> = terminals
        .iter()
        .filter_map(|terminal| terminal_kind(terminal.trim_matches('"')))
        .collect();
    let has = |kind| tokens.contains(&kind);
    let mut expected = Vec::new();
    let mut covered: Vec<TokenKind> = Vec::new();
    if has(TokenKind::Import)
        && has(TokenKind::Include)
        && has(TokenKind::For)
        && !has(TokenKind::In)
    {
        expected.push(Expected::Statement);
        covered.extend(tokens.iter().filter(|kind| !kind.is_close()));
    } else if has(TokenKind::Not) && has(TokenKind::Integer) {
        expected.push(Expected::Expression);
        covered.extend(tokens.iter().filter(|kind| kind.starts_expression()));
    } else if has(TokenKind::Variant)
        && has(TokenKind::Bool)
        && has(TokenKind::Func)
        && !has(TokenKind::In)
    {
        expected.push(Expected::Type);
        covered.extend([
            TokenKind::Bool,
            TokenKind::Str,
            TokenKind::Int,
            TokenKind::FloatType,
            TokenKind::Variant,
            TokenKind::Map,
            TokenKind::Struct,
            TokenKind::Func,
            TokenKind::OpenBracket,
        ]);
    }
    if has(TokenKind::Identifier)
        && has(TokenKind::Capitalized)
        && has(TokenKind::CloseBrace)
        && !has(TokenKind::Import)
    {
        expected.push(Expected::Field);
        covered.extend([TokenKind::Identifier, TokenKind::Capitalized]);
    }
    if has(TokenKind::Plus) && has(TokenKind::And) {
        expected.push(Expected::Operator);
        covered.extend(tokens.iter().filter(|kind| kind.is_binary_operator()));
        covered.extend([TokenKind::OpenBracket, TokenKind::OpenParen, TokenKind::Dot]);
    }
    let names = has(TokenKind::Identifier);
    for kind in tokens {
        // A reserved word is accepted in place of a name only to say that it is one.
        let stands_for_name = names && kind.is_reserved();
        if !covered.contains(&kind) && !stands_for_name && kind != TokenKind::Error {
            expected.push(Expected::Token(kind));
        }
    }
    if expected.len() > MAX_EXPECTED {
        expected.clear();
    }
    expected
}

/// The token that the grammar calls `terminal`.
fn terminal_kind(terminal: &str) -> Option<TokenKind> {
    use logos::Logos;
    Some(match terminal {
        "newline" => TokenKind::Newline,
        "string" => TokenKind::String,
        "integer" => TokenKind::Integer,
        "real" => TokenKind::Float,
        "identifier" => TokenKind::Identifier,
        "capitalized" => TokenKind::Capitalized,
        "error" => TokenKind::Error,
        text => TokenKind::lexer(text).next()?.ok()?,
    })
}
