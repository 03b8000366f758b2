//! Between `if` statements and conditions of single lines: `content => $c ?: "a"`. What stands in one branch only has to
//! be there without the condition too, so that of a single branch only edges can be taken.

use mgmt_grammar::ast::{
    Block, Entry, EntryKind, ExprId, ExprKind, File, Resource, Stmt, StmtKind,
};
use mgmt_grammar::span::Span;
use mgmt_grammar::{TokenKind, tokens};

use super::edges::{EdgeLines, edge_statement};
use super::{Action, ActionKind, indent, shifted};
use crate::analysis::organize::whole_line;
use crate::analysis::view::range;
use crate::analysis::{TextEdit, View, syntax};

/// The line at an offset, and all others with its condition, as an `if` around two resources.
pub fn to_statement(
    view: &View,
    tree: &File,
    stmt: &Stmt,
    resource: &Resource,
    offset: u32,
) -> Option<Action> {
    // Its statement begins behind the word.
    if resource.collect.is_some() {
        return None;
    }
    let text = view.text();
    let condition = tree[syntax::entry_at(resource, offset)?.cond?]
        .span
        .text(text);
    whole_line(text, stmt.span.start, stmt.span.end)?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for entry in &resource.entries {
        let Some(cond) = entry
            .cond
            .filter(|it| tree[*it].span.text(text) == condition)
        else {
            continue;
        };
        with.push(TextEdit {
            range: tree[cond].span.start..value_span(tree, entry)?.start,
            text: String::new(),
        });
        let line = whole_line(text, entry.span.start, entry.span.end);
        without.push(TextEdit {
            range: line.map_or(range(entry.span), |(start, end)| start..end),
            text: String::new(),
        });
    }
    if let Some(action) = edges_to_statement(view, tree, stmt, resource, condition) {
        return Some(action);
    }
    let outer = indent(text, stmt.span.start);
    let copy = |edits: &[TextEdit]| {
        let body = edited(text, stmt.span, edits);
        format!("{outer}\t{}\n", shifted(&body, 1))
    };
    let new = format!(
        "if {condition} {{\n{}{outer}}} else {{\n{}{outer}}}",
        copy(&with),
        copy(&without)
    );
    let edit = TextEdit {
        range: range(stmt.span),
        text: new,
    };
    Some(Action::new(
        ActionKind::Rewrite,
        "Write the condition as an `if` statement",
        vec![edit],
    ))
}

/// A resource of which a condition only decides over edges: these alone go into the `if`.
fn edges_to_statement(
    view: &View,
    tree: &File,
    stmt: &Stmt,
    resource: &Resource,
    condition: &str,
) -> Option<Action> {
    let text = view.text();
    let outer = indent(text, stmt.span.start);
    let (mut edits, mut edges) = (Vec::new(), String::new());
    for entry in &resource.entries {
        if entry
            .cond
            .is_none_or(|it| tree[it].span.text(text) != condition)
        {
            continue;
        }
        let edge = edge_statement(tree, text, resource, entry)?;
        edges.push_str(&format!("{outer}\t{edge}\n"));
        let (start, end) = whole_line(text, entry.span.start, entry.span.end)?;
        edits.push(TextEdit {
            range: start..end,
            text: String::new(),
        });
    }
    let at = stmt.span.end;
    edits.push(TextEdit {
        range: at..at,
        text: format!("\n{outer}if {condition} {{\n{edges}{outer}}}"),
    });
    Some(Action::new(
        ActionKind::Rewrite,
        "Write the condition as an `if` statement",
        edits,
    ))
}

