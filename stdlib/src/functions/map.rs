//! `map`: maps as a whole (functions.md §14).

use crate::catalog::{Bound, FunctionDef};
use crate::value::{Map, Value};

use super::declare::{examples, native, pure};
use super::operator;

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        pure(
            "map.keys",
            "func(x map{?1: ?2}) []?1",
            "The keys in ascending order: numbers by value, strings by their bytes.",
            native!(keys(x)),
        )
        .bound(1, &Bound::Hashable)
        .examples(examples![r#"map.keys({"b" => 1, "a" => 2})"# => r#"["a", "b"]"#]),
        operator::map_lookup("map.lookup"),
        pure(
            "map.values",
            "func(x map{?1: ?2}) []?2",
            "The values in the order of their keys, as `map.keys` gives them.",
            native!(values(x)),
        )
        .bound(1, &Bound::Hashable)
        .examples(examples![r#"map.values({"b" => 1, "a" => 2})"# => "[2, 1]"]),
        pure(
            "map.has",
            "func(map map{?1: ?2}, key ?1) bool",
            "Whether the map has an entry under a key. Not in the original.",
            native!(has(map, key)),
        )
        .bound(1, &Bound::Hashable)
        .examples(examples![r#"map.has({"a" => 1}, "a")"# => "true"]),
        pure(
            "map.merge",
            "func(maps map{?1: ?2}) map{?1: ?2}",
            "The entries of all maps; of entries with one key that of the last map stays. Not in the \
             original.",
            merge,
        )
        .variadic()
        .bound(1, &Bound::Hashable)
        .examples(examples![
            r#"map.merge({"a" => 1, "b" => 1}, {"b" => 2})"# => r#"{"a": 1, "b": 2}"#
        ]),
    ]
}

fn keys(map: &Map) -> Vec<Value> {
    map.iter().map(|(key, _)| key.clone()).collect()
}

fn values(map: &Map) -> Vec<Value> {
    map.iter().map(|(_, value)| value.clone()).collect()
}

fn has(map: &Map, key: &Value) -> bool {
    map.get(key).is_some()
}

fn merge(args: &[Value]) -> crate::catalog::CallResult {
    let maps: Vec<&Map> = args
        .iter()
        .map(super::declare::Argument::from_value)
        .collect::<Result<_, _>>()?;
    Ok(Value::Map(
        maps.iter()
            .flat_map(|map| map.iter())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, caught};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_and_values_correspond(entries: std::collections::BTreeMap<i64, i64>) {
            let map = Value::Map(entries.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect());
            let keys: Vec<Value> = entries.keys().map(|key| Value::Int(*key)).collect();
            let values: Vec<Value> = entries.values().map(|value| Value::Int(*value)).collect();
            prop_assert_eq!(call("map.keys", std::slice::from_ref(&map)), Ok(Value::from(keys)));
            prop_assert_eq!(call("map.values", &[map]), Ok(Value::from(values)));
        }

        #[test]
        fn of_several_maps_the_last_one_says(
            a: std::collections::BTreeMap<u8, i64>,
            b: std::collections::BTreeMap<u8, i64>,
        ) {
            let map = |entries: &std::collections::BTreeMap<u8, i64>| {
                Value::Map(entries.iter().map(|(k, v)| (i64::from(*k).into(), (*v).into())).collect())
            };
            let mut both = a.clone();
            both.extend(&b);
            prop_assert_eq!(call("map.merge", &[map(&a), map(&b)]), Ok(map(&both)));
            prop_assert_eq!(call("map.merge", &[map(&a), map(&a)]), Ok(map(&a)));
        }
    }

    #[test]
    fn keys_and_values_are_in_one_order() {
        let entries = |order: &[(&str, i64)]| {
            let entries = order
                .iter()
                .map(|(key, value)| ((*key).into(), (*value).into()));
            Value::Map(entries.collect())
        };
        for order in [
            [("b", 1), ("B", 2), ("a", 3), ("\u{e9}", 4), ("", 5)],
            [("", 5), ("\u{e9}", 4), ("a", 3), ("B", 2), ("b", 1)],
        ] {
            let keys = call("map.keys", &[entries(&order)]).unwrap();
            assert_eq!(keys.to_string(), "[\"\", \"B\", \"a\", \"b\", \"\u{e9}\"]");
            let values = call("map.values", &[entries(&order)]).unwrap();
            assert_eq!(values.to_string(), "[5, 2, 3, 1, 4]");
        }
    }

    #[test]
    fn a_missing_key_can_be_caught() {
        let map = Value::Map([("a".into(), 1.into())].into_iter().collect());
        assert_eq!(
            call("map.lookup", &[map.clone(), "a".into()]),
            Ok(Value::Int(1))
        );
        assert_eq!(
            caught(call("map.lookup", &[map, "b".into()])),
            r#"map key not present, want: "b" in {"a": 1}"#
        );
    }

    #[test]
    fn a_key_that_is_nan_is_never_found() {
        let map = Value::Map([(f64::NAN.into(), 1.into())].into_iter().collect());
        assert_eq!(
            call("map.has", &[map, f64::NAN.into()]),
            Ok(Value::Bool(false))
        );
    }
}
