//! What a user can do wrong: a clear message and the right exit status, never a panic.

use std::fs;

use mgmt_tests::agent::Agent;

/// Runs a binary; gives its exit status and what it said, which must not be about a panic.
fn run(agent: &Agent, name: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = agent.command(name, arguments);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    (output.status.code(), text)
}

#[track_caller]
fn check(program: &str, path: &str, status: i32, says: &str) {
    let agent = Agent::new(program);
    fs::create_dir(agent.path("empty")).unwrap();
    fs::write(agent.path("latin1.mcl"), b"# caf\xe9\n").unwrap();
    let (code, text) = run(&agent, "mgmtc", &["check", path]);
    assert_eq!(code, Some(status), "{text}");
    assert!(text.contains(says), "{text}");
    let failed = i32::from(status != 0);
    let flags = ["run", "--tmp-prefix", "--converged-timeout=0", path];
    let (code, text) = run(&agent, "mgmt", &flags);
    assert_eq!(code, Some(failed), "{text}");
    assert!(text.contains(says), "{text}");
}

#[test]
fn an_empty_file_is_an_empty_program() {
    check("", "site.mcl", 0, "");
}

#[test]
fn a_path_must_lead_somewhere() {
    check("", "missing.mcl", 2, "error[E0901]");
    check("", "missing/", 2, "missing");
    check("", "empty", 2, "error[E0903]");
    check("", "latin1.mcl", 1, "error[E0902]");
}

#[test]
fn mistakes_in_the_text_are_shown() {
    check(
        "print \"a\" {\n\tmsg => \"b,\n}\n",
        "site.mcl",
        1,
        "error[E0103]",
    );
    check(
        "flie \"/a\" {\n\tcontent => \"a\",\n}\n",
        "site.mcl",
        1,
        "error[E0417]",
    );
    check(
        &format!("$x = \"{}\n", "a".repeat(10 << 20)),
        "site.mcl",
        1,
        "error[E0103]",
    );
}

#[test]
fn mistakes_in_names_are_found_when_the_graph_is_made() {
    for (program, says) in [
        ("noop \"$x\" {}\n", "E0711"),
        ("noop \"\" {}\n", "E0710"),
        ("noop \"a\" {\n\tBefore => Noop[\"b\"],\n}\n", "E0706"),
    ] {
        let agent = Agent::new(program);
        for (name, command) in [("mgmtc", "graph"), ("mgmt", "run")] {
            let (code, text) = run(&agent, name, &[command, "site.mcl"]);
            assert_eq!(code, Some(1), "{text}");
            assert!(text.contains(says), "{text}");
        }
    }
}

#[test]
fn a_target_that_can_not_be_written_is_an_error_of_its_resource() {
    let agent =
        Agent::new("file \"/proc/nowhere/a\" {\n\tstate => \"exists\",\n\tcontent => \"a\",\n}\n");
    let flags = ["run", "--tmp-prefix", "--converged-timeout=0", "site.mcl"];
    let (code, text) = run(&agent, "mgmt", &flags);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("error: file[/proc/nowhere/a]"), "{text}");
}

#[test]
fn usage_errors_are_told_apart() {
    let agent = Agent::new("");
    for arguments in [&["check"][..], &["explain", "E9999"], &["nonsense"]] {
        let (code, text) = run(&agent, "mgmtc", arguments);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("error:"), "{text}");
    }
    let (code, _) = run(
        &agent,
        "mgmt",
        &["run", "--prefix=a", "--tmp-prefix", "site.mcl"],
    );
    assert_eq!(code, Some(2));
    let (code, text) = run(&agent, "mgmt", &["run", "--hostname=*", "site.mcl"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("can not be a host name"), "{text}");
}

#[test]
fn a_kind_that_can_not_run_is_refused_before_anything_is_done() {
    let agent = Agent::new(
        "file \"@DIR@/out\" {\n\tstate => \"exists\",\n}\n\
         docker:container [\"a\", \"b\"] {\n\timage => \"c\",\n}\n",
    );
    let (code, text) = run(&agent, "mgmtc", &["check", "site.mcl"]);
    assert_eq!((code, text.as_str()), (Some(0), ""));
    let flags = ["run", "--tmp-prefix", "--converged-timeout=0", "site.mcl"];
    let (code, text) = run(&agent, "mgmt", &flags);
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(text.matches("error[E0714]").count(), 1, "{text}");
    assert!(text.contains("site.mcl:4:1"), "{text}");
    assert!(
        text.contains("`docker:container` is not implemented"),
        "{text}"
    );
    assert!(!agent.path("out").exists());
}

#[test]
fn what_could_never_work_has_a_graph_but_does_not_run() {
    let agent = Agent::new("password \"p\" {\n\tlength => 0,\n}\n");
    let (code, text) = run(&agent, "mgmtc", &["graph", "site.mcl"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("warning[E0702]"), "{text}");
    let flags = ["run", "--tmp-prefix", "--converged-timeout=0", "site.mcl"];
    let (code, text) = run(&agent, "mgmt", &flags);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("error[E0702]"), "{text}");
    assert!(
        text.contains("password[p] is not valid: `length` must be at least one letter"),
        "{text}"
    );
}