/// An `if` with the same resources in both branches, as these resources with conditions; or one that decides over edges.
pub fn to_entries(view: &View, tree: &File, offset: u32) -> Option<Action> {
    let text = view.text();
    let stmt = tree
        .stmts
        .iter()
        .filter(|it| matches!(it.kind, StmtKind::If { .. }) && it.span.touches(offset))
        .min_by_key(|it| it.span.len())?;
    let StmtKind::If {
        cond,
        then,
        otherwise,
    } = &stmt.kind
    else {
        return None;
    };
    // A comment would have to go somewhere.
    let has_comments = tokens(stmt.span.text(text))
        .iter()
        .any(|token| token.kind == TokenKind::Comment);
    if has_comments {
        return None;
    }
    let edits = match resources_to_entries(view, tree, stmt, *cond, then, otherwise.as_ref()) {
        Some(edit) => vec![edit],
        None => edges_to_entries(view, tree, stmt, *cond, then, otherwise.as_ref())?,
    };
    Some(Action::new(
        ActionKind::Rewrite,
        "Write the `if` statement as conditions of parameters",
        edits,
    ))
}

/// Branches with the same resources, in the same order.
fn resources_to_entries(
    view: &View,
    tree: &File,
    stmt: &Stmt,
    cond: ExprId,
    then: &Block,
    otherwise: Option<&Block>,
) -> Option<TextEdit> {
    let text = view.text();
    let otherwise = otherwise?;
    if then.stmts.is_empty() || then.stmts.len() != otherwise.stmts.len() {
        return None;
    }
    let outer = indent(text, stmt.span.start);
    let mut parts = Vec::new();
    for (one, other) in then.stmts.iter().zip(&otherwise.stmts) {
        let (StmtKind::Resource(yes), StmtKind::Resource(no)) =
            (&tree[*one].kind, &tree[*other].kind)
        else {
            return None;
        };
        let name = |resource: &Resource| tree[resource.name].span.text(text);
        let is_same = yes.kind.text == no.kind.text && name(yes) == name(no);
        if !is_same || yes.collect.or(no.collect).is_some() {
            return None;
        }
        let lines = merge(view, tree, cond, yes, no)?;
        let first = tree[*one].span.start;
        let start = text.get(first as usize..yes.body_span.start as usize)?;
        let body: String = lines
            .iter()
            .map(|line| format!("{outer}\t{},\n", shifted(line, -1)))
            .collect();
        parts.push(format!("{start}{{\n{body}{outer}}}"));
    }
    Some(TextEdit {
        range: range(stmt.span),
        text: parts.join(&format!("\n{outer}")),
    })
}

/// Branches of edges between resources that stand beside the `if`; one of them may be missing.
fn edges_to_entries(
    view: &View,
    tree: &File,
    stmt: &Stmt,
    cond: ExprId,
    then: &Block,
    otherwise: Option<&Block>,
) -> Option<Vec<TextEdit>> {
    let text = view.text();
    let around = syntax::block_at(tree, stmt.span.start);
    let mut lines = EdgeLines::default();
    let branches = [(Some(then), true), (otherwise, false)];
    for (branch, holds) in branches {
        for id in branch.into_iter().flat_map(|branch| &branch.stmts) {
            let StmtKind::Edge { halves } = &tree[*id].kind else {
                return None;
            };
            let condition = condition_of(tree, text, cond, holds);
            lines.add(tree, text, around, halves, &format!("{condition} ?: "))?;
        }
    }
    lines.edits(text, stmt)
}

