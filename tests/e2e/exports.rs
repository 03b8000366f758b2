//! What is for other hosts (engine.md §6.2): a host without peers sees its own.

use mgmt_tests::agent::{Agent, eventually};
use nix::sys::signal::Signal;

/// Exports a file, or not, and writes down which files are exported.
fn program(export: &str) -> String {
    format!(
        "import \"world/collect\" as exported\nimport \"fmt\"\nfile \"@DIR@/shared\" {{\n\tstate => \"exists\",\n\
         \t{export}\n}}\nfile \"@DIR@/seen\" {{\n\tstate => \"exists\",\n\
         \tcontent => fmt.printf(\"%v\\n\", exported.res(\"file\")),\n}}\n"
    )
}

const TO_ALL: &str = "Meta:export => [\"*\"],";

fn sees(agent: &Agent) -> bool {
    let seen = agent.read("seen").unwrap_or_default();
    seen.contains("shared")
}

#[test]
fn what_is_exported_is_seen_until_it_is_withdrawn() {
    let agent = Agent::new(&program(TO_ALL)).run(&[]);
    eventually("it is seen", || sees(&agent));
    agent.save(&program(""));
    eventually("it is no longer seen", || !sees(&agent));
}

/// The original leaves for ever what an earlier run has exported (engine.md §10.3, X21).
#[test]
fn what_an_earlier_run_has_exported_is_withdrawn() {
    let mut agent = Agent::new(&program(TO_ALL)).run(&[]);
    eventually("it is seen", || sees(&agent));
    agent.signal(Signal::SIGTERM);
    assert_eq!(agent.wait().code(), Some(0));
    agent.save(&program(""));
    // In noop nothing changes for others, either.
    let mut agent = agent.run(&["--noop", "--converged-timeout=0"]);
    assert_eq!(agent.wait().code(), Some(0));
    let log = agent.log();
    assert!(!log.contains("withdrawn"), "{log}");
    let agent = agent.run(&[]);
    agent.wait_for_log("1 exports are withdrawn");
    eventually("it is no longer seen", || !sees(&agent));
}
