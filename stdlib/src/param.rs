//! What a parameter of a resource can hold, and how mcl values get in and out
//! (typing-and-evaluation.md §1.7).

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::ops::Deref;

use crate::catalog::Signature;
use crate::types::Type;
use crate::value::{Func, Map, Str, Value};

/// The type of a parameter in the resource, which may be narrower than its type in mcl.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostType {
    /// `bool`.
    Bool,
    /// Text that must be UTF-8.
    Str,
    /// Any bytes.
    Bytes,
    /// A signed integer of so many bits.
    Int(u8),
    /// An unsigned integer of so many bits.
    Uint(u8),
    /// A float of so many bits.
    Float(u8),
    /// A list.
    List(Box<HostType>),
    /// A map.
    Map(Box<(HostType, HostType)>),
    /// A struct.
    Struct(Vec<(&'static str, HostType)>),
    /// A function of this type.
    Func(Type),
    /// A type or nothing.
    Optional(Box<HostType>),
    /// A value of any type.
    Any,
}

impl HostType {
    /// The type in mcl; nothing for [`HostType::Any`], which takes every type.
    pub fn mcl(&self) -> Option<Type> {
        Some(match self {
            Self::Bool => Type::Bool,
            Self::Str | Self::Bytes => Type::Str,
            Self::Int(_) | Self::Uint(_) => Type::Int,
            Self::Float(_) => Type::Float,
            Self::List(element) => Type::list(element.mcl()?),
            Self::Map(entry) => Type::map(entry.0.mcl()?, entry.1.mcl()?),
            Self::Struct(fields) => {
                let fields: Option<Vec<_>> = fields
                    .iter()
                    .map(|(name, ty)| Some((*name, ty.mcl()?)))
                    .collect();
                Type::structure(fields?)
            }
            Self::Func(ty) => ty.clone(),
            Self::Optional(inner) => inner.mcl()?,
            Self::Any => return None,
        })
    }

    /// The name of the kind as it is used where two parameters are compared: `int`, `string`, `slice`
    /// (typing-and-evaluation.md §8.6.4).
    pub fn kind(&self) -> String {
        match self {
            Self::Bool => "bool".to_owned(),
            Self::Str | Self::Bytes => "string".to_owned(),
            Self::Int(64) => "int".to_owned(),
            Self::Int(bits) => format!("int{bits}"),
            Self::Uint(64) => "uint".to_owned(),
            Self::Uint(bits) => format!("uint{bits}"),
            Self::Float(bits) => format!("float{bits}"),
            Self::List(_) => "slice".to_owned(),
            Self::Map(_) => "map".to_owned(),
            Self::Struct(_) => "struct".to_owned(),
            Self::Func(_) => "func".to_owned(),
            Self::Optional(inner) => inner.kind(),
            Self::Any => "any".to_owned(),
        }
    }

    /// Whether a function can be, or be in, a value of this type.
    pub fn holds_functions(&self) -> bool {
        match self {
            Self::Func(_) | Self::Any => true,
            Self::Bool
            | Self::Str
            | Self::Bytes
            | Self::Int(_)
            | Self::Uint(_)
            | Self::Float(_) => false,
            Self::List(inner) | Self::Optional(inner) => inner.holds_functions(),
            Self::Map(entry) => entry.1.holds_functions(),
            Self::Struct(fields) => fields.iter().any(|(_, field)| field.holds_functions()),
        }
    }

    /// The same with this type for a function in it, which [`Func`] alone does not tell. The derive
    /// macro writes it for `#[param(func = "func(int) str")]`.
    ///
    /// # Panics
    /// If the text is not a function type; every declaration is built by a test.
    #[must_use]
    pub fn with_func(self, signature: &'static str) -> Self {
        match self {
            Self::Func(_) => Self::Func(Type::Func(Signature::declare(signature).ty)),
            Self::Optional(inner) => Self::Optional(Box::new(inner.with_func(signature))),
            Self::List(element) => Self::List(Box::new(element.with_func(signature))),
            other => other,
        }
    }
}

/// A Rust type that can be the type of a parameter.
pub trait ParamType: Sized {
    /// Whether it holds a secret, which no log, dump or error text may show.
    const SECRET: bool = false;

    /// Its description.
    fn host_type() -> HostType;

    /// Converts a value that the type checker let through.
    ///
    /// # Errors
    /// If the value is out of range or not UTF-8 (typing-and-evaluation.md §1.7.3).
    fn from_value(value: &Value) -> Result<Self, String>;

    /// The value in mcl; nothing if it is undefined.
    fn to_value(&self) -> Option<Value>;

    /// Whether it is the zero value of its type. A defined optional is not.
    fn is_zero(&self) -> bool;
}

fn misfit<T>(expected: &str, value: &Value) -> Result<T, String> {
    Err(format!("expected a {expected}, got a {}", value.kind()))
}

/// The value of one field of a struct parameter; the derive macro calls it.
///
/// # Errors
/// If it does not fit.
pub fn struct_field<T: ParamType>(value: &Value, name: &str) -> Result<T, String> {
    let Some(fields) = value.as_struct() else {
        return misfit("struct", value);
    };
    let field = fields
        .get(name)
        .ok_or_else(|| format!("the struct has no field `{name}`"))?;
    T::from_value(field).map_err(|error| format!("field `{name}`: {error}"))
}

impl ParamType for bool {
    fn host_type() -> HostType {
        HostType::Bool
    }
    fn from_value(value: &Value) -> Result<Self, String> {
        value.as_bool().map_or_else(|| misfit("bool", value), Ok)
    }
    fn to_value(&self) -> Option<Value> {
        Some(Value::Bool(*self))
    }
    fn is_zero(&self) -> bool {
        !self
    }
}

impl ParamType for String {
    fn host_type() -> HostType {
        HostType::Str
    }
    fn from_value(value: &Value) -> Result<Self, String> {
        let Some(text) = value.as_str() else {
            return misfit("str", value);
        };
        match text.to_str() {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(format!(
                "the text is not UTF-8 after byte {}",
                error.valid_up_to()
            )),
        }
    }
    fn to_value(&self) -> Option<Value> {
        Some(Value::str(self.as_str()))
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}

impl ParamType for Str {
    fn host_type() -> HostType {
        HostType::Bytes
    }
    fn from_value(value: &Value) -> Result<Self, String> {
        value
            .as_str()
            .cloned()
            .map_or_else(|| misfit("str", value), Ok)
    }
    fn to_value(&self) -> Option<Value> {
        Some(Value::Str(self.clone()))
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}

macro_rules! integer {
    ($($ty:ty, $variant:ident;)*) => {$(
        impl ParamType for $ty {
            fn host_type() -> HostType {
                HostType::$variant(<$ty>::BITS as u8)
            }
            fn from_value(value: &Value) -> Result<Self, String> {
                let Some(n) = value.as_int() else { return misfit("int", value) };
                <$ty>::try_from(n).map_err(|_| out_of_range(n, <$ty>::MIN.into(), <$ty>::MAX.into()))
            }
            fn to_value(&self) -> Option<Value> {
                // Only an unsigned number beyond the language's int has no value (§1.7.4).
                i64::try_from(*self).ok().map(Value::Int)
            }
            fn is_zero(&self) -> bool {
                *self == 0
            }
        }
    )*};
}

integer! {
    i8, Int; i16, Int; i32, Int; i64, Int;
    u8, Uint; u16, Uint; u32, Uint; u64, Uint;
}

/// What is wrong with a number that does not fit (typing-and-evaluation.md §1.7.3).
pub(crate) fn out_of_range(n: i64, least: i128, most: i128) -> String {
    if i128::from(n) < least {
        format!("{n} is below {least}, the least number it takes")
    } else {
        format!("{n} is above {most}, the greatest number it takes")
    }
}

impl ParamType for f64 {
    fn host_type() -> HostType {
        HostType::Float(64)
    }
    fn from_value(value: &Value) -> Result<Self, String> {
        value.as_float().map_or_else(|| misfit("float", value), Ok)
    }
    fn to_value(&self) -> Option<Value> {
        Some(Value::Float(*self))
    }
    fn is_zero(&self) -> bool {
        *self == 0.0
    }
}

impl ParamType for f32 {
    fn host_type() -> HostType {
        HostType::Float(32)
    }
    fn from_value(value: &Value) -> Result<Self, String> {
        let Some(x) = value.as_float() else {
            return misfit("float", value);
        };
        let narrow = x as Self;
        if x.is_finite() && narrow.is_infinite() {
            return Err(format!("{x:e} is too large for a float of 32 bits"));
        }
        Ok(narrow)
    }
    fn to_value(&self) -> Option<Value> {
        Some(Value::Float(f64::from(*self)))
    }
    fn is_zero(&self) -> bool {
        *self == 0.0
    }
}

impl<T: ParamType> ParamType for Vec<T> {
    const SECRET: bool = T::SECRET;
    fn host_type() -> HostType {
        HostType::List(Box::new(T::host_type()))
    }
    fn from_value(value: &Value) -> Result<Self, String> {
        let Some(list) = value.as_list() else {
            return misfit("list", value);
        };
        list.iter().map(T::from_value).collect()
    }
    fn to_value(&self) -> Option<Value> {
        Some(Value::List(
            self.iter().map(T::to_value).collect::<Option<_>>()?,
        ))
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}

impl<K: ParamType + Ord, V: ParamType> ParamType for BTreeMap<K, V> {
    const SECRET: bool = K::SECRET || V::SECRET;
    fn host_type() -> HostType {
        HostType::Map(Box::new((K::host_type(), V::host_type())))
    }
    fn from_value(value: &Value) -> Result<Self, String> {
        let Some(map) = value.as_map() else {
            return misfit("map", value);
        };
        map.iter()
            .map(|(key, value)| Ok((K::from_value(key)?, V::from_value(value)?)))
            .collect()
    }
    fn to_value(&self) -> Option<Value> {
        let entries: Option<Map> = self
            .iter()
            .map(|(key, value)| Some((key.to_value()?, value.to_value()?)))
            .collect();
        Some(Value::Map(entries?))
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}

impl<T: ParamType> ParamType for Option<T> {
    const SECRET: bool = T::SECRET;
    fn host_type() -> HostType {
        HostType::Optional(Box::new(T::host_type()))
    }
    fn from_value(value: &Value) -> Result<Self, String> {
        T::from_value(value).map(Some)
    }
    fn to_value(&self) -> Option<Value> {
        self.as_ref()?.to_value()
    }
    fn is_zero(&self) -> bool {
        self.is_none()
    }
}

/// A list or map that knows whether the program gave it, so that a given empty one is not the zero value
/// (§9.4). It is its content in every other respect.
#[derive(Clone, Default)]
pub struct Given<T> {
    content: T,
    given: bool,
}

impl<T> Deref for Given<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.content
    }
}

impl<T> From<T> for Given<T> {
    fn from(content: T) -> Self {
        Self {
            content,
            given: true,
        }
    }
}

impl<T: PartialEq> PartialEq for Given<T> {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

impl<T: Debug> Debug for Given<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.content.fmt(f)
    }
}

impl<T: ParamType> ParamType for Given<T> {
    const SECRET: bool = T::SECRET;
    fn host_type() -> HostType {
        T::host_type()
    }
    fn from_value(value: &Value) -> Result<Self, String> {
        T::from_value(value).map(Self::from)
    }
    fn to_value(&self) -> Option<Value> {
        self.content.to_value()
    }
    fn is_zero(&self) -> bool {
        !self.given
    }
}

/// A text that is a secret, such as a password: what is printed does not show it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "\"\"" } else { "(secret)" })
    }
}

