//! Random programs that are well typed, over sources that the test feeds.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use mgmt_compiler::files::MemoryFiles;
use mgmt_compiler::program::Program;
use mgmt_compiler::{Compilation, Input, Options, compile};
use mgmt_stdlib::catalog::{
    CallError, CallResult, Catalog, FunctionDef, Host, Implementation, Inference, Purity, Sampler,
    Signature, Wake,
};
use mgmt_stdlib::value::Value;
use proptest::prelude::*;

/// How many sources there are of each type.
pub const SOURCES: usize = 3;

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
            implementation: Implementation::Sampled(|_| Box::new(Silent)),
            examples: &[],
        };
        catalog.add_function(function).expect("no duplicates");
    }
    catalog
}

/// Compiles a text.
pub fn compiled(text: &str) -> Compilation {
    let input = Input::Text {
        name: "test.mcl".to_owned(),
        text: text.to_owned(),
        base: PathBuf::from("/"),
    };
    static CATALOG: LazyLock<Catalog> = LazyLock::new(catalog);
    compile(
        &input,
        &MemoryFiles::default(),
        &CATALOG,
        &Options::default(),
    )
}

/// The program that a text is.
pub fn program(text: &str) -> Arc<Program> {
    let compilation = compiled(text);
    let Some(program) = compilation.program else {
        panic!("{text}\n{:#?}", compilation.diagnostics);
    };
    program
}

/// Expressions of type int, in which the variables in scope are `$v0` ... up to `vars`.
pub fn int(depth: u32, vars: usize) -> BoxedStrategy<String> {
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

pub fn boolean(depth: u32, vars: usize) -> BoxedStrategy<String> {
    prop_oneof![
        (0..SOURCES).prop_map(|n| format!("source.flag({n})")),
        (int(depth, vars), int(depth, vars)).prop_map(|(a, b)| format!("(({a}) < ({b}))")),
    ]
    .boxed()
}

pub fn list(depth: u32, vars: usize) -> BoxedStrategy<String> {
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
pub fn text() -> impl Strategy<Value = String> {
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
