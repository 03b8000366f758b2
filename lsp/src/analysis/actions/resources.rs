//! Rewrites of resources.

use mgmt_grammar::ast::{EntryKind, ExprKind, File, Resource, Stmt, StmtKind};
use mgmt_stdlib::param::HostType;
use mgmt_stdlib::types::Type;

use super::{Action, ActionKind, conditions, edges, indent, meta, still_parses};
use crate::analysis::completion::required;
use crate::analysis::view::range;
use crate::analysis::{TextEdit, View, syntax};

/// What can be done with the resource or edge at an offset.
pub fn all(view: &View, offset: u32, found: &mut Vec<Action>) {
    let Some(tree) = view.tree() else { return };
    let text = view.text();
    let entries = conditions::to_entries(view, tree, offset);
    found.extend(entries.filter(|it| still_parses(text, &it.edits)));
    if let Some((stmt, resource)) = syntax::resource_at(tree, offset) {
        found.extend(add_required(view, stmt, resource));
        found.extend(wrap_name(tree, text, resource, offset));
        found.extend(meta::split(view, tree, resource, offset));
        found.extend(meta::join(view, tree, resource, offset));
        let statement = conditions::to_statement(view, tree, stmt, resource, offset);
        found.extend(statement.filter(|it| still_parses(text, &it.edits)));
        found.extend(edges::edge_out(view, tree, stmt, resource, offset));
    }
    if let Some((_, stmt)) = syntax::stmt_at(tree, offset)
        && matches!(stmt.kind, StmtKind::Edge { .. })
    {
        found.extend(edges::edge_in(view, tree, stmt));
    }
}

/// An edit that adds lines at the end of a resource's body, if that is closed.
pub fn add_lines(
    text: &str,
    stmt: &Stmt,
    resource: &Resource,
    lines: &[String],
) -> Option<TextEdit> {
    let outer = indent(text, stmt.span.start);
    let body = range(resource.body_span);
    let inside = resource
        .body_span
        .text(text)
        .strip_prefix('{')?
        .strip_suffix('}')?;
    let new: String = lines
        .iter()
        .map(|line| format!("{outer}\t{line}\n"))
        .collect();
    let close = body.end - 1;
    if inside.contains('\n') {
        // Before the line of the closing brace.
        let head = &text[..close as usize];
        let at = head.rfind('\n').map_or(close, |at| at as u32 + 1);
        return Some(TextEdit {
            range: at..at,
            text: new,
        });
    }
    let kept = inside.trim();
    let kept = if kept.is_empty() {
        String::new()
    } else {
        format!("{outer}\t{kept}\n")
    };
    Some(TextEdit {
        range: body.start + 1..close,
        text: format!("\n{kept}{new}{outer}"),
    })
}

fn add_required(view: &View, stmt: &Stmt, resource: &Resource) -> Option<Action> {
    let kind = view.catalog().resource(&resource.kind.text)?;
    let is_given = |name: &str| {
        let mut entries = resource.entries.iter();
        entries.any(
            |entry| matches!(&entry.kind, EntryKind::Field { name: it, .. } if it.text == name),
        )
    };
    let missing = required(kind)
        .into_iter()
        .filter(|param| !is_given(param.name));
    let lines: Vec<String> = missing
        .map(|param| format!("{} => {},", param.name, empty(&param.ty)))
        .collect();
    if lines.is_empty() {
        return None;
    }
    let edit = add_lines(view.text(), stmt, resource, &lines)?;
    Some(Action::new(
        ActionKind::Rewrite,
        "Add the required parameters",
        vec![edit],
    ))
}

/// A value to begin with.
fn empty(ty: &HostType) -> &'static str {
    match ty.mcl() {
        Some(Type::Bool) => "true",
        Some(Type::Int) => "0",
        Some(Type::Float) => "0.0",
        Some(Type::List(_)) => "[]",
        Some(Type::Map(_)) => "{}",
        _ => "\"\"",
    }
}

fn wrap_name(tree: &File, text: &str, resource: &Resource, offset: u32) -> Option<Action> {
    let name = &tree[resource.name];
    let is_text = matches!(name.kind, ExprKind::Str(_));
    if !is_text || !name.span.touches(offset) {
        return None;
    }
    let edit = TextEdit {
        range: range(name.span),
        text: format!("[{}]", name.span.text(text)),
    };
    Some(Action::new(
        ActionKind::Rewrite,
        "Wrap the name in a list",
        vec![edit],
    ))
}
