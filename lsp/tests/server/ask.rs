//! Each question once, over the protocol: that the answers arrive in its form. What they say is tested in
//! `tests/analysis`.

use serde_json::{Value, json};

use crate::client::Client;

const MAIN: &str = "import \"lib.mcl\"
import \"strings\"
$x = strings.to_lower(\"😀A\")
class c($n int) {
	file \"/${x}\" {
		state => \"exists\",
		content => lib.f($x, \"b\"),
	}
}
include c(1)
";

const LIB: &str = "# joins\nfunc f($a str, $b str) {\n\t$a + $b\n}\n";

fn client() -> Client {
    let capabilities = json!({ "textDocument": {
        "hover": { "contentFormat": ["markdown"] },
        "completion": { "completionItem": { "snippetSupport": true } },
    } });
    let mut client = Client::start_with(&[("main.mcl", MAIN), ("lib.mcl", LIB)], capabilities);
    client.open("main.mcl", MAIN);
    client
}

fn document(client: &Client) -> Value {
    json!({ "textDocument": { "uri": client.uri("main.mcl") } })
}

#[test]
fn hover_and_navigation() {
    let mut client = client();
    let hover = client.at("textDocument/hover", "main.mcl", 6, 17);
    assert_eq!(hover["contents"]["kind"], "markdown");
    assert!(
        hover["contents"]["value"]
            .as_str()
            .unwrap()
            .contains("joins")
    );
    assert_eq!(
        hover["range"]["start"],
        json!({ "line": 6, "character": 17 })
    );
    for method in ["definition", "declaration"] {
        let found = client.at(&format!("textDocument/{method}"), "main.mcl", 6, 17);
        assert_eq!(found[0]["uri"], client.uri("lib.mcl"), "{method}");
        assert_eq!(
            found[0]["range"]["start"],
            json!({ "line": 1, "character": 5 })
        );
    }
    assert_eq!(
        client.at("textDocument/typeDefinition", "main.mcl", 6, 17),
        Value::Null
    );
    let found = client.at("textDocument/documentHighlight", "main.mcl", 2, 1);
    assert_eq!(found.as_array().map(Vec::len), Some(3));
    let params = json!({
        "textDocument": { "uri": client.uri("main.mcl") },
        "position": { "line": 2, "character": 0 },
        "context": { "includeDeclaration": false },
    });
    let found = client.request("textDocument/references", &params);
    assert_eq!(found.as_array().map(Vec::len), Some(2));
}

#[test]
fn structure() {
    let mut client = client();
    let params = document(&client);
    let symbols = client.request("textDocument/documentSymbol", &params);
    assert_eq!(symbols[3]["children"][0]["name"], "file \"/${x}\"");
    let folds = client.request("textDocument/foldingRange", &params);
    assert_eq!(folds[0]["kind"], "imports");
    assert_eq!(
        (folds[1]["startLine"].as_u64(), folds[1]["endLine"].as_u64()),
        (Some(3), Some(7))
    );
    let links = client.request("textDocument/documentLink", &params);
    assert_eq!(links[0]["target"], client.uri("lib.mcl"));
    let mut params = document(&client);
    params["positions"] = json!([{ "line": 5, "character": 14 }]);
    let selections = client.request("textDocument/selectionRange", &params);
    assert_eq!(
        selections[0]["range"]["start"],
        json!({ "line": 5, "character": 12 })
    );
    assert_eq!(
        selections[0]["parent"]["range"]["start"],
        json!({ "line": 5, "character": 11 })
    );
}

#[test]
fn tokens_and_hints() {
    let mut client = client();
    let mut params = document(&client);
    let tokens = client.request("textDocument/semanticTokens/full", &params);
    let all = tokens["data"].as_array().unwrap().len();
    assert!(all > 100 && all.is_multiple_of(5), "{all}");
    params["range"] =
        json!({ "start": { "line": 2, "character": 0 }, "end": { "line": 2, "character": 9 } });
    let some = client.request("textDocument/semanticTokens/range", &params);
    assert!(some["data"].as_array().unwrap().len() < all);
    params["range"]["end"]["line"] = json!(9);
    let hints = client.request("textDocument/inlayHint", &params);
    assert_eq!(hints[0]["label"], "str");
    assert_eq!(hints[0]["textEdits"][0]["newText"], " str");
    // The smiley takes two units: no hint may land inside of it.
    assert_eq!(hints[0]["position"], json!({ "line": 2, "character": 2 }));
    client.notify(
        "workspace/didChangeConfiguration",
        &json!({ "settings": { "mgmt": { "inlayHints": { "types": false, "parameterNames": false } } } }),
    );
    assert_eq!(client.request("textDocument/inlayHint", &params), json!([]));
}

#[test]
fn completion_and_signatures() {
    let mut client = client();
    let list = client.at("textDocument/completion", "main.mcl", 9, 0);
    let items = list["items"].as_array().unwrap();
    let file = items.iter().find(|item| item["label"] == "file").unwrap();
    assert_eq!(file["kind"], 22);
    assert_eq!(file.get("documentation"), None);
    let resolved = client.request("completionItem/resolve", file);
    assert!(
        resolved["documentation"]["value"]
            .as_str()
            .unwrap()
            .contains("Manages a file")
    );
    let help = client.at("textDocument/signatureHelp", "main.mcl", 6, 24);
    assert_eq!(help["activeParameter"], 1);
    assert_eq!(
        help["signatures"][0]["parameters"][1]["label"],
        json!([10, 16])
    );
}

#[test]
fn what_no_file_has_is_answered_with_nothing() {
    let mut client = client();
    assert_eq!(
        client.at("textDocument/hover", "main.mcl", 500, 3),
        Value::Null
    );
    assert_eq!(
        client.at("textDocument/hover", "missing.mcl", 0, 0),
        Value::Null
    );
    client.open("untitled.txt", "not a program {{{");
    client.at("textDocument/completion", "untitled.txt", 0, 3);
}

#[test]
fn actions_carry_edits_and_what_they_mend() {
    let mut client = client();
    client.change(
        "main.mcl",
        None,
        "# top\n$hello = 1\nnoop \"x\" {\n\tMeta:retry => $hell,\n}\n",
    );
    let list = client.wait_for_diagnostics("main.mcl", |list| !list.is_empty());
    let mut params = document(&client);
    params["range"] = list[0]["range"].clone();
    params["context"] = json!({ "diagnostics": list });
    let found = client.request("textDocument/codeAction", &params);
    assert_eq!(found[0]["title"], "Use `$hello`");
    assert_eq!(found[0]["kind"], "quickfix");
    assert_eq!(found[0]["diagnostics"][0]["code"], "E0301");
    let uri = client.uri("main.mcl");
    assert_eq!(found[0]["edit"]["changes"][&uri][0]["newText"], "$hello");
    params["context"] = json!({ "diagnostics": [], "only": ["source.fixAll"] });
    let found = client.request("textDocument/codeAction", &params);
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    assert_eq!(found[0]["kind"], "source.fixAll");
}

#[test]
fn renaming_reaches_all_files_and_says_why_not() {
    let mut client = client();
    let mut params = document(&client);
    params["position"] = json!({ "line": 6, "character": 17 });
    let prepared = client.request("textDocument/prepareRename", &params);
    assert_eq!(prepared["placeholder"], "f");
    params["newName"] = json!("g");
    let edit = client.request("textDocument/rename", &params);
    let changes = edit["changes"].as_object().unwrap();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[&client.uri("lib.mcl")][0]["newText"], "g");
    params["newName"] = json!("no name");
    let error = client
        .try_request("textDocument/rename", &params)
        .unwrap_err();
    assert_eq!(error["code"], -32803);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("can't be a name")
    );
}

