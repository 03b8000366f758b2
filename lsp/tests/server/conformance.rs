//! A long session with a client that can do everything: each capability that the server announces is made
//! use of, and `main.rs` checks each message against the meta model of the protocol.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Client;
use crate::meta_model::check_named;

const MAIN: &str = "import \"lib.mcl\"
import \"fmt\"
$s = struct{a => \"x\"}
$t = $s->a
class c($n int) {
	file \"/${t}\" {
		state => \"exists\",
		content => lib.f($t, \"b\"),
	}
}
include c(1)
$long   = fmt.printf(\"%d\", 1)
noop \"n\" {
	Meta:retry => $lnog,
}
";

const LIB: &str = "# joins\nfunc f($a str, $b str) {\n\t$a + $b\n}\n";

/// What a client says that can do all that the server knows of.
pub fn everything() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-8", "utf-16"] },
        "window": { "workDoneProgress": true },
        "workspace": {
            "applyEdit": true,
            "configuration": true,
            "workspaceFolders": true,
            "didChangeWatchedFiles": { "dynamicRegistration": true, "relativePatternSupport": true },
            "didChangeConfiguration": { "dynamicRegistration": true },
            "diagnostics": { "refreshSupport": true },
            "codeLens": { "refreshSupport": true },
            "inlayHint": { "refreshSupport": true },
            "semanticTokens": { "refreshSupport": true },
            "textDocumentContent": { "dynamicRegistration": false },
            "symbol": { "resolveSupport": { "properties": ["location.range"] } },
            "workspaceEdit": { "documentChanges": true, "resourceOperations": ["create", "rename", "delete"] },
        },
        "textDocument": {
            "synchronization": { "didSave": true },
            "completion": {
                "contextSupport": true,
                "completionItem": {
                    "snippetSupport": true,
                    "documentationFormat": ["markdown", "plaintext"],
                    "deprecatedSupport": true,
                    "tagSupport": { "valueSet": [1] },
                    "insertReplaceSupport": true,
                    "labelDetailsSupport": true,
                    "resolveSupport": { "properties": ["documentation", "detail", "additionalTextEdits"] },
                },
                "completionList": { "itemDefaults": ["editRange", "data"] },
            },
            "hover": { "contentFormat": ["markdown", "plaintext"] },
            "signatureHelp": { "contextSupport": true, "signatureInformation": {
                "documentationFormat": ["markdown"],
                "parameterInformation": { "labelOffsetSupport": true },
                "activeParameterSupport": true,
            } },
            "declaration": { "linkSupport": true },
            "definition": { "linkSupport": true },
            "typeDefinition": { "linkSupport": true },
            "implementation": { "linkSupport": true },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true, "tagSupport": { "valueSet": [1] } },
            "codeAction": {
                "isPreferredSupport": true,
                "disabledSupport": true,
                "dataSupport": true,
                "resolveSupport": { "properties": ["edit"] },
                "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix", "refactor", "source"] } },
            },
            "documentLink": { "tooltipSupport": true },
            "rename": { "prepareSupport": true, "prepareSupportDefaultBehavior": 1 },
            "publishDiagnostics": {
                "relatedInformation": true,
                "tagSupport": { "valueSet": [1, 2] },
                "versionSupport": true,
                "codeDescriptionSupport": true,
                "dataSupport": true,
            },
            "foldingRange": { "lineFoldingOnly": false, "foldingRange": { "collapsedText": true } },
            "semanticTokens": {
                "requests": { "range": true, "full": { "delta": true } },
                "tokenTypes": ["variable", "function"],
                "tokenModifiers": ["declaration"],
                "formats": ["relative"],
                "multilineTokenSupport": true,
                "overlappingTokenSupport": true,
            },
            "inlayHint": { "resolveSupport": { "properties": ["tooltip"] } },
            "diagnostic": { "relatedDocumentSupport": true },
        },
        "experimental": { "commands": { "commands": ["mgmt.showReferences"] } },
    })
}

