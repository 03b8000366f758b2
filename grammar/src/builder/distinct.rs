//! One mistake, one message.

use std::ops::Range;

use crate::error::{Expected, Found, SyntaxError, SyntaxErrorKind};
use crate::token::TokenKind;

/// Leaves out what follows from another mistake, and sorts the rest by place. `generic` are the errors that
/// only say that a token can not stand where it does, `mended` the places where the layout did.
pub(super) fn errors(
    text: &str,
    mended: &[u32],
    errors: Vec<SyntaxError>,
    generic: &[usize],
) -> Vec<SyntaxError> {
    let mut errors: Vec<(bool, SyntaxError)> = errors
        .into_iter()
        .enumerate()
        .map(|(index, error)| (generic.binary_search(&index).is_ok(), error))
        .collect();
    errors.sort_by_key(|(generic, error)| (error.span.start, *generic));
    let unreadable: Vec<u32> = errors
        .iter()
        .filter(|(_, error)| makes_unreadable(&error.kind))
        .map(|(_, error)| error.span.start)
        .collect();
    let mut lines = Lines { text, last: None };
    let mut distinct: Vec<SyntaxError> = Vec::new();
    let mut unexpected: Vec<u32> = Vec::new();
    // The missing opening braces that are reported and not made up for by a closing one yet.
    let mut missing_braces = 0;
    for (generic, error) in errors {
        let at = error.span.start;
        let line = lines.around(at);
        let holds = |places: &[u32]| {
            let first = places.partition_point(|place| (*place as usize) < line.start);
            places
                .get(first)
                .is_some_and(|place| *place as usize <= line.end)
        };
        let same_line = distinct
            .last()
            .is_some_and(|last| line.start <= last.span.start as usize);
        // A line that had to be mended is hardly read as it was meant.
        let doubtful = same_line || holds(mended);
        let follows = match &error.kind {
            // What is outside of a string by mistake is full of escapes.
            SyntaxErrorKind::Unrecognized('\\') => {
                same_line && distinct.last().is_some_and(SyntaxError::is_lexical)
            }
            _ if error.is_lexical() => false,
            _ if holds(&unreadable) => true,
            _ if generic && goes_on_from(text, distinct.last(), &error) => true,
            _ if generic || is_about_separators(&error.kind) => doubtful,
            SyntaxErrorKind::UnclosedBracket { open, .. } => {
                unexpected.binary_search(&open.start).is_ok()
            }
            SyntaxErrorKind::UnopenedBracket {
                bracket: TokenKind::CloseBrace,
            } if missing_braces > 0 => {
                missing_braces -= 1;
                true
            }
            _ => false,
        };
        if follows {
            continue;
        }
        if generic {
            unexpected.push(at);
            if let SyntaxErrorKind::Unexpected { expected, .. } = &error.kind
                && expected.contains(&Expected::Token(TokenKind::OpenBrace))
            {
                missing_braces += 1;
            }
        }
        distinct.push(error);
    }
    distinct
}

/// Whether the rest of the line can not be understood.
fn makes_unreadable(kind: &SyntaxErrorKind) -> bool {
    matches!(
        kind,
        SyntaxErrorKind::Unrecognized(_) | SyntaxErrorKind::UnterminatedString { .. }
    )
}

/// Whether it is about what stands between elements or statements, which depends on how those are read.
fn is_about_separators(kind: &SyntaxErrorKind) -> bool {
    matches!(
        kind,
        SyntaxErrorKind::MissingComma { .. }
            | SyntaxErrorKind::MissingNewline
            | SyntaxErrorKind::StatementSeparator { .. }
            | SyntaxErrorKind::MissingLineBreak { .. }
            | SyntaxErrorKind::TrailingComma { .. }
            | SyntaxErrorKind::BrokenLine { .. }
    )
}

/// Whether an error is the rest of the one before it: the text ends in what that left open, or the line
/// goes on with what ended too early.
fn goes_on_from(text: &str, last: Option<&SyntaxError>, error: &SyntaxError) -> bool {
    let (Some(last), SyntaxErrorKind::Unexpected { found, expected }) = (last, &error.kind) else {
        return false;
    };
    let brace = Expected::Token(TokenKind::CloseBrace);
    // A bind in the body of a function, and after it the value that was to use it.
    let bound_in_body = matches!(
        &last.kind,
        SyntaxErrorKind::Unexpected { found: Found::Token(TokenKind::Equals), expected }
            if expected.contains(&brace)
    );
    if bound_in_body && *expected == [brace] {
        return true;
    }
    let ended_early = matches!(
        last.kind,
        SyntaxErrorKind::Unexpected {
            found: Found::Token(TokenKind::Newline),
            ..
        }
    );
    let between = text.get(last.span.start as usize..error.span.start as usize);
    *found == Found::End || ended_early && between.is_some_and(|between| between.trim().is_empty())
}

/// Finds lines; asked for the same one again, it does not search.
struct Lines<'a> {
    text: &'a str,
    last: Option<Range<usize>>,
}

impl Lines<'_> {
    /// The line that holds `offset`, up to its newline.
    fn around(&mut self, offset: u32) -> Range<usize> {
        let offset = offset as usize;
        let known = |line: &&Range<usize>| line.start <= offset && offset <= line.end;
        if let Some(line) = self.last.as_ref().filter(known) {
            return line.clone();
        }
        let (before, after) = self.text.split_at(offset);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let end = offset + after.find('\n').unwrap_or(after.len());
        self.last = Some(start..end);
        start..end
    }
}
