//! The canonical format (language.md §7).
//!
//! The printer walks the tree and writes it anew. Of the source it keeps the choice between one line and
//! several, single blank lines, and the comments. Whatever the printer does, nothing is handed out
//! that does not have the meaning and the comments of the source.

mod expressions;
mod printer;
mod statements;

use crate::ast::Comment;
use crate::dump::same_tree;
use crate::error::SyntaxError;
use crate::parser::{Parsed, parse};
use crate::span::SourceId;
use printer::Printer;

/// Why a text was not formatted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FormatError {
    /// The text has mistakes, at least one.
    #[error("the text has syntax errors")]
    Syntax(Vec<SyntaxError>),
    /// The formatter would have changed more than the form: a defect of the formatter.
    #[error("formatting would change {0}; this is a defect of the formatter")]
    Unsafe(Changed),
}

/// What formatting would have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Changed {
    /// The result is no program.
    #[error("the text into one that can not be parsed")]
    Syntax,
    /// The result means something else.
    #[error("the meaning")]
    Tree,
    /// The result has other comments, or has them in another order.
    #[error("the comments")]
    Comments,
    /// The result would be formatted differently.
    #[error("its own result")]
    Result,
}

/// Formats a text. The result ends in a newline, unless it is empty.
///
/// # Errors
/// The text does not parse. Or the result would not have the same tree and the same comments, or would
/// not be formatted itself.
pub fn format(text: &str) -> Result<String, FormatError> {
    let parsed = parse(SourceId::default(), text);
    if !parsed.errors.is_empty() {
        return Err(FormatError::Syntax(parsed.errors));
    }
    let formatted = print(text, &parsed);
    if formatted != text {
        check(text, &parsed, &formatted).map_err(FormatError::Unsafe)?;
    }
    Ok(formatted)
}

fn print(text: &str, parsed: &Parsed) -> String {
    let mut printer = Printer::new(text, &parsed.file, &parsed.comments);
    printer.file();
    printer.finish()
}

/// Whether `formatted` says what `text` says.
fn check(text: &str, parsed: &Parsed, formatted: &str) -> Result<(), Changed> {
    let again = parse(SourceId::default(), formatted);
    if !again.errors.is_empty() {
        return Err(Changed::Syntax);
    }
    if !same_tree(&parsed.file, &again.file) {
        return Err(Changed::Tree);
    }
    let shown = |comment: &Comment, text| comment.span.text(text).to_owned();
    let before = parsed.comments.iter().map(|comment| shown(comment, text));
    let after = again
        .comments
        .iter()
        .map(|comment| shown(comment, formatted));
    if !before.eq(after) {
        return Err(Changed::Comments);
    }
    if print(formatted, &again) != formatted {
        return Err(Changed::Result);
    }
    Ok(())
}
