//! Which functions can be instantiated once for equal arguments.

use mgmt_stdlib::catalog::Purity;

use super::Resolver;
use crate::hir::{ExprId, ExprKind, FuncId};

/// What is known of a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Unknown,
    Running,
    Pure,
    Impure,
}

impl Resolver<'_, '_> {
    /// Marks the functions whose body, with all that it calls, computes from its arguments alone.
    pub(super) fn mark_pure(&mut self) {
        let mut marks = vec![Mark::Unknown; self.hir.funcs.len()];
        for i in 0..marks.len() {
            self.func_is_pure(FuncId(i as u32), &mut marks);
        }
        for (func, mark) in self.hir.funcs.iter_mut().zip(marks) {
            func.pure = mark == Mark::Pure;
        }
    }

    fn func_is_pure(&self, func: FuncId, marks: &mut [Mark]) -> bool {
        match marks[func.0 as usize] {
            Mark::Pure => return true,
            // Recursion has been reported.
            Mark::Impure | Mark::Running => return false,
            Mark::Unknown => {}
        }
        marks[func.0 as usize] = Mark::Running;
        let body = self.hir[self.hir[func].lambda].body;
        let pure = stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.is_pure(body, marks));
        marks[func.0 as usize] = if pure { Mark::Pure } else { Mark::Impure };
        pure
    }

    fn is_pure(&self, root: ExprId, marks: &mut [Mark]) -> bool {
        let mut stack = vec![root];
        while let Some(id) = stack.pop() {
            let Some(expr) = self.hir.exprs.get(id.0 as usize) else {
                return false;
            };
            let pure = match &expr.kind {
                ExprKind::Error | ExprKind::CallValue { .. } => false,
                ExprKind::Builtin { function, .. } => function.purity == Purity::Pure,
                ExprKind::CallFunc { func, .. } => self.func_is_pure(func.target, marks),
                ExprKind::Lambda(lambda) => {
                    stack.push(self.hir[*lambda].body);
                    true
                }
                _ => true,
            };
            if !pure {
                return false;
            }
            expr.kind.for_each_child(|child| stack.push(child));
        }
        true
    }
}
