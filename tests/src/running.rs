//! A program that runs, with what it logs.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::agent::eventually;

/// So much of the log is shown when a test fails.
const MOST_LINES: usize = 100;

/// A program that runs; it is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Option<Child>,
    pid: u32,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts a program that logs to its standard error.
    ///
    /// # Panics
    /// If it can not be started.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let lines = BufReader::new(child.stderr.take().expect("standard error is a pipe"));
        let log = Arc::<Mutex<String>>::default();
        let writer = Arc::clone(&log);
        let reader = thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut log = writer.lock().unwrap_or_else(PoisonError::into_inner);
                log.push_str(&line);
                log.push('\n');
            }
        });
        Self {
            pid: child.id(),
            child: Some(child),
            log,
            reader: Some(reader),
        }
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What was logged up to now.
    pub fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until something is in the log.
    #[track_caller]
    pub fn wait_for_log(&self, text: &str) {
        eventually(&format!("the log says {text:?}"), || {
            self.log().contains(text)
        });
    }

    /// Waits for the end of the program, and of its log.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let child = self.child.as_mut().expect("it was not waited for before");
        let mut status = None;
        eventually("the program ends", || {
            status = child.try_wait().expect("it can be waited for");
            status.is_some()
        });
        self.child = None;
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader does not panic");
        }
        status.unwrap_or_else(|| ExitStatus::from_raw(0))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only if it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
        if thread::panicking() {
            let log = self.log();
            let skipped = log.lines().count().saturating_sub(MOST_LINES);
            eprintln!("it logged, after {skipped} lines:");
            log.lines()
                .skip(skipped)
                .for_each(|line| eprintln!("{line}"));
        }
    }
}
