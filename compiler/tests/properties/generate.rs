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

/// The library with `source.number(n)`, `source.flag(n)`, `source.numbers(n)` and `source.table(n)`: the
/// present value of the n-th source of that type.
fn catalog() -> Catalog {
    let mut catalog = Catalog::standard().expect("no duplicates");
    for (name, signature) in [
        ("number", "func(n int) int"),
        ("flag", "func(n int) bool"),
        ("numbers", "func(n int) []int"),
        ("table", "func(n int) map{str: int}"),
    ] {
        let function = FunctionDef {
            package: "source",
            name,
            signatures: vec![Signature::declare(signature)],
            doc: "A value that the test chooses.",
            purity: Purity::Source,
            catchable: &["missing"],
            inference: Inference::Signature,
            implementation: Implementation::Sampled(Arc::new(|_| Box::new(Silent))),
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
        (0..SOURCES).prop_map(|n| format!("source.number(len(source.numbers({n})))")),
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
        1 => list(depth - 1, vars).prop_map(|l| format!("(iter.reduce(list.concat([5], {l}), func($a, $b) {{ $a + $b }}))")),
        1 => (0..SOURCES, sub()).prop_map(|(n, i)| format!("(source.table({n})[fmt.printf(\"%d\", {i})] <|> 8)")),
        1 => (sub(), sub(), sub()).prop_map(|(a, i, b)| {
            format!("apply([func($q) {{ $q + 1 }}, func($q) {{ $q + {a} }}][{i}] <|> func($q) {{ 0 }}, {b})")
        }),
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
        (
            list(depth - 1, vars),
            list(depth - 1, vars),
            int(depth - 1, vars)
        )
            .prop_map(|(l, m, e)| format!("iter.zip({l}, {m}, func($x, $y) {{ $x - $y + {e} }})")),
        (list(depth - 1, vars), list(depth - 1, vars))
            .prop_map(|(l, m)| format!("list.concat({l}, {m})")),
        list(depth - 1, vars).prop_map(|l| format!("iter.range(len({l}))")),
        (list(depth - 1, vars), list(depth - 1, vars)).prop_map(|(l, m)| format!("({l} <|> {m})")),
    ]
    .boxed()
}

/// What every generated program begins with.
pub const HEAD: &str = r#"import "iter"
import "fmt"
import "list"
import "source"
func twice($n) { $n + $n }
func apply($f, $n) { $f($n) }
"#;

/// Writes the operators that the generators keep apart from the brackets of regular expressions.
pub fn finish(text: &str) -> String {
    text.replace("[+]", "+")
        .replace("[-]", "-")
        .replace("[*]", "*")
}

/// The statements of a block. Names begin with `path`, which is another one for each block and iteration.
fn block(depth: u32, vars: usize, path: String) -> BoxedStrategy<String> {
    let statements = (0..3usize).map(|n| statement(depth, vars, format!("{path}{n}")));
    let statements: Vec<_> = statements.collect();
    (statements, 1..4usize)
        .prop_map(|(mut statements, count)| {
            statements.truncate(count);
            statements.concat()
        })
        .boxed()
}

fn statement(depth: u32, vars: usize, path: String) -> BoxedStrategy<String> {
    let name = path.clone();
    let resource = (int(1, vars), 0..8u32).prop_map(move |(value, shape)| {
        let more = match shape {
            0 => "Depend => Test[\"first\"],".to_owned(),
            1 => "Notify => Test[\"last\"], Before => Test[\"last\"],".to_owned(),
            2 => "Meta:hidden => true,".to_owned(),
            3 => format!("}}\ntest \"{name}-b\" {{ anotherstr => \"b\","),
            4 => format!(
                "}}\nTest[\"first\"].hello -> Test[\"{name}\"].anotherstr\ntest \"same\" {{"
            ),
            5 => "}\ntest \"same\" { Depend => Test[\"first\"],".to_owned(),
            6 => format!(
                "}}\nTest[\"first\"] -> Test[\"{name}\"] -> Test[\"last\"]\ntest \"same\" {{"
            ),
            _ => String::new(),
        };
        format!("test \"{name}\" {{ int64 => ({value}) <|> -1, {more} }}\n")
    });
    if depth == 0 {
        return resource.boxed();
    }
    let bind = (int(1, vars), block(depth - 1, vars + 1, format!("{path}w")))
        .prop_map(move |(value, body)| format!("if true {{\n$v{vars} = {value}\n{body}}}\n"));
    let branch = (
        boolean(1, vars),
        block(depth - 1, vars, format!("{path}t")),
        block(depth - 1, vars, format!("{path}e")),
    )
        .prop_map(|(cond, then, otherwise)| {
            format!("if {cond} {{\n{then}}} else {{\n{otherwise}}}\n")
        });
    let looped = (
        list(1, vars),
        block(depth - 1, vars + 1, format!("{path}-${{s{vars}}}")),
    )
        .prop_map(move |(over, body)| {
            format!(
                "for $i{vars}, $v{vars} in ({over}) <|> [] {{\n$s{vars} = fmt.printf(\"%d\", $i{vars})\n{body}}}\n"
            )
        });
    let keyed = (
        0..SOURCES,
        block(depth - 1, vars + 1, format!("{path}-${{k{vars}}}")),
    )
        .prop_map(move |(n, body)| {
            format!("forkv $k{vars}, $v{vars} in source.table({n}) {{\n{body}}}\n")
        });
    let included =
        int(1, vars).prop_map(move |value| format!("include made(\"{path}\", ({value}) <|> 0)\n"));
    prop_oneof![2 => resource, 1 => bind, 2 => branch, 2 => looped, 2 => keyed, 1 => included]
        .boxed()
}

/// Programs with binds, nested loops and conditions, edges, sent values, repeated and hidden resources, and a
/// class.
pub fn text() -> impl Strategy<Value = String> {
    let binds = (int(2, 0), int(2, 1), int(2, 2));
    (binds, int(1, 3), int(2, 3), block(2, 3, "n".to_owned())).prop_map(
        |((a, b, c), g, first, body)| {
            finish(&format!(
                r#"{HEAD}class made($name, $n) {{
	$w = $n + {g}
	test "${{name}}-made" {{ int64 => $w <|> -1, }}
}}
$v0 = {a}
$v1 = {b}
$v2 = {c}
test "first" {{ int64 => ({first}) <|> -1, }}
test "last" {{ }}
{body}"#
            ))
        },
    )
}
