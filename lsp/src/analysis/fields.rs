//! Fields of structs: types have no names in mcl, so that a field is what a literal or an annotation gives it.

pub mod places;
pub mod rename;

use mgmt_compiler::hir::{self, Hir, Var};
use mgmt_grammar::ast::{ExprId, ExprKind, Ident, TypeKind};
use mgmt_grammar::span::Span;
use mgmt_stdlib::types::Type;

use super::{View, syntax};

/// Definitions that lead on are followed so far.
const STEPS: u32 = 100;

/// A field that is given, declared or read.
pub struct Field<'v> {
    /// Its name, where it stands.
    pub name: &'v Ident,
    /// The struct: the literal, or what is read from; nothing in an annotation.
    of: Option<ExprId>,
    /// The type that an annotation gives it, as it is written.
    declared: Option<Span>,
}

/// The field whose name stands at an offset.
pub fn field_at(view: &View, offset: u32) -> Option<Field<'_>> {
    let tree = view.tree()?;
    let in_expr = syntax::exprs(tree).find_map(|(id, expr)| {
        let (name, of) = match &expr.kind {
            ExprKind::Field { base, field, .. } => (field, *base),
            ExprKind::Struct(fields) => {
                let (name, _) = fields.iter().find(|(name, _)| name.span.touches(offset))?;
                (name, id)
            }
            _ => return None,
        };
        name.span.touches(offset).then_some(Field {
            name,
            of: Some(of),
            declared: None,
        })
    });
    in_expr.or_else(|| {
        let annotation = syntax::annotations(tree).find(|ty| ty.span.touches(offset))?;
        let mut fields = places::structs(annotation).into_iter().flatten();
        let (name, ty) = fields.find(|(name, _)| name.span.touches(offset))?;
        Some(Field {
            name,
            of: None,
            declared: (ty.kind != TypeKind::Error).then_some(ty.span),
        })
    })
}

impl Field<'_> {
    /// The type of its value, as it is written.
    pub fn ty(&self, view: &View) -> Option<String> {
        if let Some(declared) = self.declared {
            return Some(view.text_of(declared).to_owned());
        }
        let of = view.facts()?.expr(view.source, self.of?)?;
        let Type::Struct(fields) = view.types()?.expr(of)? else {
            return None;
        };
        let mut fields = fields.iter();
        let found = fields.find(|(name, _)| *name == self.name.text);
        found.map(|(_, ty)| ty.to_string())
    }

    /// Where it is given, or else declared: at the nearest place that the value comes from, or, if it comes from who
    /// knows where, at all places that may give it.
    pub fn definitions(&self, view: &View) -> Vec<Span> {
        let places = places::here(view, self.name.span.start);
        let all = || match &places {
            Some(places) => places.definitions().collect(),
            None => Vec::new(),
        };
        let nearest = || {
            let of = view.facts()?.expr(view.source, self.of?)?;
            match origin(view.hir()?, of, STEPS)? {
                Origin::Literal(literal) => places::in_literal(view, literal, &self.name.text),
                Origin::Annotation(span) => {
                    let within = |it: &Span| {
                        it.source == span.source && span.start <= it.start && it.end <= span.end
                    };
                    places.as_ref()?.definitions().find(within)
                }
            }
        };
        nearest().map_or_else(all, |span| vec![span])
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
