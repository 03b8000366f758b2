//! The agent is killed at random instants while it converges a graph with notifications and reversals. After
//! every kill no file is half written; once a later agent has converged, no notification was lost and no
//! reversal was forgotten.
//!
//! `MGMT_CRASH_ROUNDS` says how often it is killed, `MGMT_SEED` repeats a run.

use std::env;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use mgmt_tests::agent::Agent;
use mgmt_tests::chance::Chance;
use nix::sys::signal::Signal;

/// Files that notify a command each.
const FILES: u64 = 12;
/// Files that come and go.
const FLEETING: u64 = 6;
/// Large enough to be written in several pieces.
const LINES: usize = 500;

/// What the file says in a version of the program.
fn content(version: u64, file: u64) -> String {
    let line = format!("version {version} of {file}\n");
    line.repeat(LINES)
}

/// Whether a fleeting file is part of a version.
fn is_there(version: u64, file: u64) -> bool {
    !(version + file).is_multiple_of(3)
}

fn program(version: u64) -> String {
    let mut program = String::new();
    for file in 0..FILES {
        let text = content(version, file).replace('\n', "\\n");
        program += &format!(
            "file \"@DIR@/f{file}\" {{\n\tstate => \"exists\",\n\tcontent => \"{text}\",\n\tNotify => Exec[\"e{file}\"],\n}}\n\
             exec \"e{file}\" {{\n\tcmd => \"head -n 1 @DIR@/f{file} >> @DIR@/told{file}\",\n\tshell => \"/bin/sh\",\n\
             \trefresh_only => true,\n}}\n"
        );
    }
    for file in (0..FLEETING).filter(|file| is_there(version, *file)) {
        program += &format!(
            "file \"@DIR@/r{file}\" {{\n\tstate => \"exists\",\n\tcontent => \"here\\n\",\n\tMeta:reverse => true,\n}}\n"
        );
    }
    program
}

/// Every file is that of a whole version, or not there yet.
fn nothing_is_half_written(agent: &Agent, version: u64) {
    for file in 0..FILES {
        let Some(text) = agent.read(format!("f{file}")) else {
            continue;
        };
        let whole = (0..=version)
            .rev()
            .any(|version| text == content(version, file));
        assert!(whole, "f{file} is half written: {} bytes", text.len());
    }
    for file in 0..FLEETING {
        let text = agent.read(format!("r{file}"));
        assert!(
            text.is_none_or(|text| text == "here\n"),
            "r{file} is half written"
        );
    }
}

/// An agent that is left alone brings everything there.
fn everything_is_there(agent: &Agent, version: u64) {
    nothing_is_half_written(agent, version);
    for file in 0..FILES {
        let text = agent.read(format!("f{file}"));
        assert_eq!(text, Some(content(version, file)), "f{file}");
        let told = agent.read(format!("told{file}")).unwrap_or_default();
        let line = format!("version {version} of {file}");
        assert!(
            told.lines().any(|told| told == line),
            "e{file} was not told: {told}"
        );
    }
    for file in 0..FLEETING {
        let there = agent.path(format!("r{file}")).exists();
        assert_eq!(
            there,
            is_there(version, file),
            "r{file} in version {version}"
        );
    }
    let strangers: Vec<_> = fs::read_dir(agent.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with(['f', 't', 'r']))
        .filter(|name| name != "prefix" && name != "site.mcl")
        .collect();
    assert!(strangers.is_empty(), "left over: {strangers:?}");
}

#[test]
fn a_killed_agent_loses_nothing() {
    let rounds = env::var("MGMT_CRASH_ROUNDS").ok();
    let rounds: u64 = rounds.map_or(20, |rounds| rounds.parse().expect("a number"));
    let mut chance = Chance::new();
    let mut agent = Agent::new(&program(0));
    let began = Instant::now();
    agent = agent.run(&["--converged-timeout=0"]);
    assert!(agent.wait().success());
    everything_is_there(&agent, 0);
    // Most kills hit while there is something to do, some before and after.
    let span = began.elapsed().as_micros() as u64 * 5 / 4;
    let mut version = 0;
    for round in 0..rounds {
        if chance.below(3) > 0 {
            version += 1;
            agent.save(&program(version));
        }
        agent = agent.run(&[]);
        // The instant of the kill is what is random.
        sleep(Duration::from_micros(chance.below(span)));
        agent.signal(Signal::SIGKILL);
        assert!(!agent.wait().success());
        nothing_is_half_written(&agent, version);
        if chance.below(3) == 0 || round + 1 == rounds {
            agent = agent.run(&["--converged-timeout=0"]);
            assert!(agent.wait().success());
            everything_is_there(&agent, version);
        }
    }
}
