//! Texts of the library, for clients that open what is no file and for those that do not.

use serde_json::json;

use crate::client::Client;

const MAIN: &str =
    "import \"example\"\n$x = example.nativeanswer()\nnoop \"x\" { Meta:retry => $x, }\n";

#[test]
fn a_client_that_can_asks_for_the_text() {
    let capabilities = json!({ "workspace": { "textDocumentContent": {} } });
    let mut client = Client::start_with(&[("main.mcl", MAIN)], capabilities);
    assert_eq!(
        client.capabilities["workspace"]["textDocumentContent"]["schemes"],
        json!(["mgmt"])
    );
    client.open("main.mcl", MAIN);
    let found = client.at("textDocument/definition", "main.mcl", 1, 15);
    let uri = found[0]["uri"].clone();
    assert_eq!(uri, "mgmt:/core/example/answer.mcl");
    assert_eq!(
        found[0]["range"]["start"],
        json!({ "line": 2, "character": 5 })
    );
    let content = client.request("workspace/textDocumentContent", &json!({ "uri": uri }));
    let text = content["text"].as_str().unwrap();
    assert!(text.contains("func nativeanswer()"), "{text}");
    // Opened, it has everything; VS Code writes addresses its own way.
    let document = json!({ "uri": uri, "languageId": "mcl", "version": 0, "text": text });
    client.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    let at = json!({ "textDocument": { "uri": uri }, "position": { "line": 2, "character": 7 } });
    let hover = client.request("textDocument/hover", &at);
    assert!(
        hover["contents"]["value"]
            .as_str()
            .unwrap()
            .contains("nativeanswer")
    );
    let mut uses = at.clone();
    uses["context"] = json!({ "includeDeclaration": false });
    let uses = client.request("textDocument/references", &uses);
    assert_eq!(uses[0]["uri"], client.uri("main.mcl"));
    let tokens = json!({ "textDocument": { "uri": uri } });
    let tokens = client.request("textDocument/semanticTokens/full", &tokens);
    assert!(tokens["data"].as_array().unwrap().len() >= 20);
    let nothing = json!({ "uri": "mgmt:/core/nothing.mcl" });
    let error = client.try_request("workspace/textDocumentContent", &nothing);
    assert_eq!(error.unwrap_err()["code"], -32803);
}

#[test]
fn other_clients_get_copies_that_are_read_only() {
    let mut client = Client::start_with(&[], json!({}));
    let workspace = &client.capabilities["workspace"];
    assert_eq!(workspace.get("textDocumentContent"), None);
    client.open("main.mcl", MAIN);
    let found = client.at("textDocument/definition", "main.mcl", 1, 15);
    let uri = found[0]["uri"].as_str().unwrap().to_owned();
    let path = uri.strip_prefix("file://").unwrap();
    assert!(path.ends_with("core/example/answer.mcl"), "{path}");
    assert!(std::fs::metadata(path).unwrap().permissions().readonly());
    let text = std::fs::read_to_string(path).unwrap();
    let document = json!({ "uri": uri, "languageId": "mcl", "version": 0, "text": text });
    client.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    let at = json!({ "textDocument": { "uri": uri }, "position": { "line": 2, "character": 7 } });
    let found = client.request("textDocument/definition", &at);
    assert_eq!(found[0]["uri"], uri);
    // The function is of a package whose names it uses without an import.
    let pulled = client.request(
        "textDocument/diagnostic",
        &json!({ "textDocument": { "uri": uri } }),
    );
    assert_eq!(pulled["items"], json!([]));
}

#[test]
fn the_manual_is_at_hand() {
    let capabilities = json!({ "workspace": { "textDocumentContent": {} } });
    let mut client = Client::start_with(&[], capabilities);
    client.open("main.mcl", "file \"/x\" {\n\tstate => \"exists\",\n}\n");
    let found = client.at("textDocument/definition", "main.mcl", 1, 3);
    let uri = &found[0]["uri"];
    assert_eq!(uri, "mgmt:/reference/resources/file.md");
    let page = client.request("workspace/textDocumentContent", &json!({ "uri": uri }));
    let line = found[0]["range"]["start"]["line"].as_u64().unwrap() as usize;
    let line = page["text"].as_str().unwrap().lines().nth(line).unwrap();
    assert!(line.starts_with("### `state`"), "{line}");
}
