//! Expressions get names, and lose them.

use mgmt_compiler::hir::{self, ExprId, Hir, Var};
use mgmt_grammar::ast::{Block, Callee, ExprKind, File, StmtKind};
use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::Purity;
use rustc_hash::FxHashSet;

use super::{Action, ActionKind, indent, line_start};
use crate::analysis::organize::whole_line;
use crate::analysis::symbol::Symbol;
use crate::analysis::view::range;
use crate::analysis::{Range, TextEdit, View, syntax};

/// Gives a name to the expression that is selected.
pub fn extract(view: &View, selected: &Range) -> Option<Action> {
    let (tree, text) = (view.tree()?, view.text());
    let chosen = text.get(selected.start as usize..selected.end as usize)?;
    let trimmed = chosen.trim();
    if trimmed.is_empty() {
        return None;
    }
    let start = selected.start + (chosen.len() - chosen.trim_start().len()) as u32;
    let span = Span::new(view.source, start, start + trimmed.len() as u32);
    let expr = tree.exprs.iter().find(|expr| expr.span == span)?;
    let is_callee = tree.exprs.iter().any(|it| {
        matches!(&it.kind, ExprKind::Call(call)
            if matches!(call.callee, Callee::Lambda(lambda) if tree[lambda].span == span))
    });
    if matches!(expr.kind, ExprKind::Error)
        || is_callee
        || in_function(tree, span)
        || (!is_literal(&expr.kind) && is_guarded(tree, span))
    {
        return None;
    }
    let block = syntax::block_at(tree, start);
    let stmt = syntax::stmt_in_block(tree, block, start)?;
    // The value of a bind has a name.
    if matches!(&stmt.kind, StmtKind::Bind { value, .. } if tree[*value].span == span) {
        return None;
    }
    let name = free_name(view, stmt.span.start, block, tree);
    let at = stmt.span.start;
    let edits = vec![
        TextEdit {
            range: at..at,
            text: format!("${name} = {trimmed}\n{}", indent(text, at)),
        },
        TextEdit {
            range: range(span),
            text: apart(text, span, &format!("${name}")),
        },
    ];
    Some(Action::new(
        ActionKind::Extract,
        format!("Extract to a variable `${name}`"),
        edits,
    ))
}

/// What stands in a function's body may need its parameters, and a body has no statements.
fn in_function(tree: &File, span: Span) -> bool {
    let within = |outer: Span| outer.start <= span.start && span.end <= outer.end;
    let lambda = tree.exprs.iter().any(|expr| match &expr.kind {
        ExprKind::Lambda(lambda) => within(lambda.body.span),
        _ => false,
    });
    lambda
        || tree.stmts.iter().any(|stmt| match &stmt.kind {
            StmtKind::Func { lambda, .. } => within(lambda.body.span),
            _ => false,
        })
}

/// What is to stand at a place, with blanks where it would be one word with what is beside it.
fn apart(text: &str, place: Span, new: &str) -> String {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let before = text[..place.start as usize].chars().next_back();
    let after = text[place.end as usize..].chars().next();
    let blank = |is_one: bool| if is_one { " " } else { "" };
    format!(
        "{}{new}{}",
        blank(is_word(before) && is_word(new.chars().next())),
        blank(is_word(after) && is_word(new.chars().next_back()))
    )
}

