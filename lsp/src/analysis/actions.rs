//! What could be done here: fixes of what is wrong, and rewrites of what is right.

mod fixes;
mod resources;
mod variables;

pub use fixes::fix_all;

use super::{Range, TextEdit, View, organize};

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

/// Where a line begins.
fn line_start(text: &str, offset: u32) -> u32 {
    let head = text.get(..offset as usize).unwrap_or_default();
    head.rfind('\n').map_or(0, |at| at as u32 + 1)
}