#[test]
fn edits_are_for_the_version_that_they_were_made_for() {
    let abilities = json!({ "workspace": { "workspaceEdit": { "documentChanges": true } } });
    let mut client = Client::start_with(&[], abilities);
    let text = "$x = 1\nnoop \"n\" { Meta:retry => $x, }\n";
    client.open("main.mcl", "");
    client.change("main.mcl", None, text);
    let mut params = json!({ "textDocument": { "uri": client.uri("main.mcl") } });
    let at = json!({ "line": 0, "character": 1 });
    let range = json!({ "start": at, "end": at });
    params["position"] = at;
    params["newName"] = json!("y");
    let edit = client.request("textDocument/rename", &params);
    let changed = &edit["documentChanges"][0];
    assert_eq!(changed["textDocument"]["uri"], client.uri("main.mcl"));
    assert!(changed["textDocument"]["version"].is_number(), "{edit}");
    assert_eq!(changed["edits"][0]["newText"], "y");
    let params = json!({
        "textDocument": { "uri": client.uri("main.mcl") },
        "range": range,
        "context": { "diagnostics": [] },
    });
    let actions = client.request("textDocument/codeAction", &params);
    let actions = actions.as_array().unwrap();
    assert!(!actions.is_empty());
    for action in actions {
        assert!(action["edit"]["documentChanges"].is_array(), "{action}");
    }
}

