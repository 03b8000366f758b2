//! The words in which the functions are declared: constructors, and adapters for plain Rust functions.

use std::borrow::Cow;
use std::sync::Arc;

use crate::catalog::{
    Bound, CallError, CallResult, Example, FunctionDef, GraphFunction, Host, Implementation,
    Inference, Purity, Sampler, Signature, Start, Wake,
};
use crate::types::FuncType;
use crate::value::{List, Map, Str, Struct, Value};

/// A function of its arguments alone. Write its call with [`native!`].
pub(crate) fn pure(
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
    call: fn(&[Value]) -> CallResult,
) -> FunctionDef {
    declare(
        name,
        signature,
        doc,
        Purity::Pure,
        Implementation::Pure(call),
    )
}

/// A function of its arguments and of the types that were inferred for the call.
pub(crate) fn typed(
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
    call: fn(&FuncType, &[Value]) -> CallResult,
) -> FunctionDef {
    declare(
        name,
        signature,
        doc,
        Purity::Pure,
        Implementation::Typed(call),
    )
}

/// A function that looks at the machine and is never woken. Write its start with [`sampler!`].
pub(crate) fn snapshot(
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
    start: fn(&Start) -> Box<dyn Sampler>,
) -> FunctionDef {
    declare(
        name,
        signature,
        doc,
        Purity::Snapshot,
        Implementation::Sampled(Arc::new(start)),
    )
}

/// A function that looks at the machine and is woken. Write its start with [`sampler!`].
pub(crate) fn source(
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
    start: fn(&Start) -> Box<dyn Sampler>,
) -> FunctionDef {
    declare(
        name,
        signature,
        doc,
        Purity::Source,
        Implementation::Sampled(Arc::new(start)),
    )
}

/// A function without arguments that tells what the entry point gives the program.
pub(crate) fn option(
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
) -> FunctionDef {
    FunctionDef::asks_entry_point(name, Signature::declare(signature), doc)
}

/// A function that the evaluator implements.
pub(crate) fn graph(
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
    function: GraphFunction,
) -> FunctionDef {
    declare(
        name,
        signature,
        doc,
        Purity::Graph,
        Implementation::Graph(function),
    )
}

fn declare(
    full_name: &'static str,
    signature: &'static str,
    doc: &'static str,
    purity: Purity,
    implementation: Implementation,
) -> FunctionDef {
    let signature = Signature::declare(signature);
    FunctionDef::define(full_name, signature, doc, purity, implementation)
}

impl FunctionDef {
    /// The same with another accepted number of arguments.
    pub(crate) fn or(mut self, signature: &'static str) -> Self {
        self.signatures.push(Signature::declare(signature));
        self
    }

    /// The same with any number of further arguments.
    pub(crate) fn variadic(mut self) -> Self {
        self.signatures = self
            .signatures
            .into_iter()
            .map(Signature::variadic)
            .collect();
        self
    }

    /// The same with `?var` restricted to these kinds of types.
    pub(crate) fn kinds(self, var: u32, kinds: &'static [&'static str]) -> Self {
        self.bound(var, &Bound::Kinds(kinds))
    }

    /// The same with `?var` restricted.
    pub(crate) fn bound(mut self, var: u32, bound: &Bound) -> Self {
        self.signatures = self
            .signatures
            .into_iter()
            .map(|signature| signature.bound(var, bound.clone()))
            .collect();
        self
    }

    /// The same, typed in a way that a signature can not express.
    pub(crate) fn inferred(mut self, inference: Inference) -> Self {
        self.inference = inference;
        self
    }

    /// The same, never called before the program runs.
    pub(crate) fn effect(mut self) -> Self {
        self.purity = Purity::Effect;
        self
    }

    /// The same with the errors that `<|>` can catch.
    pub(crate) fn catchable(mut self, errors: &'static [&'static str]) -> Self {
        self.catchable = errors;
        self
    }

    /// The same with examples; write them with [`examples!`].
    pub(crate) fn examples(mut self, examples: &'static [Example]) -> Self {
        self.examples = examples;
        self
    }
}

