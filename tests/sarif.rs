//! `--message-format sarif` keeps to the schema that OASIS publishes for SARIF 2.1.0, of which
//! `assets/sarif-2.1.0.schema.json` is a copy.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use jsonschema::Validator;
use mgmt_compiler::diagnostic::EXPLANATIONS;
use mgmt_compiler::render::{MessageFormat, Terminal, render};
use mgmt_stdlib::catalog::Catalog;
use mgmt_tests::case::Case;
use serde_json::Value;

fn validator() -> Validator {
    let schema = include_str!("assets/sarif-2.1.0.schema.json");
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
}

#[test]
fn what_is_written_keeps_to_the_schema() {
    let catalog = Catalog::standard().unwrap();
    let wrong = EXPLANATIONS
        .iter()
        .flat_map(|page| page.examples("mcl wrong"));
    let programs: Vec<_> = wrong
        .map(|text| Case::program(&text).compile(&catalog))
        .collect();
    let findings: Vec<_> = programs.iter().map(|program| program.findings()).collect();
    let text = render(MessageFormat::Sarif, &findings, Terminal::PLAIN);
    let document: Value = serde_json::from_str(&text).unwrap();
    let validator = validator();
    let errors: Vec<_> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path))
        .collect();
    assert_eq!(errors, [] as [String; 0]);
    assert!(document["runs"][0]["results"].as_array().unwrap().len() > 50);
}

#[test]
fn the_schema_refuses_something() {
    let document = serde_json::json!({"version": "2.1.0", "runs": [{"tool": {}}]});
    assert!(!validator().is_valid(&document));
}
