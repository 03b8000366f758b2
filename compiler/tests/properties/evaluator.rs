//! The evaluator against its model: whatever happened before, the state is the one that the program gives
//! from scratch with the present values of its sources (typing-and-evaluation.md §12, 1, 2, 6, 7).

use std::collections::BTreeMap;

use mgmt_compiler::evaluator::{Evaluator, Step};
use mgmt_stdlib::catalog::CallError;
use mgmt_stdlib::value::Value;
use proptest::prelude::*;
use proptest::sample::Index;

use super::generate::{HEAD, SOURCES, finish, int, program, text};
use super::run::{Event, Run, World};

fn number() -> impl Strategy<Value = Option<i64>> {
    proptest::option::weighted(0.8, 0..4i64)
}

fn numbers() -> impl Strategy<Value = Vec<i64>> {
    proptest::collection::vec(0..4i64, 0..4)
}

fn table() -> impl Strategy<Value = BTreeMap<String, i64>> {
    proptest::collection::btree_map("[0-3]", 0..4i64, 0..4)
}

pub fn world() -> impl Strategy<Value = World> {
    (
        proptest::collection::vec(number(), SOURCES),
        proptest::collection::vec(any::<bool>(), SOURCES),
        proptest::collection::vec(numbers(), SOURCES),
        proptest::collection::vec(table(), SOURCES),
    )
        .prop_map(|(ints, bools, lists, tables)| World {
            ints,
            bools,
            lists,
            tables,
        })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..SOURCES, number()).prop_map(|(n, value)| Event::Int(n, value)),
        (0..SOURCES, any::<bool>()).prop_map(|(n, value)| Event::Bool(n, value)),
        (0..SOURCES, numbers()).prop_map(|(n, value)| Event::List(n, value)),
        (0..SOURCES, table()).prop_map(|(n, value)| Event::Table(n, value)),
    ]
}

/// A world in which every source has a value.
pub fn calm() -> World {
    World {
        ints: vec![Some(1); SOURCES],
        bools: vec![true; SOURCES],
        lists: vec![vec![1, 2, 3]; SOURCES],
        tables: vec![BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]); SOURCES],
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// §12.1, one event after another.
    #[test]
    fn every_state_is_the_one_from_scratch(text in text(), world in world(), events in proptest::collection::vec(event(), 1..16)) {
        let program = program(&text);
        let mut world = world;
        let mut run = Run::new(&program);
        let mut started = run.settle(&world);
        for event in &events {
            if started.is_err() {
                // A program that ended stays so.
                break;
            }
            let requests = run.evaluator.requests();
            run.serve(requests, &world);
            world.apply(event);
            let mut fresh = Run::new(&program);
            let expected = fresh.settle(&world);
            started = run.happen(&world, event);
            prop_assert_eq!(&started, &expected, "{:?}\n{}", event, &text);
            if started.is_ok() {
                prop_assert_eq!(&run.shown, &fresh.shown, "{:?}\n{}", event, &text);
                let requests = fresh.evaluator.requests();
                fresh.serve(requests, &world);
                prop_assert_eq!(run.calls.len(), fresh.calls.len(), "live calls\n{}", &text);
            }
        }
    }

    /// §12.1, when all sources change at once.
    #[test]
    fn many_events_may_come_together(text in text(), worlds in proptest::collection::vec(world(), 2..5)) {
        let program = program(&text);
        let mut run = Run::new(&program);
        let mut started = run.settle(&worlds[0]);
        for world in &worlds[1..] {
            if started.is_err() {
                break;
            }
            let mut fresh = Run::new(&program);
            let expected = fresh.settle(world);
            started = run.change(world);
            prop_assert_eq!(&started, &expected, "{}", &text);
            if started.is_ok() {
                prop_assert_eq!(&run.shown, &fresh.shown, "{}", &text);
            }
        }
    }

    /// §12.2: what a statement needs is there, or there is no state.
    #[test]
    fn no_state_lacks_a_value(values in proptest::collection::vec(number(), 1..20), caught: bool) {
        let default = if caught { " <|> -1" } else { "" };
        let program = program(&format!(
            "{HEAD}$n = source.number(0)\n$m = [$n, 0]\ntest \"a\" {{ int64 => $m[0]{default}, }}\n"
        ));
        let mut world = calm();
        world.ints[0] = values[0];
        let mut run = Run::new(&program);
        let mut outcome = run.settle(&world);
        for value in &values {
            world.ints[0] = *value;
            if outcome.is_ok() {
                outcome = run.change(&world);
            }
            match value.or(caught.then_some(-1)) {
                Some(value) => {
                    prop_assert_eq!(&outcome, &Ok(()));
                    let expected = format!("test[a] Some({value}) Some(\"\") None");
                    prop_assert_eq!(run.shown.as_deref(), Some(&[expected][..]));
                }
                None => {
                    prop_assert_eq!(&outcome, &Err("missing".to_owned()));
                    break;
                }
            }
        }
    }

    /// §12.6.
    #[test]
    fn an_infallible_left_side_never_starts_the_right(n in 0..9i64, right in int(2, 0), worlds in proptest::collection::vec(world(), 1..4)) {
        let text = finish(&format!(
            "{HEAD}$l = if source.flag(0) {{ {n} }} else {{ twice({n}) }}\ntest \"a\" {{ int64 => $l <|> {right}, }}\n"
        ));
        let mut run = Run::new(&program(&text));
        prop_assert_eq!(run.settle(&worlds[0]), Ok(()));
        for world in &worlds {
            prop_assert_eq!(run.change(world), Ok(()));
            let started: Vec<&str> = run.calls.values().map(|(function, _)| function.name).collect();
            prop_assert_eq!(started, ["flag"], "{}", text);
        }
    }

    /// §12.7, for any program that goes back and forth between two states.
    #[test]
    fn going_back_and_forth_leaves_the_number_of_nodes(text in text(), a in world(), b in world()) {
        let mut run = Run::new(&program(&text));
        if run.settle(&a).is_err() {
            return Ok(());
        }
        let mut counts = [0; 2];
        for round in 0..12 {
            for (count, world) in counts.iter_mut().zip([&a, &b]) {
                if run.change(world).is_err() {
                    return Ok(());
                }
                let nodes = run.evaluator.live_nodes();
                // The literals of a part stay once it was there.
                if round > 1 {
                    prop_assert_eq!(nodes, *count, "round {}\n{}", round, &text);
                }
                *count = nodes;
            }
        }
    }

    /// An error that is not marked as catchable ends the program wherever it comes from (§6.2), and it stays
    /// ended.
    #[test]
    fn a_fatal_error_ends_the_program(text in text(), world in world(), which: Index) {
        let mut run = Run::new(&program(&text));
        if run.settle(&world).is_err() {
            return Ok(());
        }
        let requests = run.evaluator.requests();
        run.serve(requests, &world);
        let calls: Vec<_> = run.calls.keys().copied().collect();
        if calls.is_empty() {
            return Ok(());
        }
        run.evaluator.feed(calls[which.index(calls.len())], Err(CallError::fatal("boom")));
        for _ in 0..2 {
            let Err(diagnostic) = run.evaluator.stabilize() else { panic!("{text}") };
            prop_assert_eq!(&diagnostic.message, "boom");
            prop_assert!(diagnostic.primary.is_some(), "it has a place");
        }
        prop_assert_eq!(run.change(&world), Err("boom".to_owned()));
    }
}

