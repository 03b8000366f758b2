//! What nobody waits for any more is given up, and what takes long tells how far it is.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::client::Client;

/// Of a program whose analysis takes much longer than reading a message.
const LINES: usize = 800;

const CANCELLED: i64 = -32800;
const MODIFIED: i64 = -32801;

/// A program that takes a while, and whose tokens tell how many `extra` lines it has.
fn long(lines: usize) -> String {
    let mut text = String::from("import \"fmt\"\n");
    for i in 0..lines {
        let _ = writeln!(text, "$v{i} = fmt.printf(\"%d\", {i}) + \"a\"");
    }
    text
}

fn hover(client: &mut Client) -> i64 {
    let params = json!({
        "textDocument": { "uri": client.uri("a.mcl") },
        "position": { "line": 1, "character": 1 },
    });
    client.send_request("textDocument/hover", &params)
}

fn cancel(client: &mut Client, id: i64) {
    client.notify("$/cancelRequest", &json!({ "id": id }));
}

#[test]
fn a_cancelled_request_is_answered_at_once() {
    let mut client = Client::start(&[]);
    client.open("a.mcl", &long(2000));
    // More than are worked on at once: the last one waits.
    let asked: Vec<i64> = (0..20).map(|_| hover(&mut client)).collect();
    for id in [asked[19], asked[0]] {
        cancel(&mut client, id);
    }
    let mut answers = Vec::new();
    while answers.len() < asked.len() {
        answers.push(client.next_answer());
    }
    // The program is not even analysed when these come.
    let first: BTreeSet<i64> = answers[..2].iter().map(|(id, _)| *id).collect();
    assert_eq!(first, BTreeSet::from([asked[0], asked[19]]));
    for (id, answer) in answers {
        match answer {
            Err(error) => {
                assert_eq!(error["code"], CANCELLED);
                assert!(first.contains(&id));
            }
            Ok(hover) => assert!(hover["contents"].is_object(), "{hover}"),
        }
    }
    // Cancelling what is answered, or was never asked, does nothing.
    cancel(&mut client, asked[1]);
    cancel(&mut client, 9999);
    let id = hover(&mut client);
    assert!(client.answer(id).is_ok());
}

/// Changes the text and asks about it, again and again without waiting. Gives the answers.
fn burst(client: &mut Client, method: &str, params: &Value) -> Vec<Result<Value, Value>> {
    client.open("a.mcl", &long(LINES));
    let count = 30;
    let mut asked = Vec::new();
    for i in 0..count {
        client.change("a.mcl", Some([1, 0, 1, 0]), &format!("$w{i} = 1\n"));
        asked.push(client.send_request(method, params));
    }
    let mut answers = vec![Err(Value::Null); count];
    for _ in 0..count {
        let (id, answer) = client.next_answer();
        let place = asked.iter().position(|it| *it == id).unwrap();
        answers[place] = answer;
    }
    answers
}

#[test]
fn questions_about_whole_files_are_answered_from_the_newest_text() {
    let mut client = Client::start(&[]);
    let params = json!({ "textDocument": { "uri": client.uri("a.mcl") } });
    let answers = burst(&mut client, "textDocument/documentSymbol", &params);
    let counts: Vec<usize> = answers
        .iter()
        .map(|answer| answer.as_ref().unwrap().as_array().unwrap().len())
        .collect();
    assert_eq!(counts.last(), Some(&(LINES + 1 + 30)));
    // Of most texts no analysis was brought to its end.
    let different: BTreeSet<usize> = counts.into_iter().collect();
    assert!(different.len() < 15, "{different:?}");
}

#[test]
fn questions_about_places_are_given_up_if_the_client_knows_that() {
    let capabilities = json!({ "general": { "staleRequestSupport": {
        "cancel": true,
        "retryOnContentModified": [],
    } } });
    let mut client = Client::start_with(&[], capabilities);
    let params = json!({
        "textDocument": { "uri": client.uri("a.mcl") },
        "position": { "line": 0, "character": 2 },
    });
    let answers = burst(&mut client, "textDocument/hover", &params);
    assert!(answers.last().unwrap().is_ok());
    let modified = answers.iter().filter(|answer| match answer {
        Ok(_) => false,
        Err(error) => error["code"] == MODIFIED,
    });
    assert!(modified.count() > 10);
    // Others get their answers.
    let mut client = Client::start(&[]);
    let mut params = params;
    params["textDocument"]["uri"] = json!(client.uri("a.mcl"));
    let answers = burst(&mut client, "textDocument/hover", &params);
    assert!(answers.iter().all(Result::is_ok));
}

/// The values of the progress under a token, until it ends.
fn progress(client: &mut Client, token: &Value) -> Vec<Value> {
    let mut values = Vec::new();
    loop {
        let message =
            client.wait_for(|it| it["method"] == "$/progress" && it["params"]["token"] == *token);
        let value = message["params"]["value"].clone();
        let is_end = value["kind"] == "end";
        values.push(value);
        if is_end {
            return values;
        }
    }
}

#[test]
fn reading_the_workspace_is_shown() {
    let files: Vec<(String, String)> = (0..50).map(|i| (format!("{i}.mcl"), long(20))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (&**a, &**b)).collect();
    let capabilities = json!({ "window": { "workDoneProgress": true } });
    let mut client = Client::start_with(&files, capabilities);
    let created = client.wait_for(|it| it["method"] == "window/workDoneProgress/create");
    let values = progress(&mut client, &created["params"]["token"]);
    assert_eq!(values[0]["kind"], "begin");
    assert_eq!(values[0]["title"], "Reading the workspace");
    // Who does not show it is not bothered.
    let mut client = Client::start_with(&files, json!({}));
    client.open("0.mcl", "$x = $y\n");
    client.wait_for_diagnostics("0.mcl", |list| !list.is_empty());
    let created = client
        .notifications()
        .into_iter()
        .find(|it| it["method"] == "window/workDoneProgress/create");
    assert_eq!(created, None);
}

#[test]
fn uses_are_found_in_all_programs_and_it_is_told_how_far_that_is() {
    let mut files = vec![("lib.mcl".to_owned(), "func f($a) {\n\t$a\n}\n".to_owned())];
    for i in 0..20 {
        let text = format!("import \"lib.mcl\"\nnoop \"x\" {{\n\tMeta:retry => lib.f({i}),\n}}\n");
        files.push((format!("main{i}.mcl"), text));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (&**a, &**b)).collect();
    let capabilities = json!({ "window": { "workDoneProgress": true } });
    let mut client = Client::start_with(&files, capabilities);
    let created = client.wait_for(|it| it["method"] == "window/workDoneProgress/create");
    progress(&mut client, &created["params"]["token"]);
    client.open("main3.mcl", files[4].1);
    let token = json!("mine");
    let params = json!({
        "textDocument": { "uri": client.uri("main3.mcl") },
        "position": { "line": 2, "character": 19 },
        "context": { "includeDeclaration": true },
        "workDoneToken": token,
    });
    let found = client.request("textDocument/references", &params);
    let files: BTreeSet<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["uri"].as_str())
        .collect();
    assert_eq!(files.len(), 21, "{found}");
    let values = progress(&mut client, &token);
    assert_eq!(values[0]["title"], "Finding uses");
    let percents: Vec<u64> = values
        .iter()
        .filter_map(|it| it["percentage"].as_u64())
        .collect();
    assert!(percents.is_sorted(), "{percents:?}");
}
