//! Equality and order of values.

use std::cmp::Ordering;

use super::{Key, Value};

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::List(a), Self::List(b)) => a.len() == b.len() && a.iter().eq(b.iter()),
            (Self::Map(a), Self::Map(b)) => a.len() == b.len() && a.iter().eq(b.iter()),
            (Self::Struct(a), Self::Struct(b)) => a.iter().eq(b.iter()),
            (Self::Func(a), Self::Func(b)) => a == b,
            _ => false,
        }
    }
}

impl Value {
    /// Whether replacing one by the other can not be observed: like `==`, except that a NaN is the
    /// same as itself. This decides whether a new value is an event, not what a program sees.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::List(a), Self::List(b)) => a.is_same(b),
            (Self::Map(a), Self::Map(b)) => {
                a.ptr_eq(b)
                    || (a.len() == b.len()
                        && a.iter()
                            .zip(b.iter())
                            .all(|((k, v), (l, w))| k.is_same(l) && v.is_same(w)))
            }
            (Self::Struct(a), Self::Struct(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b.iter())
                        .all(|((k, v), (l, w))| k == l && v.is_same(w))
            }
            (a, b) => a == b,
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        total(&self.0, &other.0)
    }
}

/// The total order of typing-and-evaluation.md §1.6.2. Values of different kinds, which only meet in
/// an ill-typed program, are ordered by kind; functions have no order and are all alike.
fn total(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        // Adding zero turns -0.0 into 0.0.
        (Value::Float(a), Value::Float(b)) => (a + 0.0).total_cmp(&(b + 0.0)),
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => a
            .iter()
            .zip(b.iter())
            .map(|(x, y)| total(x, y))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| a.len().cmp(&b.len())),
        (Value::Map(_), Value::Map(_)) => a.to_string().cmp(&b.to_string()),
        // Keys of one map have one struct type; field by field orders like the text does for lookups
        // and is cheaper.
        (Value::Struct(a), Value::Struct(b)) => a
            .iter()
            .zip(b.iter())
            .map(|(x, y)| x.0.cmp(y.0).then_with(|| total(x.1, y.1)))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| a.len().cmp(&b.len())),
        (a, b) => a.kind().cmp(b.kind()),
    }
}
