//! Every file under `tests/parse` and `tests/format` is a list of cases: a line `== name`, the text, a
//! line `--`, and what must come of it. That is the tree and the errors for the one, the formatted text for the
//! other.
//!
//! `UPDATE=1 cargo test` writes what comes of it into the files.

#[path = "corpus/harness.rs"]
mod harness;

use std::fmt::Write;
use std::process::ExitCode;

use libtest_mimic::Arguments;
use mgmt_grammar::span::{LineIndex, SourceId, Span};
use mgmt_grammar::{SyntaxError, dump, format, parse};

fn main() -> ExitCode {
    let mut trials = harness::trials("parse", parsed);
    trials.extend(harness::trials("format", formatted));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The formatted text, or why there is none.
fn formatted(text: &str) -> String {
    match format::format(text) {
        Ok(formatted) => formatted,
        Err(error) => format!("! {error}\n"),
    }
}

/// The tree and the errors.
fn parsed(text: &str) -> String {
    let parsed = parse(SourceId(0), text);
    let mut out = dump::dump(&parsed.file);
    for error in &parsed.errors {
        show_error(&mut out, text, error);
    }
    out
}

fn show_error(out: &mut String, text: &str, error: &SyntaxError) {
    let stage = if error.is_lexical() { "lex" } else { "parse" };
    let place = place(text, error.span);
    // Spans inside the error say nothing to a reader; the places are shown by line and column.
    let kind = readable(text, &format!("{:?}", error.kind));
    let _ = writeln!(out, "! {stage} {place} {kind}");
    if let Some(edit) = &error.edit {
        let place = self::place(text, edit.span);
        let _ = writeln!(out, "  replace {place} by {:?}", edit.text.as_str());
    }
}

fn place(text: &str, span: Span) -> String {
    let index = LineIndex::new(text);
    let start = index.line_column(text, span.start);
    let end = index.line_column(text, span.end);
    format!(
        "{}:{}-{}:{}",
        start.line, start.column, end.line, end.column
    )
}

/// Puts lines and columns in the place of `s0:START..END`.
fn readable(text: &str, debug: &str) -> String {
    let mut parts = debug.split("s0:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let length = part
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(part.len());
        let (range, rest) = part.split_at(length);
        match range
            .split_once("..")
            .map(|(start, end)| (start.parse(), end.parse()))
        {
            Some((Ok(start), Ok(end))) => out += &place(text, Span::new(SourceId(0), start, end)),
            _ => out += range,
        }
        out += rest;
    }
    out
}
