//! What `mgmt run --ui` tells over HTTP, whom it does not tell, and what `mgmt status` makes of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use mgmt_tests::agent::{Agent, binary, eventually};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

const PROGRAM: &str = r#"
file "@DIR@/motd" {
	state => "exists",
	content => "welcome\n",
	mode => "0644",
}
noop "told" {
	Listen => File["@DIR@/motd"],
}
"#;

const FAILING: &str = r#"
exec "failing" {
	cmd => "exit 3",
	shell => "/bin/sh",
}
noop "after" {}
Exec["failing"] -> Noop["after"]
"#;

fn start(program: &str) -> Agent {
    let agent = Agent::new(program).run(&["--ui=127.0.0.1:0", "--hostname", "h1"]);
    agent.wait_for_log("look at http://");
    agent
}

/// Where the agent says that it is.
fn address(agent: &Agent) -> String {
    agent.read("prefix/ui.address").unwrap().trim().to_owned()
}

fn send(agent: &Agent, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address(agent)).unwrap();
    let deadline = Some(Duration::from_secs(30));
    stream.set_read_timeout(deadline).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// The answer with its head.
fn ask(agent: &Agent, method: &str, path: &str, headers: &str) -> String {
    let request = format!("{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    let mut text = String::new();
    let mut stream = send(agent, &request);
    stream.read_to_string(&mut text).unwrap();
    text
}

const HOST: &str = "Host: localhost\r\n";

fn get(agent: &Agent, path: &str) -> Value {
    let answer = ask(agent, "GET", path, HOST);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(head.contains("application/json"), "{head}");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

fn wait_for(agent: &Agent, what: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    eventually(what, || {
        last = get(agent, path);
        wanted(&last)
    });
    last
}

fn settled(status: &Value) -> bool {
    status["settled"] == true && status["generation"] != 0
}

/// The path of the details of a file.
fn path_of(agent: &Agent, name: &str) -> String {
    let name = agent.path(name).display().to_string();
    format!("/api/v1/resources/file/{}", name.replace('/', "%2F"))
}

#[test]
fn a_graph_is_told_with_its_places_and_its_history() {
    let agent = start(PROGRAM);
    let placed = |graph: &Value| {
        settled(&graph["status"])
            && graph["resources"][0]["place"] != Value::Null
            && graph["resources"][1]["state"] == "ok"
    };
    let graph = wait_for(&agent, "the graph is told", "/api/v1/graph", placed);
    let status = &graph["status"];
    assert_eq!(status["hostname"], "h1");
    assert_eq!(status["program"], "site.mcl");
    assert_eq!(status["states"], json!({"ok": 2}));
    let place = &graph["resources"][0]["place"];
    assert_eq!(place, &json!({"file": "site.mcl", "line": 2, "column": 1}));
    assert_eq!(graph["edges"][0]["kind"], "declared");
    std::fs::write(agent.path("motd"), "disturbed\n").unwrap();
    agent.wait_for_text("motd", "welcome\n");
    let path = path_of(&agent, "motd");
    let repaired = |details: &Value| details["changes"] == 2;
    let details = wait_for(&agent, "the repair is told", &path, repaired);
    let history = details["history"].as_array().unwrap();
    let repair = history.iter().find(|pass| pass["result"] == "changed");
    assert_eq!(
        repair.unwrap()["changes"][0]["diff"],
        "@@ -1 +1 @@\n-disturbed\n+welcome\n"
    );
    let log = get(&agent, "/api/v1/log");
    let events: Vec<&Value> = log["entries"].as_array().unwrap().iter().collect();
    assert!(events.iter().any(|entry| entry["event"] == "changed"));
}

#[test]
fn events_come_as_they_happen_and_go_on_where_one_was() {
    let agent = start(PROGRAM);
    let graph = wait_for(&agent, "all is done", "/api/v1/graph", |graph| {
        settled(&graph["status"])
    });
    let event = graph["event"].as_str().unwrap();
    let request = format!("GET /api/v1/events HTTP/1.1\r\n{HOST}Last-Event-ID: {event}\r\n\r\n");
    let mut lines = BufReader::new(send(&agent, &request)).lines();
    let mut next = |beginning: &str| {
        lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line.starts_with(beginning))
            .unwrap()
    };
    next("content-type: text/event-stream");
    std::fs::remove_file(agent.path("motd")).unwrap();
    while !next("data: ").contains("\"changed\"") {}
    // Who comes from another run has to begin anew.
    let request = format!("GET /api/v1/events HTTP/1.1\r\n{HOST}Last-Event-ID: 1-1\r\n\r\n");
    let stranger = BufReader::new(send(&agent, &request)).lines();
    let mut events = stranger.map(Result::unwrap);
    assert!(events.any(|line| line == "event: resync"));
}

#[test]
fn only_asking_is_answered_and_only_from_here() {
    let agent = start(PROGRAM);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        for path in ["/", "/api/v1/graph", "/api/v1/events"] {
            let answer = ask(&agent, method, path, HOST);
            assert!(
                answer.starts_with("HTTP/1.1 405"),
                "{method} {path}: {answer}"
            );
        }
    }
    for headers in [
        "Host: evil.example\r\n",
        "Host: localhost\r\nOrigin: http://evil.example\r\n",
        "Host: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n",
    ] {
        for path in ["/", "/api/v1/status", "/api/v1/events"] {
            let answer = ask(&agent, "GET", path, headers);
            assert!(answer.starts_with("HTTP/1.1 403"), "{path}: {answer}");
        }
    }
    for path in [
        "/x",
        "/api/v1/x",
        "/api/v1/resources/file/x",
        "/api/v1/resources/file",
    ] {
        let answer = ask(&agent, "GET", path, HOST);
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    let bad = ask(&agent, "GET", "/api/v1/events?after=x", HOST);
    assert!(bad.starts_with("HTTP/1.1 400"), "{bad}");
    let page = ask(&agent, "HEAD", "/", HOST);
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let page = page.to_lowercase();
    assert!(
        page.contains("content-security-policy: default-src 'none'"),
        "{page}"
    );
    assert!(!page.contains("access-control-allow"), "{page}");
    assert!(page.ends_with("\r\n\r\n"), "{page}");
}

fn status(agent: &Agent, flags: &[&str]) -> (Option<i32>, String) {
    let prefix = agent.path("prefix").display().to_string();
    let mut arguments = vec!["status", "--prefix", &prefix];
    arguments.extend(flags);
    let Output {
        status,
        stdout,
        stderr,
    } = agent.command("mgmt", &arguments);
    let text = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    (status.code(), text)
}

#[test]
fn status_tells_how_an_agent_is_getting_on() {
    let mut agent = start(PROGRAM);
    wait_for(&agent, "all is done", "/api/v1/status", settled);
    let (code, text) = status(&agent, &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("h1: all as it should be\n"), "{text}");
    assert!(text.contains("2 resources: 2 ok"), "{text}");
    let (_, text) = status(&agent, &["--format", "json"]);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["hostname"], "h1");
    agent.save(FAILING);
    wait_for(&agent, "it fails", "/api/v1/status", |status| {
        status["states"] == json!({"blocked": 1, "failed": 1})
    });
    let (code, text) = status(&agent, &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("! exec[failing]  site.mcl:2  failed"),
        "{text}"
    );
    let bound = address(&agent);
    agent.signal(Signal::SIGTERM);
    agent.wait();
    assert_eq!(agent.read("prefix/ui.address"), None);
    let (code, text) = status(&agent, &[&bound]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("is it run with `--ui`?"), "{text}");
}