/// What a client that makes use of a capability says.
pub fn methods(capability: &str, offered: &Value) -> Vec<&'static str> {
    let yes = |name: &str| {
        offered
            .get(name)
            .is_some_and(|it| *it != Value::Bool(false))
    };
    let mut methods = Vec::new();
    let mut also = |condition: bool, method| {
        if condition {
            methods.push(method);
        }
    };
    match capability {
        "positionEncoding" => {}
        "textDocumentSync" => {
            for method in ["didOpen", "didChange", "didClose"] {
                also(true, method_of_document(method));
            }
            also(yes("save"), "textDocument/didSave");
        }
        "completionProvider" => {
            also(true, "textDocument/completion");
            also(yes("resolveProvider"), "completionItem/resolve");
        }
        "hoverProvider" => also(true, "textDocument/hover"),
        "signatureHelpProvider" => also(true, "textDocument/signatureHelp"),
        "declarationProvider" => also(true, "textDocument/declaration"),
        "definitionProvider" => also(true, "textDocument/definition"),
        "typeDefinitionProvider" => also(true, "textDocument/typeDefinition"),
        "implementationProvider" => also(true, "textDocument/implementation"),
        "referencesProvider" => also(true, "textDocument/references"),
        "documentHighlightProvider" => also(true, "textDocument/documentHighlight"),
        "documentSymbolProvider" => also(true, "textDocument/documentSymbol"),
        "codeActionProvider" => {
            also(true, "textDocument/codeAction");
            also(yes("resolveProvider"), "codeAction/resolve");
        }
        "codeLensProvider" => {
            also(true, "textDocument/codeLens");
            also(yes("resolveProvider"), "codeLens/resolve");
        }
        "documentLinkProvider" => {
            also(true, "textDocument/documentLink");
            also(yes("resolveProvider"), "documentLink/resolve");
        }
        "documentFormattingProvider" => also(true, "textDocument/formatting"),
        "documentRangeFormattingProvider" => also(true, "textDocument/rangeFormatting"),
        "documentOnTypeFormattingProvider" => also(true, "textDocument/onTypeFormatting"),
        "renameProvider" => {
            also(true, "textDocument/rename");
            also(yes("prepareProvider"), "textDocument/prepareRename");
        }
        "foldingRangeProvider" => also(true, "textDocument/foldingRange"),
        "selectionRangeProvider" => also(true, "textDocument/selectionRange"),
        "executeCommandProvider" => also(true, "workspace/executeCommand"),
        "callHierarchyProvider" => {
            also(true, "textDocument/prepareCallHierarchy");
            also(true, "callHierarchy/incomingCalls");
            also(true, "callHierarchy/outgoingCalls");
        }
        "semanticTokensProvider" => {
            also(yes("full"), "textDocument/semanticTokens/full");
            also(yes("range"), "textDocument/semanticTokens/range");
            also(
                offered["full"]["delta"] == true,
                "textDocument/semanticTokens/full/delta",
            );
        }
        "inlayHintProvider" => {
            also(true, "textDocument/inlayHint");
            also(yes("resolveProvider"), "inlayHint/resolve");
        }
        "diagnosticProvider" => {
            also(true, "textDocument/diagnostic");
            also(yes("workspaceDiagnostics"), "workspace/diagnostic");
        }
        "workspaceSymbolProvider" => {
            also(true, "workspace/symbol");
            also(yes("resolveProvider"), "workspaceSymbol/resolve");
        }
        "workspace" => {
            for name in offered.as_object().unwrap().keys() {
                match name.as_str() {
                    "workspaceFolders" => also(true, "workspace/didChangeWorkspaceFolders"),
                    "textDocumentContent" => also(true, "workspace/textDocumentContent"),
                    other => panic!("the session makes no use of `workspace.{other}`"),
                }
            }
        }
        other => panic!("the session makes no use of `{other}`"),
    }
    methods
}

fn method_of_document(name: &str) -> &'static str {
    match name {
        "didOpen" => "textDocument/didOpen",
        "didChange" => "textDocument/didChange",
        _ => "textDocument/didClose",
    }
}

/// A client that remembers what it has made use of.
struct Session {
    client: Client,
    used: BTreeSet<String>,
}

impl Session {
    /// Asks for what there must be something of.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        let answer = self.client.request(method, params);
        let is_empty = answer.is_null() || answer.as_array().is_some_and(Vec::is_empty);
        assert!(!is_empty, "{method} {params}: {answer}");
        self.used.insert(method.to_owned());
        answer
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.client.notify(method, params);
        self.used.insert(method.to_owned());
    }

    /// The parameters for a question about a place: the column of the text after `|` in the line's pattern.
    fn at(&self, marked: &str) -> Value {
        let column = marked.find('|').unwrap();
        let line_text = marked.replacen('|', "", 1);
        let line = MAIN.lines().position(|line| line == line_text).unwrap();
        json!({
            "textDocument": { "uri": self.client.uri("main.mcl") },
            "position": { "line": line, "character": column },
        })
    }

    fn document(&self) -> Value {
        json!({ "textDocument": { "uri": self.client.uri("main.mcl") } })
    }
}

