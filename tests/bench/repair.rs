//! From a write to a managed file until it holds again what it shall, with a thousand files managed.

use std::fs::{self, File};
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
    let samples = Samples::take(RUNS, || {
        thread::sleep(PAUSE);
        let i = next.next().unwrap();
        let name = format!("out/f{i}");
        // Overwritten, not truncated: how long the system takes to free something is not of interest here.
        let mut file = File::options().write(true).open(agent.path(&name)).unwrap();
        let start = Instant::now();
        file.write_all(b"meddled").unwrap();
        drop(file);
        while agent.read(&name) != Some(content(i)) {
            let _ = watch.read_events_blocking(&mut [0; 4096]).unwrap();
        }
        start.elapsed()
    });
    println!(
        "  median {}, 99 % within {}, slowest {} of {}\n",
        ms(samples.median()),
        ms(samples.percentile(99)),
        ms(samples.max()),
        samples.len()
    );
}
