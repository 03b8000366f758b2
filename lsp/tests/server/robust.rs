//! Whatever is typed, each request is answered.

use serde_json::{Value, json};

use crate::chance::{Dice, corpus, effort};
use crate::client::Client;

/// Asks everything about a place. An error, or no answer, fails the test.
pub fn ask(client: &mut Client, name: &str, line: u32, column: u32) {
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
        let text = dice.of(&corpus);
        let end = dice.offset(text);
        client.change("a.mcl", None, &text[..end]);
        let lines = text[..end].matches('\n').count();
        let line = dice.below(lines + 1) as u32;
        ask(&mut client, "a.mcl", line, dice.below(30) as u32);
        ask(&mut client, "a.mcl", lines as u32, 1000);
    }
    assert!(client.stop().success());
}
