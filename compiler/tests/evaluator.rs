//! The evaluator against its model: whatever happened before, the state is the one that the program gives
//! from scratch with the present values of its sources (typing-and-evaluation.md §12, 1, 2, 6, 7).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use mgmt_compiler::evaluator::{CallId, Evaluator, Request, Step};
use mgmt_compiler::files::MemoryFiles;
use mgmt_compiler::graph::ResourceGraph;
use mgmt_compiler::program::Program;
use mgmt_compiler::{Input, Options, compile};
use mgmt_stdlib::catalog::{
    CallError, CallResult, Catalog, FunctionDef, Host, Implementation, Inference, Purity, Sampler,
    Signature, Wake,
};
use mgmt_stdlib::value::Value;
use proptest::prelude::*;

/// Is never called: the test feeds the evaluator itself.
struct Silent;

impl Sampler for Silent {
    fn call(&mut self, _: &dyn Host, _: &[Value]) -> CallResult {
        Err(CallError::fatal("not called"))
    }
    fn wake(&self, _: &[Value]) -> Vec<Wake> {
        Vec::new()
    }
}

/// The library with `source.number(n)`, `source.flag(n)` and `source.numbers(n)`: the present value of the
/// n-th source of that type.
fn catalog() -> Catalog {
    let mut catalog = Catalog::standard().expect("no duplicates");
    for (name, signature) in [
        ("number", "func(n int) int"),
        ("flag", "func(n int) bool"),
        ("numbers", "func(n int) []int"),
    ] {
        let function = FunctionDef {
            package: "source",
            name,
            signatures: vec![Signature::declare(signature)],
            doc: "A value that the test chooses.",
            purity: Purity::Source,
            catchable: &["missing"],
            inference: Inference::Signature,
            implementation: Implementation::Sampled(|| Box::new(Silent)),
            examples: &[],
        };
        catalog.add_function(function).expect("no duplicates");
    }
    catalog
}

fn program(text: &str) -> Arc<Program> {
    let input = Input::Text {
        name: "test.mcl".to_owned(),
        text: text.to_owned(),
        base: PathBuf::from("/"),
    };
    let compilation = compile(
        &input,
        &MemoryFiles::default(),
        &catalog(),
        &Options::default(),
    );
    let Some(program) = compilation.program else {
        panic!("{text}\n{:#?}", compilation.diagnostics);
    };
    program
}

/// The present values of the sources; `None` is a source that fails.
#[derive(Clone, Debug)]
struct World {
    ints: Vec<Option<i64>>,
    bools: Vec<bool>,
    lists: Vec<Vec<i64>>,
}

const SOURCES: usize = 3;

impl World {
    fn value(&self, function: &FunctionDef, args: &[Value]) -> CallResult {
        let n = args[0].as_int().unwrap_or(0).rem_euclid(SOURCES as i64) as usize;
        match function.name {
            "number" => self.ints[n]
                .map(Value::Int)
                .ok_or_else(|| CallError::catchable("missing")),
            "flag" => Ok(Value::Bool(self.bools[n])),
            _ => Ok(Value::list(self.lists[n].iter().map(|n| Value::Int(*n)))),
        }
    }
}

/// A running program with the calls that it wants fed.
struct Run {
    evaluator: Evaluator,
    calls: BTreeMap<CallId, (Arc<FunctionDef>, Vec<Value>)>,
    shown: Option<Vec<String>>,
}

impl Run {
    fn new(program: &Arc<Program>) -> Self {
        Self {
            evaluator: Evaluator::new(program.clone()),
            calls: BTreeMap::new(),
            shown: None,
        }
    }

    /// Feeds what is asked for until all is known. The error, if the program ended.
    fn settle(&mut self, world: &World) -> Result<(), String> {
        loop {
            let step = self
                .evaluator
                .stabilize()
                .map_err(|diagnostic| diagnostic.message.clone())?;
            match step {
                Step::Waiting => {}
                Step::Unchanged => return Ok(()),
                Step::Graph(graph) => {
                    self.shown = Some(dump(&graph));
                    return Ok(());
                }
            }
            let requests = self.evaluator.requests();
            assert!(!requests.is_empty(), "it waits for nothing");
            self.serve(requests, world);
        }
    }

    fn serve(&mut self, requests: Vec<Request>, world: &World) {
        for request in requests {
            match request {
                Request::Start { id, function, args } => {
                    self.evaluator.feed(id, world.value(&function, &args));
                    self.calls.insert(id, (function, args));
                }
                Request::Stop { id } => {
                    assert!(
                        self.calls.remove(&id).is_some(),
                        "stops what was not started"
                    );
                }
            }
        }
    }

