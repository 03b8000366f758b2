//! The table of capabilities is right about us.

use std::path::Path;

use serde_json::Value;

use crate::client::Client;
use crate::conformance::{everything, methods};

const TABLE: &str = include_str!("../../capabilities.md");

/// The cells of each row with a test.
fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    let rows = TABLE.lines().filter(|line| line.starts_with("| "));
    let cells = rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect());
    cells.filter(|cells: &Vec<_>| cells[2] == "✓")
}

#[test]
fn each_capability_names_a_test_that_is_there() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut count = 0;
    for cells in rows() {
        let [file, name] = cells[8].split(": ").collect::<Vec<_>>()[..] else {
            panic!("{cells:?}");
        };
        let [file, name] = [file, name].map(|it| it.trim_matches('`'));
        let text = std::fs::read_to_string(tests.join(file)).unwrap();
        assert!(
            text.contains(&format!("#[test]\nfn {name}()")),
            "{file}: {name}"
        );
        count += 1;
    }
    assert!(count > 30, "{count}");
}

#[test]
fn no_capability_is_missing() {
    let client = Client::start_with(&[], everything());
    let offered = client.capabilities.as_object().unwrap();
    let told: Vec<&str> = rows().map(|cells| cells[1].trim_matches('`')).collect();
    // What every server does.
    let usual = ["textDocument/didOpen", "textDocument/didClose"];
    for (capability, offered) in offered {
        for method in methods(capability, offered) {
            assert!(
                told.contains(&method) || usual.contains(&method),
                "{method}"
            );
        }
    }
    assert_ne!(client.capabilities["renameProvider"], Value::Null);
}
