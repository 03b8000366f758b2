//! What is known of an expression from the program's text alone (typing-and-evaluation.md §3.7.6).

use mgmt_stdlib::types::Type;
use mgmt_stdlib::value::Value;

use super::{Infer, InstanceId};
use crate::constant::{Known, fold};
use crate::hir::{ExprId, ExprKind, ParamId, ParamRole, Ref, Var};

impl Known for Infer<'_> {
    fn expr(&mut self, id: ExprId) -> Option<Value> {
        self.static_value(id)
    }

    fn var(&mut self, var: &Ref<Var>) -> Option<Value> {
        self.static_var(var)
    }
}

impl Infer<'_> {
    /// The value, if the text alone gives one.
    pub(super) fn static_value(&mut self, id: ExprId) -> Option<Value> {
        let hir = self.hir;
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || fold(hir, id, self))
    }

    /// The value of a field of a struct, if the text alone gives that one, whatever is known of the others.
    /// Nothing at all if the text says that there is no such field.
    pub(super) fn static_field(&mut self, id: ExprId, name: &str) -> Option<Option<Value>> {
        let hir = self.hir;
        let (instance, literal) = match &hir[id].kind {
            ExprKind::Var(var) => match self.reference(var) {
                (from, Var::Bind(bind)) => {
                    let bind = &hir[bind];
                    (self.instance_of(from, bind.scope), bind.value)
                }
                (from, Var::Param(_)) => (from, id),
            },
            _ => (self.instance, id),
        };
        let ExprKind::Struct(names, values) = &hir[literal].kind else {
            let Some(value) = self.static_value(id) else {
                return Some(None);
            };
            return Some(Some(value.as_struct()?.get(name)?.clone()));
        };
        let at = names.iter().position(|field| field == name)?;
        Some(self.within(instance, |infer| infer.static_value(values[at])))
    }

    fn static_var(&mut self, var: &Ref<Var>) -> Option<Value> {
        match self.reference(var) {
            (from, Var::Bind(bind)) => {
                let instance = self.instance_of(from, self.hir[bind].scope);
                if let Some(known) = self.static_values.get(&(instance, bind)) {
                    return known.clone();
                }
                // A recursive bind, which has been reported, has none.
                self.static_values.insert((instance, bind), None);
                let value = self.hir[bind].value;
                let value = self.within(instance, |infer| infer.static_value(value));
                self.static_values.insert((instance, bind), value.clone());
                value
            }
            (from, Var::Param(param)) => {
                let (site, arg) = self.class_argument(param, from)?;
                self.within(site, |infer| infer.static_value(arg))
            }
        }
    }

    /// Whether the text alone says that the expression is a string (language.md §8.2).
    pub(super) fn is_static_str(&mut self, id: ExprId) -> bool {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.is_static_str_nested(id))
    }

    fn is_static_str_nested(&mut self, id: ExprId) -> bool {
        let hir = self.hir;
        match &hir[id].kind {
            ExprKind::Const(_, ty) => *ty == Type::Str,
            ExprKind::Hostname | ExprKind::StrVar(_) | ExprKind::Interpolated(_) => true,
            ExprKind::Var(var) => match self.reference(var) {
                (from, Var::Bind(bind)) => {
                    if let Some((ty, _)) = &hir[bind].ty {
                        return *ty == Type::Str;
                    }
                    let instance = self.instance_of(from, hir[bind].scope);
                    if !self.running.insert((instance, bind)) {
                        return false;
                    }
                    let is = self.within(instance, |infer| infer.is_static_str(hir[bind].value));
                    self.running.remove(&(instance, bind));
                    is
                }
                (from, Var::Param(param)) => {
                    if hir[param].role == ParamRole::Function {
                        return matches!(&hir[param].ty, Some((Type::Str, _)));
                    }
                    match self.class_argument(param, from) {
                        Some((site, arg)) => self.within(site, |infer| infer.is_static_str(arg)),
                        None => matches!(&hir[param].ty, Some((Type::Str, _))),
                    }
                }
            },
            ExprKind::If {
                then, otherwise, ..
            } => self.is_static_str(*then) || self.is_static_str(*otherwise),
            ExprKind::Except { main, fallback } => {
                self.is_static_str(*main) || self.is_static_str(*fallback)
            }
            ExprKind::CallValue { callee, .. } => match &hir[*callee].kind {
                ExprKind::Lambda(lambda) => match &hir[*lambda].result {
                    Some((ty, _)) => *ty == Type::Str,
                    None => self.is_static_str(hir[*lambda].body),
                },
                _ => false,
            },
            _ => false,
        }
    }

    /// The argument that a class parameter stands for, and the instance it is to be understood in.
    pub(super) fn class_argument(
        &self,
        param: ParamId,
        from: InstanceId,
    ) -> Option<(InstanceId, ExprId)> {
        let ParamRole::Class(_, index) = self.hir[param].role else {
            return None;
        };
        let instance = self.instance_of(from, self.hir[param].scope);
        let (include, site) = self.instances[instance.0 as usize].include?;
        let arg = self.hir[include].args.get(index as usize)?;
        Some((site, *arg))
    }

    fn within<T>(&mut self, instance: InstanceId, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.instance, instance);
        let result = run(self);
        self.instance = outer;
        result
    }
}
