//! How long events and changes of shape take in a running program, and what its nodes weigh.
//! Run with `cargo bench -p mgmt-compiler --bench evaluate`.

#![allow(clippy::print_stdout, reason = "it is what a benchmark does")]

#[path = "../tests/memory/measure.rs"]
mod measure;

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use divan::Bencher;
use mgmt_compiler::evaluator::{CallId, Evaluator, Request, Step};
use mgmt_compiler::files::MemoryFiles;
use mgmt_compiler::program::Program;
use mgmt_compiler::{Input, Options, compile};
use mgmt_stdlib::catalog::{
    CallError, CallResult, Catalog, FunctionDef, Host, Implementation, Inference, Purity, Sampler,
    Signature, Wake,
};
use mgmt_stdlib::value::{List, Value};

fn main() {
    println!("memory:");
    for usage in measure::usages() {
        println!("  {usage}");
    }
    divan::main();
}

/// Is never called: the benchmark feeds the evaluator itself.
struct Silent;

impl Sampler for Silent {
    fn call(&mut self, _: &dyn Host, _: &[Value]) -> CallResult {
        Err(CallError::fatal("not called"))
    }
    fn wake(&self, _: &[Value]) -> Vec<Wake> {
        Vec::new()
    }
}

/// The library with the sources `source.number()` and `source.numbers()`.
static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let mut catalog = Catalog::standard().expect("no duplicates");
    for (name, signature) in [("number", "func() int"), ("numbers", "func() []int")] {
        let function = FunctionDef {
            package: "source",
            name,
            signatures: vec![Signature::declare(signature)],
            doc: "A value that the benchmark chooses.",
            purity: Purity::Source,
            catchable: &[],
            inference: Inference::Signature,
            implementation: Implementation::Sampled(Arc::new(|_| Box::new(Silent))),
            examples: &[],
        };
        catalog.add_function(function).expect("no duplicates");
    }
    catalog
});

fn program(text: &str) -> Arc<Program> {
    let input = Input::Text {
        name: "bench.mcl".to_owned(),
        text: format!(
            "import \"fmt\"\nimport \"iter\"\nimport \"list\"\nimport \"source\"\n{text}"
        ),
        base: PathBuf::from("/"),
    };
    let files = MemoryFiles::default();
    let compilation = compile(&input, &files, &CATALOG, &Options::default());
    match compilation.program {
        Some(program) => program,
        None => panic!("{:#?}", compilation.diagnostics),
    }
}

/// A running program whose sources have given that value, and its sources.
fn start(program: &Arc<Program>, value: &Value) -> (Evaluator, Vec<CallId>) {
    let mut evaluator = Evaluator::new(Arc::clone(program));
    let mut sources = Vec::new();
    while let Ok(Step::Waiting) = evaluator.stabilize() {
        for request in evaluator.requests() {
            if let Request::Start { id, .. } = request {
                evaluator.feed(id, Ok(value.clone()));
                sources.push(id);
            }
        }
    }
    (evaluator, sources)
}

/// Feeds a value and lets go of the graph that comes of it.
fn event(evaluator: &mut Evaluator, source: CallId, value: Value) {
    evaluator.feed(source, Ok(value));
    let step = evaluator.stabilize();
    assert!(
        matches!(step, Ok(Step::Graph(_) | Step::Unchanged)),
        "{step:?}"
    );
}

/// A chain of so many additions whose outcome never reaches a resource.
fn chain(nodes: usize) -> String {
    let mut text = String::from("$c0 = source.number()\n");
    for i in 1..=nodes {
        let _ = writeln!(text, "$c{i} = $c{} + 1", i - 1);
    }
    let _ = writeln!(text, "if $c{nodes} < 0 {{\n\ttest \"never\" {{}}\n}}");
    text
}