fn is_literal(kind: &ExprKind) -> bool {
    matches!(
        kind,
        ExprKind::Bool(_)
            | ExprKind::Str(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Var(_)
    )
}

/// Whether something decides that it is computed, or catches what goes wrong: outside it could fail.
fn is_guarded(tree: &File, span: Span) -> bool {
    let within = |outer: Span| outer.start <= span.start && span.end <= outer.end;
    let by_expr = tree.exprs.iter().any(|expr| match &expr.kind {
        ExprKind::If {
            then, otherwise, ..
        } => within(then.span) || within(otherwise.span),
        ExprKind::Except { main, fallback } => {
            within(tree[*main].span) || within(tree[*fallback].span)
        }
        ExprKind::Field {
            default: Some(default),
            ..
        } => within(tree[*default].span),
        _ => false,
    });
    let mut entries = syntax::resources(tree).flat_map(|(_, resource)| &resource.entries);
    by_expr
        || entries.any(|entry| {
            within(entry.span) && entry.cond.is_some_and(|cond| !within(tree[cond].span))
        })
}

/// A name that means nothing yet where the statement stands, nor anywhere inside of its block.
fn free_name(view: &View, offset: u32, block: &Block, tree: &File) -> String {
    let visible = view.visible_at(offset);
    let is_taken = |name: &str| {
        visible.vars.iter().any(|(it, _)| it == name)
            || tree.stmts.iter().any(|stmt| {
                let inside = block.span.start <= stmt.span.start && stmt.span.end <= block.span.end;
                inside && matches!(&stmt.kind, StmtKind::Bind { name: it, .. } if it.text == name)
            })
    };
    let mut name = "extracted".to_owned();
    let mut n = 2;
    while is_taken(&name) {
        name = format!("extracted{n}");
        n += 1;
    }
    name
}

/// Whether a place is the name of a resource or a key of a map, where the compiler takes a variable for what it
/// does not take written out.
fn wants_literal(tree: &File, place: Span, value: &ExprKind) -> bool {
    let is_name = || {
        let mut names = syntax::resources(tree).map(|(_, resource)| tree[resource.name].span);
        names.any(|name| name == place) && !matches!(value, ExprKind::Str(_))
    };
    let is_key = || {
        tree.exprs.iter().any(|expr| match &expr.kind {
            ExprKind::Map(entries) => entries.iter().any(|(key, _)| tree[*key].span == place),
            _ => false,
        })
    };
    is_name() || is_key()
}

/// Whether an expression gives the same wherever and however often it stands in a program.
fn is_pure(hir: &Hir, expr: ExprId) -> bool {
    let mut todo = vec![expr];
    let mut seen = FxHashSet::default();
    while let Some(expr) = todo.pop() {
        if !seen.insert(expr) {
            continue;
        }
        let kind = &hir[expr].kind;
        match kind {
            hir::ExprKind::Builtin { function, .. }
                if !matches!(function.purity, Purity::Pure | Purity::Graph) =>
            {
                return false;
            }
            hir::ExprKind::CallFunc { func, .. } => todo.push(hir[hir[func.target].lambda].body),
            hir::ExprKind::Lambda(lambda) => todo.push(hir[*lambda].body),
            // Which function that is nobody says.
            hir::ExprKind::CallValue { callee, .. }
                if !matches!(hir[*callee].kind, hir::ExprKind::Lambda(_)) =>
            {
                return false;
            }
            _ => {}
        }
        kind.for_each_child(|child| todo.push(child));
    }
    true
}

/// Puts the value of the variable at an offset where it is used. Only where each use means the same, and
/// all are in this file and in no string.
pub fn inline(view: &View, offset: u32) -> Option<Action> {
    let symbol = view.mention_at(offset)?.symbol;
    let Symbol::Var(Var::Bind(bind)) = symbol else {
        return None;
    };
    let (tree, text, hir) = (view.tree()?, view.text(), view.hir()?);
    let definition = hir[bind].span;
    let stmt = tree.stmts.iter().find(
        |stmt| matches!(&stmt.kind, StmtKind::Bind { name, .. } if name.span == definition),
    )?;
    let StmtKind::Bind { value, ty, .. } = &stmt.kind else {
        return None;
    };
    let value = &tree[*value];
    // What an annotation says may be said nowhere else.
    if matches!(value.kind, ExprKind::Error) || (ty.is_some() && !is_literal(&value.kind)) {
        return None;
    }
    let mut shown = value.span.text(text).to_owned();
    if matches!(
        value.kind,
        ExprKind::Binary { .. }
            | ExprKind::Not(_)
            | ExprKind::If { .. }
            | ExprKind::Except { .. }
            | ExprKind::Field { .. }
            | ExprKind::Lambda(_)
    ) {
        shown = format!("({shown})");
    }
    let uses: Vec<Span> = view
        .mentions_of(&symbol)
        .into_iter()
        .filter(|it| !it.is_definition)
        .map(|it| it.span)
        .collect();
    // One computation does not become several.
    if !is_pure(hir, hir[bind].value) {
        let here = syntax::block_at(tree, stmt.span.start).span;
        let [only] = uses.as_slice() else { return None };
        if syntax::block_at(tree, only.start).span != here || in_function(tree, *only) {
            return None;
        }
    }
    // The names in the value must mean the same at each use.
    let inner: Vec<_> = view
        .facts()?
        .uses_in(view.source)
        .iter()
        .filter(|it| value.span.start <= it.span.start && it.span.end <= value.span.end)
        .collect();
    let mut edits = Vec::new();
    for place in &uses {
        let own = tree
            .exprs
            .iter()
            .any(|expr| expr.span == *place && matches!(expr.kind, ExprKind::Var(_)));
        if place.source != view.source || !own || wants_literal(tree, *place, &value.kind) {
            return None;
        }
        let visible = view.visible_at(place.start);
        let same = inner.iter().all(|one| match &one.target {
            mgmt_compiler::resolve::Target::Var(var) => {
                let name = one.span.text(text).trim_start_matches('$');
                visible
                    .vars
                    .iter()
                    .any(|(it, found)| it == name && found == var)
            }
            mgmt_compiler::resolve::Target::Func(func) => visible
                .funcs
                .iter()
                .any(|(it, found)| it == one.span.text(text) && found == func),
            mgmt_compiler::resolve::Target::Alias(_) => {
                let name = one.span.text(text).trim_start_matches('$');
                visible.aliases.iter().any(|(it, _)| it == name)
            }
            _ => true,
        });
        if !same {
            return None;
        }
        edits.push(TextEdit {
            range: range(*place),
            text: apart(text, *place, &shown),
        });
    }
    if edits.is_empty() {
        return None;
    }
    let gone = match whole_line(text, stmt.span.start, stmt.span.end) {
        Some((start, end)) => start..end,
        None => line_start(text, stmt.span.start).max(stmt.span.start)..stmt.span.end,
    };
    edits.push(TextEdit {
        range: gone,
        text: String::new(),
    });
    edits.sort_by_key(|edit| edit.range.start);
    Some(Action::new(
        ActionKind::Inline,
        format!("Inline `${}`", hir[bind].name),
        edits,
    ))
}
