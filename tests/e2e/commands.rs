//! What editors, hooks and CI rely on: the contracts of `mgmtc`.

use std::fs;

use mgmt_tests::agent::Agent;
use serde_json::{Value, json};

const GOOD: &str = "print \"a\" {\n\tmsg => \"b\",\n}\n";
const WRONG: &str = "print \"a\" {\n\tmsg => $missing,\n}\n";

/// The exit status, standard output and standard error.
fn mgmtc(agent: &Agent, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let output = agent.command_with_input("mgmtc", arguments, input);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The objects of a text with one on each line.
fn objects(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn check_tells_programs_what_is_wrong() {
    let agent = Agent::new(WRONG);
    let json = ["check", "--message-format=json", "site.mcl"];
    let (code, out, _) = mgmtc(&agent, &json, "");
    assert_eq!(code, Some(1));
    let [object] = &objects(&out)[..] else {
        panic!("one line: {out}")
    };
    assert_eq!(object["severity"], "error");
    assert_eq!(object["stage"], "scope");
    assert_eq!(object["file"], "site.mcl");
    assert_eq!(
        object["range"],
        json!({"start": {"line": 2, "column": 9}, "end": {"line": 2, "column": 17}})
    );
    for field in ["code", "message", "labels", "help"] {
        assert!(object.get(field).is_some(), "{field} in {object}");
    }

    agent.save(GOOD);
    assert_eq!(
        mgmtc(&agent, &json, ""),
        (Some(0), String::new(), String::new())
    );
}

#[test]
fn check_takes_several_programs_and_directories() {
    let agent = Agent::new(GOOD);
    fs::create_dir(agent.path("site")).unwrap();
    fs::write(agent.path("site/main.mcl"), WRONG).unwrap();
    let (code, out, err) = mgmtc(
        &agent,
        &["check", "--message-format=short", "site.mcl", "site/"],
        "",
    );
    assert_eq!(code, Some(1));
    let text = out + &err;
    assert!(text.contains("site/main.mcl:2:9"), "{text}");
    fs::write(agent.path("site/main.mcl"), GOOD).unwrap();
    assert_eq!(
        mgmtc(&agent, &["check", "site.mcl", "site/"], "").0,
        Some(0)
    );
}

#[test]
fn a_program_may_come_from_standard_input() {
    let agent = Agent::new("");
    assert_eq!(mgmtc(&agent, &["check", "-"], GOOD).0, Some(0));
    assert_eq!(mgmtc(&agent, &["check", "-"], WRONG).0, Some(1));
    let (code, out, _) = mgmtc(&agent, &["graph", "-"], GOOD);
    assert_eq!(code, Some(0));
    assert_eq!(out, "Field: print[a].msg = \"b\"\nVertex: print[a]\n");
    let (code, out, _) = mgmtc(&agent, &["fmt", "-"], "print   \"a\" {}\n");
    assert_eq!((code, out.as_str()), (Some(0), "print \"a\" {}\n"));
}

#[test]
fn fmt_checks_or_rewrites() {
    let agent = Agent::new("$x   =  1 # one\n");
    let (code, _, err) = mgmtc(&agent, &["fmt", "--check", "site.mcl"], "");
    assert_eq!(code, Some(1), "{err}");
    assert_eq!(agent.read("site.mcl").as_deref(), Some("$x   =  1 # one\n"));
    assert_eq!(mgmtc(&agent, &["fmt", "site.mcl"], "").0, Some(0));
    assert_eq!(agent.read("site.mcl").as_deref(), Some("$x = 1 # one\n"));
    assert_eq!(
        mgmtc(&agent, &["fmt", "--check", "site.mcl"], "").0,
        Some(0)
    );
    // What is not a program is left alone.
    agent.save("$x = = 1\n");
    assert_eq!(mgmtc(&agent, &["fmt", "site.mcl"], "").0, Some(1));
    assert_eq!(agent.read("site.mcl").as_deref(), Some("$x = = 1\n"));
}

#[test]
fn graph_keeps_the_graph_and_what_is_wrong_apart() {
    let agent = Agent::new(GOOD);
    for (format, start) in [("json", "{"), ("dot", "digraph"), ("mermaid", "flowchart")] {
        let (code, out, err) = mgmtc(&agent, &["graph", "--format", format, "site.mcl"], "");
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(out.starts_with(start), "{out}");
    }
    agent.save(WRONG);
    let (code, out, err) = mgmtc(&agent, &["graph", "--message-format=json", "site.mcl"], "");
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert_eq!(objects(&err)[0]["stage"], "scope");
}

#[test]
fn what_can_not_be_read_or_is_not_understood_is_told_apart_from_wrong_programs() {
    let agent = Agent::new(GOOD);
    for arguments in [
        &["check", "missing.mcl"][..],
        &["fmt", "missing.mcl"],
        &["graph", "missing.mcl"],
        &["check", "--message-format=nonsense", "site.mcl"],
        &["explain", "E9999"],
        &["graph"],
    ] {
        let (code, out, err) = mgmtc(&agent, arguments, "");
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        assert!(err.contains("error"), "{err}");
    }
    let (code, out, _) = mgmtc(&agent, &["explain", "E0103"], "");
    assert_eq!(code, Some(0));
    assert!(out.contains("E0103"), "{out}");
}
