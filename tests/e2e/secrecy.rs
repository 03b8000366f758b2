//! A password in a name is shown nowhere: not by any command, nor in the names of files.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use mgmt_tests::agent::{Agent, eventually};

const PASSWORD: &str = "hunter2";
const PROGRAM: &str = r#"exec "ssh://joe:hunter2@h" {
	cmd => "echo joe:hunter2@h >&2; exit 3",
	shell => "/bin/sh",
}
password "joe:hunter2@h" {}
file "@DIR@/joe:hunter2@h" {
	state => "exists",
	content => "https://joe:hunter2@h/\n",
	mode => "0644",
}
print "say" {
	msg => "joe:hunter2@h",
}
noop "after joe:hunter2@h" {}
Exec["ssh://joe:hunter2@h"] -> Noop["after joe:hunter2@h"]
"#;

#[track_caller]
fn keeps(what: &str, text: &str) {
    assert!(text.contains("***"), "{what} shows nothing: {text}");
    is_silent(what, text);
}

#[track_caller]
fn is_silent(what: &str, text: &str) {
    assert!(!text.contains(PASSWORD), "{what}: {text}");
    for name in ["ssh://joe:hunter2@h", "joe:hunter2@h"] {
        assert!(!text.contains(&URL_SAFE.encode(name)), "{what}: {text}");
    }
}

fn output(agent: &Agent, program: &str, arguments: &[&str]) -> String {
    let output = agent.command(program, arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn no_command_shows_a_password() {
    let agent = Agent::new(PROGRAM);
    for format in ["text", "json", "dot", "mermaid", "svg"] {
        let text = output(&agent, "mgmtc", &["graph", "--format", format, "site.mcl"]);
        keeps(format, &text);
    }
    for format in ["text", "dot"] {
        let flags = ["graph", "--functions", "--format", format, "site.mcl"];
        keeps(format, &output(&agent, "mgmtc", &flags));
    }
    for format in ["human", "json"] {
        keeps(
            format,
            &output(&agent, "mgmt", &["plan", "--format", format, "site.mcl"]),
        );
    }
    let wrong = Agent::new("remote \"root:hunter2@h\" {}\nnoop \"joe:hunter2@h\" { x => 1, }\n");
    for format in ["human", "short", "json", "github", "sarif"] {
        let flags = ["check", "--message-format", format, "site.mcl"];
        is_silent(format, &output(&wrong, "mgmtc", &flags));
    }
    keeps("check", &output(&wrong, "mgmtc", &["check", "site.mcl"]));
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// The paths of all files below a directory.
fn paths(directory: &Path) -> String {
    let mut found = String::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        found += &format!("{}\n", path.display());
        if path.is_dir() {
            found += &paths(&path);
        }
    }
    found
}

#[test]
fn no_agent_shows_a_password() {
    let drawing = tempfile::tempdir().unwrap();
    let drawing = drawing.path().join("graph.dot");
    let agent = Agent::new(PROGRAM).run(&[
        "--ui=127.0.0.1:0",
        "--log",
        "debug",
        "--graphviz",
        &drawing.display().to_string(),
        "--prometheus",
        "--prometheus-listen",
        "127.0.0.1:0",
    ]);
    agent.wait_for_log("look at http://");
    let address = agent.read("prefix/ui.address").unwrap();
    let address = address.trim();
    eventually("all has run", || {
        let status = get(address, "/api/v1/status");
        status.contains("\"blocked\":1") && status.contains("\"settled\":true")
    });
    for path in [
        "status",
        "graph",
        "log",
        "resources/exec/ssh:%2F%2Fjoe:***@h",
        "resources/password/joe:***@h",
    ] {
        keeps(path, &get(address, &format!("/api/v1/{path}")));
    }
    for format in ["human", "json"] {
        keeps(
            format,
            &output(&agent, "mgmt", &["status", "--format", format, address]),
        );
    }
    let log = agent.log();
    keeps("the log", &log);
    let metrics = log.split("http://").find(|rest| rest.contains("/metrics"));
    if let Some((metrics, _)) = metrics.and_then(|rest| rest.split_once("/metrics")) {
        is_silent("the metrics", &get(metrics, "/metrics"));
    }
    eventually("the graph is drawn", || drawing.exists());
    keeps("the drawing", &std::fs::read_to_string(&drawing).unwrap());
    is_silent("names below the prefix", &paths(&agent.path("prefix")));
}