#[test]
fn the_workspace_is_searched_and_calls_are_followed() {
    let mut client = client();
    client.wait_for_diagnostics("main.mcl", <[Value]>::is_empty);
    let found = client.request("workspace/symbol", &json!({ "query": "f" }));
    let names: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["name"].as_str())
        .collect();
    assert!(names.contains(&"f"), "{names:?}");
    let items = client.at("textDocument/prepareCallHierarchy", "main.mcl", 6, 17);
    assert_eq!(items[0]["uri"], client.uri("lib.mcl"));
    let calls = client.request("callHierarchy/incomingCalls", &json!({ "item": items[0] }));
    assert_eq!(calls[0]["from"]["name"], "c");
    assert_eq!(
        calls[0]["fromRanges"][0]["start"],
        json!({ "line": 6, "character": 17 })
    );
    let items = client.at("textDocument/prepareCallHierarchy", "main.mcl", 3, 6);
    let calls = client.request("callHierarchy/outgoingCalls", &json!({ "item": items[0] }));
    assert_eq!(calls[0]["to"]["name"], "f");
}

#[test]
fn lenses_and_commands() {
    let mut client = client();
    let params = document(&client);
    let lenses = client.request("textDocument/codeLens", &params);
    assert_eq!(lenses[0]["command"]["command"], "mgmt.graph");
    assert_eq!(lenses[1]["command"]["title"], "1 use");
    let command = json!({ "command": "mgmt.graph", "arguments": [client.uri("main.mcl"), "dot"] });
    let graph = client.request("workspace/executeCommand", &command);
    assert!(graph.as_str().unwrap().starts_with("digraph"), "{graph}");
    let command = json!({ "command": "mgmt.graph", "arguments": [client.uri("main.mcl"), "svg"] });
    let graph = client.request("workspace/executeCommand", &command);
    assert!(graph.as_str().unwrap().starts_with("<svg"), "{graph}");
    let command = json!({ "command": "mgmt.nonsense", "arguments": [] });
    assert!(
        client
            .try_request("workspace/executeCommand", &command)
            .is_err()
    );
}

#[test]
fn a_graph_of_a_program_that_keeps_something_is_drawn() {
    let mut client = Client::start(&[]);
    let text =
        "import \"local\"\n$dir = local.vardir(\"x/\")\nfile [$dir] {\n\tstate => \"exists\",\n}\n";
    client.open("own.mcl", text);
    let params = json!({ "command": "mgmt.graph", "arguments": [client.uri("own.mcl"), "text"] });
    let graph = client.request("workspace/executeCommand", &params);
    let graph = graph.as_str().unwrap();
    assert!(graph.contains("Vertex: file["), "{graph}");
    let kept = client.path(".cache/mgmt/graphs/state");
    assert!(graph.contains(&kept.display().to_string()), "{graph}");
}

#[test]
fn a_graph_is_shown_outside() {
    let capabilities = json!({ "window": { "showDocument": { "support": true } } });
    let mut client = Client::start_with(&[("main.mcl", MAIN), ("lib.mcl", LIB)], capabilities);
    client.open("main.mcl", MAIN);
    let params = document(&client);
    let lenses = client.request("textDocument/codeLens", &params);
    let command = &lenses[0]["command"];
    assert_eq!(command["command"], "mgmt.showGraph");
    let params = json!({ "command": command["command"], "arguments": command["arguments"] });
    // It may be drawn again.
    for _ in 0..2 {
        let shown = client.request("workspace/executeCommand", &params);
        let asked = client.wait_for(|it| it["method"] == "window/showDocument");
        assert_eq!(asked["params"]["uri"], shown);
        assert_eq!(asked["params"]["external"], true);
        let path = shown
            .as_str()
            .unwrap()
            .replace("file://", "")
            .replace("%25", "%");
        let svg = std::fs::read_to_string(path).unwrap();
        assert!(svg.contains("file[/😀a]"), "{svg}");
    }
}

