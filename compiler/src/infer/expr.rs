//! The types of expressions.

use ecow::EcoString;
use rustc_hash::FxHashMap;

use super::pending::{Constraint, What};
use super::story::Why;
use super::table::{Table, Ty, TyId};
use super::{Export, Infer};
use crate::hir::{ExprId, ExprKind, Var};

impl Infer<'_> {
    /// Infers one expression.
    pub(super) fn expr(&mut self, id: ExprId) -> TyId {
        let ty = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.expr_nested(id));
        if let Some(entry) = self.expr_types.get_mut(id.0 as usize) {
            entry.get_or_insert(ty);
        }
        ty
    }

    fn expr_nested(&mut self, id: ExprId) -> TyId {
        let hir = self.hir;
        let expr = &hir[id];
        match &expr.kind {
            ExprKind::Error => Table::ERROR,
            ExprKind::Hostname => Table::STR,
            ExprKind::Const(_, ty) => self.table.import(ty, &mut FxHashMap::default(), 0),
            ExprKind::List(items) => {
                let element = self.elements(items.iter().copied(), "elements of a list");
                let ty = self.table.list(element);
                if items.is_empty() {
                    self.must_be_known(ty, expr.span, "list");
                }
                ty
            }
            ExprKind::Map(entries) => {
                let (key, value) = self.entries(entries);
                let ty = self.table.add(Ty::Map(key, value));
                self.constrain(Constraint {
                    what: What::Hashable { subject: key },
                    span: expr.span,
                    call: None,
                });
                if entries.is_empty() {
                    self.must_be_known(ty, expr.span, "map");
                }
                ty
            }
            ExprKind::Struct(names, values) => {
                let fields: Vec<(EcoString, TyId)> = names
                    .iter()
                    .cloned()
                    .zip(values.iter().map(|value| self.expr(*value)))
                    .collect();
                self.table.add(Ty::Struct(fields.into()))
            }
            ExprKind::Var(var) => match self.reference(var) {
                (from, Var::Bind(bind)) => self.bind(bind, from),
                (from, Var::Param(param)) => self.param(param, from),
            },
            ExprKind::StrVar(inner) => {
                self.string_part(*inner);
                Table::STR
            }
            ExprKind::Interpolated(parts) => {
                for part in parts {
                    if !matches!(hir[*part].kind, ExprKind::Const(..)) {
                        self.string_part(*part);
                    }
                }
                Table::STR
            }
            ExprKind::Builtin {
                function,
                name,
                args,
            } => self.builtin(id, function, name, args),
            ExprKind::CallFunc { func, args } => self.call_func(id, func, args),
            ExprKind::CallValue { callee, args } => self.call_value(id, *callee, args),
            ExprKind::Lambda(lambda) => {
                let ty = self.function_type(*lambda);
                self.exports
                    .push(Export::Lambda(self.instance, id, ty, self.function));
                ty
            }
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                let ty = self.expr(*cond);
                let node = hir[*cond].span;
                self.expect(
                    Table::BOOL,
                    ty,
                    *cond,
                    Why::Condition {
                        of: "an `if` expression",
                        node,
                    },
                );
                let first = self.expr(*then);
                let second = self.expr(*otherwise);
                let fits = self.expect(
                    first,
                    second,
                    *otherwise,
                    Why::Else {
                        then: hir[*then].span,
                    },
                );
                if fits { first } else { Table::ERROR }
            }
            ExprKind::Except { main, fallback } => {
                let first = self.expr(*main);
                let second = self.expr(*fallback);
                let fits = self.expect(
                    first,
                    second,
                    *fallback,
                    Why::Fallback {
                        main: hir[*main].span,
                    },
                );
                if fits { first } else { Table::ERROR }
            }
            ExprKind::Lookup { base, key } => {
                let (base_ty, key_ty) = (self.expr(*base), self.expr(*key));
                let result = self.table.unknown(self.level);
                let (base_span, key_span) = (hir[*base].span, hir[*key].span);
                let what = What::Lookup {
                    base: base_ty,
                    key: key_ty,
                    result,
                    base_span,
                    key_span,
                };
                self.constrain(Constraint {
                    what,
                    span: expr.span,
                    call: None,
                });
                self.must_be_known(result, expr.span, "lookup");
                result
            }
            ExprKind::Field {
                base,
                name,
                name_span,
                default,
            } => {
                let base = self.expr(*base);
                let (name, name_span) = (name.clone(), *name_span);
                let result = match default {
                    Some(default) => {
                        let result = self.expr(*default);
                        if let Some(field) = self.known_field(base, &name) {
                            let why = Why::FieldDefault {
                                name,
                                field: name_span,
                                node: expr.span,
                            };
                            let fits = self.expect(field, result, *default, why);
                            return if fits { field } else { Table::ERROR };
                        }
                        result
                    }
                    None => self.table.unknown(self.level),
                };
                let what = What::Field {
                    base,
                    name,
                    name_span,
                    result,
                    has_default: default.is_some(),
                };
                self.constrain(Constraint {
                    what,
                    span: expr.span,
                    call: None,
                });
                self.must_be_known(result, expr.span, "field");
                result
            }
        }
    }

    /// The type of a field, if the struct is known already.
    fn known_field(&mut self, base: TyId, name: &EcoString) -> Option<TyId> {
        let Ty::Struct(fields) = self.table.get(base) else {
            return None;
        };
        let field = fields.iter().find(|field| field.0 == *name)?;
        Some(field.1)
    }

    /// The one type of all these expressions.
    fn elements(&mut self, items: impl Iterator<Item = ExprId>, what: &'static str) -> TyId {
        let mut first: Option<(ExprId, TyId)> = None;
        let mut fits = true;
        for item in items {
            let ty = self.expr(item);
            match first {
                None => first = Some((item, ty)),
                Some((first, expected)) => {
                    let first = self.hir[first].span;
                    fits &= self.expect(expected, ty, item, Why::Element { what, first });
                }
            }
        }
        match first {
            _ if !fits => Table::ERROR,
            Some((_, ty)) => ty,
            None => self.table.unknown(self.level),
        }
    }

    fn entries(&mut self, entries: &[(ExprId, ExprId)]) -> (TyId, TyId) {
        let Some((first_key, first_value)) = entries.first().copied() else {
            return (
                self.table.unknown(self.level),
                self.table.unknown(self.level),
            );
        };
        let (key, value) = (self.expr(first_key), self.expr(first_value));
        let (key_span, value_span) = (self.hir[first_key].span, self.hir[first_value].span);
        for (next_key, next_value) in &entries[1..] {
            let ty = self.expr(*next_key);
            self.expect(
                key,
                ty,
                *next_key,
                Why::Element {
                    what: "keys of a map",
                    first: key_span,
                },
            );
            let ty = self.expr(*next_value);
            self.expect(
                value,
                ty,
                *next_value,
                Why::Element {
                    what: "values of a map",
                    first: value_span,
                },
            );
        }
        (key, value)
    }

    fn string_part(&mut self, part: ExprId) {
        let ty = self.expr(part);
        let name = match &self.hir[part].kind {
            ExprKind::Var(var) => self.variable_name(var.target),
            _ => EcoString::new(),
        };
        self.expect(Table::STR, ty, part, Why::Interpolated { name });
    }
}
