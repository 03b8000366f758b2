//! What happens after a mistake that the grammar has no production for.

use super::Builder;
use crate::ast::{Entry, EntryKind, ExprId, ExprKind};
use crate::error::{Expected, Found, MAX_EXPECTED, NameRole, SyntaxError, SyntaxErrorKind};
use crate::parser::{ParseFailure, Recovered};
use crate::token::{Token, TokenKind};

impl Builder<'_> {
    /// Notes the mistake.
    pub(crate) fn recover(&mut self, recovered: Recovered) {
        self.unexpected(recovered.error);
    }

    pub(crate) fn recover_expr(&mut self, l: u32, recovered: Recovered, r: u32) -> ExprId {
        self.recover(recovered);
        self.expr(l, ExprKind::Error, r)
    }

    pub(crate) fn recover_entry(&mut self, l: u32, recovered: Recovered, r: u32) -> Entry {
        // Lines that are no entries, one after the other, are one mistake.
        let follows = self.bad_entry_end > 0 && self.slice(self.bad_entry_end, l).trim().is_empty();
        if !follows {
            self.recover(recovered);
        }
        self.bad_entry_end = r;
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
        let unrecognized = found == Found::Token(TokenKind::Error);
        if unrecognized || self.is_known(l) {
            return;
        }
        let expected: Vec<TokenKind> = expected
            .iter()
            .filter_map(|terminal| terminal_kind(terminal.trim_matches('"')))
            .collect();
        self.generic_errors.push(self.errors.len());
        let error = self.classify(found, l, r, &expected);
        self.push_error(error);
    }

    /// Whether the place is one that the layout mended.
    fn is_known(&self, at: u32) -> bool {
        self.mended.binary_search(&at).is_ok()
    }

    /// Gives the mistake its name, if it has one.
    fn classify(&self, found: Found, l: u32, r: u32, expected: &[TokenKind]) -> SyntaxError {
        let span = self.span(l, r);
        let accepts = |kind| expected.contains(&kind);
        let previous = self.token_before(l);
        let generic = || {
            let expected = words(expected);
            SyntaxError::new(SyntaxErrorKind::Unexpected { found, expected }, span)
        };
        let Found::Token(kind) = found else {
            return generic();
        };
        let signed = matches!(kind, TokenKind::Integer | TokenKind::Float)
            && self.slice(l, r).starts_with('-');
        if signed && accepts(TokenKind::Minus) {
            let sign = self.span(l, l + 1);
            let touches = previous.is_some_and(|previous| previous.end == l);
            return SyntaxError::new(SyntaxErrorKind::SignedNumber, span)
                .replacing(sign, if touches { " - " } else { "- " });
        }
        if kind == TokenKind::Minus && accepts(TokenKind::Integer) && !accepts(TokenKind::Newline) {
            return SyntaxError::new(SyntaxErrorKind::UnaryMinus, span);
        }
        if kind == TokenKind::Else && accepts(TokenKind::Import) {
            return SyntaxError::new(SyntaxErrorKind::ElseWithoutIf, span);
        }
        if expected == [TokenKind::Else] {
            return SyntaxError::new(SyntaxErrorKind::MissingElse, span);
        }
        if kind == TokenKind::OpenParen
            && accepts(TokenKind::Plus)
            && previous.is_some_and(|previous| previous.end == l)
        {
            return SyntaxError::new(SyntaxErrorKind::NotCallable, span);
        }
        if let Some(separator) = previous
            && matches!(separator.kind, TokenKind::Semicolon | TokenKind::Comma)
            && expected == [TokenKind::Newline]
        {
            let place = self.span(separator.start, separator.end);
            let found = separator.kind;
            return SyntaxError::new(SyntaxErrorKind::StatementSeparator { found }, place)
                .replacing(self.span(separator.start, l), "\n");
        }
        if let Some(previous) = previous
            && accepts(TokenKind::Newline)
            && !accepts(TokenKind::Plus)
            && kind.starts_statement()
            && previous.kind.ends_expression()
            && !(accepts(TokenKind::As) && kind == TokenKind::Identifier)
        {
            let place = self.span(previous.end, previous.end);
            return SyntaxError::new(SyntaxErrorKind::MissingNewline, place)
                .replacing(self.span(previous.end, l), "\n");
        }
        if let Some(word) = previous
            && word.kind.is_reserved()
            && word.kind.starts_statement()
            && expected == [TokenKind::Rocket]
        {
            let found = Found::Token(word.kind);
            let expected = vec![Expected::Field, Expected::Token(TokenKind::CloseBrace)];
            let word = self.span(word.start, word.end);
            return SyntaxError::new(SyntaxErrorKind::Unexpected { found, expected }, word);
        }
        if let Some(name) = previous
            && name.kind == TokenKind::Identifier
            && self
                .token_before(name.start)
                .is_none_or(|before| before.kind != TokenKind::Func)
            && expected
                .iter()
                .all(|kind| matches!(kind, TokenKind::OpenParen | TokenKind::Dot))
        {
            let name = self.span(name.start, name.end);
            return SyntaxError::new(SyntaxErrorKind::BareName, name);
        }
        if let Some(previous) = previous
            && accepts(TokenKind::Comma)
            && accepts(TokenKind::Plus)
            && !accepts(TokenKind::Semicolon)
            && kind.starts_expression()
            && previous.kind.ends_expression()
        {
            let place = self.span(previous.end, previous.end);
            let after = self.span(previous.start, previous.end);
            let kind = SyntaxErrorKind::MissingComma { after, value: None };
            return SyntaxError::new(kind, place).replacing(place, ",");
        }
        let role = NameRole::Name;
        let one_name = accepts(TokenKind::Identifier)
            && !accepts(TokenKind::Import)
            && !accepts(TokenKind::Integer);
        if kind.is_reserved() && one_name {
            return SyntaxError::new(SyntaxErrorKind::ReservedWord { word: kind, role }, span);
        }
        generic()
    }

    /// The token before the one at `at`, newlines included.
    pub(super) fn token_before(&self, at: u32) -> Option<Token> {
        let index = self.tokens.partition_point(|token| token.start < at);
        Some(self.tokens[index.checked_sub(1)?])
    }
}

