//! The pages of `mgmtc explain` are true: what they call wrong gives their code, and what they call right
//! is right.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use mgmt_compiler::diagnostic::EXPLANATIONS;
use mgmt_stdlib::catalog::Catalog;
use mgmt_tests::case::Case;

/// Runs a check on every example of one sort that is a program; gives what is not as the page says.
fn check(sort: &str, wrong: impl Fn(&str, &[String], bool) -> bool) {
    let catalog = Catalog::standard().unwrap();
    let mut failures = String::new();
    for explanation in EXPLANATIONS {
        let code = explanation.code.as_str();
        for example in explanation.examples(&format!("mcl {sort}")) {
            let diagnostics = Case::program(&example).diagnostics(&catalog);
            let codes: Vec<_> = diagnostics.iter().map(|it| it.code.to_string()).collect();
            if wrong(code, &codes, diagnostics.iter().any(|it| it.is_error())) {
                failures += &format!("{code} gives {codes:?}\n{example}\n");
            }
        }
    }
    assert!(failures.is_empty(), "these are not {sort}:\n{failures}");
}

#[test]
fn the_wrong_examples_are_wrong() {
    check("wrong", |code, codes, _| !codes.iter().any(|it| it == code));
}

#[test]
fn the_right_examples_are_right() {
    check("right", |code, codes, any_error| {
        any_error || codes.iter().any(|it| it == code)
    });
}