#[divan::bench]
fn event_through_a_chain_of_10(bencher: Bencher<'_, '_>) {
    let (mut evaluator, sources) = start(&program(&chain(10)), &Value::Int(0));
    let mut time = 0;
    bencher.bench_local(|| {
        time += 1;
        event(&mut evaluator, sources[0], Value::Int(time));
    });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn a_million_events_through_a_chain_of_10(bencher: Bencher<'_, '_>) {
    let (mut evaluator, sources) = start(&program(&chain(10)), &Value::Int(0));
    let mut time = 0;
    bencher.bench_local(|| {
        for _ in 0..1_000_000 {
            time += 1;
            event(&mut evaluator, sources[0], Value::Int(time));
        }
    });
}

/// One source affects 10 nodes of about 100,000.
#[divan::bench]
fn event_in_a_large_graph(bencher: Bencher<'_, '_>) {
    let mut text = chain(10);
    for i in 0..16_000 {
        let _ = writeln!(
            text,
            "test \"t{i}\" {{ int64 => {i} * 2 + 1, anotherstr => \"a\" + \"b\", }}"
        );
    }
    let (mut evaluator, sources) = start(&program(&text), &Value::Int(0));
    assert!(evaluator.live_nodes() > 95_000);
    let mut time = 0;
    bencher.bench_local(|| {
        time += 1;
        event(&mut evaluator, sources[0], Value::Int(time));
    });
}

/// The same, but the event changes one resource of 16,000, so that there is a new graph each time.
#[divan::bench]
fn event_that_changes_one_resource_of_16_000(bencher: Bencher<'_, '_>) {
    let mut text = String::from("test \"changing\" { int64 => source.number(), }\n");
    for i in 0..16_000 {
        let _ = writeln!(text, "test \"t{i}\" {{ int64 => {i}, }}");
    }
    let (mut evaluator, sources) = start(&program(&text), &Value::Int(0));
    let mut time = 0;
    bencher.bench_local(|| {
        time += 1;
        event(&mut evaluator, sources[0], Value::Int(time));
    });
}

#[divan::bench]
fn a_loop_over_10_000_elements(bencher: Bencher<'_, '_>) {
    let text = "for $i, $v in iter.range(source.number() + 10000) {\n\t$w = $v + $i\n\tif $w < 0 {\n\t\ttest \"never\" {}\n\t}\n}\n";
    let program = program(text);
    bencher.bench(|| start(&program, &Value::Int(0)));
}

/// From a compiled program to its first graph.
#[divan::bench(args = [1_000, 10_000, 100_000])]
fn first_graph_of_resources(bencher: Bencher<'_, '_>, resources: usize) {
    let mut text = String::new();
    for i in 0..resources {
        let _ = writeln!(text, "noop \"n{i}\" {{}}");
    }
    let program = program(&text);
    bencher.bench(|| start(&program, &Value::Int(0)));
}

const LENGTHS: [usize; 4] = [100, 1_000, 10_000, 100_000];

fn numbers(length: usize) -> List {
    (0..length).map(|i| Value::Int(i as i64)).collect()
}

/// Two events: a source appends an element to its list, and removes it again.
fn append_and_remove(bencher: Bencher<'_, '_>, length: usize, text: &str) {
    let list = numbers(length);
    let (mut evaluator, sources) = start(&program(text), &Value::List(list.clone()));
    bencher.bench_local(|| {
        let mut longer = list.clone();
        longer.push(Value::Int(7));
        event(&mut evaluator, sources[0], Value::List(longer));
        event(&mut evaluator, sources[0], Value::List(list.clone()));
    });
}

#[divan::bench(args = LENGTHS)]
fn append_to_a_loop(bencher: Bencher<'_, '_>, length: usize) {
    let text = "for $i, $v in source.numbers() {\n\t$w = $v + $i\n\tif $w < 0 {\n\t\ttest \"never\" {}\n\t}\n}\n";
    append_and_remove(bencher, length, text);
}

#[divan::bench(args = LENGTHS)]
fn append_to_a_loop_of_resources(bencher: Bencher<'_, '_>, length: usize) {
    let text = "for $i, $v in source.numbers() {\n\t$s = fmt.printf(\"%d\", $i)\n\ttest \"${s}\" { int64 => $v, }\n}\n";
    append_and_remove(bencher, length, text);
}

/// The list that is looped over is made by other functions of that of the source.
#[divan::bench(args = LENGTHS)]
fn append_to_a_loop_over_mapped_elements(bencher: Bencher<'_, '_>, length: usize) {
    let text = "$mapped = iter.map(source.numbers(), func($x) { $x + 1 })\n$kept = iter.filter(list.concat($mapped, [1]), func($x) { $x > 3 })\nfor $i, $v in $kept {\n\tif $v < 0 {\n\t\ttest \"never\" {}\n\t}\n}\n";
    append_and_remove(bencher, length, text);
}

/// The source gives a list that shares nothing with the one before, so that all elements must be compared.
#[divan::bench(args = LENGTHS)]
fn append_to_a_loop_by_a_new_list(bencher: Bencher<'_, '_>, length: usize) {
    let text = "for $i, $v in source.numbers() {\n\tif $v < 0 {\n\t\ttest \"never\" {}\n\t}\n}\n";
    let list = Value::List(numbers(length));
    let (mut evaluator, sources) = start(&program(text), &list);
    let mut lengths = [length + 1, length].into_iter().cycle();
    bencher
        .with_inputs(|| Value::List(numbers(lengths.next().unwrap_or(length))))
        .bench_local_values(|list| event(&mut evaluator, sources[0], list));
}
