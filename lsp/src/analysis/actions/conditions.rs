//! Between `if` statements and conditions of single lines: `content => $c ?: "a"`.

use mgmt_grammar::ast::{Entry, EntryKind, ExprId, ExprKind, File, Resource, Stmt, StmtKind};
use mgmt_grammar::span::Span;
use mgmt_grammar::{TokenKind, tokens};

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

/// An `if` whose two branches are one resource each, of one name, as that resource with conditions.
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
        otherwise: Some(otherwise),
    } = &stmt.kind
    else {
        return None;
    };
    let only = |stmts: &[mgmt_grammar::ast::StmtId]| match stmts {
        [id] => match &tree[*id].kind {
            StmtKind::Resource(resource) => Some(resource),
            _ => None,
        },
        _ => None,
    };
    let (yes, no) = (only(&then.stmts)?, only(&otherwise.stmts)?);
    let head = |resource: &Resource| {
        let name = tree[resource.name].span.text(text);
        (resource.kind.text.clone(), name.to_owned())
    };
    if yes.collect.or(no.collect).is_some() {
        return None;
    }
    // A comment would have to go somewhere.
    let has_comments = tokens(stmt.span.text(text))
        .iter()
        .any(|token| token.kind == TokenKind::Comment);
    if head(yes) != head(no) || has_comments {
        return None;
    }
    let lines = merge(view, tree, *cond, yes, no)?;
    let outer = indent(text, stmt.span.start);
    let first = tree[*then.stmts.first()?].span.start;
    let start = text.get(first as usize..yes.body_span.start as usize)?;
    let body: String = lines
        .iter()
        .map(|line| format!("{outer}\t{},\n", shifted(line, -1)))
        .collect();
    let edit = TextEdit {
        range: range(stmt.span),
        text: format!("{start}{{\n{body}{outer}}}"),
    };
    Some(Action::new(
        ActionKind::Rewrite,
        "Write the `if` statement as conditions of parameters",
        vec![edit],
    ))
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
