//! Texts go in, diagnostics come out.

use std::time::Instant;

use serde_json::{Value, json};

use crate::client::Client;
use crate::screen::Screen;

fn codes(list: &[Value]) -> Vec<&str> {
    list.iter().filter_map(|one| one["code"].as_str()).collect()
}

#[test]
fn diagnostics_follow_the_text() {
    let mut client = Client::start(&[]);
    client.open("a.mcl", "noop \"x\" {\n\tMeta:retry => $n,\n}\n");
    let list = client.wait_for_diagnostics("a.mcl", |list| !list.is_empty());
    assert_eq!(codes(&list), ["E0301"]);
    client.change("a.mcl", Some([1, 15, 1, 17]), "42");
    client.wait_for_diagnostics("a.mcl", <[Value]>::is_empty);
    client.change("a.mcl", Some([0, 0, 0, 0]), "$unused = 1\n");
    let list = client.wait_for_diagnostics("a.mcl", |list| !list.is_empty());
    assert_eq!(codes(&list), ["W0801"]);
    assert_eq!(list[0]["tags"], json!([1]));
    client.close("a.mcl");
    client.wait_for_diagnostics("a.mcl", <[Value]>::is_empty);
}

#[test]
fn an_edit_is_checked_in_all_that_import_it() {
    let main = "import \"lib.mcl\"\nnoop \"x\" {\n\tMeta:retry => $lib.n,\n}\n";
    let mut client = Client::start(&[("main.mcl", main), ("lib.mcl", "$n = 1\n")]);
    client.open("lib.mcl", "$n = 1\n");
    client.change("lib.mcl", Some([0, 5, 0, 6]), "\"one\"");
    let list = client.wait_for_diagnostics("main.mcl", |list| !list.is_empty());
    assert_eq!(codes(&list), ["E0401"]);
    client.change("lib.mcl", Some([0, 5, 0, 10]), "2");
    client.wait_for_diagnostics("main.mcl", <[Value]>::is_empty);
}

/// Files may import each other, so that no program begins with one of them alone.
#[test]
fn who_is_told_learns_the_same_as_who_asks() {
    let circle = [
        ("a.mcl", "import \"b.mcl\"\n$x = $b.y\n"),
        ("b.mcl", "import \"a.mcl\"\n$y = $a.x + $gone\n"),
    ];
    let pair = [
        ("a.mcl", "import \"lib.mcl\"\n$x = $lib.n + \"\"\n"),
        ("b.mcl", "import \"lib.mcl\"\n$y = $lib.n + $gone\n"),
        ("lib.mcl", "$n = 1\n$unused = $gone\n"),
    ];
    for files in [&circle[..], &pair[..]] {
        let mut client = Client::start(&[]);
        for (name, text) in files {
            client.open(name, text);
        }
        let mut screen = Screen::default();
        let mut found = 0;
        for (edited, text) in files {
            client.change(edited, None, &format!("{text}# edited\n"));
            for (name, _) in files {
                let params = json!({ "textDocument": { "uri": client.uri(name) } });
                let asked = client.request("textDocument/diagnostic", &params)["items"].take();
                found += asked.as_array().unwrap().len();
                screen.wait(&mut client, name, &asked, || {
                    format!("after an edit of {edited}")
                });
            }
        }
        assert!(found > 0, "nothing is wrong with {files:?}");
    }
}

#[test]
fn files_that_change_on_disk_are_seen() {
    let mut client = Client::start(&[]);
    client.open(
        "main.mcl",
        "import \"lib.mcl\"\nnoop \"x\" {\n\tMeta:retry => $lib.n,\n}\n",
    );
    let list = client.wait_for_diagnostics("main.mcl", |list| !list.is_empty());
    assert_eq!(codes(&list), ["E0313"]);
    std::fs::write(client.path("lib.mcl"), "$n = 1\n").unwrap();
    let change = json!({ "uri": client.uri("lib.mcl"), "type": 1 });
    client.notify(
        "workspace/didChangeWatchedFiles",
        &json!({ "changes": [change] }),
    );
    client.wait_for_diagnostics("main.mcl", <[Value]>::is_empty);
}

#[test]
fn related_places_and_explanations_are_linked() {
    let capabilities = json!({ "textDocument": { "publishDiagnostics": {
        "relatedInformation": true,
        "codeDescriptionSupport": true,
    } } });
    let mut client = Client::start_with(&[], capabilities);
    client.open("a.mcl", "$x = 1\n$x = 2\n");
    let list = client.wait_for_diagnostics("a.mcl", |list| !list.is_empty());
    assert_eq!(codes(&list), ["E0307"]);
    assert_eq!(
        list[0]["relatedInformation"][0]["location"]["range"]["start"]["line"],
        0
    );
    let page = list[0]["codeDescription"]["href"].as_str().unwrap();
    assert!(
        page.ends_with("/compiler/src/diagnostic/codes/E0307.md"),
        "{page}"
    );
}

#[test]
fn a_burst_of_keystrokes_does_not_queue_up_work() {
    let mut client = Client::start(&[]);
    client.open("a.mcl", "");
    client.wait_for_diagnostics("a.mcl", <[Value]>::is_empty);
    let begun = Instant::now();
    // Each of them moves what is wrong: to look at each would be to tell of each.
    for i in 0..100 {
        client.change("a.mcl", Some([0, i, 0, i]), if i == 0 { "$" } else { "x" });
    }
    let is_last = |list: &[Value]| {
        let end = |it: &Value| it["range"]["end"]["character"].clone();
        list.iter().any(|it| end(it) == 100)
    };
    let mut looks = 0;
    client.wait_for_diagnostics("a.mcl", |list| {
        looks += 1;
        is_last(list)
    });
    let pauses = begun.elapsed().as_millis() / 50;
    assert!(looks <= pauses + 2, "{looks} in {:?}", begun.elapsed());
}

#[test]
fn formats_and_leaves_the_rest_alone() {
    let mut client = Client::start(&[]);
    client.open("a.mcl", "$a = 1\n$b   =   2\n$c = 3\n");
    let params = json!({
        "textDocument": { "uri": client.uri("a.mcl") },
        "options": { "tabSize": 8, "insertSpaces": false },
    });
    let edits = client.request("textDocument/formatting", &params);
    assert_eq!(edits.as_array().map(Vec::len), Some(1));
    assert_eq!(edits[0]["newText"], "$b = 2\n");
    assert_eq!(
        edits[0]["range"]["start"],
        json!({ "line": 1, "character": 0 })
    );
}
