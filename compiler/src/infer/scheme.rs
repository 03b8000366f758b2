//! Function statements: inferred once, generalised, instantiated by each call.

use std::sync::Arc;

use ecow::EcoString;
use mgmt_grammar::span::Span;
use rustc_hash::{FxHashMap, FxHashSet};

use super::pending::Constraint;
use super::story::Why;
use super::table::{Table, Ty, TyId};
use super::{Infer, InstanceId};
use crate::hir::{FuncId, LambdaId};

/// A generalised type.
#[derive(Debug)]
pub struct Scheme {
    /// The function's type.
    pub ty: TyId,
    /// What each call chooses anew.
    pub vars: Vec<TyId>,
    /// What must hold of the choice.
    pub constraints: Vec<Constraint>,
}

impl Infer<'_> {
    /// The scheme of a function statement; nothing while it is being inferred, which means recursion,
    /// and has been reported.
    pub(super) fn scheme(&mut self, func: FuncId, from: InstanceId) -> Option<Arc<Scheme>> {
        let declaration = &self.hir[func];
        let instance = self.instance_of(from, declaration.scope);
        if let Some(known) = self.schemes.get(&(instance, func)) {
            return known.clone();
        }
        self.schemes.insert((instance, func), None);
        self.settle();
        let outer = (
            std::mem::replace(&mut self.instance, instance),
            std::mem::replace(&mut self.level, 1),
            self.function.replace((instance, func)),
            self.table.place,
        );
        let first_constraint = self.constraints.len();
        let first_diagnostic = self.diagnostics.len();
        let mut ty = stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
            self.function_type(declaration.lambda)
        });
        self.settle();
        if self.diagnostics.len() > first_diagnostic {
            ty = self.as_declared(declaration.lambda, ty);
        }
        let scheme = Arc::new(self.generalise(ty, first_constraint));
        (self.instance, self.level, self.function, self.table.place) = outer;
        self.schemes.insert((instance, func), Some(scheme.clone()));
        Some(scheme)
    }

    /// The type of a function's parameters and body.
    pub(super) fn function_type(&mut self, lambda: LambdaId) -> TyId {
        let declaration = &self.hir[lambda];
        let mut args: Vec<(EcoString, TyId)> = Vec::with_capacity(declaration.params.len());
        for param in &declaration.params {
            let ty = self.param(*param, self.instance);
            self.must_be_known(ty, self.hir[*param].span, "parameter");
            args.push((self.hir[*param].name.clone(), ty));
        }
        let body = self.expr(declaration.body);
        let result = match &declaration.result {
            Some((ty, span)) => {
                let declared = self.annotation(ty, *span);
                self.expect(
                    declared,
                    body,
                    declaration.body,
                    Why::Result { declared: *span },
                );
                declared
            }
            None => body,
        };
        self.table.add(Ty::Func(args.into(), result))
    }

    /// The type of a function with an error in it as far as it is written down: calls are not to be measured
    /// by what was inferred on the way to the error.
    fn as_declared(&mut self, lambda: LambdaId, ty: TyId) -> TyId {
        let Ty::Func(args, result) = self.table.get(ty) else {
            return ty;
        };
        let hir = self.hir;
        let args = args
            .iter()
            .zip(&*hir[lambda].params)
            .map(|((name, ty), param)| {
                let known = hir[*param].ty.is_some();
                (name.clone(), if known { *ty } else { Table::ERROR })
            })
            .collect();
        let known = hir[lambda].result.is_some();
        let result = if known { result } else { Table::ERROR };
        self.table.add(Ty::Func(args, result))
    }

    fn generalise(&mut self, ty: TyId, first_constraint: usize) -> Scheme {
        let mut vars: Vec<TyId> = self
            .table
            .unknowns(ty)
            .into_iter()
            .filter(|(_, level)| *level > 0)
            .map(|(var, _)| var)
            .collect();
        let mut known: FxHashSet<TyId> = vars.iter().copied().collect();
        let mut constraints = Vec::new();
        for i in first_constraint..self.constraints.len() {
            let Some(constraint) = &self.constraints[i] else {
                continue;
            };
            let unknown: Vec<_> = constraint
                .types()
                .into_iter()
                .flat_map(|ty| self.table.unknowns(ty))
                .collect();
            if unknown.iter().all(|(_, level)| *level == 0) {
                continue;
            }
            for (var, level) in unknown {
                if level > 0 && known.insert(var) {
                    vars.push(var);
                }
            }
            constraints.extend(self.constraints[i].take());
        }
        Scheme {
            ty,
            vars,
            constraints,
        }
    }

    /// A fresh copy of a scheme for a call.
    pub(super) fn instantiate(&mut self, scheme: &Scheme, call: Span) -> (TyId, Vec<TyId>) {
        if scheme.vars.is_empty() {
            return (scheme.ty, Vec::new());
        }
        let level = self.level;
        let args: Vec<TyId> = scheme
            .vars
            .iter()
            .map(|_| self.table.unknown(level))
            .collect();
        // What was unknown when the scheme was made may have become known since.
        let fresh: FxHashMap<TyId, TyId> = scheme
            .vars
            .iter()
            .zip(&args)
            .map(|(var, arg)| (self.table.find(*var), *arg))
            .collect();
        let ty = self.table.instantiate(scheme.ty, &fresh);
        for constraint in &scheme.constraints {
            let copy = constraint.instantiate(&mut self.table, &fresh, call);
            self.constrain(copy);
        }
        (ty, args)
    }
}
