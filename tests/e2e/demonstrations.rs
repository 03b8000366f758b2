//! What mgmt is for, each with the example that shows it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, SystemTime};

use mgmt_tests::agent::{Agent, eventually};
use nix::sys::signal::Signal;

#[test]
fn what_is_independent_runs_in_parallel() {
    let time = Duration::from_secs(1);
    let mut agent =
        Agent::example("parallel", &[("sleep 10", "sleep 1")]).run(&["--converged-timeout=1"]);
    let start = SystemTime::now();
    assert!(agent.wait().success());
    let [first, second, third, alone] = ["first", "second", "third", "alone"].map(|name| {
        let metadata = fs::metadata(agent.path(format!("work-{name}"))).unwrap();
        metadata.modified().unwrap()
    });
    assert!(second >= first + time && third >= second + time);
    // One after the other, the two that wait for nothing would end at different times.
    assert!(alone < first + time && first < alone + time);
    assert!(start.elapsed().unwrap() > 3 * time + Duration::from_millis(900));
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
fn sent_values_arrive_and_changes_notify() {
    let mut agent = Agent::example("send-recv", &[]).run(&["--converged-timeout=1"]);
    assert!(agent.wait().success());
    let password = agent.read("work").unwrap_or_default();
    assert_eq!(password.len(), 24, "{password:?}");
    let notified = "noop[restart]: received a notification";
    assert!(agent.log().contains(notified));
    assert!(!agent.log().contains(&password), "a secret is in the log");
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