#[test]
fn tokens_that_the_client_has_are_not_sent_again() {
    let mut client = client();
    let mut params = document(&client);
    let full = client.request("textDocument/semanticTokens/full", &params);
    client.change("main.mcl", Some([2, 1, 2, 2]), "xyz");
    params["previousResultId"] = full["resultId"].clone();
    let delta = client.request("textDocument/semanticTokens/full/delta", &params);
    assert_eq!(delta["edits"].as_array().map(Vec::len), Some(1));
    params["previousResultId"] = json!("unknown");
    let again = client.request("textDocument/semanticTokens/full/delta", &params);
    assert!(again["data"].is_array());
}

#[test]
fn who_shows_no_markdown_gets_plain_text() {
    let mut client = Client::start(&[]);
    client.open("a.mcl", "# why\n$x = 1\n");
    let hover = client.at("textDocument/hover", "a.mcl", 1, 1);
    assert_eq!(hover["contents"]["kind"], "plaintext");
    assert_eq!(hover["contents"]["value"], "$x int\n\nValue: `1`\n\nwhy");
}

#[test]
fn diagnostics_can_be_asked_for() {
    let mut client = Client::start_with(&[], json!({ "textDocument": { "diagnostic": {} } }));
    client.open("a.mcl", "$x = $y\n");
    let params = json!({ "textDocument": { "uri": client.uri("a.mcl") } });
    let report = client.request("textDocument/diagnostic", &params);
    assert_eq!(report["kind"], "full");
    assert_eq!(report["items"][0]["code"], "E0301");
    // What the client has is not sent again.
    let mut again = params.clone();
    again["previousResultId"] = report["resultId"].clone();
    let same = client.request("textDocument/diagnostic", &again);
    assert_eq!(same["kind"], "unchanged");
    assert_eq!(same["resultId"], report["resultId"]);
    client.change("a.mcl", None, "$x = 1 + $y\n");
    let other = client.request("textDocument/diagnostic", &again);
    assert_eq!(other["kind"], "full");
    // What is asked for is not sent besides.
    client.change("a.mcl", None, "$x = $z\n");
    client.request("textDocument/diagnostic", &params);
    let pushed = client.notifications();
    assert!(
        pushed
            .iter()
            .all(|it| it["method"] != "textDocument/publishDiagnostics")
    );
}

#[test]
fn parts_are_formatted_and_lines_indented() {
    let mut client = Client::start(&[]);
    client.open("a.mcl", "$a   = 1\n$b   = 2\nclass c {\n\n}\n");
    let options = json!({ "tabSize": 8, "insertSpaces": false });
    let mut params = json!({ "textDocument": { "uri": client.uri("a.mcl") }, "options": options });
    params["range"] =
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 3 } });
    let edits = client.request("textDocument/rangeFormatting", &params);
    assert!(
        edits[0]["newText"]
            .as_str()
            .unwrap()
            .starts_with("$a = 1\n")
    );
    params.as_object_mut().unwrap().remove("range");
    params["position"] = json!({ "line": 3, "character": 0 });
    params["ch"] = json!("\n");
    let edits = client.request("textDocument/onTypeFormatting", &params);
    assert_eq!(edits[0]["newText"], "\t");
}

#[test]
fn settings_are_asked_for() {
    let capabilities = json!({ "workspace": {
        "configuration": true,
        "didChangeConfiguration": { "dynamicRegistration": true },
        "inlayHint": { "refreshSupport": true },
    } });
    let mut client = Client::start_with(&[], capabilities);
    let asked = client.wait_for(|it| it["method"] == "workspace/configuration");
    assert_eq!(asked["params"]["items"][0]["section"], "mgmt");
    client.open("a.mcl", "$x = [1, 2]\n");
    let mut params = json!({ "textDocument": { "uri": client.uri("a.mcl") } });
    params["range"] =
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 1, "character": 0 } });
    let hints = client.request("textDocument/inlayHint", &params);
    assert_eq!(hints.as_array().map(Vec::len), Some(1));
    client.settings = json!({ "inlayHints": { "types": false } });
    client.notify(
        "workspace/didChangeConfiguration",
        &json!({ "settings": null }),
    );
    client.wait_for(|it| it["method"] == "workspace/inlayHint/refresh");
    let hints = client.request("textDocument/inlayHint", &params);
    assert_eq!(hints, json!([]));
}
