//! Every kind of resource is exercised: its example is right, and the corpus has a program with each of its
//! parameters and one that it refuses.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::path::Path;

use mgmt_grammar::format::format;
use mgmt_stdlib::catalog::Catalog;
use mgmt_tests::case::Case;

/// The kinds that take whatever their parameters can hold.
const UNDEMANDING: [&str; 3] = ["noop", "print", "value"];

#[test]
fn examples_of_kinds_are_right_and_formatted() {
    let catalog = Catalog::standard().unwrap();
    for kind in catalog.resources() {
        for block in kind.doc.split("```mcl\n").skip(1) {
            let (program, _) = block.split_once("```").unwrap();
            let program = with_tabs(program);
            assert_eq!(
                Case::program(&program).diagnostics(&catalog),
                [],
                "{}: {program}",
                kind.kind
            );
            assert_eq!(format(&program).unwrap(), program, "{}", kind.kind);
        }
    }
}

/// In the comments of Rust, programs are indented by blanks.
fn with_tabs(program: &str) -> String {
    program
        .lines()
        .map(|line| {
            let text = line.trim_start_matches(' ');
            let depth = (line.len() - text.len()) / 4;
            format!("{}{text}\n", "\t".repeat(depth))
        })
        .collect()
}

#[test]
fn the_corpus_has_every_parameter_and_a_refusal() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("lang/kinds");
    let catalog = Catalog::standard().unwrap();
    let mut missing = Vec::new();
    // `test` has the parameters of all types, which other cases are about; `_panic` can not be declared.
    for kind in catalog
        .resources()
        .filter(|kind| !matches!(kind.kind, "test" | "_panic"))
    {
        let outcomes = outcomes(&root.join(kind.kind.replace(':', "_")));
        for param in &kind.params {
            let start = format!("Field: {}[", kind.kind);
            let field = format!("].{} = ", param.name);
            let shown = |line: &str| line.starts_with(&start) && line.contains(&field);
            if !outcomes.lines().any(shown) {
                missing.push(format!("{}: a program with `{}`", kind.kind, param.name));
            }
        }
        if !UNDEMANDING.contains(&kind.kind) && !outcomes.contains("[E07") {
            missing.push(format!(
                "{}: a program that is refused, at least by a run",
                kind.kind
            ));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// What the programs in a directory of the corpus give.
fn outcomes(directory: &Path) -> String {
    let Ok(entries) = fs::read_dir(directory) else {
        return String::new();
    };
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "out"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}
