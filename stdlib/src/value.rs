//! The language's immutable values (typing-and-evaluation.md §1.5, §1.6).

mod func;
mod list;
mod order;
mod text;
mod typed;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ecow::EcoString;

use crate::types::Type;

pub use func::{Callable, Func};
pub use list::List;
pub use text::{format_float, is_printable, quote, quote_keeping};

/// A value. Cheap to clone: what is large is shared.
///
/// Equality is that of the language (§1.6.1: NaN equals nothing); the order is total and serves
/// printing and map keys (§1.6.2).
#[derive(Clone)]
#[allow(missing_docs)]
pub enum Value {
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Str),
    List(List),
    Map(Map),
    Struct(Struct),
    Func(Func),
}

/// A byte string, normally UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Str(Arc<[u8]>);

/// A map; its entries are ordered by key.
#[derive(Clone)]
pub struct Map(Arc<BTreeMap<Key, Value>>);

/// A struct: ordered, named fields.
#[derive(Clone)]
pub struct Struct(Arc<StructFields>);

struct StructFields {
    names: Arc<[EcoString]>,
    values: Vec<Value>,
}

/// A map key: a value under the total order of §1.6.2, in which `-0.0` is `0.0`.
#[derive(Clone, Debug)]
pub struct Key(pub Value);

impl Str {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, with U+FFFD in place of what is not UTF-8.
    pub fn to_string_lossy(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The text, if it is UTF-8.
    pub fn to_str(&self) -> Result<&str, std::str::Utf8Error> {
        std::str::from_utf8(&self.0)
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, joined.
    #[must_use]
    pub fn concat(parts: &[&Self]) -> Self {
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        for part in parts {
            bytes.extend_from_slice(part.as_bytes());
        }
        Self(bytes.into())
    }
}

impl Default for Str {
    fn default() -> Self {
        Self(Arc::new([]))
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().into())
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Self(text.into_bytes().into())
    }
}

impl From<&[u8]> for Str {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }
}

impl From<Vec<u8>> for Str {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl Map {
    /// The value stored under `key`. A key that holds a NaN is never found.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        let (found, value) = self.0.get_key_value(&Key(key.clone()))?;
        (found.0 == *key).then_some(value)
    }

    /// Whether there is an entry of that key, under the order of keys.
    pub fn contains_key(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    /// The entries in the order of their keys, which come as keys.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&Key, &Value)> {
        self.0.iter()
    }

    /// The entries in the order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Value, &Value)> {
        self.0.iter().map(|(key, value)| (&key.0, value))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both are the very same map in memory.
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Of two equal keys the later entry wins.
impl FromIterator<(Value, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(entries: I) -> Self {
        Self(Arc::new(
            entries
                .into_iter()
                .map(|(key, value)| (Key(key), value))
                .collect(),
        ))
    }
}

impl Struct {
    /// A struct with these field names, in this order, and these values, as many.
    pub fn new(names: Arc<[EcoString]>, values: Vec<Value>) -> Self {
        debug_assert_eq!(names.len(), values.len());
        Self(Arc::new(StructFields { names, values }))
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let index = self.0.names.iter().position(|have| have == name)?;
        self.0.values.get(index)
    }

    /// The fields in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&EcoString, &Value)> {
        self.0.names.iter().zip(&self.0.values)
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.0.values.len()
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.0.values.is_empty()
    }
}

impl<N: Into<EcoString>> FromIterator<(N, Value)> for Struct {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(fields: I) -> Self {
        let (names, values): (Vec<EcoString>, Vec<Value>) = fields
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .unzip();
        Self::new(names.into(), values)
    }
}

impl Value {
    /// A string value.
    pub fn str(text: impl Into<Str>) -> Self {
        Self::Str(text.into())
    }

    /// A list value.
    pub fn list(values: impl IntoIterator<Item = Self>) -> Self {
        Self::List(values.into_iter().collect())
    }

    /// The name of the value's kind: `str`, `list`, ...
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Struct(_) => "struct",
            Self::Func(_) => "func",
        }
    }

    /// The bool, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    /// The int, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    /// The float, if it is one.
    pub fn as_float(&self) -> Option<f64> {
        if let Self::Float(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&Str> {
        if let Self::Str(value) = self {
            Some(value)
        } else {
            None
        }
    }

    /// The list, if it is one.
    pub fn as_list(&self) -> Option<&List> {
        if let Self::List(value) = self {
            Some(value)
        } else {
            None
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        if let Self::Map(value) = self {
            Some(value)
        } else {
            None
        }
    }

    /// The struct, if it is one.
    pub fn as_struct(&self) -> Option<&Struct> {
        if let Self::Struct(value) = self {
            Some(value)
        } else {
            None
        }
    }

    /// The function, if it is one.
    pub fn as_func(&self) -> Option<&Func> {
        if let Self::Func(value) = self {
            Some(value)
        } else {
            None
        }
    }

    /// The type, as far as the value alone tells; nothing if an empty list or map hides it.
    pub fn ty(&self) -> Option<Type> {
        Some(match self {
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Float(_) => Type::Float,
            Self::Str(_) => Type::Str,
            Self::List(list) => Type::list(list.iter().find_map(Self::ty)?),
            Self::Map(map) => {
                let (key, _) = map.iter().next()?;
                Type::map(key.ty()?, map.iter().find_map(|(_, value)| value.ty())?)
            }
            Self::Struct(fields) => {
                let fields: Option<Vec<_>> = fields
                    .iter()
                    .map(|(name, value)| Some((name.clone(), value.ty()?)))
                    .collect();
                Type::structure(fields?)
            }
            Self::Func(func) => func.ty().clone(),
        })
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Str(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Str(value.into())
    }
}

impl From<Str> for Value {
    fn from(value: Str) -> Self {
        Self::Str(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Str(value.into())
    }
}

impl From<List> for Value {
    fn from(value: List) -> Self {
        Self::List(value)
    }
}

impl From<Vec<Value>> for Value {
    fn from(value: Vec<Value>) -> Self {
        Self::List(value.into())
    }
}

impl From<Map> for Value {
    fn from(value: Map) -> Self {
        Self::Map(value)
    }
}

impl From<Struct> for Value {
    fn from(value: Struct) -> Self {
        Self::Struct(value)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quote(&self.0))
    }
}
