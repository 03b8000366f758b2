//! The words in which others than this crate declare functions of their own (engine.md §9.1.4).

use std::sync::Arc;

use super::{
    CallError, CallResult, FunctionDef, Host, Implementation, Inference, Purity, Sampler,
    Signature, SignatureError, Start, Wake,
};
use crate::types::{FuncType, Type};
use crate::value::Value;

impl FunctionDef {
    /// A function of its arguments alone. The name has the package to import in front, the signature is written as
    /// in the manual:
    ///
    /// ```
    /// use mgmt_stdlib::catalog::{CallError, FunctionDef};
    /// use mgmt_stdlib::value::Value;
    ///
    /// let double = FunctionDef::pure("site.double", "func(x int) int", "Twice as much.", |args| match args {
    ///     [Value::Int(x)] => x
    ///         .checked_mul(2)
    ///         .map(Value::Int)
    ///         .ok_or_else(|| CallError::catchable("the result is too large")),
    ///     _ => Err(CallError::fatal("expected an int")),
    /// })?;
    /// assert_eq!(double.full_name(), "site.double");
    /// # Ok::<(), mgmt_stdlib::catalog::SignatureError>(())
    /// ```
    ///
    /// # Errors
    /// If the signature is none.
    pub fn pure(
        name: &'static str,
        signature: &str,
        doc: &'static str,
        call: fn(&[Value]) -> CallResult,
    ) -> Result<Self, SignatureError> {
        let signature = Signature::parse(signature)?;
        let implementation = Implementation::Pure(call);
        Ok(Self::define(
            name,
            signature,
            doc,
            Purity::Pure,
            implementation,
        ))
    }

    /// A function that looks at something, such as the machine, or what the closure holds. Each live call in the
    /// program gets a [`Sampler`], which also tells what [wakes](Wake) it.
    ///
    /// # Errors
    /// If the signature is none.
    pub fn sampled(
        name: &'static str,
        signature: &str,
        doc: &'static str,
        start: impl Fn(&Start) -> Box<dyn Sampler> + Send + Sync + 'static,
    ) -> Result<Self, SignatureError> {
        let signature = Signature::parse(signature)?;
        let implementation = Implementation::Sampled(Arc::new(start));
        Ok(Self::define(
            name,
            signature,
            doc,
            Purity::Source,
            implementation,
        ))
    }

    /// A function without arguments that tells what the entry point gives the program that it ships, such as an
    /// argument of the command line ([`Host::option`]). Where nothing is given it ends the program.
    pub fn option(name: &'static str, ty: Type, doc: &'static str) -> Self {
        let ty = FuncType {
            args: Vec::new(),
            result: ty,
        };
        Self::asks_entry_point(name, Signature::of(Arc::new(ty)), doc)
    }

    pub(crate) fn asks_entry_point(
        name: &'static str,
        signature: Signature,
        doc: &'static str,
    ) -> Self {
        let start = move |_: &Start| Box::new(AsksEntryPoint(name)) as Box<dyn Sampler>;
        let implementation = Implementation::Sampled(Arc::new(start));
        Self::define(name, signature, doc, Purity::Snapshot, implementation)
    }

    pub(crate) fn define(
        full_name: &'static str,
        signature: Signature,
        doc: &'static str,
        purity: Purity,
        implementation: Implementation,
    ) -> Self {
        let (package, name) = full_name.rsplit_once('.').unwrap_or(("", full_name));
        Self {
            package,
            name,
            signatures: vec![signature],
            doc,
            purity,
            catchable: &[],
            inference: Inference::Signature,
            implementation,
            examples: &[],
        }
    }
}

/// A call of the function of that name.
struct AsksEntryPoint(&'static str);

impl Sampler for AsksEntryPoint {
    fn call(&mut self, host: &dyn Host, _: &[Value]) -> CallResult {
        let Self(name) = self;
        host.option(name)
            .ok_or_else(|| CallError::fatal(format!("func `{name}()` has nil value")))
    }

    fn wake(&self, _: &[Value]) -> Vec<Wake> {
        Vec::new()
    }
}