impl ParamType for Secret {
    const SECRET: bool = true;

    fn host_type() -> HostType {
        HostType::Str
    }
    fn from_value(value: &Value) -> Result<Self, String> {
        String::from_value(value).map(Self)
    }
    fn to_value(&self) -> Option<Value> {
        self.0.to_value()
    }
    fn is_zero(&self) -> bool {
        self.is_empty()
    }
}

/// A parameter of any type. Wrap it in an `Option`: there is no zero value.
impl ParamType for Value {
    fn host_type() -> HostType {
        HostType::Any
    }
    fn from_value(value: &Value) -> Result<Self, String> {
        Ok(value.clone())
    }
    fn to_value(&self) -> Option<Value> {
        Some(self.clone())
    }
    fn is_zero(&self) -> bool {
        false
    }
}

/// A function. Its type is given with `#[param(func = "func(int) str")]`.
impl ParamType for Func {
    fn host_type() -> HostType {
        HostType::Func(Type::Variant)
    }
    fn from_value(value: &Value) -> Result<Self, String> {
        value
            .as_func()
            .cloned()
            .map_or_else(|| misfit("func", value), Ok)
    }
    fn to_value(&self) -> Option<Value> {
        Some(Value::Func(self.clone()))
    }
    fn is_zero(&self) -> bool {
        false
    }
}
