//! What editors and disks do seldom: the server answers all the same, and goes on.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Client, uri};

fn codes(list: &[Value]) -> Vec<&str> {
    list.iter().filter_map(|one| one["code"].as_str()).collect()
}

/// What is wrong with a file, as it is asked for.
fn pull(client: &mut Client, name: &str) -> Vec<Value> {
    let params = json!({ "textDocument": { "uri": client.uri(name) } });
    let report = client.request("textDocument/diagnostic", &params);
    report["items"].as_array().cloned().unwrap_or_default()
}

fn tell_of(client: &mut Client, name: &str, kind: u32) {
    let change = json!({ "uri": client.uri(name), "type": kind });
    client.notify(
        "workspace/didChangeWatchedFiles",
        &json!({ "changes": [change] }),
    );
}

const MAIN: &str = "import \"lib.mcl\"\nnoop \"x\" {\n\tMeta:retry => $lib.n,\n}\n";

#[test]
fn what_is_no_message_is_refused() {
    let framed = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let mut client = Client::start(&[]);
    for (bytes, code, id) in [
        (framed(r#"{"jsonrpc":"2.0","#), -32700, Value::Null),
        (framed("[]"), -32600, Value::Null),
        (
            framed(r#"{"jsonrpc":"1.0","id":"a","method":"shutdown"}"#),
            -32600,
            json!("a"),
        ),
        (
            framed(r#"{"jsonrpc":"2.0","id":1.5,"method":"shutdown"}"#),
            -32600,
            Value::Null,
        ),
        (
            "Content-Length: many\r\n\r\n".to_owned(),
            -32700,
            Value::Null,
        ),
        ("garbage\r\n\r\n".to_owned(), -32700, Value::Null),
    ] {
        client.send_bytes(bytes.as_bytes());
        let answer = client.next_message();
        assert_eq!(answer["error"]["code"], code, "{bytes}: {answer}");
        assert_eq!(answer["id"], id, "{bytes}: {answer}");
        // The next message is read.
        client.request("workspace/symbol", &json!({ "query": "x" }));
    }
    assert!(client.stop().success());
}

#[test]
fn places_that_do_not_exist_are_near_to_some() {
    let mut client = Client::start(&[]);
    client.open("a.mcl", "$x = \"😀\" + $y\n");
    let far = i32::MAX as u32;
    for (line, column) in [(0, 7), (0, far), (5, 0), (far, far)] {
        crate::robust::ask(&mut client, "a.mcl", line, column);
    }
    // The end before the start, the middle of a character, and behind the end.
    client.change("a.mcl", Some([0, 9, 0, 5]), "");
    client.change("a.mcl", Some([0, 7, 0, 7]), "a");
    client.change("a.mcl", Some([far, 0, far, far]), "$z = 1\n");
    assert_eq!(codes(&pull(&mut client, "a.mcl")), ["E0301"]);
    assert!(client.stop().success());
}

#[test]
fn each_kind_of_line_end_is_counted() {
    let mut client = Client::start(&[]);
    client.open("a.mcl", "$a = 1\r$b = 2\r\n$c = $d\n");
    client.change("a.mcl", Some([0, 6, 1, 0]), "\n");
    client.change("a.mcl", Some([1, 6, 2, 0]), "\n");
    let list = pull(&mut client, "a.mcl");
    assert_eq!(codes(&list), ["E0301"]);
    assert_eq!(
        list[0]["range"]["start"],
        json!({ "line": 2, "character": 5 })
    );
}

#[test]
fn files_come_and_go_underneath() {
    let mut client = Client::start(&[("lib.mcl", "$n = 1\n")]);
    client.open("main.mcl", MAIN);
    assert_eq!(codes(&pull(&mut client, "main.mcl")), [""; 0]);
    let lib = client.path("lib.mcl");
    std::fs::remove_file(&lib).unwrap();
    tell_of(&mut client, "lib.mcl", 3);
    assert_eq!(codes(&pull(&mut client, "main.mcl")), ["E0313"]);
    std::fs::create_dir(&lib).unwrap();
    tell_of(&mut client, "lib.mcl", 1);
    assert_eq!(codes(&pull(&mut client, "main.mcl")), ["E0313"]);
    std::fs::remove_dir(&lib).unwrap();
    // It is renamed into place.
    std::fs::write(client.path("new"), "$n = \"a\"\n").unwrap();
    std::fs::rename(client.path("new"), &lib).unwrap();
    tell_of(&mut client, "lib.mcl", 2);
    assert_eq!(codes(&pull(&mut client, "main.mcl")), ["E0401"]);
    std::fs::write(&lib, b"$n = 1 # \xff\n").unwrap();
    tell_of(&mut client, "lib.mcl", 2);
    assert_eq!(codes(&pull(&mut client, "main.mcl")), ["E0902"]);
    // A pipe that nobody writes to, and a device that never ends.
    std::fs::remove_file(&lib).unwrap();
    let made = Command::new("mkfifo").arg(&lib).status().unwrap();
    assert!(made.success());
    tell_of(&mut client, "lib.mcl", 2);
    assert_eq!(codes(&pull(&mut client, "main.mcl")), ["E0313"]);
    std::fs::remove_file(&lib).unwrap();
    symlink("/dev/zero", &lib).unwrap();
    tell_of(&mut client, "lib.mcl", 2);
    assert_eq!(codes(&pull(&mut client, "main.mcl")), ["E0313"]);
    // The whole folder goes.
    std::fs::remove_dir_all(client.path("")).unwrap();
    crate::robust::ask(&mut client, "main.mcl", 2, 20);
    assert!(client.stop().success());
}

#[test]
fn a_linked_folder_is_a_folder() {
    let client = Client::launch(&[("real/main.mcl", MAIN), ("real/lib.mcl", "$n = 1\n")]);
    let mut client = client;
    symlink("real", client.path("link")).unwrap();
    // It leads back to where it is.
    symlink(".", client.path("real/round")).unwrap();
    let folder = json!({ "uri": client.uri("link"), "name": "link" });
    client.initialize(json!({ "workspaceFolders": [folder] }));
    client.open("link/main.mcl", MAIN);
    let found = client.at("textDocument/definition", "link/main.mcl", 2, 20);
    assert_eq!(found[0]["uri"], client.uri("link/lib.mcl"), "{found}");
    // What is edited there is checked in the program that imports it.
    client.open("link/lib.mcl", "$n = \"a\"\n");
    assert_eq!(codes(&pull(&mut client, "link/main.mcl")), ["E0401"]);
    assert!(client.stop().success());
}

#[test]
fn imports_may_go_round() {
    let mut client = Client::start(&[("b.mcl", "import \"a.mcl\"\n$b = $a.a\n")]);
    client.open(
        "a.mcl",
        "import \"b.mcl\"\nimport \"a.mcl\" as me\n$a = 1\n",
    );
    let list = pull(&mut client, "a.mcl");
    assert!(codes(&list).contains(&"E0314"), "{list:?}");
    crate::robust::ask(&mut client, "a.mcl", 2, 1);
    client.change("a.mcl", Some([0, 0, 2, 0]), "");
    let list = pull(&mut client, "b.mcl");
    assert_eq!(codes(&list), ["W0801"], "{list:?}");
    assert!(client.stop().success());
}

#[test]
fn a_thousand_open_files_are_kept_apart() {
    let mut client = Client::start(&[]);
    let text = |i: usize| match i % 10 {
        9 => format!("$x = {i}\n"),
        _ => format!("import \"f{}.mcl\" as next\n$x = $next.x\n", i + 1),
    };
    for i in 0..1000 {
        client.open(&format!("f{i}.mcl"), &text(i));
    }
    // Programs of ten files each: an edit changes what is wrong in its own.
    client.change("f509.mcl", Some([0, 5, 0, 8]), "$y");
    assert_eq!(codes(&pull(&mut client, "f509.mcl")), ["E0301"]);
    assert_eq!(codes(&pull(&mut client, "f609.mcl")), [""; 0]);
    let found = client.at("textDocument/definition", "f505.mcl", 1, 12);
    assert_eq!(found[0]["uri"], client.uri("f506.mcl"), "{found}");
    for i in 0..1000 {
        client.close(&format!("f{i}.mcl"));
    }
    let found = client.request("workspace/symbol", &json!({ "query": "x" }));
    assert_eq!(found, json!([]));
    assert!(client.stop().success());
}

#[test]
fn depth_and_length_have_limits_that_nobody_meets() {
    let mut client = Client::start(&[]);
    for (depth, open, close) in [
        (2990, "if true {\n", "}\n"),
        (2990, "class c {\n", "}\n"),
        (2990, "$x = [", "]"),
        (200, "$x = func() { ", " }"),
        (200, "$x = if true { ", " } else { 1 }"),
        (2990, "$x = (", ")"),
        (200, "$x = -(", ")"),
    ] {
        let head = open.strip_prefix("$x = ").map_or("", |_| "$x = ");
        let open = open.strip_prefix("$x = ").unwrap_or(open);
        let inner = if head.is_empty() { "" } else { "1" };
        let text = format!(
            "{head}{}{inner}{}\n",
            open.repeat(depth),
            close.repeat(depth)
        );
        client.open("deep.mcl", &text);
        crate::robust::ask(&mut client, "deep.mcl", 0, 3);
        crate::robust::ask(&mut client, "deep.mcl", depth as u32, 0);
        client.close("deep.mcl");
    }
    // Many imports of imports.
    for i in 0..1000 {
        let text = format!("import \"f{}.mcl\" as next\n$x = 1\n", i + 1);
        std::fs::write(client.path(&format!("f{i}.mcl")), text).unwrap();
    }
    client.open("f0.mcl", "import \"f1.mcl\" as next\n$x = $next.x\n");
    crate::robust::ask(&mut client, "f0.mcl", 1, 8);
    assert!(client.stop().success());
}

#[test]
fn what_is_no_program_at_all_has_answers() {
    let mut dice = crate::chance::Dice(3);
    let mut client = Client::start(&[]);
    let noise: String = (0..5_000)
        .map(|_| char::from(dice.below(256) as u8))
        .collect();
    let mut long = String::new();
    for i in 0..300 {
        let _ = writeln!(long, "$v{i} = \"some text\"");
    }
    for text in [
        noise,
        "({[".repeat(200),
        ")}]".repeat(200),
        "(".repeat(500) + &"}".repeat(500),
        "\0".repeat(20_000),
        format!("$x = [{}]", "1, ".repeat(5_000)),
        long,
    ] {
        client.open("a.mcl", &text);
        crate::robust::ask(&mut client, "a.mcl", 0, 3);
        client.close("a.mcl");
    }
    assert!(client.stop().success());
}

#[test]
fn addresses_may_be_of_anything() {
    let mut client = Client::start(&[]);
    let here = uri(&client.path("none.mcl"));
    for uri in [
        "untitled:Untitled-1",
        "http://a.b/%ff",
        "file:///a%00b%ff",
        &here,
    ] {
        let document = json!({ "uri": uri });
        let params = json!({ "textDocument": document, "position": { "line": 0, "character": 1 } });
        client.request("textDocument/hover", &params);
        let text = json!({ "uri": uri, "languageId": "mcl", "version": 1, "text": "$x = 1\n" });
        client.notify("textDocument/didOpen", &json!({ "textDocument": text }));
        let hover = client.request("textDocument/hover", &params);
        assert!(hover["contents"].is_object(), "{uri}: {hover}");
        client.notify(
            "textDocument/didClose",
            &json!({ "textDocument": document }),
        );
        assert_eq!(client.request("textDocument/hover", &params), Value::Null);
    }
    assert!(client.stop().success());
}
