//! From a write to a managed file until it holds again what it shall, with a thousand files managed.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use inotify::{Inotify, WatchMask};
use mgmt_tests::agent::Agent;

use crate::samples::{Samples, ms};
use crate::{content, files};

const FILES: usize = 1000;
const RUNS: usize = 1000;
/// Between two writes, so that the agent is at rest, as it usually is when somebody meddles.
const PAUSE: Duration = Duration::from_millis(3);

/// How somebody meddles with a file.
struct Meddling {
    name: &'static str,
    options: fn(&mut OpenOptions) -> &mut OpenOptions,
}

const MEDDLINGS: [Meddling; 2] = [
    Meddling {
        name: "overwritten",
        options: |options| options,
    },
    // As `echo meddled > file` does. The system may take a while to free what was there.
    Meddling {
        name: "truncated first",
        options: |options| options.truncate(true),
    },
];

pub(crate) fn measure() {
    println!("repair: from an external write until the content is restored, {FILES} files managed");
    let agent = Agent::new(&files(FILES, "@DIR@/out"));
    fs::create_dir(agent.path("out")).unwrap();
    let agent = agent.run(&["--converger-timeout=0"]);
    agent.wait_for_log("converged for");
    let mut watch = Inotify::init().unwrap();
    let mask = WatchMask::MOVED_TO | WatchMask::CLOSE_WRITE;
    watch.watches().add(agent.path("out"), mask).unwrap();
    // Any order will do, as long as neighbours in time are none in the directory.
    let mut next = (0..FILES).cycle().step_by(37);
    for meddling in &MEDDLINGS {
        let samples = Samples::take(RUNS, || {
            thread::sleep(PAUSE);
            let i = next.next().unwrap();
            let name = format!("out/f{i}");
            let mut options = OpenOptions::new();
            let options = (meddling.options)(options.write(true));
            let start = Instant::now();
            let mut file = options.open(agent.path(&name)).unwrap();
            file.write_all(b"meddled").unwrap();
            drop(file);
            while agent.read(&name) != Some(content(i)) {
                let _ = watch.read_events_blocking(&mut [0; 4096]).unwrap();
            }
            start.elapsed()
        });
        println!(
            "  {:<16} median {}, 99 % within {}, slowest {} of {}",
            meddling.name,
            ms(samples.median()),
            ms(samples.percentile(99)),
            ms(samples.max()),
            samples.len()
        );
    }
    println!();
}
