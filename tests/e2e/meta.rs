//! The meta parameters, and the flags that stand for them, in the real agent (engine.md §1.10).

use std::fs;

use mgmt_tests::agent::{Agent, eventually};
use nix::sys::signal::Signal;

/// A command of the shell, with more lines for the resource.
fn exec(name: &str, command: &str, more: &str) -> String {
    format!("exec \"{name}\" {{\n\tcmd => \"{command}\",\n\tshell => \"/bin/sh\",\n{more}\n}}\n")
}

/// How many lines a file in the directory has.
fn lines(agent: &Agent, name: &str) -> usize {
    agent.read(name).unwrap_or_default().lines().count()
}

fn times_logged(agent: &Agent, text: &str) -> usize {
    agent.log().matches(text).count()
}

/// Runs the agent until it has converged.
fn converge(agent: Agent, flags: &[&str]) -> Agent {
    let mut agent = agent.run(&[flags, &["--converged-timeout=0"]].concat());
    assert_eq!(agent.wait().code(), Some(0));
    agent
}

#[test]
fn poll_looks_again_and_again_or_once() {
    let program = exec("often", "echo . >> @DIR@/often", "\tMeta:poll => 1,")
        + &exec("once", "echo . >> @DIR@/once", "\tMeta:poll => -1,");
    let agent = Agent::new(&program).run(&[]);
    eventually("it looks again", || lines(&agent, "often") >= 2);
    assert_eq!(lines(&agent, "once"), 1);
}

/// A kind that relied on its watch would hang or fail (engine.md §10.3, X19).
#[test]
fn every_kind_does_without_its_watch() {
    let kinds = [
        "File[\"@DIR@/f\"] state => \"exists\", content => \"f\\n\",",
        "Line[\"l\"] file => \"@DIR@/l\", state => \"exists\", content => \"l\",",
        "Exec[\"e\"] cmd => \"echo . >> @DIR@/e\", shell => \"/bin/sh\",",
        "Kv[\"k\"] key => \"k\", value => \"v\",",
        "Value[\"v\"] any => 42,",
        "Password[\"p\"]",
        "Print[\"p\"]",
        "Msg[\"m\"] body => \"hello\",",
        "Noop[\"n\"]",
        "Test[\"t\"]",
        "Timer[\"t\"] interval => 1,",
    ];
    for poll in [-1, 1] {
        let mut program = String::new();
        let mut names = Vec::new();
        for kind in kinds {
            let (name, params) = kind.split_once(']').unwrap();
            let (kind, title) = name.split_once('[').unwrap();
            let kind = kind.to_lowercase();
            program += &format!("{kind} {title} {{ {params} Meta:poll => {poll}, }}\n");
            names.push(format!("{name}]"));
        }
        // Notifications, too, are served without a watch.
        let notify: String = names
            .iter()
            .map(|name| format!("Notify => {name}, "))
            .collect();
        program += &format!(
            "file \"@DIR@/first\" {{ state => \"exists\", Meta:poll => {poll}, {notify} }}\n"
        );
        let agent = Agent::new(&program);
        fs::write(agent.path("l"), "").unwrap();
        let mut agent = agent.run(&[]);
        agent.wait_for_text("f", "f\n");
        agent.wait_for_text("l", "l\n");
        agent.wait_for_log("noop[n]: received a notification");
        agent.wait_for_log("timer[t]: restarted");
        let looks = if poll == 1 { 3 } else { 1 };
        eventually("it looks", || lines(&agent, "e") >= looks);
        agent.signal(Signal::SIGINT);
        assert_eq!(agent.wait().code(), Some(0));
        assert_eq!(times_logged(&agent, "Error"), 0);
    }
}

#[test]
fn events_beyond_the_limit_wait() {
    let file = |name, meta| {
        format!("file \"@DIR@/{name}\" {{ state => \"exists\", content => \"good\\n\", {meta} }}\n")
    };
    let limited = file("f", "Meta:limit => 0.001, Meta:burst => 4,");
    let mut agent = Agent::new(&(limited + &file("g", ""))).run(&[]);
    let is_good = || agent.read("f").as_deref() == Some("good\n");
    let is_limited = || {
        agent
            .log()
            .contains("limited to 0.001 events per second, burst 4")
    };
    eventually("the file is there", is_good);
    let mut repairs = 0;
    while !is_limited() {
        fs::write(agent.path("f"), "bad\n").unwrap();
        eventually("it is repaired, or has to wait", || {
            is_good() || is_limited()
        });
        repairs += 1;
        assert!(repairs <= 4);
    }
    // A write can be seen as two events, of which the second came when all was well again.
    fs::write(agent.path("f"), "bad\n").unwrap();
    fs::write(agent.path("g"), "bad\n").unwrap();
    eventually("the other is repaired", || {
        agent.read("g").as_deref() == Some("good\n")
    });
    // The limit does not hold up the end.
    agent.signal(Signal::SIGINT);
    assert_eq!(agent.wait().code(), Some(0));
    assert_eq!(agent.read("f").as_deref(), Some("bad\n"));
}