/// The parser's list of acceptable terminals in words: an expression, a type, a token.
fn words(tokens: &[TokenKind]) -> Vec<Expected> {
    let has = |kind| tokens.contains(&kind);
    let mut expected = Vec::new();
    let mut covered: Vec<TokenKind> = Vec::new();
    // Reserved words are accepted in place of names only to say that they are none.
    if has(TokenKind::Dollar) && has(TokenKind::Import) && has(TokenKind::Capitalized) {
        expected.push(Expected::Statement);
        covered.extend(tokens.iter().filter(|kind| !kind.is_close()));
    } else if has(TokenKind::Not) && has(TokenKind::Integer) {
        expected.push(Expected::Expression);
        covered.extend(tokens.iter().filter(|kind| kind.starts_expression()));
        covered.push(TokenKind::Newline);
    } else if has(TokenKind::Variant) && has(TokenKind::OpenBracket) {
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
    } else if has(TokenKind::Identifier) && has(TokenKind::Capitalized) {
        expected.push(Expected::Field);
        covered.extend([TokenKind::Identifier, TokenKind::Capitalized]);
    }
    if has(TokenKind::Plus) && has(TokenKind::And) {
        expected.push(Expected::Operator);
        covered.extend(tokens.iter().filter(|kind| kind.is_binary_operator()));
        covered.extend([TokenKind::OpenBracket, TokenKind::OpenParen, TokenKind::Dot]);
    }
    // Some tokens are accepted only to say what must stand in their place.
    if has(TokenKind::Newline) && has(TokenKind::Semicolon) {
        covered.extend([TokenKind::Semicolon, TokenKind::Comma]);
    }
    if has(TokenKind::Equals) {
        covered.push(TokenKind::EqualEqual);
    }
    let names = has(TokenKind::Identifier);
    for kind in tokens.iter().copied() {
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
