//! The agent holds many files while they are altered at random; its memory and its descriptors stay flat.
//!
//! `MGMT_SOAK_SECONDS` says for how long, `MGMT_SEED` repeats a run.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, Instant};

use mgmt_tests::agent::{Agent, eventually};
use mgmt_tests::chance::Chance;

const FILES: u64 = 1_000;
/// So many events come at once.
const BURST: u64 = 40;

fn path(file: u64) -> String {
    format!("files/{}/f{file}", file % 10)
}

fn program() -> String {
    let mut program = String::from("file \"@DIR@/files/\" {\n\tstate => \"exists\",\n}\n");
    for directory in 0..10 {
        program += &format!("file \"@DIR@/files/{directory}/\" {{\n\tstate => \"exists\",\n}}\n");
    }
    for file in 0..FILES {
        program += &format!(
            "file \"@DIR@/{}\" {{\n\tstate => \"exists\",\n\tcontent => \"{file}\\n\",\n\tmode => \"0644\",\n}}\n",
            path(file)
        );
    }
    program
}

fn is_as_declared(agent: &Agent, file: u64) -> bool {
    let mode = fs::metadata(agent.path(path(file))).map(|there| there.mode() & 0o777);
    mode.is_ok_and(|mode| mode == 0o644) && agent.read(path(file)) == Some(format!("{file}\n"))
}

/// Something happens to one file. It may meet the agent at work on the same file.
fn happen(agent: &Agent, chance: &mut Chance) -> u64 {
    let file = chance.below(FILES);
    let there = agent.path(path(file));
    let _ = match chance.below(5) {
        0 => fs::remove_file(there),
        1 => fs::write(there, "something else\n"),
        2 => fs::set_permissions(there, Permissions::from_mode(0o600)),
        3 => fs::write(there, ""),
        _ => fs::rename(&there, agent.path("elsewhere")),
    };
    file
}

/// Resident kilobytes and open descriptors.
fn usage(agent: &Agent) -> (u64, usize) {
    let process = format!("/proc/{}", agent.pid());
    let status = fs::read_to_string(format!("{process}/status")).unwrap();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next())
        .and_then(|kilobytes| kilobytes.parse().ok())
        .expect("the system tells the memory of a process");
    let descriptors = fs::read_dir(format!("{process}/fd")).unwrap().count();
    (resident, descriptors)
}

#[test]
fn memory_and_descriptors_stay_flat_under_random_events() {
    let seconds = env::var("MGMT_SOAK_SECONDS").ok();
    let seconds: u64 = seconds.map_or(5, |seconds| seconds.parse().expect("a number"));
    let mut chance = Chance::new();
    let agent = Agent::new(&program()).run(&[]);
    eventually("all files are there", || {
        (0..FILES).all(|file| is_as_declared(&agent, file))
    });
    let storm = |chance: &mut Chance, length: Duration| {
        let began = Instant::now();
        let mut events = 0;
        while began.elapsed() < length {
            let touched: Vec<u64> = (0..BURST).map(|_| happen(&agent, chance)).collect();
            events += touched.len();
            eventually("what was altered is repaired", || {
                touched.iter().all(|file| is_as_declared(&agent, *file))
            });
        }
        events
    };
    // Caches fill and threads start at first.
    let length = Duration::from_secs(seconds);
    let mut events = storm(&mut chance, length / 4);
    let (memory, descriptors) = usage(&agent);
    events += storm(&mut chance, length * 3 / 4);
    // The last repairs may still have files open.
    eventually("the descriptors are as few as before", || {
        usage(&agent).1 <= descriptors + 4
    });
    let (memory_then, descriptors_then) = usage(&agent);
    eprintln!(
        "{events} events; {memory} kB and {descriptors} descriptors became {memory_then} kB and {descriptors_then}"
    );
    let most = memory + memory / 4 + 8 * 1024;
    assert!(memory_then <= most, "{memory} kB became {memory_then} kB");
    assert!((0..FILES).all(|file| is_as_declared(&agent, file)));
}