#[test]
fn used_up_tries_are_remembered_unless_reset_says_otherwise() {
    let program = |comment: &str, more: &str| {
        let command = format!("echo . >> @DIR@/tries; false # {comment}");
        exec("e", &command, &format!("\tMeta:retry => 2,\n{more}"))
    };
    let agent = Agent::new(&program("one", "")).run(&[]);
    let failed = |times: usize| {
        eventually("it has failed for good", || {
            times_logged(&agent, "exec[e]: Error: ") == times
        });
    };
    failed(1);
    assert_eq!(lines(&agent, "tries"), 3);
    assert_eq!(times_logged(&agent, "1 left"), 1);
    agent.save(&program("two", ""));
    failed(2);
    assert_eq!(lines(&agent, "tries"), 4);
    agent.save(&program("three", "\tMeta:reset => true,"));
    failed(3);
    assert_eq!(lines(&agent, "tries"), 7);
}

#[test]
fn a_success_refills_the_tries_if_asked_to() {
    // Every other try fails.
    let program = |name: &str, more: &str| {
        let command = format!(
            "n=\\$(cat @DIR@/{name} || echo 0); echo \\$((n + 1)) > @DIR@/{name}; test \\$((n % 2)) = 1"
        );
        let more = format!("\tMeta:poll => 1,\n\tMeta:retry => 1,\n\tMeta:delay => 1,\n{more}");
        exec(name, &command, &more)
    };
    let both = program("refilled", "\tMeta:retryreset => true,") + &program("spent", "");
    let agent = Agent::new(&both).run(&[]);
    agent.wait_for_log("exec[spent]: Error: ");
    assert_eq!(agent.read("spent").as_deref(), Some("3\n"));
    eventually("the other one goes on", || {
        agent
            .read("refilled")
            .is_some_and(|tries| tries.trim() >= "4")
    });
    assert_eq!(times_logged(&agent, "exec[refilled]: Error: "), 0);
}

#[test]
fn a_command_that_takes_too_long_is_ended() {
    let program = exec("slow", "exec sleep 1000", "\tMeta:timeout => 100,");
    let mut agent = Agent::new(&program).run(&["--converged-timeout=0", "--report-failures"]);
    assert_eq!(agent.wait().code(), Some(2));
    assert!(
        agent
            .log()
            .contains("exec[slow]: Error: timeout after 0.1 seconds"),
        "{}",
        agent.log()
    );
}

/// Each notes if another one runs at the same time.
fn alone(count: usize, more: &str) -> String {
    let command =
        "mkdir @DIR@/lock || touch @DIR@/clash; sleep 0.02; rmdir @DIR@/lock; echo . >> @DIR@/done";
    let execs = (0..count).map(|at| exec(&format!("e{at}"), command, more));
    execs.collect()
}

#[test]
fn a_semaphore_lets_one_run_at_a_time() {
    for (more, flags) in [
        ("\tMeta:sema => [\"one\", \"two:2\"],", &[][..]),
        ("", &["--sema=1"]),
    ] {
        let agent = converge(Agent::new(&alone(5, more)), flags);
        assert_eq!(lines(&agent, "done"), 5);
        assert!(!agent.path("clash").exists(), "{more} {flags:?}");
    }
}

/// Whether a failed resource runs again with the next graph.
#[test]
fn rewatch_revives_what_has_failed() {
    let program = |version: &str| {
        let again = exec(
            "again",
            "echo . >> @DIR@/again; false",
            "\tMeta:rewatch => true,",
        );
        let never = exec("never", "echo . >> @DIR@/never; false", "");
        format!("{again}{never}print \"{version}\" {{}}\n")
    };
    let agent = Agent::new(&program("one")).run(&[]);
    agent.wait_for_log("exec[again]: Error: ");
    agent.wait_for_log("exec[never]: Error: ");
    agent.save(&program("two"));
    eventually("it runs again", || lines(&agent, "again") == 2);
    agent.wait_for_log("print[two]");
    assert_eq!(lines(&agent, "never"), 1);
}

