//! Values that are known before a program runs: of literals, and of what pure functions make of them.

use mgmt_compiler::hir::{ExprId, ExprKind, Hir, Var};
use mgmt_stdlib::catalog::Implementation;
use mgmt_stdlib::value::{Map, Str, Struct, Value};

/// More steps than this are not worth a hover; a definition in terms of itself would not end.
const STEPS: u32 = 500;

/// The value of an expression, if it does not depend on the machine, or on what a class or function is given.
pub fn constant(hir: &Hir, expr: ExprId) -> Option<Value> {
    fold(hir, expr, &mut STEPS.clone())
}

fn fold(hir: &Hir, expr: ExprId, steps: &mut u32) -> Option<Value> {
    *steps = steps.checked_sub(1)?;
    match &hir[expr].kind {
        ExprKind::Const(value, _) => Some(value.clone()),
        ExprKind::Var(var) => match var.target {
            Var::Bind(bind) => fold(hir, hir[bind].value, steps),
            Var::Param(_) => None,
        },
        ExprKind::StrVar(inner) => fold(hir, *inner, steps),
        ExprKind::List(items) => {
            let items = items.iter().map(|item| fold(hir, *item, steps));
            Some(Value::List(items.collect::<Option<_>>()?))
        }
        ExprKind::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| Some((fold(hir, *key, steps)?, fold(hir, *value, steps)?)));
            Some(Value::Map(entries.collect::<Option<Map>>()?))
        }
        ExprKind::Struct(names, values) => {
            let values = values.iter().map(|value| fold(hir, *value, steps));
            let values = values.collect::<Option<Vec<_>>>()?;
            Some(Value::Struct(Struct::new(names.clone(), values)))
        }
        ExprKind::Interpolated(parts) => {
            let parts = parts.iter().map(|part| fold(hir, *part, steps));
            let parts = parts.collect::<Option<Vec<Value>>>()?;
            let parts: Option<Vec<&Str>> = parts.iter().map(Value::as_str).collect();
            Some(Value::Str(Str::concat(&parts?)))
        }
        ExprKind::If {
            cond,
            then,
            otherwise,
        } => {
            let holds = fold(hir, *cond, steps)?.as_bool()?;
            fold(hir, if holds { *then } else { *otherwise }, steps)
        }
        ExprKind::Builtin { function, args, .. } if function.is_static() => {
            let Implementation::Pure(call) = function.implementation else {
                return None;
            };
            let args = args.iter().map(|arg| fold(hir, *arg, steps));
            call(&args.collect::<Option<Vec<_>>>()?).ok()
        }
        ExprKind::Field { base, name, .. } => {
            fold(hir, *base, steps)?.as_struct()?.get(name).cloned()
        }
        ExprKind::Lookup { base, key } => match (fold(hir, *base, steps)?, fold(hir, *key, steps)?)
        {
            (Value::List(list), key) => list.get(usize::try_from(key.as_int()?).ok()?).cloned(),
            (Value::Map(map), key) => map.get(&key).cloned(),
            _ => None,
        },
        ExprKind::Error
        | ExprKind::Hostname
        | ExprKind::Builtin { .. }
        | ExprKind::CallFunc { .. }
        | ExprKind::CallValue { .. }
        | ExprKind::Lambda(_)
        | ExprKind::Except { .. } => None,
    }
}
