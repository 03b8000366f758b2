//! What the compiler itself suggests, and the removal of what nothing uses.

use std::collections::BTreeSet;

use mgmt_compiler::diagnostic::{Code, Diagnostic};
use mgmt_grammar::ast::StmtKind;
use mgmt_grammar::span::Span;

use super::{Action, ActionKind, line_start};
use crate::analysis::organize::{add_import, whole_line};
use crate::analysis::view::range;
use crate::analysis::{Range, TextEdit, View};

/// The fixes of what is wrong in a part of the file; if nothing is there, of what is wrong on the line of the
/// cursor, since the place of what is missing is seldom where one looks.
pub fn fixes(view: &View, within: &Range) -> Vec<Action> {
    let found = fixes_in(view, within);
    if !found.is_empty() || !within.is_empty() {
        return found;
    }
    let text = view.text();
    let start = line_start(text, within.start);
    let rest = text.get(start as usize..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    fixes_in(view, &(start..start + line.len() as u32))
}

fn fixes_in(view: &View, within: &Range) -> Vec<Action> {
    let mut found = Vec::new();
    for (diagnostic, place) in here(view) {
        if place.end < within.start || within.end < place.start {
            continue;
        }
        for (title, edits) in ways(view, diagnostic) {
            let mut action = Action::new(ActionKind::Fix, capital(&title), edits);
            action.mends = Some((range(place), diagnostic.code.to_string()));
            found.push(action);
        }
    }
    found
}

/// The edits that mend all errors that have a fix, and remove imports that nothing uses. Other warnings are about
/// programs that mean something, and their fixes may change that. Of several ways to mend something it is the first,
/// and what overlaps is left for the next time.
pub fn fix_all(view: &View) -> Vec<TextEdit> {
    let mut edits: Vec<TextEdit> = Vec::new();
    let mut taken = BTreeSet::new();
    for (diagnostic, _) in here(view) {
        if !diagnostic.is_error() && diagnostic.code != Code::UNUSED_IMPORT {
            continue;
        }
        let Some((_, new)) = ways(view, diagnostic).into_iter().next() else {
            continue;
        };
        // What is known already clashes, too.
        if !new.iter().any(|edit| clashes(&taken, &edit.range)) {
            taken.extend(new.iter().map(|edit| (edit.range.start, edit.range.end)));
            edits.extend(new);
        }
    }
    edits.sort_by_key(|edit| edit.range.start);
    edits
}

/// Whether an edit can not be made beside others, of which no two overlap, so that they end in the order in which
/// they start.
fn clashes(taken: &BTreeSet<(u32, u32)>, range: &Range) -> bool {
    let before = taken.range(..=(range.end, u32::MAX)).rev();
    before
        .take_while(|(_, end)| range.start <= *end)
        .any(|(start, end)| {
            let overlap = range.start < *end && *start < range.end;
            overlap || (range.start, range.end) == (*start, *end)
        })
}

/// What is wrong in this file.
fn here(view: &View) -> impl Iterator<Item = (&Diagnostic, Span)> {
    view.analysis
        .insight
        .diagnostics()
        .iter()
        .filter_map(|diagnostic| {
            let place = diagnostic.primary.as_ref()?.span;
            (place.source == view.source).then_some((diagnostic, place))
        })
}

/// The ways to mend something: a title and edits of this file.
fn ways(view: &View, diagnostic: &Diagnostic) -> Vec<(String, Vec<TextEdit>)> {
    let mut found = Vec::new();
    for fix in &diagnostic.fixes {
        if fix.edits.iter().any(|edit| edit.span.source != view.source) {
            continue;
        }
        let edits = fix.edits.iter().map(|edit| {
            // The compiler puts imports at the very top, an editor beside the others.
            if let Some(package) = edit
                .text
                .strip_prefix("import \"")
                .and_then(|it| it.strip_suffix("\"\n"))
                && let Some(edit) = add_import(view, package)
            {
                return edit;
            }
            let gone = edit.text.is_empty();
            let line = gone
                .then(|| whole_line(view.text(), edit.span.start, edit.span.end))
                .flatten();
            TextEdit {
                range: line.map_or(range(edit.span), |(start, end)| start..end),
                text: edit.text.clone(),
            }
        });
        found.push((fix.title.clone(), edits.collect()));
    }
    if found.is_empty() {
        found.extend(removal(view, diagnostic));
    }
    found
}

/// Removes a definition that nothing uses.
fn removal(view: &View, diagnostic: &Diagnostic) -> Option<(String, Vec<TextEdit>)> {
    if !diagnostic.code.is_unused() {
        return None;
    }
    let place = diagnostic.primary.as_ref()?.span;
    let stmt = view.tree()?.stmts.iter().find(|stmt| match &stmt.kind {
        StmtKind::Bind { name, .. } | StmtKind::Func { name, .. } => name.span == place,
        StmtKind::Class { name, .. } => name.span == place,
        _ => false,
    })?;
    let (start, end) = whole_line(view.text(), stmt.span.start, stmt.span.end)?;
    let edit = TextEdit {
        range: start..end,
        text: String::new(),
    };
    Some(("remove it".to_owned(), vec![edit]))
}

fn capital(title: &str) -> String {
    let mut chars = title.chars();
    let first = chars.next().map(|it| it.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}