#[test]
fn realize_holds_up_the_next_graph_until_it_has_settled_once() {
    let waits = "\tMeta:realize => true,\n\tMeta:retry => -1,\n\tMeta:delay => 5,";
    let agent = Agent::new(&exec("e", "test -e @DIR@/there", waits)).run(&[]);
    agent.wait_for_log("without end");
    agent.save("");
    agent.wait_for_log("the switch waits until 1 resources are realized");
    assert!(!agent.log().contains("graph: Vertices(0)"));
    fs::write(agent.path("there"), "").unwrap();
    agent.wait_for_log("graph: Vertices(0)");
}

#[test]
fn noop_and_hidden_do_nothing_and_hold_up_nobody() {
    let file = |name: &str, more: &str| {
        format!("file \"@DIR@/{name}\" {{\n\tstate => \"exists\",\n{more}\n}}\n")
    };
    let program = file(
        "looks",
        "\tMeta:noop => true,\n\tBefore => File[\"@DIR@/after\"],",
    ) + &file(
        "hidden",
        "\tMeta:hidden => true,\n\tBefore => File[\"@DIR@/after\"],",
    ) + &file("after", "");
    let agent = converge(Agent::new(&program), &[]);
    assert!(agent.path("after").exists());
    assert!(!agent.path("looks").exists() && !agent.path("hidden").exists());
}

#[test]
fn a_name_begins_with_a_dollar_only_if_that_is_meant() {
    let mut agent =
        Agent::new("$name = [\"$\" + \"x\"]\nprint $name {}\n").run(&["--converged-timeout=0"]);
    assert_eq!(agent.wait().code(), Some(1));
    assert!(agent.log().contains("dollar"), "{}", agent.log());
    agent.save("$name = [\"$\" + \"x\"]\nprint $name {\n\tMeta:dollar => true,\n}\n");
    converge(agent, &[]);
}

#[test]
fn what_is_gone_after_a_restart_is_undone() {
    let program = "file \"@DIR@/a\" {\n\tstate => \"exists\",\n\tcontent => \"a\\n\",\n\tMeta:reverse => true,\n}\n";
    let agent = Agent::new(program);
    let agent = converge(converge(agent, &[]), &[]);
    assert_eq!(
        agent.read("a").as_deref(),
        Some("a\n"),
        "an end undoes nothing"
    );
    agent.save("");
    // An inverse in noop is not done, and not forgotten.
    let agent = converge(agent, &["--noop"]);
    assert!(agent.path("a").exists());
    let agent = converge(agent, &[]);
    assert!(!agent.path("a").exists());
    fs::write(agent.path("a"), "of somebody else\n").unwrap();
    let agent = converge(agent, &[]);
    assert!(agent.path("a").exists(), "it is undone once");
}

/// The lines of the drawing that say something of edges and groups.
fn drawn(program: &str, flags: &[&str]) -> Vec<String> {
    let agent = converge(
        Agent::new(program),
        &[flags, &["--graphviz=graph.dot"]].concat(),
    );
    let text = agent.read("graph.dot").expect("the graph is drawn");
    let directory = agent.path("").display().to_string();
    let lines = text
        .lines()
        .filter(|line| line.contains(" -> ") || line.contains("+ "));
    lines
        .map(|line| line.trim().replace(&directory, ""))
        .collect()
}

#[test]
fn the_drawing_shows_automatic_edges_and_groups() {
    let program = |more: &str| {
        format!(
            "print \"a\" {{{more}}}\nprint \"b\" {{}}\nfile \"@DIR@/d/\" {{\n\tstate => \"exists\",\n}}\n\
             file \"@DIR@/d/f\" {{\n\tstate => \"exists\",\n{more}\n}}\n"
        )
    };
    let order = "\"file[d/]\" -> \"file[d/f]\";";
    let group = "\"print[b]\" [label=<print[b]<br/><font point-size=\"9\">+ print[a]</font>>];";
    assert_eq!(drawn(&program(""), &[]), [order, group]);
    assert_eq!(drawn(&program(""), &["--no-autogroup"]), [order]);
    // Without the edge both are tried at once.
    let apart = program("").replace("d/f", "f");
    assert_eq!(drawn(&apart, &["--no-autoedges"]), [group]);
    let apart =
        program("\tMeta:autogroup => false,\n\tMeta:autoedge => false,").replace("d/f", "f");
    assert_eq!(drawn(&apart, &[]), Vec::<String>::new());
}
