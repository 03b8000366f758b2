//! What users copy is right: every program in `examples/` and in the book compiles without a warning and is
//! formatted.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::path::{Path, PathBuf};

use mgmt_grammar::format::format;
use mgmt_stdlib::catalog::Catalog;
use mgmt_tests::agent::workspace;
use mgmt_tests::case::Case;

#[test]
fn examples_are_right_and_formatted() {
    let catalog = Catalog::standard().unwrap();
    for (path, text) in files("examples", "mcl") {
        assert_right(&path, &text, &catalog);
    }
}

#[test]
fn programs_in_the_book_are_right_and_formatted() {
    let catalog = Catalog::standard().unwrap();
    let mut programs = 0;
    for (path, page) in files("docs", "md") {
        for block in page.split("```mcl\n").skip(1) {
            let (program, _) = block.split_once("```").unwrap();
            assert_right(&path, program, &catalog);
            programs += 1;
        }
    }
    assert_ne!(programs, 0);
}

fn assert_right(path: &Path, program: &str, catalog: &Catalog) {
    assert_eq!(
        Case::program(program).diagnostics(catalog),
        [],
        "{}: {program}",
        path.display()
    );
    assert_eq!(format(program).unwrap(), program, "{}", path.display());
}

/// The files of a directory of the workspace that have an extension, with their texts.
fn files(directory: &str, extension: &str) -> Vec<(PathBuf, String)> {
    fs::read_dir(workspace().join(directory))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect()
}