/// §12.7, as often as a machine flaps in a bad year.
#[test]
fn toggling_a_condition_leaves_the_number_of_nodes() {
    let program = program(&format!(
        r#"{HEAD}$c = source.flag(0)
$x = source.number(0)
$shared = iter.map(source.numbers(0), func($e) {{ $e + $x }})
$kept = iter.filter($shared, func($e) {{ $c }})
$f = if $c {{ func($n) {{ $n + $x }} }} else {{ func($n) {{ $n }} }}
$failing = if $c {{ [1][5] }} else {{ 1 }}
test "value" {{ int64 => $f(1) + ($failing <|> source.number(1)), }}
if $c {{
	test "then" {{ int64 => $shared[0] <|> 0, Before => Test["value"], }}
	forkv $k, $v in source.table(0) {{
		test "${{k}}" {{ int64 => iter.reduce(0, $kept, func($a, $b) {{ $a + $b }}), }}
	}}
}} else {{
	for $i, $v in $shared {{
		test ["else"] {{ int64 => if $c {{ $v }} else {{ $x * 0 }}, }}
	}}
}}
"#,
    ));
    let mut world = calm();
    let mut run = Run::new(&program);
    assert_eq!(run.settle(&world), Ok(()));
    let mut counts = [0; 2];
    for round in 0..10_000 {
        world.bools[0] = round % 2 == 1;
        assert_eq!(run.change(&world), Ok(()));
        let nodes = run.evaluator.live_nodes();
        if round < 2 {
            counts[round % 2] = nodes;
        }
        assert_eq!(nodes, counts[round % 2], "round {round}");
    }
}

/// §7.3.1.
#[test]
fn one_source_is_never_seen_twice_in_one_state() {
    let program = program(&format!(
        "{HEAD}$n = source.number(0)\ntest \"a\" {{ int64 => $n - $n, interface => [$n, $n + 1], }}\n",
    ));
    let mut world = calm();
    let mut run = Run::new(&program);
    assert_eq!(run.settle(&world), Ok(()));
    for n in 2..100 {
        world.ints[0] = Some(n);
        assert_eq!(run.change(&world), Ok(()));
        let expected = format!("test[a] Some(0) Some(\"\") Some([{n}, {}])", n + 1);
        assert_eq!(run.shown.as_deref(), Some(&[expected][..]));
    }
}

/// §7.3.3: the first state comes when the last source has spoken.
#[test]
fn there_is_no_state_before_all_is_known() {
    let program = program(&format!(
        "{HEAD}test \"a\" {{ int64 => source.number(0) <|> 0, }}\ntest \"b\" {{ int64 => source.number(1) <|> 0, }}\n",
    ));
    let mut evaluator = Evaluator::new(program);
    assert!(matches!(evaluator.stabilize(), Ok(Step::Waiting)));
    let calls = Run::started(&mut evaluator);
    evaluator.feed(calls[0], Ok(Value::Int(1)));
    assert!(matches!(evaluator.stabilize(), Ok(Step::Waiting)));
    evaluator.feed(calls[1], Err(CallError::catchable("missing")));
    assert!(matches!(evaluator.stabilize(), Ok(Step::Graph(_))));
}

