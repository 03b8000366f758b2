//! `iter`: functions over the elements of lists (functions.md §12).

use crate::catalog::{CallError, CallResult, FunctionDef, GraphFunction};
use crate::value::{List, Value};

use super::declare::{Argument, examples, graph, native, pure, wrong_count};

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        graph(
            "iter.map",
            "func(inputs []?1, function func(?1) ?2) []?2",
            "What the function gives for each element, in order. The function may hold sources; each element has its own. \
             If it fails for an element, the list fails, unless the function catches that itself.",
            GraphFunction::Map,
        )
        .examples(examples!["iter.map([1, 2], func($x) { $x * 10 })" => "[10, 20]"]),
        graph(
            "iter.filter",
            "func(inputs []?1, function func(?1) bool) []?1",
            "The elements for which the function gives true, in order. If it fails for an element, the list fails.",
            GraphFunction::Filter,
        )
        .examples(examples!["iter.filter([1, 2, 3], func($x) { $x > 1 })" => "[2, 3]"]),
        graph(
            "iter.reduce",
            "func(inputs []?1, function func(?1, ?1) ?1) ?1",
            "Joins all elements into one value, from the left; with three arguments the first is the value to \
             start from, which is the result for an empty list. With two, a single element is the result, and the \
             function is not called.",
            GraphFunction::Reduce,
        )
        .or("func(initval ?1, inputs []?1, function func(?1, ?1) ?1) ?1")
        .catchable(&["cannot reduce an empty list without an initial value"])
        .examples(examples![
            "iter.reduce([1, 2, 3], func($a, $b) { $a + $b })" => "6",
            "iter.reduce(10, [1, 2, 3], func($a, $b) { $a + $b })" => "16",
        ]),
        graph(
            "iter.zip",
            "func(inputs1 []?1, inputs2 []?2, function func(?1, ?2) ?3) []?3",
            "What the function gives for the elements of two lists at the same place. What the longer list has more is \
             left out.",
            GraphFunction::Zip,
        )
        .examples(examples!["iter.zip([1, 2], [3, 4], func($a, $b) { $a + $b })" => "[4, 6]"]),
        pure(
            "iter.flatten",
            "func(inputs [][]?1) []?1",
            "The elements of the lists in a list, in order, one level deep.",
            native!(flatten(inputs)),
        )
        .examples(examples!["iter.flatten([[1], [2, 3]])" => "[1, 2, 3]"]),
        pure(
            "iter.range",
            "func(stop int) []int",
            "The ints from 0, or from `start`, up to but not including `stop`, each `step` more than the one \
             before. There are none if `stop` lies the other way. A step of 0 ends the program, and so does a range of \
             more than 10,000,000 ints.",
            range,
        )
        .or("func(start int, stop int) []int")
        .or("func(start int, stop int, step int) []int")
        .examples(examples![
            "iter.range(3)" => "[0, 1, 2]",
            "iter.range(1, 3)" => "[1, 2]",
            "iter.range(3, 0, -2)" => "[3, 1]",
        ]),
    ]
}

fn flatten(inputs: &List) -> Result<List, CallError> {
    let mut all = List::default();
    for inner in inputs.iter() {
        all.extend(<&List>::from_value(inner)?.iter().cloned());
    }
    Ok(all)
}

/// The longest range that is made.
const MAX_LEN: u128 = 10_000_000;

