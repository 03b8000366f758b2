//! One mistake, one message.

use crate::error::{Expected, SyntaxError, SyntaxErrorKind};
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
    let mut distinct: Vec<SyntaxError> = Vec::new();
    // The missing opening braces that are reported and not made up for by a closing one yet.
    let mut missing_braces = 0;
    for (generic, error) in errors {
        let at = error.span.start;
        let same_line = distinct
            .last()
            .is_some_and(|last| !contains_newline(text, last.span.start, at));
        if (generic || is_about_separators(&error.kind))
            && (same_line || is_mended_line(text, mended, at))
        {
            // Such a line is hardly read as it was meant.
            continue;
        }
        match &error.kind {
            SyntaxErrorKind::UnopenedBracket {
                bracket: TokenKind::CloseBrace,
            } if missing_braces > 0 => {
                missing_braces -= 1;
                continue;
            }
            SyntaxErrorKind::Unexpected { expected, .. }
                if generic && expected.contains(&Expected::Token(TokenKind::OpenBrace)) =>
            {
                missing_braces += 1;
            }
            _ => {}
        }
        distinct.push(error);
    }
    distinct
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

fn contains_newline(text: &str, from: u32, to: u32) -> bool {
    text.get(from as usize..to as usize)
        .is_some_and(|between| between.contains('\n'))
}

/// Whether the layout mended the line that holds `offset`.
fn is_mended_line(text: &str, mended: &[u32], offset: u32) -> bool {
    if mended.is_empty() {
        return false;
    }
    let (before, after) = text.split_at(offset as usize);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = offset as usize + after.find('\n').unwrap_or(after.len());
    let first = mended.partition_point(|at| (*at as usize) < start);
    mended.get(first).is_some_and(|at| *at as usize <= end)
}
