//! How a server begins and ends.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::client::Client;

#[test]
fn ends_in_order() {
    let client = Client::start(&[]);
    assert_eq!(client.stop().code(), Some(0));
}

#[test]
fn the_answer_to_shutdown_need_not_be_awaited() {
    for _ in 0..20 {
        let mut client = Client::start(&[]);
        client.send_request("shutdown", &Value::Null);
        client.notify("exit", &Value::Null);
        assert_eq!(client.wait().code(), Some(0));
    }
}

#[test]
fn an_exit_without_shutdown_is_an_error() {
    let mut client = Client::start(&[]);
    client.notify("exit", &Value::Null);
    assert_eq!(client.wait().code(), Some(1));
}

#[test]
fn a_client_that_vanishes_is_an_error() {
    let client = Client::start(&[]);
    assert_eq!(client.vanish().code(), Some(1));
}

#[test]
fn does_not_outlive_the_editor() {
    // The editor, whose death closes nothing here.
    let mut editor = Command::new("sleep").arg("1000").spawn().unwrap();
    let mut client = Client::launch(&[]);
    client.initialize(json!({ "processId": editor.id() }));
    client.open("a.mcl", "$x = 1\n");
    client.wait_for_diagnostics("a.mcl", |list| !list.is_empty());
    editor.kill().unwrap();
    editor.wait().unwrap();
    assert_eq!(client.wait().code(), Some(1));
}

#[test]
fn nothing_is_answered_after_shutdown() {
    let mut client = Client::start(&[]);
    client.request("shutdown", &Value::Null);
    let params = json!({ "query": "x" });
    let error = client.try_request("workspace/symbol", &params).unwrap_err();
    assert_eq!(error["code"], -32600, "{error}");
    client.notify("exit", &Value::Null);
    assert_eq!(client.wait().code(), Some(0));
}

#[test]
fn nothing_is_answered_before_it_is_initialized() {
    let mut client = Client::launch(&[]);
    let params = json!({ "query": "x" });
    let error = client.try_request("workspace/symbol", &params).unwrap_err();
    assert_eq!(error["code"], -32002, "{error}");
    client.initialize(json!({}));
    assert_eq!(client.stop().code(), Some(0));
}

#[test]
fn comes_to_an_editor_that_listens() {
    let mut client = Client::launch_on_socket(&[]);
    client.initialize(json!({}));
    client.open("a.mcl", "$x = $y\n");
    let list = client.wait_for_diagnostics("a.mcl", |list| !list.is_empty());
    assert_eq!(list[0]["code"], "E0301");
    assert_eq!(client.stop().code(), Some(0));
}

#[test]
fn says_where_no_editor_listens() {
    // Nobody listens at the port of a listener that is gone.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let output = Command::new(env!("CARGO_BIN_EXE_mgmt-lsp"))
        .args(["--socket", &address])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains(&format!("can't connect to `{address}`")),
        "{text}"
    );
}

#[test]
fn agrees_on_an_encoding() {
    let agreed = |offered: Value, wanted: &str, columns: [u64; 2]| {
        let mut client =
            Client::start_with(&[], json!({ "general": { "positionEncodings": offered } }));
        assert_eq!(client.capabilities["positionEncoding"], wanted);
        client.open("a.mcl", "$x = \"😀\" $y\n");
        let list = client.wait_for_diagnostics("a.mcl", |list| !list.is_empty());
        let found = list[0]["range"]["start"]["character"].as_u64();
        assert_eq!(found, Some(columns[0]), "{offered}");
        // The client counts as the server does: this replaces the smiley, and what is behind it.
        client.change("a.mcl", Some([0, 6, 0, columns[1] as u32]), "a\"");
        client.wait_for_diagnostics("a.mcl", |list| {
            list.len() == 1 && list[0]["code"] == "W0801"
        });
    };
    agreed(json!([]), "utf-16", [10, 12]);
    agreed(json!(["utf-16"]), "utf-16", [10, 12]);
    // Every client knows utf-16, said or not.
    agreed(json!(["utf-32"]), "utf-16", [10, 12]);
    agreed(json!(["utf-8"]), "utf-8", [12, 14]);
    agreed(json!(["utf-16", "utf-8"]), "utf-8", [12, 14]);
}
