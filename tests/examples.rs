//! What users copy is right: every program in `examples/` compiles without a warning and is formatted.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;

use mgmt_grammar::format::format;
use mgmt_stdlib::catalog::Catalog;
use mgmt_tests::agent::workspace;
use mgmt_tests::case::Case;

#[test]
fn examples_are_right_and_formatted() {
    let catalog = Catalog::standard().unwrap();
    for entry in fs::read_dir(workspace().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "mcl") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(
            Case::program(&text).diagnostics(&catalog),
            [],
            "{}",
            path.display()
        );
        assert_eq!(format(&text).unwrap(), text, "{}", path.display());
    }
}
