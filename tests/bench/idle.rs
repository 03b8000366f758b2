//! What an agent with ten thousand files holds, and what it does while nothing happens.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use mgmt_tests::agent::{Agent, eventually};

use crate::files;
use crate::samples::ms;

const FILES: usize = 10_000;
const REST: Duration = Duration::from_secs(10);

pub(crate) fn measure() {
    println!("{FILES} files managed");
    let agent = Agent::new(&files(FILES, "@DIR@/out"));
    fs::create_dir(agent.path("out")).unwrap();
    let start = Instant::now();
    let agent = agent.run(&["--converger-timeout=0"]);
    agent.wait_for_log("converged for");
    println!("  converged after {}", ms(start.elapsed()));
    let process = PathBuf::from(format!("/proc/{}", agent.pid()));

    // The disk still takes the files.
    let mut before = processor_time(&process);
    eventually("the agent is at rest", || {
        thread::sleep(Duration::from_secs(1));
        std::mem::replace(&mut before, processor_time(&process)) == before
    });
    thread::sleep(REST);
    let used = processor_time(&process) - before;
    println!("  processor time in {} s: {}", REST.as_secs(), ms(used));

    let status = fs::read_to_string(process.join("status")).unwrap();
    for (field, what) in [
        ("VmRSS:", "resident"),
        ("VmHWM:", "at most resident"),
        ("Threads:", "threads"),
    ] {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        println!("  {what}: {}", line.unwrap().trim());
    }
    let descriptors: Vec<PathBuf> = fs::read_dir(process.join("fd"))
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
        .collect();
    let inotify = descriptors
        .iter()
        .filter(|target| target.ends_with("anon_inode:inotify"));
    println!("  open descriptors: {}", descriptors.len());
    println!("  inotify instances: {}\n", inotify.count());
}

/// User and system time of a process, with that of threads which have ended, in steps of a tick of 10 ms.
fn processor_time(process: &Path) -> Duration {
    let stat = fs::read_to_string(process.join("stat")).unwrap();
    // The name of the program stands in parentheses and may hold anything.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2);
    Duration::from_millis(
        10 * ticks
            .map(|ticks| ticks.parse::<u64>().unwrap())
            .sum::<u64>(),
    )
}
