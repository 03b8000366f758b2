//! Values that the text of a program alone gives: of literals, and of what pure functions make of them
//! (typing-and-evaluation.md §3.7.6).

use mgmt_stdlib::catalog::Implementation;
use mgmt_stdlib::value::{Map, Str, Struct, Value};

use crate::hir::{ExprId, ExprKind, Hir, Ref, Var};

/// What is known of the parts of an expression.
pub(crate) trait Known {
    /// The value of a part.
    fn expr(&mut self, id: ExprId) -> Option<Value>;
    /// The value of a variable.
    fn var(&mut self, var: &Ref<Var>) -> Option<Value>;
}

fn all(known: &mut impl Known, parts: &[ExprId]) -> Option<Vec<Value>> {
    parts.iter().map(|part| known.expr(*part)).collect()
}

/// The value of an expression, from those of its parts.
pub(crate) fn fold(hir: &Hir, id: ExprId, known: &mut impl Known) -> Option<Value> {
    match &hir[id].kind {
        ExprKind::Const(value, _) => Some(value.clone()),
        ExprKind::Var(var) => known.var(var),
        ExprKind::StrVar(inner) => known.expr(*inner),
        ExprKind::List(items) => Some(Value::List(all(known, items)?.into_iter().collect())),
        ExprKind::Map(entries) => {
            let entries = entries.iter();
            let entries =
                entries.map(|(key, value)| Some((known.expr(*key)?, known.expr(*value)?)));
            Some(Value::Map(entries.collect::<Option<Map>>()?))
        }
        ExprKind::Struct(names, values) => {
            let values = all(known, values)?;
            Some(Value::Struct(Struct::new(names.clone(), values)))
        }
        ExprKind::Interpolated(parts) => {
            let parts = all(known, parts)?;
            let parts: Option<Vec<&Str>> = parts.iter().map(Value::as_str).collect();
            Some(Value::Str(Str::concat(&parts?)))
        }
        ExprKind::If {
            cond,
            then,
            otherwise,
        } => {
            let holds = known.expr(*cond)?.as_bool()?;
            known.expr(if holds { *then } else { *otherwise })
        }
        // What has a value does not fail.
        ExprKind::Except { main, .. } => known.expr(*main),
        ExprKind::Builtin { function, args, .. } if function.is_static() => {
            let Implementation::Pure(call) = function.implementation else {
                return None;
            };
            call(&all(known, args)?).ok()
        }
        ExprKind::Field {
            base,
            name,
            default,
            ..
        } => match known.expr(*base)?.as_struct()?.get(name) {
            Some(value) => Some(value.clone()),
            None => known.expr((*default)?),
        },
        ExprKind::Lookup { base, key } => match (known.expr(*base)?, known.expr(*key)?) {
            (Value::List(list), key) => list.get(usize::try_from(key.as_int()?).ok()?).cloned(),
            (Value::Map(map), key) => map.get(&key).cloned(),
            _ => None,
        },
        ExprKind::Error
        | ExprKind::Hostname
        | ExprKind::Builtin { .. }
        | ExprKind::CallFunc { .. }
        | ExprKind::CallValue { .. }
        | ExprKind::Lambda(_) => None,
    }
}

/// More steps than this are not worth a hover; a definition in terms of itself would not end.
const STEPS: u32 = 500;

/// The value of an expression, if it does not depend on the machine, or on what a class or function is given.
pub fn constant(hir: &Hir, expr: ExprId) -> Option<Value> {
    Definition { hir, steps: STEPS }.expr(expr)
}

/// What is known where a definition stands, without those who use it.
struct Definition<'a> {
    hir: &'a Hir,
    steps: u32,
}

impl Known for Definition<'_> {
    fn expr(&mut self, id: ExprId) -> Option<Value> {
        self.steps = self.steps.checked_sub(1)?;
        fold(self.hir, id, self)
    }

    fn var(&mut self, var: &Ref<Var>) -> Option<Value> {
        match var.target {
            Var::Bind(bind) => self.expr(self.hir[bind].value),
            Var::Param(_) => None,
        }
    }
}
