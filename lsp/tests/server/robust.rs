//! Whatever is typed, each request is answered, and the answers are those that a fresh look gives.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::client::Client;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

fn corpus() -> Vec<String> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut dirs = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/lang")];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|it| it == "mcl") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect()
}

/// How much is tried: a little, or with `MGMT_SOAK` as many times that as it says.
fn effort() -> usize {
    let wanted = std::env::var("MGMT_SOAK").ok();
    wanted.and_then(|it| it.parse().ok()).unwrap_or(1)
}

/// Asks everything about a place. An error, or no answer, fails the test.
fn ask(client: &mut Client, name: &str, line: u32, column: u32) {
    let document = json!({ "uri": client.uri(name) });
    let position = json!({ "line": line, "character": column });
    let everything = json!({
        "start": { "line": 0, "character": 0 },
        "end": { "line": 1000, "character": 0 },
    });
    let of_place = json!({ "textDocument": document, "position": position });
    let of_document = json!({ "textDocument": document });
    let of_range = json!({ "textDocument": document, "range": everything });
    let with = |params: &Value, name: &str, value: Value| {
        let mut params = params.clone();
        params[name] = value;
        params
    };
    let context = |value: Value, params: &Value| with(params, "context", value);
    for (method, params) in [
        ("hover", of_place.clone()),
        ("definition", of_place.clone()),
        ("declaration", of_place.clone()),
        ("typeDefinition", of_place.clone()),
        (
            "references",
            context(json!({ "includeDeclaration": true }), &of_place),
        ),
        ("documentHighlight", of_place.clone()),
        (
            "completion",
            context(json!({ "triggerKind": 1 }), &of_place),
        ),
        ("signatureHelp", of_place.clone()),
        ("prepareCallHierarchy", of_place),
        ("documentSymbol", of_document.clone()),
        ("foldingRange", of_document.clone()),
        ("documentLink", of_document.clone()),
        ("semanticTokens/full", of_document.clone()),
        ("codeLens", of_document.clone()),
        ("diagnostic", of_document.clone()),
        (
            "selectionRange",
            with(&of_document, "positions", json!([position])),
        ),
        ("semanticTokens/range", of_range.clone()),
        ("inlayHint", of_range.clone()),
        (
            "codeAction",
            context(json!({ "diagnostics": [] }), &of_range),
        ),
    ] {
        client.request(&format!("textDocument/{method}"), &params);
    }
}

#[test]
fn half_programs_have_answers() {
    let mut dice = Dice(7);
    let mut client = Client::start(&[]);
    let corpus = corpus();
    client.open("a.mcl", "");
    for _ in 0..40 * effort() {
        let text = &corpus[dice.below(corpus.len())];
        let mut end = dice.below(text.len() + 1);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        client.change("a.mcl", None, &text[..end]);
        let lines = text[..end].matches('\n').count();
        let line = dice.below(lines + 1) as u32;
        ask(&mut client, "a.mcl", line, dice.below(30) as u32);
        ask(&mut client, "a.mcl", lines as u32, 1000);
    }
    assert!(client.stop().success());
}

#[test]
fn after_any_edits_the_diagnostics_are_those_of_the_text() {
    let mut dice = Dice(8);
    let mut client = Client::start_with(
        &[],
        json!({ "general": { "positionEncodings": ["utf-8"] } }),
    );
    let corpus = corpus();
    for round in 0..3 * effort() {
        let mut text = corpus[dice.below(corpus.len())].clone();
        let name = format!("dir{round}/a.mcl");
        client.open(&name, &text);
        for _ in 0..40 {
            let mut start = dice.below(text.len() + 1);
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            let mut end = (start + dice.below(6)).min(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            let new = [
                "",
                "$",
                "{",
                "}",
                "\"",
                "\n",
                "x",
                "=> ",
                "😀",
                "class c {\n",
            ][dice.below(10)];
            let place = |at: usize| {
                let line = text[..at].matches('\n').count() as u32;
                let column = at - text[..at].rfind('\n').map_or(0, |it| it + 1);
                (line, column as u32)
            };
            let (line, column) = place(start);
            let (end_line, end_column) = place(end);
            client.change(&name, Some([line, column, end_line, end_column]), new);
            text.replace_range(start..end, new);
        }
        let fresh = format!("fresh{round}/a.mcl");
        client.open(&fresh, &text);
        let diagnostics = |client: &mut Client, name: &str| -> Value {
            let params = json!({ "textDocument": { "uri": client.uri(name) } });
            client.request("textDocument/diagnostic", &params)["items"].take()
        };
        let edited = diagnostics(&mut client, &name);
        assert_eq!(edited, diagnostics(&mut client, &fresh), "{text}");
        client.close(&name);
        client.close(&fresh);
    }
}
