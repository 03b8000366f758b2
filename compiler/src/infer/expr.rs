//! The types of expressions.

use ecow::EcoString;
use mgmt_grammar::span::Span;

use super::pending::{Constraint, What};
use super::story::Why;
use super::table::{Table, Ty, TyId, Vars};
use super::{Export, Infer};
use crate::hir::{ExprId, ExprKind, Var};

/// Expressions that must have one type.
struct Alike {
    /// What they are.
    what: &'static str,
    first: Option<(Span, TyId)>,
    /// The types that differ from that of the first.
    odd: Vec<TyId>,
}

impl Alike {
    fn new(what: &'static str) -> Self {
        Self {
            what,
            first: None,
            odd: Vec::new(),
        }
    }
}

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
            ExprKind::Const(_, ty) => self.table.import(ty, &mut Vars::new(), 0),
            ExprKind::List(items) => {
                let mut elements = Alike::new("elements of a list");
                for item in items {
                    self.alike(&mut elements, *item);
                }
                let element = self.common_type(&elements);
                let ty = self.table.list(element);
                if items.is_empty() {
                    self.must_be_known(ty, expr.span, "list");
                }
                ty
            }
            ExprKind::Map(entries) => {
                let mut keys = Alike::new("keys of a map");
                let mut values = Alike::new("values of a map");
                for (key, value) in entries {
                    self.alike(&mut keys, *key);
                    self.alike(&mut values, *value);
                }
                let (key, value) = (self.common_type(&keys), self.common_type(&values));
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
                let ty = self.table.add(Ty::Struct(fields.into()));
                self.note_literal(id, ty);
                ty
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
                            self.note_read(&name, name_span, base);
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

    /// Types one more of several expressions that must have one type.
    fn alike(&mut self, alike: &mut Alike, item: ExprId) {
        let ty = self.expr(item);
        let Some((first, expected)) = alike.first else {
            alike.first = Some((self.hir[item].span, ty));
            return;
        };
        // If the first is the odd one out, all the others need not tell so.
        if !alike.odd.is_empty() {
            let shown = self.show(ty);
            if alike.odd.iter().any(|odd| self.show(*odd) == shown) {
                return;
            }
        }
        let what = alike.what;
        if !self.expect(expected, ty, item, Why::Element { what, first }) {
            alike.odd.push(ty);
        }
    }

    /// The one type that they have.
    fn common_type(&mut self, alike: &Alike) -> TyId {
        match alike.first {
            _ if !alike.odd.is_empty() => Table::ERROR,
            Some((_, ty)) => ty,
            None => self.table.unknown(self.level),
        }
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
