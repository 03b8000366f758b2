//! What mgmt is for, each with the example that shows it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use mgmt_tests::agent::{Agent, eventually};
use nix::sys::signal::Signal;

#[test]
fn what_is_independent_runs_in_parallel() {
    // Each command also leaves when it started; a time that the test measures would depend on the machine.
    let mut agent = Agent::example(
        "parallel",
        &[
            ("sleep 10 && touch ${dir}-", "mark ${dir} "),
            ("\"/bin/sh\"", "\"@DIR@/shell\""),
        ],
    );
    let shell = agent.path("shell");
    fs::write(
        &shell,
        "#!/bin/sh\nmark() { touch $1-$2.start; sleep 0.5; touch $1-$2.end; }\neval \"$2\"\n",
    )
    .unwrap();
    fs::set_permissions(&shell, Permissions::from_mode(0o755)).unwrap();
    agent = agent.run(&["--converged-timeout=1"]);
    assert!(agent.wait().success());
    let at = |name: &str| {
        let metadata = fs::metadata(agent.path(format!("work-{name}"))).unwrap();
        metadata.modified().unwrap()
    };
    // The file system's clock ticks in milliseconds, and the next command may start in the same tick.
    assert!(at("first.end") <= at("second.start"));
    assert!(at("second.end") <= at("third.start"));
    assert!(at("alone.start") < at("first.end") && at("first.start") < at("alone.end"));
}

#[test]
fn whatever_happens_to_files_is_repaired_at_once() {
    let agent = Agent::example("events", &[]).run(&[]);
    let declared = |name: &str| agent.wait_for_text(name, "as declared\n");
    let all = || ["work/f1", "work/f2", "work/f3"].map(declared);
    let mode = |name: &str| Some(fs::metadata(agent.path(name)).ok()?.mode() & 0o777);
    all();

    fs::remove_file(agent.path("work/f2")).unwrap();
    declared("work/f2");
    fs::write(agent.path("work/f2"), "blah\n").unwrap();
    declared("work/f2");
    fs::write(agent.path("work/f4"), "").unwrap();
    eventually("f4 goes", || !agent.path("work/f4").exists());
    fs::set_permissions(agent.path("work/f1"), Permissions::from_mode(0o777)).unwrap();
    eventually("f1 gets its mode back", || mode("work/f1") == Some(0o644));
    fs::rename(agent.path("work/f3"), agent.path("work/f4")).unwrap();
    declared("work/f3");
    eventually("f4 goes again", || !agent.path("work/f4").exists());
    fs::remove_dir_all(agent.path("work")).ok();
    all();
}

#[test]
fn values_are_handed_on_and_notifications_follow() {
    let mut agent = Agent::example("send-recv", &[]).run(&[]);
    let secret = || {
        agent
            .read("work/secret")
            .filter(|secret| secret.len() == 20)
    };
    let told = || {
        agent
            .log()
            .matches("noop[told]: received a notification")
            .count()
    };
    eventually("there is a secret", || secret().is_some());
    eventually("the noop is told", || told() == 1);
    let first = secret();
    let mode = fs::metadata(agent.path("work/secret")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);

    fs::remove_file(agent.path("work/rotate")).unwrap();
    eventually("there is another secret", || {
        secret().is_some_and(|secret| Some(secret) != first)
    });
    eventually("the noop is told again", || told() == 2);
    let second = secret().unwrap();

    agent.signal(Signal::SIGINT);
    assert!(agent.wait().success());
    let log = agent.log();
    assert_eq!(log.matches("received a notification").count(), 2);
    assert!(!log.contains(&second), "secrets stay out of the log");
}

#[test]
fn a_program_follows_the_clock_and_a_file() {
    let agent = Agent::example("reactive", &[]).run(&[]);
    agent.wait_for_text("work/stop", "wait\n");
    let stop = fs::metadata(agent.path("work/stop")).unwrap().mtime_nsec();
    let seconds = || {
        agent
            .read("work/clock")
            .and_then(|text| text.trim().parse::<u64>().ok())
    };
    eventually("the clock is there", || seconds().is_some());
    let first = seconds().unwrap();
    eventually("the clock goes on", || {
        seconds().is_some_and(|now| now >= first + 2)
    });
    assert_eq!(
        fs::metadata(agent.path("work/stop")).unwrap().mtime_nsec(),
        stop
    );

    fs::write(agent.path("work/colour"), "green\n").unwrap();
    agent.wait_for_text("work/go", "walk\n");
    eventually("stop goes", || !agent.path("work/stop").exists());
    fs::remove_file(agent.path("work/colour")).unwrap();
    agent.wait_for_text("work/stop", "wait\n");
    eventually("go goes", || !agent.path("work/go").exists());
}

#[test]
fn a_program_is_edited_while_it_runs() {
    let program = |text: &str| {
        format!("file \"@DIR@/motd\" {{\n\tstate => \"exists\",\n\tcontent => \"{text}\\n\",\n}}\n")
    };
    let mut agent = Agent::new(&program("one")).run(&[]);
    agent.wait_for_text("motd", "one\n");

    agent.save(&program("two"));
    agent.wait_for_text("motd", "two\n");

    agent.save("file \"@DIR@/motd\" {\n");
    agent.wait_for_log("error[E0107]");
    agent.wait_for_log("the running one stays as it is");
    fs::remove_file(agent.path("motd")).unwrap();
    agent.wait_for_text("motd", "two\n");

    agent.save("file \"@DIR@/motd\" {\n\tstate => \"exists\",\n\tcontent => [\"x\"][7],\n}\n");
    agent.wait_for_log("E0601");
    fs::remove_file(agent.path("motd")).unwrap();
    agent.wait_for_text("motd", "two\n");

    agent.save(&program("three"));
    agent.wait_for_text("motd", "three\n");
    agent.signal(Signal::SIGINT);
    assert!(agent.wait().success());
}

#[test]
fn a_file_that_the_program_imports_is_edited_while_it_runs() {
    let agent = Agent::new(
        "import \"lib.mcl\"\n\n\
         file \"@DIR@/motd\" {\n\tstate => \"exists\",\n\tcontent => $lib.text,\n}\n\
         file \"@DIR@/other\" {\n\tstate => \"exists\",\n\tcontent => \"other\\n\",\n}\n",
    );
    fs::write(agent.path("lib.mcl"), "$text = \"one\\n\"\n").unwrap();
    let agent = agent.run(&[]);
    agent.wait_for_text("motd", "one\n");
    agent.wait_for_text("other", "other\n");
    let other = fs::metadata(agent.path("other")).unwrap();

    fs::write(agent.path("lib.mcl"), "$text = \"two\\n\"\n").unwrap();
    agent.wait_for_text("motd", "two\n");

    fs::write(agent.path("lib.mcl"), "$txt = \"two\\n\"\n").unwrap();
    agent.wait_for_log("the running one stays as it is");
    fs::remove_file(agent.path("lib.mcl")).unwrap();
    fs::remove_file(agent.path("motd")).unwrap();
    agent.wait_for_text("motd", "two\n");

    fs::write(agent.path("lib.mcl"), "$text = \"three\\n\"\n").unwrap();
    agent.wait_for_text("motd", "three\n");
    // Only the difference is applied.
    let same = fs::metadata(agent.path("other")).unwrap();
    assert_eq!(
        (same.ino(), same.mtime_nsec()),
        (other.ino(), other.mtime_nsec())
    );
}
