//! From the start of `mgmt run` on a program of one file until that file is there.

use std::fs;
use std::time::Instant;

use inotify::{Inotify, WatchMask};
use mgmt_tests::agent::Agent;
use nix::sys::signal::Signal;

use crate::samples::{Samples, ms};
use crate::{content, files};

const RUNS: usize = 30;

pub(crate) fn measure() {
    println!("one file, from the start of `mgmt run` until it is applied");
    let samples = Samples::take(RUNS, || {
        let agent = Agent::new(&files(1, "@DIR@/out"));
        fs::create_dir(agent.path("out")).unwrap();
        let mut watch = Inotify::init().unwrap();
        let mask = WatchMask::MOVED_TO | WatchMask::CLOSE_WRITE;
        watch.watches().add(agent.path("out"), mask).unwrap();
        let start = Instant::now();
        let mut agent = agent.run(&[]);
        while agent.read("out/f0") != Some(content(0)) {
            let _ = watch.read_events_blocking(&mut [0; 4096]).unwrap();
        }
        let elapsed = start.elapsed();
        agent.signal(Signal::SIGINT);
        assert!(agent.wait().success());
        elapsed
    });
    println!(
        "  median {}, fastest {}, slowest {} of {}\n",
        ms(samples.median()),
        ms(samples.min()),
        ms(samples.max()),
        samples.len()
    );
}
