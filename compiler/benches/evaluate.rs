//! How long one event takes in a running program. Run with `cargo bench -p mgmt-compiler`.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use divan::Bencher;
use mgmt_compiler::evaluator::{CallId, Evaluator, Request, Step};
use mgmt_compiler::files::MemoryFiles;
use mgmt_compiler::{Input, Options, compile};
use mgmt_stdlib::catalog::Catalog;
use mgmt_stdlib::value::Value;

fn main() {
    divan::main();
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::standard().expect("no duplicates"));

/// A running program whose only sources are calls of `datetime.now`, and those.
fn start(text: &str) -> (Evaluator, Vec<CallId>) {
    let input = Input::Text {
        name: "bench.mcl".to_owned(),
        text: format!("import \"datetime\"\nimport \"iter\"\n{text}"),
        base: PathBuf::from("/"),
    };
    let compilation = compile(
        &input,
        &MemoryFiles::default(),
        &CATALOG,
        &Options::default(),
    );
    let Some(program) = compilation.program else {
        panic!("{:#?}", compilation.diagnostics)
    };
    let mut evaluator = Evaluator::new(Arc::clone(&program));
    let mut sources = Vec::new();
    while let Ok(Step::Waiting) = evaluator.stabilize() {
        for request in evaluator.requests() {
            if let Request::Start { id, .. } = request {
                evaluator.feed(id, Ok(Value::Int(0)));
                sources.push(id);
            }
        }
    }
    (evaluator, sources)
}

/// Feeds the first source with something new each time.
fn tick(bencher: Bencher<'_, '_>, (mut evaluator, sources): (Evaluator, Vec<CallId>)) {
    let mut time = 0;
    bencher.bench_local(move || {
        time += 1;
        evaluator.feed(sources[0], Ok(Value::Int(time)));
        evaluator.stabilize()
    });
}

/// A chain of so many additions whose outcome never reaches a resource.
fn chain(nodes: usize) -> String {
    let mut text = String::from("$c0 = datetime.now()\n");
    for i in 1..=nodes {
        let _ = writeln!(text, "$c{i} = $c{} + 1", i - 1);
    }
    let _ = writeln!(text, "if $c{nodes} < 0 {{\n\ttest \"never\" {{}}\n}}");
    text
}

#[divan::bench]
fn event_through_a_chain_of_10(bencher: Bencher<'_, '_>) {
    tick(bencher, start(&chain(10)));
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
    tick(bencher, start(&text));
}

#[divan::bench]
fn a_loop_over_10_000_elements(bencher: Bencher<'_, '_>) {
    let text = "for $i, $v in iter.range(datetime.now() + 10000) {\n\t$w = $v + $i\n\tif $w < 0 {\n\t\ttest \"never\" {}\n\t}\n}\n";
    bencher.bench(|| start(text));
}

/// One element is appended to a list that is looped over.
#[divan::bench(args = [100, 10_000])]
fn append_to_a_loop(bencher: Bencher<'_, '_>, length: usize) {
    let text = format!(
        "for $i, $v in iter.range(datetime.now() + {length}) {{\n\tif $v < 0 {{\n\t\ttest \"never\" {{}}\n\t}}\n}}\n"
    );
    tick(bencher, start(&text));
}