/// `examples!["convert.to_int(1.5)" => "1", ...]`: expressions and the texts of their values.
macro_rules! examples {
    ($($expr:expr => $value:expr),+ $(,)?) => {
        &[$($crate::catalog::Example { expr: $expr, value: $value }),+]
    };
}
pub(crate) use examples;

/// `native!(f(a, b))`: the Rust function `f` of two arguments as the call of a pure function.
/// `native!(|a: i64, b: f64| ...)`: the same without a name.
macro_rules! native {
    (|$($arg:ident: $ty:ty),*| $body:expr) => {
        |args: &[$crate::value::Value]| {
            let [$($arg),*] = args else {
                return Err($crate::functions::declare::wrong_count(args.len()));
            };
            $(let $arg: $ty = $crate::functions::declare::Argument::from_value($arg)?;)*
            $crate::functions::declare::Returned::into_result($body)
        }
    };
    ($function:ident($($arg:ident),*)) => {
        |args: &[$crate::value::Value]| {
            let [$($arg),*] = args else {
                return Err($crate::functions::declare::wrong_count(args.len()));
            };
            $crate::functions::declare::Returned::into_result($function(
                $($crate::functions::declare::Argument::from_value($arg)?),*
            ))
        }
    };
}
pub(crate) use native;

/// A table of pure functions of one package, a row each: name, signature, text, implementation, an
/// example, and the errors that can be caught.
///
/// ```ignore
/// table! { "golang/math":
///     abs, "func(x float) float", "The absolute value.", |x: f64| x.abs(), "math.abs(-1.5)" => "1.5";
///     sqrt, ..., |x: f64| sqrt(x), "math.sqrt(9.0)" => "3", catches "not a number";
/// }
/// ```
macro_rules! table {
    ($package:literal: $(
        $name:ident, $signature:literal, $doc:literal,
        |$($arg:ident: $ty:ty),*| $body:expr,
        $expr:literal => $value:literal $(, catches $($error:literal),+)?;
    )*) => {
        vec![$(
            $crate::functions::declare::pure(
                concat!($package, ".", stringify!($name)),
                $signature,
                $doc,
                $crate::functions::declare::native!(|$($arg: $ty),*| $body),
            )
            .examples($crate::functions::declare::examples![$expr => $value])
            $(.catchable(&[$($error),+]))?,
        )*]
    };
}
pub(crate) use table;

/// Like [`table!`], for functions that look at the machine: the implementation takes a [`Host`] first,
/// and there is no example.
macro_rules! snapshots {
    ($package:literal: $(
        $name:ident, $signature:literal, $doc:literal,
        |$host:pat_param $(, $arg:ident: $ty:ty)*| $body:expr $(, catches $($error:literal),+)?;
    )*) => {
        vec![$(
            $crate::functions::declare::snapshot(
                concat!($package, ".", stringify!($name)),
                $signature,
                $doc,
                |_| {
                    let call: $crate::functions::declare::Call = |$host, args| {
                        let [$($arg),*] = args else {
                            return Err($crate::functions::declare::wrong_count(args.len()));
                        };
                        $(let $arg: $ty = $crate::functions::declare::Argument::from_value($arg)?;)*
                        $crate::functions::declare::Returned::into_result($body)
                    };
                    let wake: $crate::functions::declare::Wakes = $crate::functions::declare::never;
                    Box::new((call, wake))
                },
            )
            $(.catchable(&[$($error),+]))?,
        )*]
    };
}
pub(crate) use snapshots;

