//! Functions as values.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::Value;
use crate::catalog::{CallError, CallResult};
use crate::types::Type;

/// A function as a value.
///
/// The functions that a resource has as parameters can be called: they know all that they need, and what a
/// call gives depends on its arguments alone. When what they were made of changes, the resource gets another
/// one. Those that flow through a running function graph only have a meaning in there.
#[derive(Clone)]
pub struct Func(Arc<Function>);

struct Function {
    ty: Type,
    body: Box<dyn Callable>,
}

/// What is behind a function value.
pub trait Callable: Any + Send + Sync {
    /// What the function gives for these arguments, as many as its type says and of these types.
    ///
    /// # Errors
    /// What [`Func::call`] says.
    fn call(&self, args: &[Value]) -> CallResult;

    /// Whether the other one is known to give the same for all arguments.
    fn is_same(&self, other: &dyn Callable) -> bool {
        let _ = other;
        false
    }
}

/// A function of Rust.
impl<F: Fn(&[Value]) -> CallResult + Send + Sync + 'static> Callable for F {
    fn call(&self, args: &[Value]) -> CallResult {
        self(args)
    }
}

impl Func {
    /// A function of this full function type.
    pub fn new(ty: Type, body: impl Callable) -> Self {
        Self(Arc::new(Function {
            ty,
            body: Box::new(body),
        }))
    }

    /// The full function type.
    pub fn ty(&self) -> &Type {
        &self.0.ty
    }

    /// What is behind it, if it is a `T`.
    pub fn downcast<T: Callable>(&self) -> Option<&T> {
        let body: &dyn Any = &*self.0.body;
        body.downcast_ref()
    }

    /// Calls it, and gives the result at once. It looks at nothing but its arguments and has no effects; it takes
    /// as long as the program makes it take.
    ///
    /// # Errors
    /// What the function fails with; a fatal error if there are more or fewer arguments than it has, if it calls
    /// one of the library that looks at the machine, or if it only has a meaning inside of a function graph.
    pub fn call(&self, args: &[Value]) -> CallResult {
        match &self.0.ty {
            Type::Func(ty) if ty.args.len() != args.len() => Err(CallError::fatal(format!(
                "the function takes {} arguments and was called with {}",
                ty.args.len(),
                args.len()
            ))),
            _ => self.0.body.call(args),
        }
    }

    /// Whether both are the very same function.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Functions are equal if they are the very same, or made by the same text of the same values.
impl PartialEq for Func {
    fn eq(&self, other: &Self) -> bool {
        self.ptr_eq(other) || self.0.body.is_same(&*other.0.body)
    }
}

impl fmt::Debug for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "func({})", self.ty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_must_have_as_many_arguments_as_the_type() {
        let ty = Type::func([("", Type::Int)], Type::Int);
        let double = Func::new(ty, |args: &[Value]| {
            let number = args[0].as_int().unwrap_or(0);
            Ok(Value::Int(number * 2))
        });
        assert_eq!(double.call(&[Value::Int(21)]), Ok(Value::Int(42)));
        let error = double.call(&[]).unwrap_err();
        assert_eq!(
            error.message,
            "the function takes 1 arguments and was called with 0"
        );
        assert!(!error.catchable);
    }
}