fn with(mut params: Value, name: &str, value: Value) -> Value {
    params[name] = value;
    params
}

#[test]
fn each_capability_is_made_use_of_and_each_message_is_right() {
    let capabilities = everything();
    assert_eq!(check_named("ClientCapabilities", &capabilities), Ok(()));
    let client = Client::start_with(&[("main.mcl", MAIN), ("lib.mcl", LIB)], capabilities);
    let mut session = Session {
        client,
        used: BTreeSet::new(),
    };
    synchronise(&mut session);
    places(&mut session);
    documents(&mut session);
    changes(&mut session);
    workspace(&mut session);
    refusals(&mut session);
    let folder = json!({ "uri": session.client.uri(""), "name": "test" });
    let event = json!({ "event": { "added": [], "removed": [folder] } });
    session.tell("workspace/didChangeWorkspaceFolders", &event);
    let document = session.document();
    session.tell("textDocument/didClose", &document);

    let offered = session.client.capabilities.clone();
    assert_eq!(check_named("ServerCapabilities", &offered), Ok(()));
    for (capability, offered) in offered.as_object().unwrap() {
        for method in methods(capability, offered) {
            assert!(session.used.contains(method), "{method} was not asked");
        }
    }
    assert!(session.client.stop().success());
}

fn synchronise(session: &mut Session) {
    let uri = session.client.uri("main.mcl");
    let document = json!({ "uri": uri, "languageId": "mcl", "version": 1, "text": MAIN });
    session.tell("textDocument/didOpen", &json!({ "textDocument": document }));
    let start = json!({ "line": 0, "character": 0 });
    for (version, change) in [
        (
            2,
            json!({ "range": { "start": start, "end": start }, "text": "# note\n" }),
        ),
        (3, json!({ "text": MAIN })),
    ] {
        let document = json!({ "uri": uri, "version": version });
        let params = json!({ "textDocument": document, "contentChanges": [change] });
        session.tell("textDocument/didChange", &params);
    }
    let document = session.document();
    session.tell("textDocument/didSave", &document);
}

/// Questions about a place.
fn places(session: &mut Session) {
    let call = session.at("\t\tcontent => lib.|f($t, \"b\"),");
    for question in ["hover", "definition", "declaration"] {
        session.ask(&format!("textDocument/{question}"), &call);
    }
    let of_struct = session.at("$t = $|s->a");
    session.ask("textDocument/typeDefinition", &of_struct);
    session.ask("textDocument/documentHighlight", &of_struct);
    let context = json!({ "includeDeclaration": true });
    session.ask(
        "textDocument/references",
        &with(of_struct, "context", context),
    );
    let arguments = session.at("\t\tcontent => lib.f(|$t, \"b\"),");
    let context = json!({ "triggerKind": 2, "triggerCharacter": "(", "isRetrigger": false });
    session.ask(
        "textDocument/signatureHelp",
        &with(arguments, "context", context),
    );
    let position = session.at("\t\tstate => |\"exists\",")["position"].take();
    let params = with(session.document(), "positions", json!([position]));
    session.ask("textDocument/selectionRange", &params);

    // Completions of all sorts, each of them resolved.
    for place in [
        "|import \"lib.mcl\"",
        "import \"|lib.mcl\"",
        "$t = |$s->a",
        "\t\t|state => \"exists\",",
        "\t\tstate => \"|exists\",",
        "$long   = fmt.|printf(\"%d\", 1)",
        "\tMeta:|retry => $lnog,",
        "include |c(1)",
    ] {
        let params = with(session.at(place), "context", json!({ "triggerKind": 1 }));
        let list = session.ask("textDocument/completion", &params);
        let items = list["items"].as_array().unwrap();
        assert!(!items.is_empty(), "{place}");
        for item in items.iter().take(20) {
            session.ask("completionItem/resolve", item);
        }
    }

    let items = session.ask("textDocument/prepareCallHierarchy", &call);
    session.ask("callHierarchy/incomingCalls", &json!({ "item": items[0] }));
    let class = session.at("class |c($n int) {");
    let items = session.ask("textDocument/prepareCallHierarchy", &class);
    session.ask("callHierarchy/outgoingCalls", &json!({ "item": items[0] }));
}

