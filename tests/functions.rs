//! The examples of the functions are true: each expression has the value that its manual entry says.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use mgmt_stdlib::catalog::{Catalog, Example, FunctionDef};
use mgmt_stdlib::functions::operator::operator;
use mgmt_tests::case::Case;

/// What is wrong with an example, if anything.
fn complaint(function: &FunctionDef, example: &Example, catalog: &Catalog) -> Option<String> {
    let import = match function.package {
        "" | "fmt" => String::new(),
        package => format!("import \"{package}\"\n"),
    };
    // In a list, a string is written like in the manual.
    let program = format!(
        "import \"fmt\"\n{import}print [fmt.printf(\"%v\", [{}])] {{}}\n",
        example.expr
    );
    let expected = format!("[{}]", example.value);
    match Case::program(&program).graph(catalog) {
        Err(diagnostics) => Some(diagnostics),
        Ok(graph) => {
            let found: Vec<_> = graph
                .resources()
                .map(|it| it.identity.name.clone())
                .collect();
            (found != [expected.as_str()]).then(|| format!("{found:?} instead of {expected}"))
        }
    }
}

fn check<'f>(functions: impl Iterator<Item = &'f FunctionDef>) {
    let catalog = Catalog::standard().expect("its own tests rule out duplicates");
    let mut complaints = String::new();
    for function in functions {
        for example in function.examples {
            if let Some(complaint) = complaint(function, example, &catalog) {
                complaints += &format!("{}: {}\n{complaint}\n", function.full_name(), example.expr);
            }
        }
    }
    assert!(complaints.is_empty(), "these are not true:\n{complaints}");
}

#[test]
fn the_examples_of_functions_are_true() {
    let catalog = Catalog::standard().expect("its own tests rule out duplicates");
    check(catalog.functions().map(|function| &**function));
}

#[test]
fn the_examples_of_operators_are_true() {
    const OPERATORS: [&str; 13] = [
        "+", "-", "*", "/", "==", "!=", "<", ">", "<=", ">=", "and", "or", "not",
    ];
    let functions = OPERATORS.map(|text| operator(text).expect("it is an operator"));
    check(functions.iter());
}
