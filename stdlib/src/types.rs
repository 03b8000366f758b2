//! The language's types (typing-and-evaluation.md §1).

use std::fmt;
use std::sync::Arc;

use ecow::EcoString;

/// A type. Cheap to clone: what is nested is shared.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Type {
    Bool,
    Str,
    Int,
    Float,
    List(Arc<Type>),
    /// Key and value.
    Map(Arc<(Type, Type)>),
    Struct(Arc<[(EcoString, Type)]>),
    Func(Arc<FuncType>),
    /// "Any": only for resource parameters (§1.7); never the type of an expression.
    Variant,
    /// A type variable of a polymorphic signature, printed `?N`.
    Var(u32),
}

/// Arguments and result of a function.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FuncType {
    /// Names never matter for equality of types; see [`Type::same`].
    pub args: Vec<(EcoString, Type)>,
    /// The result.
    pub result: Type,
}

impl Type {
    /// `[]T`.
    pub fn list(element: Self) -> Self {
        Self::List(Arc::new(element))
    }

    /// `map{K: V}`.
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new((key, value)))
    }

    /// `struct{...}`.
    pub fn structure<N: Into<EcoString>>(fields: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Struct(
            fields
                .into_iter()
                .map(|(name, ty)| (name.into(), ty))
                .collect(),
        )
    }

    /// `func(...) R`.
    pub fn func<N: Into<EcoString>>(
        args: impl IntoIterator<Item = (N, Self)>,
        result: Self,
    ) -> Self {
        Self::Func(Arc::new(FuncType {
            args: args
                .into_iter()
                .map(|(name, ty)| (name.into(), ty))
                .collect(),
            result,
        }))
    }

    /// The name of the kind, as error messages print it: `list`, `map`, ... (§1.2.2).
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Str => "str",
            Self::Int => "int",
            Self::Float => "float",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Struct(_) => "struct",
            Self::Func(_) => "func",
            Self::Variant => "variant",
            Self::Var(_) => "?",
        }
    }

    /// Whether the two are the same type: like `==`, but names of function arguments are ignored (§1.2.1).
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b)) => a.same(b),
            (Self::Map(a), Self::Map(b)) => a.0.same(&b.0) && a.1.same(&b.1),
            (Self::Struct(a), Self::Struct(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b.iter())
                        .all(|(x, y)| x.0 == y.0 && x.1.same(&y.1))
            }
            (Self::Func(a), Self::Func(b)) => {
                a.args.len() == b.args.len()
                    && a.args.iter().zip(&b.args).all(|(x, y)| x.1.same(&y.1))
                    && a.result.same(&b.result)
            }
            (a, b) => a == b,
        }
    }

    /// Whether there is a type variable in it.
    pub fn has_var(&self) -> bool {
        match self {
            Self::Bool | Self::Str | Self::Int | Self::Float | Self::Variant => false,
            Self::List(element) => element.has_var(),
            Self::Map(entry) => entry.0.has_var() || entry.1.has_var(),
            Self::Struct(fields) => fields.iter().any(|(_, ty)| ty.has_var()),
            Self::Func(func) => {
                func.args.iter().any(|(_, ty)| ty.has_var()) || func.result.has_var()
            }
            Self::Var(_) => true,
        }
    }

    /// Whether a map may have keys of this type (§1.4.1). A type variable may.
    pub fn is_hashable(&self) -> bool {
        match self {
            Self::Bool | Self::Str | Self::Int | Self::Float | Self::Var(_) => true,
            Self::Struct(fields) => fields.iter().all(|(_, ty)| ty.is_hashable()),
            Self::List(_) | Self::Map(_) | Self::Func(_) | Self::Variant => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(element) => write!(f, "[]{element}"),
            Self::Map(entry) => write!(f, "map{{{}: {}}}", entry.0, entry.1),
            Self::Struct(fields) => {
                f.write_str("struct{")?;
                for (i, (name, ty)) in fields.iter().enumerate() {
                    write!(f, "{}{name} {ty}", if i == 0 { "" } else { "; " })?;
                }
                f.write_str("}")
            }
            Self::Func(func) => write!(f, "func{func}"),
            Self::Var(n) => write!(f, "?{n}"),
            simple => f.write_str(simple.kind()),
        }
    }
}

/// Prints `(a T, b U) R`, without the word `func`.
impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (i, (name, ty)) in self.args.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { ", " })?;
            if name.is_empty() {
                write!(f, "{i} {ty}")?;
            } else {
                write!(f, "{name} {ty}")?;
            }
        }
        write!(f, ") {}", self.result)
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
