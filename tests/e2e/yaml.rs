//! `mgmt run yaml`: a graph that is written down as it is.

use std::fs;

use mgmt_tests::agent::Agent;

/// The test harness names every input `site.mcl`.
const GRAPH: &str = "\
graph: demo
resources:
  file:
  - name: first
    path: @DIR@/first
    state: exists
    content: \"one\\n\"
  exec:
  - name: second
    cmd: /bin/cp @DIR@/first @DIR@/second
edges:
- name: e1
  from: {kind: file, name: first}
  to: {kind: exec, name: second}
";

const ONCE: [&str; 5] = [
    "run",
    "--tmp-prefix",
    "--converged-timeout=0",
    "yaml",
    "site.mcl",
];

#[test]
fn a_graph_is_applied_in_its_order() {
    let agent = Agent::new(GRAPH);
    let output = agent.command("mgmt", &ONCE);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    assert_eq!(agent.read("second").as_deref(), Some("one\n"), "{log}");
}

#[test]
fn a_graph_with_errors_is_not_applied() {
    let agent = Agent::new(&GRAPH.replace("state: exists", "state: here"));
    let output = agent.command("mgmt", &ONCE);
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(log.contains("error[E0906]"), "{log}");
    assert!(log.contains("site.mcl:4:5"), "{log}");
    assert!(log.contains("file[first] is not valid"), "{log}");
    assert_eq!(agent.read("second"), None);
}

#[test]
fn what_a_graph_would_change_can_be_planned() {
    let agent = Agent::new(GRAPH);
    let output = agent.command("mgmt", &["plan", "yaml", "site.mcl"]);
    let plan = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{plan}");
    assert!(plan.contains("~ file[first]\n    create"), "{plan}");
    assert!(plan.contains("~ exec[second]\n    run"), "{plan}");
    assert_eq!(agent.read("first"), None);
}

#[test]
fn a_front_end_that_is_not_there_is_named() {
    let agent = Agent::new(GRAPH);
    let output = agent.command("mgmt", &["run", "--tmp-prefix", "yml", "site.mcl"]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(
        log.contains("no front end `yml`; there are `lang`, `yaml`"),
        "{log}"
    );
}

#[test]
fn a_saved_graph_is_applied_and_a_wrong_one_is_not() {
    let agent = Agent::new(GRAPH).run(&["yaml"]);
    agent.wait_for_text("second", "one\n");
    agent.save("graph: [");
    agent.wait_for_log("the running one stays as it is");
    agent.save(&GRAPH.replace("one", "two"));
    agent.wait_for_text("first", "two\n");
}

/// What `mgmt run yaml` says to a file with these bytes.
fn applied(bytes: &[u8]) -> (Option<i32>, String) {
    let agent = Agent::new("");
    fs::write(agent.path("site.mcl"), bytes).unwrap();
    let output = agent.command("mgmt", &ONCE);
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn files_that_hold_no_graph_are_told_apart() {
    for (bytes, says) in [
        (&b""[..], "invalid graph"),
        (b"# nothing\n", "invalid graph"),
        (
            b"[1, 2]\n",
            "expected a graph: a mapping with `graph` and `resources`",
        ),
        (b"graph: \xff\n", "it is not UTF-8"),
        (b"graph: a\n---\ngraph: b\n", "more than one document"),
        (b"graph: &a [*a]\n", "error[E0906]"),
        (
            b"graph: a\nresources: {noop: [{name: x, nmae: y}]}\n",
            "has no parameter `nmae`",
        ),
        (
            b"graph: a\nresources:\n  flie:\n  - name: x\n",
            "site.mcl:3",
        ),
    ] {
        let (status, log) = applied(bytes);
        assert!(log.contains(says), "{says}: {log}");
        // A misspelt parameter is only warned of.
        let is_bad = !says.contains("nmae");
        assert_eq!(status == Some(1), is_bad, "{says}: {log}");
    }
}

#[test]
fn an_edge_that_leads_nowhere_is_shown() {
    let (status, log) = applied(
        GRAPH
            .replace("name: second}", "name: third}")
            .replace("@DIR@", "/tmp")
            .as_bytes(),
    );
    assert_eq!(status, Some(1));
    for says in [
        "site.mcl:12:3",
        "there is no exec[third], which is its `to`",
        "help: both ends",
    ] {
        assert!(log.contains(says), "{says}: {log}");
    }
}

#[test]
fn ten_megabytes_are_read() {
    let mut graph = "graph: big\nresources:\n  print:\n".to_owned();
    let filler = "x".repeat(1_000);
    for at in 0..10_000 {
        graph += &format!("  - name: p{at}\n    msg: {filler}\n    meta: {{noop: true}}\n");
    }
    assert!(graph.len() > 10_000_000);
    let (status, log) = applied((graph.clone() + "edges: [{from: 1}]\n").as_bytes());
    assert_eq!(status, Some(1), "{log}");
    assert!(log.contains("site.mcl:30004"), "{log}");
    let agent = Agent::new("");
    fs::write(agent.path("site.mcl"), graph).unwrap();
    let output = agent.command(
        "mgmt",
        &[
            "run",
            "--tmp-prefix",
            "--noop",
            "--log=warn",
            "--converged-timeout=0",
            "yaml",
            "site.mcl",
        ],
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
