//! Workspaces of several folders.

use serde_json::{Value, json};

use crate::client::Client;

const MAIN: &str = "import \"lib.mcl\"\nnoop \"x\" {\n\tMeta:retry => $lib.n,\n}\n";

fn folder(client: &Client, name: &str) -> Value {
    json!({ "uri": client.uri(name), "name": name })
}

fn symbols(client: &mut Client, query: &str) -> Vec<String> {
    let found = client.request("workspace/symbol", &json!({ "query": query }));
    let found = found.as_array().unwrap();
    let uris = found
        .iter()
        .map(|it| it["location"]["uri"].as_str().unwrap());
    let mut files: Vec<String> = uris.map(str::to_owned).collect();
    files.sort();
    files.dedup();
    files
}

fn change(client: &mut Client, added: &[&str], removed: &[&str]) {
    let folders = |client: &Client, names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| folder(client, name)).collect()
    };
    let event = json!({ "added": folders(client, added), "removed": folders(client, removed) });
    client.notify(
        "workspace/didChangeWorkspaceFolders",
        &json!({ "event": event }),
    );
}

#[test]
fn each_folder_is_looked_through() {
    let files = ["one", "two", "three"].map(|name| {
        let main = (format!("{name}/main.mcl"), MAIN.to_owned());
        let lib = (
            format!("{name}/lib.mcl"),
            format!("$n = 1\n$of_{name} = 2\n"),
        );
        [main, lib]
    });
    let files: Vec<(&str, &str)> = files
        .iter()
        .flatten()
        .map(|(name, text)| (&**name, &**text))
        .collect();
    let mut client = Client::launch(&files);
    let folders = json!([folder(&client, "one"), folder(&client, "two")]);
    client.initialize(json!({ "workspaceFolders": folders }));

    // A library is checked in the program of its own folder.
    for name in ["one", "two"] {
        let (lib, main) = (format!("{name}/lib.mcl"), format!("{name}/main.mcl"));
        client.open(&lib, "$n = \"a\"\n");
        let list = client.wait_for_diagnostics(&main, |list| !list.is_empty());
        assert_eq!(list[0]["code"], "E0401");
        client.close(&lib);
        client.wait_for_diagnostics(&main, <[Value]>::is_empty);
    }
    let uri = |client: &Client, name: &str| client.uri(&format!("{name}/lib.mcl"));
    let [one, two, three] = ["one", "two", "three"].map(|name| uri(&client, name));
    assert_eq!(symbols(&mut client, "of_"), [one.clone(), two.clone()]);

    change(&mut client, &["three"], &["one"]);
    let begun = std::time::Instant::now();
    let mut found = symbols(&mut client, "of_");
    // The new folder is looked through in the background.
    while found.len() < 2 && begun.elapsed().as_secs() < 60 {
        found = symbols(&mut client, "of_");
    }
    let mut wanted = [two, three];
    wanted.sort();
    assert_eq!(found, wanted);
    assert!(client.stop().success());
}
