//! What is not written, but known: inferred types and the names of arguments.

use mgmt_compiler::hir::Var;
use mgmt_compiler::resolve::Target;
use mgmt_grammar::ast::{Args, Callee, ExprKind, StmtKind};
use mgmt_grammar::span::Span;
use mgmt_stdlib::types::Type;

use super::{Range, View};

/// A word shown between others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Where it is shown.
    pub offset: u32,
    /// What is shown.
    pub text: String,
    /// What it is.
    pub kind: HintKind,
}

/// The kinds of hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintKind {
    /// The type of the name before it; it can be written there.
    Type,
    /// The name of the argument after it.
    Argument,
}

/// Which hints are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Types of binds.
    pub binds: bool,
    /// Types of parameters of functions and classes.
    pub params: bool,
    /// Names of arguments.
    pub arguments: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            binds: true,
            params: true,
            arguments: true,
        }
    }
}

/// The hints in a part of the file.
pub fn hints(view: &View, within: &Range, wanted: Wanted) -> Vec<Hint> {
    let mut found = Vec::new();
    types(view, within, wanted, &mut found);
    if wanted.arguments {
        arguments(view, within, &mut found);
    }
    found.sort_by_key(|hint| hint.offset);
    found
}

fn types(view: &View, within: &Range, wanted: Wanted, found: &mut Vec<Hint>) {
    let (Some(hir), Some(types)) = (view.hir(), view.types()) else {
        return;
    };
    let binds = hir
        .binds()
        .filter(|(_, it)| wanted.binds && it.ty.is_none())
        .map(|(id, it)| (it.span, Var::Bind(id)));
    let params = hir
        .params()
        .filter(|(_, it)| wanted.params && it.ty.is_none())
        .map(|(id, it)| (it.span, Var::Param(id)));
    for (span, var) in binds.chain(params) {
        if span.source != view.source || span.end < within.start || within.end < span.end {
            continue;
        }
        let Some(ty) = types.var(var).filter(|ty| !has_unknown(ty)) else {
            continue;
        };
        // Long types hide the program; hover shows them.
        let text = ty.to_string();
        if text.len() <= MAX_TYPE {
            found.push(Hint {
                offset: span.end,
                text,
                kind: HintKind::Type,
            });
        }
    }
}

const MAX_TYPE: usize = 50;

fn has_unknown(ty: &Type) -> bool {
    match ty {
        Type::Var(_) | Type::Variant => true,
        Type::List(element) => has_unknown(element),
        Type::Map(entry) => has_unknown(&entry.0) || has_unknown(&entry.1),
        Type::Struct(fields) => fields.iter().any(|(_, ty)| has_unknown(ty)),
        Type::Func(func) => {
            func.args.iter().any(|(_, ty)| has_unknown(ty)) || has_unknown(&func.result)
        }
        Type::Bool | Type::Str | Type::Int | Type::Float => false,
    }
}

fn arguments(view: &View, within: &Range, found: &mut Vec<Hint>) {
    let Some(tree) = view.tree() else { return };
    let is_near = |span: Span| span.start <= within.end && within.start <= span.end;
    for expr in tree.exprs.iter().filter(|expr| is_near(expr.span)) {
        let ExprKind::Call(call) = &expr.kind else {
            continue;
        };
        if let Callee::Func(name) = &call.callee {
            let names = params_of(view, name.span, call.args.exprs.len());
            note(view, &call.args, &names, found);
        }
    }
    for stmt in tree.stmts.iter().filter(|stmt| is_near(stmt.span)) {
        if let StmtKind::Include {
            class,
            args: Some(args),
            ..
        } = &stmt.kind
        {
            let names = params_of(view, class.span, args.exprs.len());
            note(view, args, &names, found);
        }
    }
}

/// The names of the parameters of what a name means.
fn params_of(view: &View, name: Span, count: usize) -> Vec<String> {
    let (Some(facts), Some(hir)) = (view.facts(), view.hir()) else {
        return Vec::new();
    };
    let Some(found) = facts.use_at(view.source, name.end) else {
        return Vec::new();
    };
    let own = |params: &[mgmt_compiler::hir::ParamId]| {
        params
            .iter()
            .map(|param| hir[*param].name.to_string())
            .collect()
    };
    match &found.target {
        Target::Func(func) => own(&hir[hir[*func].lambda].params),
        Target::Class(class) => own(&hir[*class].params),
        Target::LibraryFunc(function) => match function.signature(count) {
            Some(signature) => signature
                .ty
                .args
                .iter()
                .map(|(name, _)| name.to_string())
                .collect(),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn note(view: &View, args: &Args, names: &[String], found: &mut Vec<Hint>) {
    let Some(tree) = view.tree() else { return };
    // With one argument there is nothing to mix up.
    if names.len() < 2 {
        return;
    }
    for (arg, name) in args.exprs.iter().zip(names) {
        let arg = &tree[*arg];
        let is_numbered = name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit());
        // A variable of that name says it already.
        let says_it =
            matches!(&arg.kind, ExprKind::Var(it) if it.text.rsplit('.').next() == Some(name));
        if !is_numbered && !says_it && !matches!(arg.kind, ExprKind::Error | ExprKind::Lambda(_)) {
            found.push(Hint {
                offset: arg.span.start,
                text: format!("{name}:"),
                kind: HintKind::Argument,
            });
        }
    }
}