/// The lines of both branches, each with its condition and without its comma.
fn merge(
    view: &View,
    tree: &File,
    cond: ExprId,
    yes: &Resource,
    no: &Resource,
) -> Option<Vec<String>> {
    let text = view.text();
    let condition = tree[cond].span.text(text);
    let whole = |entry: &Entry| {
        entry
            .span
            .text(text)
            .trim_end_matches(',')
            .trim_end()
            .to_owned()
    };
    let mut lines = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for entry in &yes.entries {
        let key = key(tree, text, entry)?;
        if seen.contains(&key) {
            return None;
        }
        let mut others = no.entries.iter();
        let other = others.find(|it| self::key(tree, text, it).as_ref() == Some(&key));
        lines.push(match other {
            Some(other) if whole(other) == whole(entry) => whole(entry),
            Some(other) => {
                if entry.cond.is_some() || other.cond.is_some() {
                    return None;
                }
                // The branches of an `if` expression have one type.
                if let EntryKind::Field { name, .. } = &entry.kind {
                    let kind = view.catalog().resource(&yes.kind.text)?;
                    kind.param(&name.text)?.ty.mcl()?;
                }
                let (a, b) = (value_span(tree, entry)?, value_span(tree, other)?);
                let (a, b) = (a.text(text), b.text(text));
                if matches!(entry.kind, EntryKind::Edge { .. }) {
                    return None;
                }
                format!(
                    "{} => if {condition} {{ {a} }} else {{ {b} }}",
                    label(text, entry)?
                )
            }
            None => conditional(tree, text, entry, condition_of(tree, text, cond, true))?,
        });
        seen.push(key);
    }
    for entry in &no.entries {
        let key = key(tree, text, entry)?;
        if !seen.contains(&key) {
            lines.push(conditional(
                tree,
                text,
                entry,
                condition_of(tree, text, cond, false),
            )?);
            seen.push(key);
        }
    }
    Some(lines)
}

/// A line that only counts under a condition, in addition to its own.
fn conditional(tree: &File, text: &str, entry: &Entry, condition: String) -> Option<String> {
    let value = value_span(tree, entry)?.text(text);
    let condition = match entry.cond {
        Some(own) => format!("{condition} and {}", condition_of(tree, text, own, true)),
        None => condition,
    };
    Some(format!("{} => {condition} ?: {value}", label(text, entry)?))
}

/// A condition or its opposite, so that it can stand beside `and`.
fn condition_of(tree: &File, text: &str, cond: ExprId, holds: bool) -> String {
    let expr = &tree[cond];
    let shown = expr.span.text(text);
    let is_simple = matches!(
        expr.kind,
        ExprKind::Var(_) | ExprKind::Bool(_) | ExprKind::Call(_) | ExprKind::Paren(_)
    );
    match (holds, &expr.kind) {
        (false, ExprKind::Not(inner)) => tree[*inner].span.text(text).to_owned(),
        (true, _) if is_simple => shown.to_owned(),
        (false, _) if is_simple => format!("not {shown}"),
        // Alone it needs no brackets, but it does beside `and`.
        (true, _) => format!("({shown})"),
        (false, _) => format!("not ({shown})"),
    }
}

/// What the line is about.
fn key(tree: &File, text: &str, entry: &Entry) -> Option<String> {
    let label = label(text, entry)?;
    Some(match &entry.kind {
        EntryKind::Edge { .. } => format!("{label} {}", value_span(tree, entry)?.text(text)),
        _ => label.to_lowercase(),
    })
}

/// What stands before the arrow.
fn label<'t>(text: &'t str, entry: &Entry) -> Option<&'t str> {
    if matches!(entry.kind, EntryKind::Error) {
        return None;
    }
    let (label, _) = entry.span.text(text).split_once("=>")?;
    Some(label.trim_end())
}

/// What stands behind the arrow and the condition.
pub fn value_span(tree: &File, entry: &Entry) -> Option<Span> {
    match &entry.kind {
        EntryKind::Field { value, .. }
        | EntryKind::Meta { value, .. }
        | EntryKind::MetaStruct { value, .. } => Some(tree[*value].span),
        EntryKind::Edge { target, .. } => Some(target.span),
        EntryKind::Error => None,
    }
}

/// A part of a text after edits inside of it, which are in order.
fn edited(text: &str, part: Span, edits: &[TextEdit]) -> String {
    let mut new = String::new();
    let mut at = part.start;
    for edit in edits {
        new.push_str(
            text.get(at as usize..edit.range.start as usize)
                .unwrap_or_default(),
        );
        new.push_str(&edit.text);
        at = edit.range.end;
    }
    new.push_str(text.get(at as usize..part.end as usize).unwrap_or_default());
    new
}
