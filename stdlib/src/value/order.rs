//! Equality and order of values.

use std::cmp::Ordering;

use super::{Key, Struct, Value};

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
        (Value::Map(_), Value::Map(_)) => text(a).cmp(&text(b)),
        (Value::Struct(a), Value::Struct(b)) => structs(a, b),
        (a, b) => a.kind().cmp(b.kind()),
    }
}

/// Structs are ordered by their text. Those of one type have the same text up to the first field that differs,
/// so that field alone is looked at, with what follows it.
fn structs(a: &Struct, b: &Struct) -> Ordering {
    for (at, (x, y)) in a.iter().zip(b.iter()).enumerate() {
        let order = x.0.cmp(y.0).then_with(|| total(x.1, y.1));
        if order.is_eq() {
            continue;
        }
        let end = |fields: &Struct| if at + 1 == fields.len() { '}' } else { ';' };
        let of = |name: &str, value, end| format!("{name}: {}{end}", text(value));
        return of(x.0, x.1, end(a)).cmp(&of(y.0, y.1, end(b))).then(order);
    }
    a.len().cmp(&b.len())
}

/// The text of a value in which `-0.0` is `0.0`, as it is under this order.
fn text(value: &Value) -> String {
    with_one_zero(value).to_string()
}

fn with_one_zero(value: &Value) -> Value {
    match value {
        Value::Float(value) => Value::Float(value + 0.0),
        Value::List(list) => Value::list(list.iter().map(with_one_zero)),
        Value::Map(map) => Value::Map(
            map.iter()
                .map(|(key, value)| (with_one_zero(key), with_one_zero(value)))
                .collect(),
        ),
        Value::Struct(fields) => Value::Struct(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), with_one_zero(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair(a: impl Into<Value>, b: impl Into<Value>) -> Value {
        Value::Struct([("a", a.into()), ("b", b.into())].into_iter().collect())
    }

    #[test]
    fn keys_are_in_order() {
        let list = |items: &[i64]| Value::list(items.iter().map(|item| Value::Int(*item)));
        for keys in [
            vec![false.into(), true.into()],
            vec![i64::MIN.into(), (-1).into(), 9.into(), 10.into()],
            vec![
                f64::NEG_INFINITY.into(),
                (-0.5).into(),
                0.0.into(),
                1e300.into(),
            ],
            vec!["".into(), "B".into(), "a".into(), "ab".into(), "é".into()],
            vec![list(&[]), list(&[1]), list(&[1, 2]), list(&[2])],
            // By their text: `1;` comes after `10;`, and `-` before digits.
            vec![pair(-1, 0), pair(10, 0), pair(1, 0), pair(9, 0)],
            vec![pair(1, 10), pair(1, 1), pair(1, 9)],
            vec![pair("", 0), pair("a\n", 0), pair("aa", 0)],
        ] {
            let map: super::super::Map = keys
                .iter()
                .rev()
                .map(|key| (key.clone(), 0.into()))
                .collect();
            let found: Vec<Value> = map.iter().map(|(key, _)| key.clone()).collect();
            assert_eq!(found, keys);
        }
    }

    #[test]
    fn both_zeros_are_one_key() {
        let zeros = [pair(0.0, 1), pair(-0.0, 1)];
        let map: super::super::Map = zeros.iter().map(|key| (key.clone(), 0.into())).collect();
        assert_eq!(map.len(), 1);
        assert_eq!(map.get(&zeros[0]), map.get(&zeros[1]));
    }

    proptest! {
        #[test]
        fn structs_are_ordered_by_their_text(
            a in (-12i64..120, "[ab\"\n;}]{0,3}"),
            b in (-12i64..120, "[ab\"\n;}]{0,3}"),
        ) {
            let (a, b) = (pair(a.0, a.1), pair(b.0, b.1));
            prop_assert_eq!(total(&a, &b), a.to_string().cmp(&b.to_string()));
        }
    }
}