/// §7.3.4 and §7.3.6.
#[test]
fn what_changes_nothing_is_no_state() {
    let program = program(&format!(
        "{HEAD}if source.flag(0) {{\n\ttest \"a\" {{ int64 => source.number(0) * 0, }}\n}}\n",
    ));
    let mut evaluator = Evaluator::new(program);
    assert!(matches!(evaluator.stabilize(), Ok(Step::Waiting)));
    let flag = Run::started(&mut evaluator)[0];
    evaluator.feed(flag, Ok(Value::Bool(true)));
    assert!(matches!(evaluator.stabilize(), Ok(Step::Waiting)));
    let number = Run::started(&mut evaluator)[0];
    evaluator.feed(number, Ok(Value::Int(1)));
    assert!(matches!(evaluator.stabilize(), Ok(Step::Graph(_))));
    evaluator.feed(number, Ok(Value::Int(2)));
    assert!(matches!(evaluator.stabilize(), Ok(Step::Unchanged)));
    evaluator.feed(flag, Ok(Value::Bool(false)));
    assert!(matches!(evaluator.stabilize(), Ok(Step::Graph(graph)) if graph.is_empty()));
    evaluator.feed(number, Err(CallError::fatal("too late")));
    assert!(matches!(evaluator.stabilize(), Ok(Step::Unchanged)));
}

/// §7.5.3: an iteration whose element stays keeps its sources, and those of removed ones are never asked
/// about the shorter list.
#[test]
fn loops_keep_the_iterations_that_stay() {
    for statement in [
        "for $i, $v in source.numbers(0) {\n\t$s = fmt.printf(\"%d\", $i)\n\ttest \"${s}\" { int64 => source.number($i) + $v, }\n}\n",
        "test \"a\" { interface => iter.map(source.numbers(0), func($v) { source.number(0) + $v }), }\n",
        "test \"a\" { interface => iter.filter(source.numbers(0), func($v) { source.flag(0) }), }\n",
        "test \"a\" { int64 => iter.reduce(0, source.numbers(0), func($a, $v) { $a + source.number(0) + $v }), }\n",
    ] {
        let mut world = calm();
        let mut run = Run::new(&program(&format!("{HEAD}{statement}")));
        assert_eq!(run.settle(&world), Ok(()));
        let requests = run.evaluator.requests();
        run.serve(requests, &world);
        let inner = |run: &Run| -> Vec<_> {
            let calls = run.calls.iter();
            calls
                .filter(|(_, (function, _))| function.name != "numbers")
                .map(|(id, _)| *id)
                .collect()
        };
        let before = inner(&run);
        assert_eq!(before.len(), 3);
        for (list, kept) in [(vec![1, 7, 3, 4], 3), (vec![1, 7], 2), (vec![], 0)] {
            world.lists[0] = list;
            assert_eq!(run.change(&world), Ok(()), "{statement}");
            let now = inner(&run);
            assert_eq!(now.len(), world.lists[0].len());
            let still = before.iter().filter(|id| now.contains(id)).count();
            assert_eq!(still, kept, "{statement}");
        }
    }
}

/// §6.5.1, §6.5.2, §6.5.4: the fallback runs while the left side fails, which is watched all along.
#[test]
fn a_fallback_is_started_and_stopped() {
    let program = program(&format!(
        "{HEAD}test \"a\" {{ int64 => source.number(0) <|> source.number(1) <|> len(source.numbers(0)), }}\n",
    ));
    let mut world = calm();
    let mut run = Run::new(&program);
    assert_eq!(run.settle(&world), Ok(()));
    for (first, second, value, running) in [
        (Some(4), Some(5), 4, 1),
        (None, Some(5), 5, 2),
        (None, None, 3, 3),
        (None, Some(6), 6, 2),
        (Some(7), None, 7, 1),
        (None, None, 3, 3),
        (Some(8), None, 8, 1),
    ] {
        world.ints = vec![first, second, None];
        assert_eq!(run.change(&world), Ok(()));
        let expected = format!("test[a] Some({value}) Some(\"\") None");
        assert_eq!(run.shown.as_deref(), Some(&[expected][..]));
        assert_eq!(run.calls.len(), running);
    }
}

/// §6.6: if all sides fail, the error is that of the last.
#[test]
fn the_last_error_counts() {
    let program = program(&format!(
        "{HEAD}test \"a\" {{ int64 => source.number(0) <|> [1][source.number(1)], }}\n",
    ));
    let mut world = calm();
    world.ints = vec![None, Some(0), None];
    let mut run = Run::new(&program);
    assert_eq!(run.settle(&world), Ok(()));
    world.ints[1] = Some(9);
    let error = run.change(&world).unwrap_err();
    assert_ne!(error, "missing");
    assert!(error.contains('9'), "{error}");
}
