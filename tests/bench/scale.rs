//! What a file costs when there are ever more of them, in directories of a hundred: time, memory, and watches.
//! The output is a table for the README beside this file.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use mgmt_tests::agent::Agent;
use nix::sys::signal::Signal;

use crate::content;
use crate::samples::{Samples, ms};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const PER_DIRECTORY: usize = 100;
/// How often a file is meddled with.
const REPAIRS: usize = 20;
/// No run takes longer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);

fn path(i: usize) -> String {
    format!("out/d{}/f{i}", i / PER_DIRECTORY)
}

fn program(count: usize) -> String {
    let mut program = String::from("file \"@DIR@/out/\" {\n\tstate => \"exists\",\n}\n");
    for i in 0..count {
        if i % PER_DIRECTORY == 0 {
            let directory = i / PER_DIRECTORY;
            program +=
                &format!("file \"@DIR@/out/d{directory}/\" {{\n\tstate => \"exists\",\n}}\n");
        }
        program += &format!(
            "file \"@DIR@/{}\" {{\n\tstate => \"exists\",\n\tcontent => \"{}\",\n}}\n",
            path(i),
            content(i).escape_default()
        );
    }
    program
}

pub(crate) fn measure() {
    println!("From the start of `mgmt run` to converged; then at rest with all files watched.\n");
    println!(
        "| files | none there | for each file | nothing to do | for each file | at most resident | resident | \
         watches | repair of one | to end |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for count in SIZES {
        let agent = Agent::new(&program(count));
        let (agent, cold) = converged(agent);
        let agent = ended(agent).0;
        let (agent, warm) = converged(agent);
        let process = PathBuf::from(format!("/proc/{}", agent.pid()));
        let peak = memory(&process, "VmHWM:");
        thread::sleep(Duration::from_secs(3));
        let resident = memory(&process, "VmRSS:");
        let watches = watches(&process);
        let repair = repairs(&agent, count).median();
        let (agent, end) = ended(agent);
        let each = |took: Duration| format!("{:.0} µs", took.as_secs_f64() * 1e6 / count as f64);
        println!(
            "| {count} | {} | {} | {} | {} | {peak} MB | {resident} MB | {watches} | {} | {} |",
            ms(cold),
            each(cold),
            ms(warm),
            each(warm),
            ms(repair),
            ms(end)
        );
        for i in 0..count {
            assert_eq!(agent.read(path(i)), Some(content(i)));
        }
    }
    println!();
}

/// Starts the agent, and takes the time until all is there.
fn converged(agent: Agent) -> (Agent, Duration) {
    // What others have written is not this program's burden.
    assert!(Command::new("sync").status().unwrap().success());
    let status = agent.path("status");
    fs::write(&status, "").unwrap();
    let start = Instant::now();
    let agent = agent.run(&["--converger-timeout=0", "--converger-status-file=status"]);
    while !fs::read_to_string(&status).unwrap().contains("true") {
        assert!(start.elapsed() < PATIENCE, "never converged");
        thread::sleep(Duration::from_millis(1));
    }
    (agent, start.elapsed())
}

fn ended(mut agent: Agent) -> (Agent, Duration) {
    let start = Instant::now();
    agent.signal(Signal::SIGINT);
    assert!(agent.wait().success());
    (agent, start.elapsed())
}

/// From a write to a managed file until it holds again what it shall.
fn repairs(agent: &Agent, count: usize) -> Samples {
    let mut next = (0..count).cycle().step_by(count / REPAIRS + 1);
    Samples::take(REPAIRS, || {
        thread::sleep(Duration::from_millis(20));
        let i = next.next().unwrap();
        let start = Instant::now();
        let mut file = OpenOptions::new()
            .write(true)
            .open(agent.path(path(i)))
            .unwrap();
        file.write_all(b"meddled").unwrap();
        drop(file);
        while agent.read(path(i)) != Some(content(i)) {
            thread::sleep(Duration::from_micros(20));
        }
        start.elapsed()
    })
}

/// A field of the status of a process, in megabytes.
fn memory(process: &Path, field: &str) -> u64 {
    let status = fs::read_to_string(process.join("status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = line.unwrap().split_whitespace().next().unwrap();
    kilobytes.parse::<u64>().unwrap() / 1024
}

/// How many watches the inotify instances of a process have.
fn watches(process: &Path) -> usize {
    let infos = fs::read_dir(process.join("fdinfo")).unwrap();
    infos
        .filter_map(|info| fs::read_to_string(info.unwrap().path()).ok())
        .map(|info| {
            let lines = info.lines();
            lines.filter(|line| line.starts_with("inotify ")).count()
        })
        .sum()
}
