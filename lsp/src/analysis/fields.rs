//! Fields of structs: types have no names in mcl, so that a field is what a literal or an annotation gives it.

use mgmt_compiler::hir::{self, Hir, Var};
use mgmt_grammar::ast::{ExprId, ExprKind, File, Ident};
use mgmt_grammar::span::Span;
use mgmt_stdlib::types::Type;

use super::{View, syntax};

/// Definitions that lead on are followed so far.
const STEPS: u32 = 100;

/// A field that is given or read.
pub struct Field<'v> {
    /// Its name, where it stands.
    pub name: &'v Ident,
    /// The struct: the literal, or what is read from.
    of: ExprId,
}

/// The field whose name stands at an offset.
pub fn field_at(view: &View, offset: u32) -> Option<Field<'_>> {
    syntax::exprs(view.tree()?).find_map(|(id, expr)| {
        let (name, of) = match &expr.kind {
            ExprKind::Field { base, field, .. } => (field, *base),
            ExprKind::Struct(fields) => {
                let (name, _) = fields.iter().find(|(name, _)| name.span.touches(offset))?;
                (name, id)
            }
            _ => return None,
        };
        name.span.touches(offset).then_some(Field { name, of })
    })
}

impl Field<'_> {
    /// The type of its value.
    pub fn ty(&self, view: &View) -> Option<Type> {
        let of = view.facts()?.expr(view.source, self.of)?;
        let Type::Struct(fields) = view.types()?.expr(of)? else {
            return None;
        };
        let mut fields = fields.iter();
        let found = fields.find(|(name, _)| *name == self.name.text);
        found.map(|(_, ty)| ty.clone())
    }

    /// Where it is given, or else declared.
    pub fn definition(&self, view: &View) -> Option<Span> {
        let of = view.facts()?.expr(view.source, self.of)?;
        match origin(view.hir()?, of, STEPS)? {
            Origin::Literal(literal) => {
                let span = view.hir()?[literal].span;
                let tree = view.analysis.insight.tree(span.source)?;
                Some(in_literal(tree, span, &self.name.text)?.span)
            }
            Origin::Annotation(span) => Some(span),
        }
    }
}

/// What gives a struct its fields.
enum Origin {
    Literal(hir::ExprId),
    Annotation(Span),
}

fn origin(hir: &Hir, expr: hir::ExprId, steps: u32) -> Option<Origin> {
    let steps = steps.checked_sub(1)?;
    match &hir[expr].kind {
        hir::ExprKind::Struct(..) => Some(Origin::Literal(expr)),
        hir::ExprKind::Var(var) => match var.target {
            Var::Bind(bind) => match &hir[bind].ty {
                Some((_, span)) => Some(Origin::Annotation(*span)),
                None => origin(hir, hir[bind].value, steps),
            },
            Var::Param(param) => {
                let (_, span) = hir[param].ty.as_ref()?;
                Some(Origin::Annotation(*span))
            }
        },
        hir::ExprKind::If { then, .. } => origin(hir, *then, steps),
        hir::ExprKind::Except { main, .. } => origin(hir, *main, steps),
        hir::ExprKind::Field { base, name, .. } => match origin(hir, *base, steps)? {
            Origin::Literal(literal) => {
                let hir::ExprKind::Struct(names, values) = &hir[literal].kind else {
                    return None;
                };
                let at = names.iter().position(|field| field == name)?;
                origin(hir, values[at], steps)
            }
            declared @ Origin::Annotation(_) => Some(declared),
        },
        _ => None,
    }
}

/// The name of a field in the literal at a place.
fn in_literal<'t>(tree: &'t File, span: Span, name: &str) -> Option<&'t Ident> {
    syntax::exprs(tree).find_map(|(_, expr)| match &expr.kind {
        ExprKind::Struct(fields) if expr.span == span => {
            let mut names = fields.iter().map(|(name, _)| name);
            names.find(|it| it.text == name)
        }
        _ => None,
    })
}
