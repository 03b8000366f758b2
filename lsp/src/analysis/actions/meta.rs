//! Between `Meta:x => ...` and `Meta => struct{...}`.

use mgmt_compiler::resolve::Target;
use mgmt_grammar::ast::{Callee, Entry, EntryKind, ExprId, ExprKind, File, Resource};
use mgmt_stdlib::resource::{META_PARAMS, MetaParam};

use super::conditions::value_span;
use super::{Action, ActionKind, indent};
use crate::analysis::organize::{add_import, whole_line};
use crate::analysis::scope::Members;
use crate::analysis::symbol::Symbol;
use crate::analysis::view::range;
use crate::analysis::{TextEdit, View, syntax};

/// The package with the function that gives infinity, which has no literal.
const INFINITY: (&str, &str) = ("golang/math", "inf");

/// `Meta => struct{a => 1, ...}` as one line for each that says something else than the default.
pub fn split(view: &View, tree: &File, resource: &Resource, offset: u32) -> Option<Action> {
    let entry = syntax::entry_at(resource, offset)?;
    let EntryKind::MetaStruct { value, .. } = &entry.kind else {
        return None;
    };
    let ExprKind::Struct(fields) = &tree[*value].kind else {
        return None;
    };
    let text = view.text();
    let cond = entry
        .cond
        .map(|cond| format!("{} ?: ", tree[cond].span.text(text)));
    let cond = cond.unwrap_or_default();
    let lines: Vec<String> = fields
        .iter()
        .filter(|(name, value)| !is_default(view, tree, &name.text, *value))
        .map(|(name, value)| {
            let value = tree[*value].span.text(text);
            format!("Meta:{} => {cond}{value},", name.text)
        })
        .collect();
    let edit = if lines.is_empty() {
        let (start, end) = whole_line(text, entry.span.start, entry.span.end)?;
        TextEdit {
            range: start..end,
            text: String::new(),
        }
    } else {
        let blanks = indent(text, entry.span.start);
        TextEdit {
            range: range(entry.span),
            text: lines.join(&format!("\n{blanks}")),
        }
    };
    Some(Action::new(
        ActionKind::Rewrite,
        "Write each meta parameter on its own",
        vec![edit],
    ))
}

/// All `Meta:x` lines of a resource as one struct. That has every meta parameter, so what was not given gets its
/// default.
pub fn join(view: &View, tree: &File, resource: &Resource, offset: u32) -> Option<Action> {
    let text = view.text();
    if !matches!(
        syntax::entry_at(resource, offset)?.kind,
        EntryKind::Meta { .. }
    ) {
        return None;
    }
    // What is declared twice must be declared alike.
    let names = syntax::name_keys(tree, text, resource.name).into_iter();
    let mut names = names.map(|(key, _)| Symbol::Resource(resource.kind.text.to_string(), key));
    let is_twice = |symbol: Symbol| {
        let found = view.mentions_of(&symbol);
        found.iter().filter(|it| it.is_definition).count() > 1
    };
    if names.any(is_twice) {
        return None;
    }
    let mut given: Vec<(&'static MetaParam, &Entry)> = Vec::new();
    for entry in &resource.entries {
        match &entry.kind {
            EntryKind::Meta { property, .. } => {
                let param = MetaParam::find(&property.text)?;
                if given.iter().any(|(known, _)| known.name == param.name) {
                    return None;
                }
                given.push((param, entry));
            }
            EntryKind::MetaStruct { .. } | EntryKind::Error => return None,
            EntryKind::Field { .. } | EntryKind::Edge { .. } => {}
        }
    }
    let condition = |entry: &Entry| entry.cond.map(|cond| tree[cond].span.text(text));
    let (_, first) = *given.first()?;
    // One condition for all is that of the struct.
    let shared =
        condition(first).filter(|it| given.iter().all(|(_, entry)| condition(entry) == Some(*it)));
    let blanks = indent(text, first.span.start);
    let mut edits = Vec::new();
    let mut fields = String::new();
    for param in META_PARAMS {
        let line = given.iter().find(|(known, _)| known.name == param.name);
        let value = match line {
            None => default(view, param, &mut edits)?,
            Some((_, entry)) => {
                let value = value_span(tree, entry)?.text(text);
                match condition(entry).filter(|_| shared.is_none()) {
                    None => value.to_owned(),
                    Some(condition) => {
                        let other = default(view, param, &mut edits)?;
                        format!("if {condition} {{ {value} }} else {{ {other} }}")
                    }
                }
            }
        };
        fields.push_str(&format!("{blanks}\t{} => {value},\n", param.name));
    }
    let cond = shared.map(|it| format!("{it} ?: ")).unwrap_or_default();
    for (_, entry) in &given[1..] {
        let (start, end) = whole_line(text, entry.span.start, entry.span.end)?;
        edits.push(TextEdit {
            range: start..end,
            text: String::new(),
        });
    }
    edits.push(TextEdit {
        range: range(first.span),
        text: format!("Meta => {cond}struct{{\n{fields}{blanks}}},"),
    });
    edits.sort_by_key(|edit| edit.range.start);
    Some(Action::new(
        ActionKind::Rewrite,
        "Write the meta parameters as a struct",
        edits,
    ))
}

/// What a meta parameter is if it is not given, as a program writes it. An import may be needed for that.
fn default(view: &View, param: &MetaParam, edits: &mut Vec<TextEdit>) -> Option<String> {
    Some(match param.name {
        "limit" => format!("{}.{}(1)", infinity(view, edits)?, INFINITY.1),
        // Kinds that can do these do them unless told otherwise, and others ignore them.
        "autoedge" | "autogroup" => "true".to_owned(),
        "reverse" => "false".to_owned(),
        _ => param.default.to_owned(),
    })
}

/// The name that the package with infinity has at the top of the file, or gets there.
fn infinity(view: &View, edits: &mut Vec<TextEdit>) -> Option<String> {
    let (package, _) = INFINITY;
    let visible = view.visible_at(view.text().len() as u32);
    let known = visible.aliases.iter().find(
        |(_, alias)| matches!(view.behind(alias), Some(Members::Package(it)) if it == package),
    );
    if let Some((name, _)) = known {
        return Some(name.to_string());
    }
    let alias = package.rsplit('/').next().unwrap_or(package);
    if visible.aliases.iter().any(|(name, _)| name == alias) {
        return None;
    }
    let import = add_import(view, package)?;
    if !edits.contains(&import) {
        edits.push(import);
    }
    Some(alias.to_owned())
}

/// Whether a value is written as the default is.
fn is_default(view: &View, tree: &File, name: &str, value: ExprId) -> bool {
    let Some(param) = MetaParam::find(name) else {
        return false;
    };
    let expr = &tree[value];
    let shown = expr.span.text(view.text());
    match param.name {
        "autoedge" | "autogroup" => shown == "true",
        "reverse" => shown == "false",
        "limit" => match &expr.kind {
            ExprKind::Call(call) => {
                let Callee::Func(callee) = &call.callee else {
                    return false;
                };
                let facts = view.facts();
                let found = facts.and_then(|it| it.use_at(view.source, callee.span.end));
                let is_infinity = found.is_some_and(|it| {
                    matches!(&it.target, Target::LibraryFunc(function)
                        if (function.package, function.name) == INFINITY)
                });
                let [argument] = call.args.exprs.as_slice() else {
                    return false;
                };
                is_infinity && tree[*argument].span.text(view.text()) == "1"
            }
            _ => false,
        },
        _ => shown == param.default,
    }
}