/// `sampler!(f(a, b))`: the Rust function `f` of a [`Host`] and two arguments as the start of a
/// function that looks at the machine. `sampler!(f(a, b), wake)` is woken by what `wake` says of the
/// arguments.
macro_rules! sampler {
    ($function:ident($($arg:ident),*)) => {
        $crate::functions::declare::sampler!($function($($arg),*), $crate::functions::declare::never)
    };
    ($function:ident($($arg:ident),*), $wake:expr) => {
        |_| {
            let call: $crate::functions::declare::Call = |host, args| {
                let [$($arg),*] = args else {
                    return Err($crate::functions::declare::wrong_count(args.len()));
                };
                $crate::functions::declare::Returned::into_result($function(
                    host,
                    $($crate::functions::declare::Argument::from_value($arg)?),*
                ))
            };
            let wake: $crate::functions::declare::Wakes = $wake;
            Box::new((call, wake))
        }
    };
}
pub(crate) use sampler;

/// One look at the machine.
pub(crate) type Call = fn(&dyn Host, &[Value]) -> CallResult;

/// What wakes a function, by its arguments.
pub(crate) type Wakes = fn(&[Value]) -> Vec<Wake>;

/// Nothing wakes the function.
pub(crate) fn never(_: &[Value]) -> Vec<Wake> {
    Vec::new()
}

/// A change at the path that is the first argument wakes the function.
pub(crate) fn first_path(args: &[Value]) -> Vec<Wake> {
    args.first()
        .and_then(Value::as_str)
        .map(|path| vec![Wake::Path(super::path::from_str(path).to_owned())])
        .unwrap_or_default()
}

/// What a Rust function can take as an argument.
pub(crate) trait Argument<'v>: Sized {
    /// # Errors
    /// If the value is of another kind, which an ill-typed program alone can bring about.
    fn from_value(value: &'v Value) -> Result<Self, CallError>;
}

/// What a Rust function can return.
pub(crate) trait Returned {
    fn into_result(self) -> CallResult;
}

impl<T> Returned for T
where
    Value: From<T>,
{
    fn into_result(self) -> CallResult {
        Ok(Value::from(self))
    }
}

impl<T> Returned for Result<T, CallError>
where
    Value: From<T>,
{
    fn into_result(self) -> CallResult {
        self.map(Value::from)
    }
}

macro_rules! argument {
    ($($ty:ty: $kind:literal, $get:expr;)*) => {$(
        impl<'v> Argument<'v> for $ty {
            fn from_value(value: &'v Value) -> Result<Self, CallError> {
                let get: fn(&'v Value) -> Option<Self> = $get;
                get(value).ok_or_else(|| wrong_kind($kind, value))
            }
        }
    )*};
}

argument! {
    bool: "bool", Value::as_bool;
    i64: "int", Value::as_int;
    f64: "float", Value::as_float;
    &'v Str: "str", Value::as_str;
    &'v [u8]: "str", |value| value.as_str().map(Str::as_bytes);
    Cow<'v, str>: "str", |value| value.as_str().map(Str::to_string_lossy);
    &'v List: "list", Value::as_list;
    &'v Map: "map", Value::as_map;
    &'v Struct: "struct", Value::as_struct;
}

impl<'v> Argument<'v> for &'v Value {
    fn from_value(value: &'v Value) -> Result<Self, CallError> {
        Ok(value)
    }
}

/// The elements of a list of strings.
impl<'v> Argument<'v> for Vec<&'v [u8]> {
    fn from_value(value: &'v Value) -> Result<Self, CallError> {
        <&List>::from_value(value)?
            .iter()
            .map(Argument::from_value)
            .collect()
    }
}

/// A call with a number of arguments that no signature allows.
pub(crate) fn wrong_count(count: usize) -> CallError {
    CallError::fatal(format!(
        "called with {count} arguments, which it can not take"
    ))
}

fn wrong_kind(wanted: &str, value: &Value) -> CallError {
    CallError::fatal(format!(
        "a value of type {} was given where one of type {wanted} is needed",
        value.kind()
    ))
}
