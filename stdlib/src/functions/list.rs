//! `list`: lists as a whole (functions.md §13).

use std::collections::BTreeSet;

use crate::catalog::{Bound, CallError, CallResult, FunctionDef};
use crate::value::{Key, List, Value};

use super::declare::{Argument, examples, native, pure};
use super::operator;

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        pure(
            "list.concat",
            "func(lists []?1) []?1",
            "The elements of all lists, one after another. There is one list at least.",
            concat,
        )
        .variadic()
        .examples(examples!["list.concat([1], [2, 3])" => "[1, 2, 3]"]),
        operator::list_lookup("list.lookup"),
        pure(
            "list.sort",
            "func(list []?1) []?1",
            "The elements in ascending order: numbers by value, strings by their bytes, lists element by \
             element. Not in the original.",
            native!(sort(list)),
        )
        .bound(1, &Bound::NoFunc)
        .examples(examples![r#"list.sort(["b", "a"])"# => r#"["a", "b"]"#]),
        pure(
            "list.reverse",
            "func(list []?1) []?1",
            "The elements from the last to the first. Not in the original.",
            native!(reverse(list)),
        )
        .examples(examples!["list.reverse([1, 2])" => "[2, 1]"]),
        pure(
            "list.unique",
            "func(list []?1) []?1",
            "The elements without repetitions, each at its first place. Not in the original.",
            native!(unique(list)),
        )
        .bound(1, &Bound::NoFunc)
        .examples(examples!["list.unique([2, 1, 2])" => "[2, 1]"]),
        pure(
            "list.slice",
            "func(list []?1, low int, high int) []?1",
            "The elements from `low` up to but not including `high`. Not in the original.",
            native!(slice(list, low, high)),
        )
        .catchable(&["low/high out of range"])
        .examples(examples!["list.slice([1, 2, 3], 1, 3)" => "[2, 3]"]),
        pure(
            "list.index",
            "func(list []?1, element ?1) int",
            "The place of the first element that equals the second argument, or -1. Not in the original.",
            native!(index(list, element)),
        )
        .examples(examples![r#"list.index(["a", "b"], "b")"# => "1", "list.index([1], 2)" => "-1"]),
    ]
}

fn concat(args: &[Value]) -> CallResult {
    let lists: Vec<&List> = args
        .iter()
        .map(Argument::from_value)
        .collect::<Result<_, _>>()?;
    let mut lists = lists.into_iter().filter(|list| !list.is_empty());
    // What is appended to is shared, not copied.
    let mut all = lists.next().cloned().unwrap_or_default();
    for list in lists {
        all.extend(list.iter().cloned());
    }
    Ok(Value::List(all))
}

fn sort(list: &List) -> Vec<Value> {
    let mut keys: Vec<Key> = list.iter().cloned().map(Key).collect();
    keys.sort();
    keys.into_iter().map(|Key(value)| value).collect()
}

fn reverse(list: &List) -> Vec<Value> {
    list.iter().rev().cloned().collect()
}

fn unique(list: &List) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    list.iter()
        .filter(|value| seen.insert(Key((*value).clone())))
        .cloned()
        .collect()
}

fn slice(list: &List, low: i64, high: i64) -> Result<List, CallError> {
    span(low, high)
        .and_then(|span| list.slice(span))
        .ok_or_else(|| CallError::catchable("low/high out of range"))
}

/// The range of indexes that two ints stand for.
pub(crate) fn span(low: i64, high: i64) -> Option<std::ops::Range<usize>> {
    Some(usize::try_from(low).ok()?..usize::try_from(high).ok()?)
}

fn index(list: &List, element: &Value) -> i64 {
    // No list is longer than `isize::MAX`.
    list.iter()
        .position(|value| value == element)
        .map_or(-1, |at| at as i64)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, caught};
    use super::*;
    use proptest::prelude::*;

    fn ints(values: &[i64]) -> Value {
        Value::list(values.iter().map(|value| Value::Int(*value)))
    }

    #[test]
    fn concat_takes_any_number_of_lists() {
        let args = [ints(&[1]), ints(&[]), ints(&[2, 3])];
        assert_eq!(call("list.concat", &args), Ok(ints(&[1, 2, 3])));
        assert_eq!(call("list.concat", &args[..1]), Ok(ints(&[1])));
    }

    #[test]
    fn lookups_outside_can_be_caught() {
        let at = |index: i64| call("list.lookup", &[ints(&[7]), index.into()]);
        assert_eq!(at(0), Ok(Value::Int(7)));
        assert_eq!(
            caught(at(i64::MIN)),
            format!("list index negative, got: {}", i64::MIN)
        );
        assert_eq!(
            caught(at(i64::MAX)),
            format!(
                "list index not present, got: {}, len is: 1, in: [7]",
                i64::MAX
            )
        );
    }

    #[test]
    fn slices_stay_in_the_list() {
        let cut =
            |low: i64, high: i64| call("list.slice", &[ints(&[1, 2, 3]), low.into(), high.into()]);
        assert_eq!(cut(3, 3), Ok(ints(&[])));
        for (low, high) in [(-1, 2), (2, 1), (0, 4)] {
            assert_eq!(caught(cut(low, high)), "low/high out of range");
        }
    }

    proptest! {
        #[test]
        fn sorting_gives_what_the_numbers_say(mut values: Vec<i64>) {
            let sorted = call("list.sort", &[ints(&values)]);
            values.sort_unstable();
            prop_assert_eq!(sorted, Ok(ints(&values)));
        }

        #[test]
        fn reversing_twice_changes_nothing(values: Vec<i64>) {
            let back = call("list.reverse", &[call("list.reverse", &[ints(&values)]).unwrap()]);
            prop_assert_eq!(back, Ok(ints(&values)));
        }

        #[test]
        fn unique_elements_differ(values in prop::collection::vec(0i64..5, 0..20)) {
            let unique = call("list.unique", &[ints(&values)]).unwrap();
            let unique = unique.as_list().unwrap();
            for (at, value) in unique.iter().enumerate() {
                prop_assert!(!unique.iter().take(at).any(|other| other == value));
            }
            prop_assert!(values.iter().all(|value| unique.contains(&Value::Int(*value))));
        }

        #[test]
        fn a_second_time_changes_nothing(values in prop::collection::vec(any::<f64>(), 0..12)) {
            let list = Value::list(values.into_iter().map(Value::Float));
            for name in ["list.sort", "list.unique"] {
                let once = call(name, std::slice::from_ref(&list)).unwrap();
                let twice = call(name, std::slice::from_ref(&once)).unwrap();
                prop_assert!(twice.is_same(&once), "{} {} {}", name, once, twice);
            }
        }

        #[test]
        fn unique_elements_keep_their_order(values in prop::collection::vec(0i64..5, 0..20)) {
            let mut expected: Vec<i64> = Vec::new();
            for value in &values {
                if !expected.contains(value) {
                    expected.push(*value);
                }
            }
            prop_assert_eq!(call("list.unique", &[ints(&values)]), Ok(ints(&expected)));
        }

        #[test]
        fn both_sides_of_a_cut_are_the_whole(values: Vec<i64>, at: prop::sample::Index) {
            let at = at.index(values.len() + 1) as i64;
            let cut = |low: i64, high: i64| call("list.slice", &[ints(&values), low.into(), high.into()]);
            let sides = [cut(0, at).unwrap(), cut(at, values.len() as i64).unwrap()];
            prop_assert_eq!(call("list.concat", &sides), Ok(ints(&values)));
        }

        #[test]
        fn what_is_found_is_there(values in prop::collection::vec(0i64..5, 0..9), wanted in 0i64..5) {
            let at = call("list.index", &[ints(&values), wanted.into()]).unwrap();
            let looked_up = call("list.lookup", &[ints(&values), at.clone()]);
            match values.iter().position(|value| *value == wanted) {
                Some(first) => {
                    prop_assert_eq!(at, Value::Int(first as i64));
                    prop_assert_eq!(looked_up, Ok(Value::Int(wanted)));
                }
                None => {
                    prop_assert_eq!(at, Value::Int(-1));
                    prop_assert_eq!(caught(looked_up), "list index negative, got: -1");
                }
            }
        }
    }
}
