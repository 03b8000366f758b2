//! How long `mgmtc check` thinks: generated programs of 1,000 to 100,000 lines, and shapes that are known
//! to blow up careless compilers. Run with `cargo bench -p mgmt-compiler`.

mod program;

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::LazyLock;

use divan::{Bencher, counter::BytesCount};
use mgmt_compiler::evaluator::{Evaluator, Step};
use mgmt_compiler::files::MemoryFiles;
use mgmt_compiler::{Compilation, Input, Options, compile};
use mgmt_stdlib::catalog::Catalog;
use program::program;

fn main() {
    divan::main();
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::standard().expect("no duplicates"));

fn check(text: &str) -> Compilation {
    let input = Input::Text {
        name: "bench.mcl".to_owned(),
        text: text.to_owned(),
        base: PathBuf::from("/"),
    };
    let compilation = compile(
        &input,
        &MemoryFiles::default(),
        &CATALOG,
        &Options::default(),
    );
    assert!(
        compilation.program.is_some(),
        "{:#?}",
        compilation.diagnostics
    );
    compilation
}

#[divan::bench(args = [1_000, 10_000, 100_000])]
fn lines(bencher: Bencher<'_, '_>, lines: usize) {
    let text = program(lines);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| check(&text));
}

/// Each function calls the former twice.
#[divan::bench(args = [10, 30])]
fn nested_calls(bencher: Bencher<'_, '_>, depth: usize) {
    let mut text = String::from("func f0() { 1 }\n");
    for i in 1..=depth {
        let _ = writeln!(text, "func f{i}() {{ f{0}() + f{0}() }}", i - 1);
    }
    let _ = writeln!(text, "test \"a\" {{ int64 => f{depth}(), }}");
    bencher.bench(|| {
        let program = check(&text).program.expect("it is right");
        let step = Evaluator::new(program).stabilize();
        assert!(matches!(step, Ok(Step::Graph(_))));
    });
}

#[divan::bench]
fn a_thousand_additions(bencher: Bencher<'_, '_>) {
    let text = format!(
        "test \"a\" {{ int64 => {}, }}\n",
        vec!["1"; 1_000].join(" + ")
    );
    bencher.bench(|| check(&text));
}

#[divan::bench(args = [100, 2_900])]
fn nested_parentheses(bencher: Bencher<'_, '_>, depth: usize) {
    let text = format!(
        "test \"a\" {{ int64 => {}1{}, }}\n",
        "(".repeat(depth),
        ")".repeat(depth)
    );
    bencher.bench(|| check(&text));
}