#[test]
fn status_follows_an_agent_until_its_end() {
    let mut agent = start(PROGRAM);
    wait_for(&agent, "all is done", "/api/v1/status", settled);
    let mut follower = Command::new(binary("mgmt"))
        .args(["status", "--watch", "--format", "json", &address(&agent)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["states"], json!({"ok": 2}));
    agent.save(FAILING);
    while next()["states"] != json!({"blocked": 1, "failed": 1}) {}
    agent.signal(Signal::SIGTERM);
    agent.wait();
    let output = follower.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.starts_with("error: "), "{error}");
}

#[test]
fn an_address_that_is_taken_is_an_error_at_the_start() {
    let agent = start(PROGRAM);
    let taken = format!("--ui={}", address(&agent));
    let mut second = Agent::new(PROGRAM).run(&[&taken]);
    assert_eq!(second.wait().code(), Some(1));
    assert!(
        second.log().contains("choose another port"),
        "{}",
        second.log()
    );
}

/// The JSON examples of a section of the manual.
fn documented(section: &str) -> Value {
    let manual = include_str!("../../docs/ui.md");
    let (_, rest) = manual.split_once(section).unwrap();
    let (_, rest) = rest.split_once("```json\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    serde_json::from_str(example).unwrap_or_else(|error| panic!("{section}: {error}"))
}

/// Every field that an example shows is there, with a value of the same type.
#[track_caller]
fn is_like(path: &str, example: &Value, real: &Value) {
    match (example, real) {
        (Value::Object(example), Value::Object(real)) => {
            for (name, value) in example.iter().filter(|(name, _)| *name != "...") {
                let may_miss = [json!(false), json!([])].contains(value);
                match real.get(name) {
                    Some(real) => is_like(&format!("{path}.{name}"), value, real),
                    None => assert!(may_miss, "{path}.{name} is not there"),
                }
            }
        }
        (Value::Array(examples), Value::Array(real)) => {
            for example in examples {
                let sort = |value: &Value| [value["type"].clone(), value["result"].clone()];
                let same = |real: &&Value| sort(real) == sort(example);
                if let Some(real) = real.iter().find(same) {
                    is_like(&format!("{path}[]"), example, real);
                }
            }
            assert!(examples.is_empty() || !real.is_empty(), "{path} is empty");
        }
        _ => assert_eq!(
            std::mem::discriminant(example),
            std::mem::discriminant(real),
            "{path}: {example} is documented, {real} is told"
        ),
    }
}

#[test]
fn the_manual_shows_what_is_told() {
    let program = format!("{PROGRAM}{FAILING}");
    let agent = start(&program);
    wait_for(&agent, "all is done", "/api/v1/graph", |graph| {
        settled(&graph["status"]) && graph["resources"][0]["place"] != Value::Null
    });
    let mut status = documented("### `GET /api/v1/status`");
    status["states"] = json!({"ok": 1});
    is_like("status", &status, &get(&agent, "/api/v1/status"));
    let graph = documented("### `GET /api/v1/graph`");
    is_like("graph", &graph, &get(&agent, "/api/v1/graph"));
    let details = documented("### `GET /api/v1/resources/KIND/NAME`");
    is_like("details", &details, &get(&agent, &path_of(&agent, "motd")));
}
