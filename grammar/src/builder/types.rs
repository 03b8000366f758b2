//! Types as they are written, and whether a literal fits its annotation.

use std::collections::HashMap;

use super::Builder;
use crate::ast::{ExprId, ExprKind, Ident, TypeExpr, TypeKind};
use crate::error::{MAX_DEPTH, SyntaxErrorKind};
use crate::parser::Recovered;

/// A type and the number of its levels.
pub(crate) struct NestedType {
    pub(crate) expr: TypeExpr,
    depth: u16,
}

impl Builder<'_> {
    fn nested_type(&mut self, l: u32, kind: TypeKind, below: u16, r: u32) -> Box<NestedType> {
        let span = self.span(l, r);
        let (kind, depth) = if usize::from(below) < MAX_DEPTH {
            (kind, below + 1)
        } else {
            self.report_too_deep(span);
            (TypeKind::Error, 1)
        };
        Box::new(NestedType {
            expr: TypeExpr { kind, span },
            depth,
        })
    }

    pub(crate) fn simple_type(&mut self, l: u32, kind: TypeKind, r: u32) -> Box<NestedType> {
        self.nested_type(l, kind, 0, r)
    }

    pub(crate) fn recover_type(&mut self, l: u32, recovered: Recovered, r: u32) -> Box<NestedType> {
        self.recover(recovered);
        self.simple_type(l, TypeKind::Error, r)
    }

    pub(crate) fn list_type(&mut self, l: u32, element: NestedType, r: u32) -> Box<NestedType> {
        let kind = TypeKind::List(Box::new(element.expr));
        self.nested_type(l, kind, element.depth, r)
    }

    pub(crate) fn map_type(
        &mut self,
        l: u32,
        key: NestedType,
        value: NestedType,
        r: u32,
    ) -> Box<NestedType> {
        let below = key.depth.max(value.depth);
        let kind = TypeKind::Map(Box::new((key.expr, value.expr)));
        self.nested_type(l, kind, below, r)
    }

    pub(crate) fn struct_type(
        &mut self,
        l: u32,
        fields: Vec<(Ident, Box<NestedType>)>,
        r: u32,
    ) -> Box<NestedType> {
        for (name, first) in repeated(fields.iter().map(|(name, _)| name)) {
            let kind = SyntaxErrorKind::DuplicateStructField {
                name: name.text.clone(),
                first: first.span,
            };
            self.report(kind, name.span);
        }
        let below = fields.iter().map(|(_, ty)| ty.depth).max().unwrap_or(0);
        let fields = fields
            .into_iter()
            .map(|(name, ty)| (name, ty.expr))
            .collect();
        self.nested_type(l, TypeKind::Struct(fields), below, r)
    }

    pub(crate) fn func_type(
        &mut self,
        l: u32,
        args: Vec<(Option<Ident>, Box<NestedType>)>,
        result: NestedType,
        r: u32,
    ) -> Box<NestedType> {
        for (name, first) in repeated(args.iter().filter_map(|(name, _)| name.as_ref())) {
            let kind = SyntaxErrorKind::DuplicateArgName {
                name: name.text.clone(),
                first: first.span,
            };
            self.report(kind, name.span);
        }
        let below = args.iter().map(|(_, ty)| ty.depth).max().unwrap_or(0);
        let below = below.max(result.depth);
        let kind = TypeKind::Func {
            args: args.into_iter().map(|(name, ty)| (name, ty.expr)).collect(),
            result: Box::new(result.expr),
        };
        self.nested_type(l, kind, below, r)
    }

    /// Reports a literal that has another type than the annotation of its variable (language.md §2.8).
    pub(super) fn check_literal(&mut self, declared: &TypeExpr, value: ExprId) {
        let mut literal = value;
        while let ExprKind::Paren(inner) = self.exprs[literal.index()].kind {
            literal = inner;
        }
        let expr = &self.exprs[literal.index()];
        let span = expr.span;
        let (found, fits) = match (&expr.kind, &declared.kind) {
            (_, TypeKind::Error) => return,
            (ExprKind::Bool(_), ty) => ("bool", matches!(ty, TypeKind::Bool)),
            (ExprKind::Str(_), ty) => ("str", matches!(ty, TypeKind::Str)),
            (ExprKind::Int(_), ty) => ("int", matches!(ty, TypeKind::Int)),
            (ExprKind::Float(_), ty) => ("float", matches!(ty, TypeKind::Float)),
            (ExprKind::Map(_), TypeKind::Map(types)) => {
                let key = &types.0;
                if !is_hashable(key) {
                    let key = key.span;
                    self.report(SyntaxErrorKind::UnhashableKey { key }, span);
                }
                return;
            }
            (ExprKind::Map(_), _) => {
                let declared = declared.span;
                self.report(SyntaxErrorKind::MapAnnotation { declared }, span);
                return;
            }
            _ => return,
        };
        if !fits {
            let declared = declared.span;
            self.report(SyntaxErrorKind::LiteralType { declared, found }, span);
        }
    }
}

/// Whether values of this type can be the keys of a map (language.md §6.3).
fn is_hashable(ty: &TypeExpr) -> bool {
    match &ty.kind {
        TypeKind::Bool | TypeKind::Str | TypeKind::Int | TypeKind::Float | TypeKind::Error => true,
        TypeKind::Struct(fields) => fields.iter().all(|(_, ty)| is_hashable(ty)),
        TypeKind::Variant | TypeKind::List(_) | TypeKind::Map(_) | TypeKind::Func { .. } => false,
    }
}

/// The names that occur before, each with its first occurrence.
fn repeated<'a>(names: impl Iterator<Item = &'a Ident>) -> Vec<(&'a Ident, &'a Ident)> {
    let mut first: HashMap<&str, &Ident> = HashMap::new();
    let mut found = Vec::new();
    for name in names.filter(|name| !name.text.is_empty()) {
        match first.get(name.text.as_str()) {
            Some(first) => found.push((name, *first)),
            None => {
                first.insert(&name.text, name);
            }
        }
    }
    found
}
