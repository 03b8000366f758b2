//! `mgmt run yaml`: a graph that is written down as it is.

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
fn a_saved_graph_is_applied_and_a_wrong_one_is_not() {
    let agent = Agent::new(GRAPH).run(&["yaml"]);
    agent.wait_for_text("second", "one\n");
    agent.save("graph: [");
    agent.wait_for_log("the running one stays as it is");
    agent.save(&GRAPH.replace("one", "two"));
    agent.wait_for_text("first", "two\n");
}
