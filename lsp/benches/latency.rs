//! How long an editor waits, over standard input and output: the 50th and the 99th percentile, for a file of
//! 1,000 lines and for a project of 20 such files; and what the server holds in memory.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark prints, and fails by panics"
)]

#[path = "../tests/server/client.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod client;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use client::Client;

/// Longer than the server waits between two looks, so that only its work is measured.
const PAUSE: Duration = Duration::from_millis(60);

fn listener() -> client::Listener {
    Box::new(|_, _| {})
}

fn main() {
    initialize();
    let file = program("", 100, true);
    measure("1,000 lines", &[("main.mcl", &file)], "main.mcl", 200);
    burst(&file);
    let library: Vec<(String, String)> = (0..20)
        .map(|i| {
            (
                format!("lib{i}.mcl"),
                program(&format!("l{i}_"), 100, false),
            )
        })
        .collect();
    let mut main = String::new();
    for i in 0..20 {
        let _ = writeln!(main, "import \"lib{i}.mcl\"");
    }
    for i in 0..20 {
        let _ = writeln!(main, "include lib{i}.l{i}_c7(\"a\")");
    }
    let mut files: Vec<(&str, &str)> = library
        .iter()
        .map(|(name, text)| (&**name, &**text))
        .collect();
    files.push(("main.mcl", &main));
    measure("20,000 lines in 20 files", &files, "lib3.mcl", 50);
}

/// A program of 10 lines for each of `blocks`.
fn program(prefix: &str, blocks: usize, include: bool) -> String {
    let mut text = String::from("import \"fmt\"\n");
    for i in 0..blocks {
        let _ = write!(
            text,
            "$name_{i} = fmt.printf(\"n%d\", {i})\nfunc {prefix}f{i}($a, $b) {{\n\t$a + $b + {i}\n}}\nclass {prefix}c{i}($p) {{\n\tfile \"/tmp/${{p}}/{i}\" {{\n\t\tstate => \"exists\",\n\t\tcontent => fmt.printf(\"%s %d\", $name_{i}, {prefix}f{i}(1, 2)),\n\t}}\n}}\n"
        );
        if include {
            let _ = writeln!(text, "include {prefix}c{i}(\"x\")");
        }
    }
    text
}

fn initialize() {
    let mut times = Vec::new();
    // Enough that the first, which reads the program from the disk, is not the 99th percentile.
    for _ in 0..200 {
        let start = Instant::now();
        let client = Client::start(&[]);
        times.push(start.elapsed());
        client.stop();
    }
    show("start and initialize", &mut times);
}

fn measure(what: &str, files: &[(&str, &str)], name: &str, rounds: usize) {
    println!("\n{what}");
    let text = files.iter().find(|(it, _)| *it == name).unwrap().1;
    let mut client = Client::start(files);
    client.open(name, text);
    // The scan of the workspace comes to its end before the first answer is taken for measured.
    std::thread::sleep(Duration::from_millis(500));
    client.at("textDocument/hover", name, 1, 1);
    let line = text
        .lines()
        .position(|line| line.starts_with("$name_50"))
        .unwrap() as u32;
    let start = text
        .lines()
        .nth(line as usize)
        .unwrap()
        .find("fmt")
        .unwrap() as u32;

    let mut times = Vec::new();
    for _ in 0..rounds / 2 {
        std::thread::sleep(PAUSE);
        let begun = Instant::now();
        client.change(name, Some([line, start, line, start + 3]), "fmx");
        client.wait_for_diagnostics(name, |list| list.iter().any(|it| it["code"] == "E0302"));
        times.push(begun.elapsed());
        std::thread::sleep(PAUSE);
        let begun = Instant::now();
        client.change(name, Some([line, start, line, start + 3]), "fmt");
        client.wait_for_diagnostics(name, |list| !list.iter().any(|it| it["code"] == "E0302"));
        times.push(begun.elapsed());
    }
    show("edit to diagnostics", &mut times);

    let document = json!({ "textDocument": { "uri": client.uri(name) } });
    let mut at = document.clone();
    at["position"] = json!({ "line": line, "character": start + 6 });
    let mut variable = document.clone();
    variable["position"] = json!({ "line": line, "character": 3 });
    variable["context"] = json!({ "includeDeclaration": true });
    let questions: [(&str, &Value); 8] = [
        ("textDocument/completion", &at),
        ("textDocument/hover", &at),
        ("textDocument/definition", &variable),
        ("textDocument/documentHighlight", &variable),
        ("textDocument/references", &variable),
        ("textDocument/documentSymbol", &document),
        ("textDocument/foldingRange", &document),
        ("textDocument/semanticTokens/full", &document),
    ];
    for (method, params) in questions {
        let mut times = Vec::new();
        for _ in 0..rounds {
            let begun = Instant::now();
            client.request(method, params);
            times.push(begun.elapsed());
        }
        show(method, &mut times);
    }
    // A question directly after a keystroke: the analysis is part of the answer.
    let mut times = Vec::new();
    for i in 0..rounds {
        let (old, new) = if i % 2 == 0 {
            ("fmt", "fmx")
        } else {
            ("fmx", "fmt")
        };
        let begun = Instant::now();
        client.change(
            name,
            Some([line, start, line, start + old.len() as u32]),
            new,
        );
        client.request("textDocument/completion", &at);
        times.push(begun.elapsed());
    }
    show("keystroke and completion", &mut times);
    let before = client.resident() / 1024;
    for i in 0..10_000 {
        let (old, new) = if i % 2 == 0 {
            ("fmt", "fmx")
        } else {
            ("fmx", "fmt")
        };
        client.change(
            name,
            Some([line, start, line, start + old.len() as u32]),
            new,
        );
        if i % 100 == 0 {
            client.request("textDocument/hover", &at);
            client.notifications();
        }
    }
    client.request("textDocument/hover", &at);
    println!(
        "{:<34} {before} MB, {} MB after 10,000 edits",
        "resident",
        client.resident() / 1024
    );
    client.stop();
}

/// How long it takes until the diagnostics of the last of 100 keystrokes are there.
fn burst(text: &str) {
    let mut client = Client::start(&[]);
    client.open("a.mcl", text);
    client.at("textDocument/hover", "a.mcl", 1, 1);
    std::thread::sleep(PAUSE);
    let line = text.lines().count() as u32;
    let begun = Instant::now();
    for i in 0..100 {
        client.change(
            "a.mcl",
            Some([line, i, line, i]),
            if i == 0 { "$" } else { "x" },
        );
    }
    let wanted = 100;
    client.wait_for_diagnostics("a.mcl", |list| {
        list.iter().any(|it| {
            it["range"]["end"]["character"] == wanted || it["range"]["start"]["character"] == wanted
        })
    });
    println!(
        "{:<34} {:>8.2} ms",
        "100 keystrokes to diagnostics",
        begun.elapsed().as_secs_f64() * 1e3
    );
    client.stop();
}

fn show(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |percent: usize| {
        times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1e3
    };
    println!("{what:<34} {:>8.2} ms {:>8.2} ms", at(50), at(99));
}
