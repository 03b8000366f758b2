//! The agent is killed at random instants while it converges a graph with notifications and reversals. After
//! every kill no file is half written; once a later agent has converged, no notification was lost and no
//! reversal was forgotten.
//!
//! `MGMT_CRASH_ROUNDS` says how often it is killed, `MGMT_SEED` repeats a run.

use std::env;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use mgmt_tests::agent::{Agent, binary};
use mgmt_tests::chance::Chance;
use nix::sys::signal::Signal;

/// Files that notify a command each.
const FILES: u64 = 12;
/// Resources that come and go, and are reversed when they go.
const FLEETING: u64 = 9;
/// Large enough to be written in several pieces.
const LINES: usize = 500;

/// What the file says in a version of the program.
fn content(version: u64, file: u64) -> String {
    format!("version {version} of {file}\n").repeat(LINES)
}

/// A resource with a reversal: how its file is while it is in the program, and while it is not.
struct Fleeting {
    parameters: String,
    with: Option<String>,
    without: Option<String>,
}

impl Fleeting {
    /// There are three sorts: a file is made, an older one is removed, or its content replaced.
    fn new(file: u64) -> Self {
        let ours = format!("ours {file}\n").repeat(LINES);
        let theirs = format!("theirs {file}\n").repeat(LINES);
        let text = ours.replace('\n', "\\n");
        let (parameters, with, without) = match file % 3 {
            0 => (
                format!("state => \"exists\",\n\tcontent => \"{text}\","),
                Some(ours),
                None,
            ),
            1 => ("state => \"absent\",".to_owned(), None, Some(theirs)),
            _ => (format!("content => \"{text}\","), Some(ours), Some(theirs)),
        };
        Self {
            parameters,
            with,
            without,
        }
    }

    /// Whether it is part of a version.
    fn is_in(version: u64, file: u64) -> bool {
        !(version + file / 3).is_multiple_of(3)
    }
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
    for file in (0..FLEETING).filter(|file| Fleeting::is_in(version, *file)) {
        let parameters = Fleeting::new(file).parameters;
        program +=
            &format!("file \"@DIR@/r{file}\" {{\n\t{parameters}\n\tMeta:reverse => true,\n}}\n");
    }
    program
}

/// How many of the files say what they shall in a version. Every one is that of a whole version, or not there
/// yet.
fn nothing_is_half_written(agent: &Agent, version: u64) -> u64 {
    let mut done = 0;
    for file in 0..FILES {
        let Some(text) = agent.read(format!("f{file}")) else {
            continue;
        };
        let said = (0..=version)
            .rev()
            .find(|version| text == content(*version, file));
        assert!(
            said.is_some(),
            "f{file} is half written: {} bytes",
            text.len()
        );
        done += u64::from(said == Some(version));
    }
    for file in 0..FLEETING {
        let text = agent.read(format!("r{file}"));
        let Fleeting { with, without, .. } = Fleeting::new(file);
        assert!(text == with || text == without, "r{file} is half written");
    }
    done
}

/// Whether the command of each file has been told of a version.
fn is_told(agent: &Agent, version: u64, file: u64) -> bool {
    let told = agent.read(format!("told{file}")).unwrap_or_default();
    let line = format!("version {version} of {file}");
    told.lines().any(|told| told == line)
}

/// An agent that is left alone brings everything there.
fn everything_is_there(agent: &Agent, version: u64) {
    assert_eq!(nothing_is_half_written(agent, version), FILES);
    for file in 0..FILES {
        assert!(
            is_told(agent, version, file),
            "e{file} was not told of version {version}"
        );
    }
    for file in 0..FLEETING {
        let text = agent.read(format!("r{file}"));
        let Fleeting { with, without, .. } = Fleeting::new(file);
        let wanted = if Fleeting::is_in(version, file) {
            with
        } else {
            without
        };
        assert!(text == wanted, "r{file} in version {version}: {text:?}");
    }
    let strangers: Vec<_> = fs::read_dir(agent.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with(['f', 't', 'r']))
        .filter(|name| name != "prefix" && name != "site.mcl")
        .collect();
    assert!(strangers.is_empty(), "left over: {strangers:?}");
}

/// An agent that nobody kills.
///
/// Returns it, and how long it took.
fn converge(agent: Agent, version: u64) -> (Agent, Duration) {
    let began = Instant::now();
    let mut agent = agent.run(&["--converged-timeout=0"]);
    assert!(agent.wait().success());
    let took = began.elapsed();
    everything_is_there(&agent, version);
    (agent, took)
}

/// What the kills have met.
#[derive(Debug, Default)]
struct Met {
    /// No file of the new version was written yet.
    nothing_done: u64,
    /// Some were.
    some_done: u64,
    /// All were, and not all commands had been told.
    notifications_due: u64,
    everything_done: u64,
}

impl Met {
    fn count(&mut self, agent: &Agent, version: u64) {
        let met = match nothing_is_half_written(agent, version) {
            0 => &mut self.nothing_done,
            FILES if (0..FILES).all(|file| is_told(agent, version, file)) => {
                &mut self.everything_done
            }
            FILES => &mut self.notifications_due,
            _ => &mut self.some_done,
        };
        *met += 1;
    }
}

#[test]
fn a_killed_agent_loses_nothing() {
    let rounds = env::var("MGMT_CRASH_ROUNDS").ok();
    let rounds: u64 = rounds.map_or(20, |rounds| rounds.parse().expect("a number"));
    let mut chance = Chance::new();
    let mut version = 0;
    let agent = Agent::new(&program(version));
    for file in 0..FLEETING {
        if let Some(theirs) = Fleeting::new(file).without {
            fs::write(agent.path(format!("r{file}")), theirs).unwrap();
        }
    }
    // Built first, if need be: that must not count as time of the agent.
    binary("mgmt");
    let (mut agent, mut span) = converge(agent, version);
    let mut met = Met::default();
    for round in 0..rounds {
        // Some kills meet an agent that has just started, some one that takes over another version, and some
        // one that goes on with what its predecessor has left.
        let (restarts, changes) = (chance.below(4) > 0, chance.below(5) > 0);
        version += u64::from(changes);
        if restarts {
            agent.save(&program(version));
            agent = agent.run(&[]);
        } else {
            agent = agent.run(&[]);
            agent.wait_for_log("graph: Vertices");
            agent.save(&program(version));
        }
        // The instant of the kill is what is random; a few come when all is done.
        let latest = span.as_micros() as u64 * 9 / 8;
        sleep(Duration::from_micros(chance.below(latest)));
        agent.signal(Signal::SIGKILL);
        assert!(!agent.wait().success());
        met.count(&agent, version);
        if chance.below(3) == 0 || round + 1 == rounds {
            (agent, span) = converge(agent, version);
        }
    }
    eprintln!("the kills have met {met:?}");
    // Too few to tell otherwise.
    if rounds >= 100 {
        let Met {
            nothing_done,
            some_done,
            notifications_due,
            everything_done,
        } = met;
        for seen in [nothing_done, some_done + notifications_due, everything_done] {
            assert!(seen * 20 >= rounds, "the instants are not spread: {met:?}");
        }
    }
}
