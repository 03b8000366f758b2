//! What an editor wants to know of types.

use mgmt_stdlib::types::Type;
use rustc_hash::FxHashMap;

use super::Infer;
use super::fields::StructNotes;
use super::table::{Table, TyId};
use crate::hir::{BindId, ExprId, FuncId, ParamId, Var};

/// The types of expressions and definitions. What is typed once for each include of a class has the type
/// of one of them. They are taken out of the table only when somebody looks.
#[derive(Debug)]
pub struct TypeFacts {
    pub(super) table: Table,
    pub(super) structs: StructNotes,
    exprs: Vec<Option<TyId>>,
    binds: FxHashMap<BindId, TyId>,
    params: FxHashMap<ParamId, TyId>,
    funcs: FxHashMap<FuncId, TyId>,
}

impl TypeFacts {
    /// The type of an expression, as far as it is known.
    pub fn expr(&self, expr: ExprId) -> Option<Type> {
        self.show((*self.exprs.get(expr.0 as usize)?)?)
    }

    /// The type of a bind or parameter, as far as it is known.
    pub fn var(&self, var: Var) -> Option<Type> {
        self.show(match var {
            Var::Bind(bind) => *self.binds.get(&bind)?,
            Var::Param(param) => *self.params.get(&param)?,
        })
    }

    /// The type of a function statement; its variables are what each call chooses.
    pub fn func(&self, func: FuncId) -> Option<Type> {
        self.show(*self.funcs.get(&func)?)
    }

    fn show(&self, ty: TyId) -> Option<Type> {
        (!self.table.is_error(ty)).then(|| self.table.export(ty, &mut Vec::new()))
    }
}

impl Infer<'_> {
    pub(super) fn into_facts(self) -> TypeFacts {
        // Of several instances the first counts: a parameter's class may be included several times.
        let mut binds: Vec<_> = self.binds.into_iter().collect();
        binds.sort_unstable_by_key(|((instance, _), _)| std::cmp::Reverse(*instance));
        let mut params: Vec<_> = self.params.into_iter().collect();
        params.sort_unstable_by_key(|((instance, _), _)| std::cmp::Reverse(*instance));
        let schemes = self.schemes.into_iter();
        TypeFacts {
            table: self.table,
            structs: self.structs.unwrap_or_default(),
            exprs: self.expr_types,
            binds: binds.into_iter().map(|((_, id), ty)| (id, ty)).collect(),
            params: params.into_iter().map(|((_, id), ty)| (id, ty)).collect(),
            funcs: schemes
                .filter_map(|((_, func), scheme)| Some((func, scheme?.ty)))
                .collect(),
        }
    }
}
