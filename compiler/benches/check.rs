//! How long `mgmtc check` thinks: generated programs of 1,000 to 100,000 lines, and shapes that are known
//! to blow up careless compilers. Run with `cargo bench -p mgmt-compiler`.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::LazyLock;

use divan::{Bencher, counter::BytesCount};
use mgmt_compiler::evaluator::{Evaluator, Step};
use mgmt_compiler::files::MemoryFiles;
use mgmt_compiler::{Compilation, Input, Options, compile};
use mgmt_stdlib::catalog::Catalog;

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

/// A program of about so many lines: binds, calls, classes, conditions, resources and edges.
fn program(lines: usize) -> String {
    let mut text = String::from(
        "import \"fmt\"\nfunc double($a) { $a + $a }\nclass c($name, $v) {\n\ttest \"c-${name}\" {\n\t\tanotherstr => $v,\n\t}\n}\n",
    );
    for i in 0..lines / 9 {
        let _ = write!(
            text,
            "$v{i} = fmt.printf(\"value %d of %s\", {i} + {}, \"x{i}\")\ntest \"t{i}\" {{\n\tanotherstr => $v{i},\n\tint64 => double({i}) * 2,\n\tvalidatebool => {i} > 3 and false,\n\tMeta:retry => 3,\n\tDepend => Test[\"t{}\"],\n}}\n",
            i % 7,
            i.max(1) - 1,
        );
        match i % 10 {
            0 => writeln!(text, "include c(\"n{i}\", $v{i})"),
            5 => writeln!(
                text,
                "if $v{i} == \"a\" {{\n\t$w = \"b\"\n\ttest \"if-${{w}}-{i}\" {{}}\n}}"
            ),
            _ => Ok(()),
        }
        .expect("a string can be written to");
    }
    // The first one must not depend on itself.
    text.replacen("\tDepend => Test[\"t0\"],\n", "", 1)
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
