//! What must not matter to types and output (typing-and-evaluation.md §12, 3, 4, 5, 8, 9, 10).

use mgmt_compiler::evaluator::{Evaluator, Step};
use mgmt_stdlib::value::Value;
use proptest::prelude::*;
use proptest::sample::Index;

use super::generate::{HEAD, boolean, compiled, finish, int, list, program};
use super::run::{Run, World, dump};

/// A program as statements that may stand in any order.
fn statements() -> impl Strategy<Value = Vec<String>> {
    let binds = (int(2, 0), int(2, 1), int(2, 2));
    (binds, int(2, 3), boolean(1, 3), list(1, 3), int(1, 3)).prop_map(|((a, b, c), d, cond, over, e)| {
        [
            "import \"iter\"".to_owned(),
            "import \"fmt\"".to_owned(),
            "import \"source\"".to_owned(),
            "import \"list\"".to_owned(),
            "func twice($n) { $n + $n }".to_owned(),
            "func apply($f, $n) { $f($n) }".to_owned(),
            format!("$v0 = {a}"),
            format!("$v1 = {b}"),
            format!("$v2 = {c}"),
            format!("test \"one\" {{ int64 => ({d}) <|> -1, }}"),
            format!("if {cond} {{\n\ttest \"yes\" {{ int64 => ({e}) <|> -2, }}\n}}"),
            format!(
                "for $i, $x in {over} {{\n\t$s = fmt.printf(\"%d\", $i)\n\ttest \"loop-${{s}}\" {{ int64 => $x, }}\n}}"
            ),
        ]
        .map(|text| finish(&text))
        .into()
    })
}

fn world() -> World {
    let table = |keys: &[&str]| keys.iter().map(|key| ((*key).to_owned(), 4)).collect();
    World {
        ints: vec![Some(1), None, Some(3)],
        bools: vec![true, false, true],
        lists: vec![vec![1, 2], vec![], vec![3, 1, 2]],
        tables: vec![table(&["1", "a"]), table(&[]), table(&["0"])],
    }
}

/// The first graph, or why there is none.
fn first(text: &str) -> Result<Option<Vec<String>>, String> {
    let mut run = Run::new(&program(text));
    run.settle(&world())?;
    Ok(run.shown)
}

fn join(statements: &[String]) -> String {
    statements
        .iter()
        .map(|statement| format!("{statement}\n"))
        .collect()
}

proptest! {
    #[test]
    fn the_order_of_statements_means_nothing(statements in statements(), swaps in proptest::collection::vec(any::<(Index, Index)>(), 1..20)) {
        let mut shuffled = statements.clone();
        for (a, b) in swaps {
            let (a, b) = (a.index(shuffled.len()), b.index(shuffled.len()));
            shuffled.swap(a, b);
        }
        prop_assert_eq!(first(&join(&statements)), first(&join(&shuffled)));
    }

    #[test]
    fn a_statement_may_be_repeated(statements in statements(), which in any::<Index>()) {
        let resources: Vec<usize> = (0..statements.len()).filter(|i| statements[*i].starts_with("test ")).collect();
        let mut doubled = statements.clone();
        doubled.push(statements[resources[which.index(resources.len())]].clone());
        prop_assert_eq!(first(&join(&statements)), first(&join(&doubled)));
    }

    #[test]
    fn a_bind_may_be_replaced_by_its_definition(value in int(2, 0), usage in int(2, 1)) {
        let text = |bind: &str, usage: &str| {
            finish(&format!("{HEAD}{bind}test \"one\" {{ int64 => ({usage}) <|> -1, }}\n"))
        };
        let bound = text(&format!("$v0 = {value}\n"), &usage);
        let inlined = text("", &usage.replace("$v0", &format!("({value})")));
        prop_assert_eq!(first(&bound), first(&inlined), "{}", bound);
    }

    #[test]
    fn a_call_may_be_replaced_by_its_body(body in int(2, 1), arg in int(1, 0)) {
        let text = |func: &str, usage: &str| {
            finish(&format!("{HEAD}{func}test \"one\" {{ int64 => ({usage}) <|> -1, }}\n"))
        };
        let called = text(&format!("func called($v0) {{ {body} }}\n"), &format!("called({arg})"));
        let inlined = text("", &body.replace("$v0", &format!("({arg})")));
        prop_assert_eq!(first(&called), first(&inlined), "{}", called);
    }

    #[test]
    fn the_same_program_has_the_same_errors(statements in statements(), broken in any::<(Index, Index)>()) {
        let mut statements = statements;
        let which = broken.0.index(statements.len());
        let text = &mut statements[which];
        let mut at = broken.1.index(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        text.replace_range(at..at + 1, "\"");
        let text = join(&statements);
        prop_assert_eq!(compiled(&text).diagnostics, compiled(&text).diagnostics);
    }

    #[test]
    fn the_text_of_a_value_is_its_literal(text in "[ -~\u{e9}\u{4e2d}\n\t]*", int in any::<i64>(), bool in any::<bool>()) {
        for value in [Value::str(text.replace('$', "")), Value::Int(int), Value::Bool(bool)] {
            let program = program(&format!("test \"a\" {{ interface => {value}, }}\n"));
            let mut evaluator = Evaluator::new(program);
            let Ok(Step::Graph(graph)) = evaluator.stabilize() else { panic!("{value}") };
            let read = graph.resources().next().and_then(|resource| resource.params.get("interface"));
            prop_assert_eq!(read, Some(value), "{:?}", dump(&graph));
        }
    }
}