    /// Feeds the present value of every live call, in some order.
    fn change(&mut self, world: &World) -> Result<(), String> {
        for (id, (function, args)) in self.calls.clone() {
            self.evaluator.feed(id, world.value(&function, &args));
        }
        self.settle(world)?;
        let requests = self.evaluator.requests();
        self.serve(requests, world);
        Ok(())
    }
}

fn dump(graph: &ResourceGraph) -> Vec<String> {
    let mut lines = Vec::new();
    for resource in graph.resources() {
        let mut line = resource.identity.to_string();
        for param in ["int64", "anotherstr", "interface"] {
            let _ = write!(line, " {:?}", resource.params.get(param));
        }
        lines.push(line);
    }
    lines.sort();
    lines
}

/// Expressions of type int, in which the variables in scope are `$v0` ... up to `vars`.
fn int(depth: u32, vars: usize) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        (0..4i64).prop_map(|n| n.to_string()),
        (0..SOURCES).prop_map(|n| format!("source.number({n})")),
        (0..vars.max(1)).prop_map(move |n| if vars == 0 {
            "1".to_owned()
        } else {
            format!("$v{n}")
        }),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let sub = move || int(depth - 1, vars);
    prop_oneof![
        2 => leaf,
        2 => (sub(), sub(), prop_oneof!["[+]", "[-]", "[*]"]).prop_map(|(a, b, op)| format!("({a} {op} {b})")),
        2 => (boolean(depth - 1, vars), sub(), sub()).prop_map(|(c, a, b)| format!("if {c} {{ {a} }} else {{ {b} }}")),
        2 => (sub(), sub()).prop_map(|(a, b)| format!("({a} <|> {b})")),
        1 => (list(depth - 1, vars), sub()).prop_map(|(l, i)| format!("({l}[{i}] <|> 7)")),
        1 => sub().prop_map(|a| format!("twice({a})")),
        1 => (sub(), sub()).prop_map(|(a, b)| format!("func($p) {{ $p + {a} }}({b})")),
        1 => list(depth - 1, vars).prop_map(|l| format!("iter.reduce(0, {l}, func($a, $b) {{ $a + $b }})")),
        1 => list(depth - 1, vars).prop_map(|l| format!("len({l})")),
        1 => (boolean(depth - 1, vars), sub(), sub()).prop_map(|(c, a, b)| {
            format!("apply(if {c} {{ func($q) {{ $q + 1 }} }} else {{ func($q) {{ $q * {a} }} }}, {b})")
        }),
    ]
    .boxed()
}

fn boolean(depth: u32, vars: usize) -> BoxedStrategy<String> {
    prop_oneof![
        (0..SOURCES).prop_map(|n| format!("source.flag({n})")),
        (int(depth, vars), int(depth, vars)).prop_map(|(a, b)| format!("(({a}) < ({b}))")),
    ]
    .boxed()
}

fn list(depth: u32, vars: usize) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        (0..SOURCES).prop_map(|n| format!("source.numbers({n})")),
        (int(depth, vars), int(depth, vars)).prop_map(|(a, b)| format!("[{a}, {b}]")),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    prop_oneof![
        leaf,
        (list(depth - 1, vars), int(depth - 1, vars))
            .prop_map(|(l, e)| format!("iter.map({l}, func($x) {{ $x + {e} }})")),
        (list(depth - 1, vars), int(depth - 1, vars))
            .prop_map(|(l, e)| format!("iter.filter({l}, func($x) {{ $x < {e} }})")),
    ]
    .boxed()
}

/// Programs with binds, loops, conditions and a class.
fn text() -> impl Strategy<Value = String> {
    let binds = (int(2, 0), int(2, 1), int(2, 2));
    let uses = (
        int(2, 3),
        int(1, 3),
        boolean(1, 3),
        list(1, 3),
        int(1, 3),
        int(1, 3),
    );
    (binds, uses).prop_map(|((a, b, c), (d, e, cond, over, f, g))| {
        format!(
            r#"import "iter"
import "fmt"
import "source"
func twice($n) {{ $n + $n }}
func apply($f, $n) {{ $f($n) }}
class made($n) {{
	$w = $n + {g}
	test "made" {{ int64 => $w <|> -1, }}
}}
$v0 = {a}
$v1 = {b}
$v2 = {c}
test "one" {{ int64 => ({d}) <|> -1, }}
if {cond} {{
	$inner = {e}
	test "yes" {{ int64 => $inner <|> -2, }}
}} else {{
	include made({f})
}}
for $i, $x in {over} {{
	$s = fmt.printf("%d", $i)
	test "loop-${{s}}" {{ int64 => ($x + $v0) <|> -3, }}
}}
"#
        )
        .replace("[+]", "+")
        .replace("[-]", "-")
        .replace("[*]", "*")
    })
}

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