/// Questions about a document.
fn documents(session: &mut Session) {
    let document = session.document();
    for question in ["documentSymbol", "foldingRange", "documentLink", "codeLens"] {
        session.ask(&format!("textDocument/{question}"), &document);
    }
    let all =
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 20, "character": 0 } });
    let part = with(document.clone(), "range", all);
    session.ask("textDocument/inlayHint", &part);
    session.ask("textDocument/semanticTokens/range", &part);
    let tokens = session.ask("textDocument/semanticTokens/full", &document);
    for previous in [&tokens["resultId"], &json!("unknown")] {
        let params = with(document.clone(), "previousResultId", previous.clone());
        session.ask("textDocument/semanticTokens/full/delta", &params);
    }
    let report = session.ask("textDocument/diagnostic", &document);
    assert!(!report["items"].as_array().unwrap().is_empty(), "{report}");
}

/// Questions whose answers are edits.
fn changes(session: &mut Session) {
    let options = json!({ "tabSize": 8, "insertSpaces": false });
    let format = with(session.document(), "options", options);
    session.ask("textDocument/formatting", &format);
    let place = session.at("|$long   = fmt.printf(\"%d\", 1)")["position"].take();
    let range = json!({ "start": place, "end": place });
    session.ask(
        "textDocument/rangeFormatting",
        &with(format.clone(), "range", range),
    );
    let brace = session.at("\t|}")["position"].take();
    let typed = with(with(format, "position", brace), "ch", json!("}"));
    session
        .client
        .request("textDocument/onTypeFormatting", &typed);
    session
        .used
        .insert("textDocument/onTypeFormatting".to_owned());

    let document = session.document();
    let report = session.ask("textDocument/diagnostic", &document);
    for diagnostic in report["items"].as_array().unwrap() {
        let params = with(document.clone(), "range", diagnostic["range"].clone());
        let context = json!({ "diagnostics": [diagnostic], "triggerKind": 2 });
        session.ask("textDocument/codeAction", &with(params, "context", context));
    }
    for place in ["$t = |$s->a", "\t|file \"/${t}\" {", "noop |\"n\" {"] {
        let position = session.at(place)["position"].take();
        let range = json!({ "start": position, "end": position });
        let params = with(document.clone(), "range", range);
        for context in [
            json!({ "diagnostics": [] }),
            json!({ "diagnostics": [], "only": ["source"] }),
        ] {
            let params = with(params.clone(), "context", context);
            session.client.request("textDocument/codeAction", &params);
        }
    }
    let place = session.at("$t = $|s->a");
    session.ask("textDocument/prepareRename", &place);
    let edit = session.ask(
        "textDocument/rename",
        &with(place, "newName", json!("shape")),
    );
    assert_eq!(edit["documentChanges"].as_array().map(Vec::len), Some(1));
}

/// What concerns more than a document.
fn workspace(session: &mut Session) {
    session.ask("workspace/symbol", &json!({ "query": "c" }));
    let kind = session.at("\t|file \"/${t}\" {");
    let found = session.ask("textDocument/definition", &kind);
    let params = json!({ "uri": found[0]["targetUri"] });
    session.ask("workspace/textDocumentContent", &params);
    let settings = json!({ "settings": { "mgmt": { "inlayHints": { "types": false } } } });
    session.tell("workspace/didChangeConfiguration", &settings);
    let changed = json!({ "changes": [{ "uri": session.client.uri("lib.mcl"), "type": 2 }] });
    session.tell("workspace/didChangeWatchedFiles", &changed);
    session.client.open("good.mcl", "noop \"x\" {}\n");
    let arguments = json!([session.client.uri("good.mcl"), "mermaid"]);
    let command = json!({ "command": "mgmt.graph", "arguments": arguments });
    session.ask("workspace/executeCommand", &command);
}

/// What can not be granted is refused in the protocol's form.
fn refusals(session: &mut Session) {
    let keyword = with(session.at("$t = $|s->a"), "newName", json!("no name"));
    let nowhere = json!({ "command": "mgmt.graph", "arguments": [session.client.uri("main.mcl")] });
    let unknown = json!({ "command": "mgmt.none" });
    for (method, params, code) in [
        ("textDocument/rename", keyword, -32803),
        ("workspace/executeCommand", nowhere, -32803),
        ("workspace/executeCommand", unknown, -32602),
    ] {
        let error = session.client.try_request(method, &params).unwrap_err();
        assert_eq!(error["code"], code, "{error}");
    }
}
