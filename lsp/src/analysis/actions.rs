//! What could be done here: fixes of what is wrong, and rewrites of what is right.

mod conditions;
mod edges;
mod fixes;
mod meta;
mod resources;
mod variables;

pub use fixes::fix_all;

use mgmt_grammar::span::SourceId;
use mgmt_grammar::{TokenKind, tokens};

use super::{Range, TextEdit, View, library, organize};

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// As a menu shows it.
    pub title: String,
    /// What it is.
    pub kind: ActionKind,
    /// The edits of the file.
    pub edits: Vec<TextEdit>,
    /// The place of what is wrong, if it mends something, and its code.
    pub mends: Option<(Range, String)>,
}

/// The kinds of action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// Mends something that is wrong.
    Fix,
    /// Gives a name to an expression.
    Extract,
    /// Puts an expression where its name stood.
    Inline,
    /// Says the same in other words.
    Rewrite,
    /// Mends all that can be mended.
    FixAll,
    /// Sorts imports and removes those that are not used.
    OrganizeImports,
}

impl Action {
    fn new(kind: ActionKind, title: impl Into<String>, edits: Vec<TextEdit>) -> Self {
        Self {
            title: title.into(),
            kind,
            edits,
            mends: None,
        }
    }
}

/// What could be done with a part of the file; empty, if it is only a cursor.
pub fn actions(view: &View, range: &Range) -> Vec<Action> {
    // What belongs to the library can only be read.
    if library::is_in(view.path()) {
        return Vec::new();
    }
    let mut found = fixes::fixes(view, range);
    found.extend(variables::extract(view, range));
    found.extend(variables::inline(view, range.start));
    resources::all(view, range.start, &mut found);
    let all = fix_all(view);
    if !all.is_empty() {
        found.push(Action::new(
            ActionKind::FixAll,
            "Fix all that can be fixed",
            all,
        ));
    }
    let imports = organize::organize(view);
    if !imports.is_empty() {
        found.push(Action::new(
            ActionKind::OrganizeImports,
            "Organize imports",
            imports,
        ));
    }
    found
}

/// The blanks that a line begins with.
fn indent(text: &str, offset: u32) -> &str {
    let head = text.get(..offset as usize).unwrap_or_default();
    let start = head.rfind('\n').map_or(0, |at| at + 1);
    let line = &text[start..];
    &line[..line.len() - line.trim_start_matches(['\t', ' ']).len()]
}

/// A part of a text with its lines but the first moved to the right by some tabs, or to the left. Strings that
/// span lines stay as they are.
fn shifted(text: &str, by: i32) -> String {
    let strings: Vec<_> = tokens(text)
        .into_iter()
        .filter(|token| token.kind == TokenKind::String)
        .collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let in_string = strings
            .iter()
            .any(|it| (it.start as usize) < at && at < it.end as usize);
        let is_blank = line.trim().is_empty();
        if at == 0 || in_string || is_blank {
            out.push_str(line);
        } else if by >= 0 {
            out.push_str(&"\t".repeat(by as usize));
            out.push_str(line);
        } else {
            let tabs = line.len() - line.trim_start_matches('\t').len();
            out.push_str(&line[tabs.min(by.unsigned_abs() as usize)..]);
        }
        at += line.len();
    }
    out
}

/// Whether a text that parsed still does after edits, which are in order.
fn still_parses(text: &str, edits: &[TextEdit]) -> bool {
    let mut new = text.to_owned();
    for edit in edits.iter().rev() {
        let (start, end) = (edit.range.start as usize, edit.range.end as usize);
        new.replace_range(start..end, &edit.text);
    }
    let errors = |text: &str| mgmt_grammar::parse(SourceId::default(), text).errors.len();
    errors(&new) <= errors(text)
}

/// Where a line begins.
fn line_start(text: &str, offset: u32) -> u32 {
    let head = text.get(..offset as usize).unwrap_or_default();
    head.rfind('\n').map_or(0, |at| at as u32 + 1)
}
