//! The evaluator against its model: whatever happened before, the state is the one that the program gives
//! from scratch with the present values of its sources (typing-and-evaluation.md §12, 1, 2, 6, 7).

use mgmt_compiler::evaluator::{Evaluator, Step};
use proptest::prelude::*;

use super::generate::{SOURCES, program, text};
use super::run::{Run, World};

fn world() -> impl Strategy<Value = World> {
    let ints = proptest::collection::vec(proptest::option::weighted(0.8, 0..4i64), SOURCES);
    let bools = proptest::collection::vec(any::<bool>(), SOURCES);
    let lists = proptest::collection::vec(proptest::collection::vec(0..4i64, 0..4), SOURCES);
    (ints, bools, lists).prop_map(|(ints, bools, lists)| World { ints, bools, lists })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_state_is_the_one_from_scratch(text in text(), worlds in proptest::collection::vec(world(), 1..8)) {
        let program = program(&text);
        let mut run = Run::new(&program);
        let mut started = run.settle(&worlds[0]);
        for world in &worlds[1..] {
            let mut fresh = Run::new(&program);
            let expected = fresh.settle(world);
            if started.is_err() {
                // A program that ended stays so.
                break;
            }
            started = run.change(world);
            prop_assert_eq!(&started, &expected, "{}", &text);
            if started.is_ok() {
                prop_assert_eq!(&run.shown, &fresh.shown, "{}", &text);
                let requests = fresh.evaluator.requests();
                fresh.serve(requests, world);
                prop_assert_eq!(run.calls.len(), fresh.calls.len(), "live calls\n{}", &text);
            }
        }
    }
}

#[test]
fn toggling_a_condition_leaves_the_number_of_nodes() {
    let program = program(
        r#"import "source"
import "iter"
$c = source.flag(0)
$x = source.number(0)
$shared = iter.map(source.numbers(0), func($e) { $e + $x })
if $c {
	test "a" { int64 => $shared[0] <|> 0, }
} else {
	for $i, $v in $shared {
		test ["b"] { int64 => if $c { $v } else { $x * 0 }, }
	}
}
"#,
    );
    let mut world = World {
        ints: vec![Some(1); SOURCES],
        bools: vec![true; SOURCES],
        lists: vec![vec![1, 2, 3]; SOURCES],
    };
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

#[test]
fn an_infallible_left_side_never_starts_the_right() {
    let program = program("import \"source\"\ntest \"a\" { int64 => 1 <|> source.number(0), }\n");
    let mut evaluator = Evaluator::new(program);
    assert!(matches!(evaluator.stabilize(), Ok(Step::Graph(_))));
    assert!(evaluator.requests().is_empty());
}

#[test]
fn one_source_is_never_seen_twice_in_one_state() {
    let program = program(
        "import \"source\"\n$n = source.number(0)\ntest \"a\" { int64 => $n - $n, interface => [$n, $n + 1], }\n",
    );
    let mut world = World {
        ints: vec![Some(0); SOURCES],
        bools: vec![true; SOURCES],
        lists: vec![Vec::new(); SOURCES],
    };
    let mut run = Run::new(&program);
    assert_eq!(run.settle(&world), Ok(()));
    for n in 1..100 {
        world.ints[0] = Some(n);
        assert_eq!(run.change(&world), Ok(()));
        let expected = format!("test[a] Some(0) Some(\"\") Some([{n}, {}])", n + 1);
        assert_eq!(run.shown.as_deref(), Some(&[expected][..]));
    }
}
