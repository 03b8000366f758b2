//! The agent holds many resources while files are altered and programs saved at random; its memory and its
//! descriptors stay flat.
//!
//! `MGMT_SOAK_SECONDS` says for how long, `MGMT_SEED` repeats a run.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::{Duration, Instant};

use mgmt_tests::agent::{Agent, eventually};
use mgmt_tests::chance::Chance;

const FILES: u64 = 1_000;
/// Those of them that notify a command.
const NOTIFYING: u64 = 20;
/// So many events come at once.
const BURST: u64 = 40;
/// One of so many bursts is followed by another version of the program.
const SAVE: u64 = 25;
/// So often what it uses is looked at.
const LOOKS: u32 = 20;

fn path(file: u64) -> String {
    format!("files/{}/f{file}", file % 10)
}

/// What the file says in a version of the program: another version is another text of a few of them.
fn content(version: u64, file: u64) -> String {
    match file % 100 {
        0 => format!("{file} of {version}\n"),
        _ => format!("{file}\n"),
    }
}

/// The files, and commands that are told of some; one more resource is there in every second version.
fn program(version: u64) -> String {
    let mut program = String::from("file \"@DIR@/files/\" {\n\tstate => \"exists\",\n}\n");
    for directory in 0..10 {
        program += &format!("file \"@DIR@/files/{directory}/\" {{\n\tstate => \"exists\",\n}}\n");
    }
    for file in 0..FILES {
        let text = content(version, file).replace('\n', "\\n");
        program += &format!(
            "file \"@DIR@/{}\" {{\n\tstate => \"exists\",\n\tcontent => \"{text}\",\n\tmode => \"0644\",\n}}\n",
            path(file)
        );
    }
    for file in 0..NOTIFYING {
        program += &format!(
            "exec \"{file}\" {{\n\tcmd => \"/bin/true\",\n\trefresh_only => true,\n\tListen => File[\"@DIR@/{}\"],\n}}\n",
            path(file)
        );
    }
    if version % 2 == 1 {
        program += "noop \"odd\" {}\n";
    }
    program
}

fn is_as_declared(agent: &Agent, version: u64, file: u64) -> bool {
    let mode = fs::metadata(agent.path(path(file))).map(|there| there.mode() & 0o777);
    mode.is_ok_and(|mode| mode == 0o644) && agent.read(path(file)) == Some(content(version, file))
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
    let mut version = 0;
    let agent = Agent::new(&program(version)).run(&[]);
    let all_are_there = |version| (0..FILES).all(|file| is_as_declared(&agent, version, file));
    eventually("all files are there", || all_are_there(version));
    let (mut events, mut most) = (0, None);
    let began = Instant::now();
    for look in 1..=LOOKS {
        while began.elapsed() < Duration::from_secs(seconds) * look / LOOKS {
            let touched: Vec<u64> = (0..BURST).map(|_| happen(&agent, &mut chance)).collect();
            events += touched.len();
            eventually("what was altered is repaired", || {
                let mut touched = touched.iter();
                touched.all(|file| is_as_declared(&agent, version, *file))
            });
            if chance.below(SAVE) == 0 {
                version += 1;
                agent.save(&program(version));
                eventually("the new version is applied", || all_are_there(version));
            }
        }
        let (mut resident, mut descriptors) = usage(&agent);
        // Caches fill and threads start at first.
        if look <= LOOKS / 4 {
            most = Some((resident + resident / 8 + 4 * 1024, descriptors + 4));
        } else if let Some((most_resident, most_descriptors)) = most {
            // Something may just be at work.
            eventually("memory and descriptors are as before", || {
                (resident, descriptors) = usage(&agent);
                resident <= most_resident && descriptors <= most_descriptors
            });
        }
        eprintln!(
            "{:4} s: {events} events, {version} versions; {resident} kB, {descriptors} descriptors",
            began.elapsed().as_secs()
        );
    }
    assert!(all_are_there(version));
}