fn range(args: &[Value]) -> CallResult {
    let ints: Vec<i64> = args
        .iter()
        .map(Argument::from_value)
        .collect::<Result<_, _>>()?;
    let (start, stop, step) = match ints[..] {
        [stop] => (0, stop, 1),
        [start, stop] => (start, stop, 1),
        [start, stop, step] => (start, stop, step),
        _ => return Err(wrong_count(ints.len())),
    };
    if step == 0 {
        return Err(CallError::fatal("step value cannot be 0"));
    }
    let (distance, stride) = (
        i128::from(stop) - i128::from(start),
        i128::from(step).unsigned_abs(),
    );
    if (distance > 0) == (step > 0) && distance.unsigned_abs().div_ceil(stride) > MAX_LEN {
        return Err(CallError::fatal(format!(
            "a range of more than {MAX_LEN} ints is too long"
        )));
    }
    let inside = |at: &i64| if step > 0 { *at < stop } else { *at > stop };
    let first = Some(start).filter(inside);
    Ok(Value::list(
        std::iter::successors(first, |at| at.checked_add(step).filter(inside)).map(Value::Int),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, fatal};
    use super::*;
    use proptest::prelude::*;

    fn range_of(args: &[i64]) -> CallResult {
        let args: Vec<Value> = args.iter().map(|arg| Value::Int(*arg)).collect();
        call("iter.range", &args)
    }

    fn ints(values: &[i64]) -> CallResult {
        Ok(Value::list(values.iter().map(|value| Value::Int(*value))))
    }

    #[test]
    fn ranges_are_half_open_in_both_directions() {
        assert_eq!(range_of(&[0]), ints(&[]));
        assert_eq!(range_of(&[-2]), ints(&[]));
        assert_eq!(range_of(&[2, 7, 2]), ints(&[2, 4, 6]));
        assert_eq!(range_of(&[3, 0, -1]), ints(&[3, 2, 1]));
        assert_eq!(range_of(&[0, 3, -1]), ints(&[]));
        assert_eq!(fatal(range_of(&[0, 3, 0])), "step value cannot be 0");
    }

    #[test]
    fn ranges_stop_at_the_limits_of_ints() {
        assert_eq!(
            range_of(&[i64::MAX - 3, i64::MAX, 2]),
            ints(&[i64::MAX - 3, i64::MAX - 1])
        );
        assert_eq!(
            range_of(&[i64::MIN + 2, i64::MIN, -2]),
            ints(&[i64::MIN + 2])
        );
        assert_eq!(
            range_of(&[i64::MAX]).map_err(|error| error.catchable),
            Err(false)
        );
        for args in [
            &[10_000_001][..],
            &[0, i64::MIN, -1],
            &[i64::MIN, i64::MAX, 3],
        ] {
            assert_eq!(
                fatal(range_of(args)),
                "a range of more than 10000000 ints is too long"
            );
        }
        assert_eq!(
            range_of(&[i64::MIN, i64::MAX, i64::MAX]),
            ints(&[i64::MIN, -1, i64::MAX - 1])
        );
        assert_eq!(range_of(&[i64::MAX, i64::MIN, 1]), ints(&[]));
        assert_eq!(range_of(&[0, 1, i64::MAX]), ints(&[0]));
        assert_eq!(range_of(&[0, -1, i64::MIN]), ints(&[0]));
    }

    #[test]
    fn flatten_drops_one_level() {
        let list = Value::list([Value::list([]), Value::list([Value::list([1.into()])])]);
        assert_eq!(
            call("iter.flatten", &[list]),
            Ok(Value::list([Value::list([1.into()])]))
        );
    }

    proptest! {
        #[test]
        fn flattening_undoes_cutting_into_pieces(values: Vec<i64>, size in 1usize..5) {
            let pieces = Value::list(values.chunks(size).map(|piece| ints(piece).unwrap()));
            prop_assert_eq!(call("iter.flatten", &[pieces]), ints(&values));
        }

        #[test]
        fn ranges_are_those_of_a_loop(start in -50i64..50, stop in -50i64..50, step in prop_oneof![-7i64..=-1, 1i64..=7]) {
            let (mut at, mut expected) = (start, Vec::new());
            while if step > 0 { at < stop } else { at > stop } {
                expected.push(at);
                at += step;
            }
            prop_assert_eq!(range_of(&[start, stop, step]), ints(&expected));
        }
    }
}
