//! How much time and memory a check takes.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mgmt_compiler::files::MemoryFiles;
use mgmt_compiler::{Input, Options, compile};
use mgmt_stdlib::catalog::Catalog;
use peak_alloc::PeakAlloc;

use crate::program::program;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What the check of a program of so many lines took.
pub struct Usage {
    pub lines: usize,
    /// More than before the check, at most.
    pub peak_bytes: usize,
    pub time: Duration,
}

impl Usage {
    pub fn bytes_per_line(&self) -> usize {
        self.peak_bytes / self.lines
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>9} lines: {:>8.1} ms, {:>5.1} us a line, peak {:>7.1} MB, {} bytes a line",
            self.lines,
            self.time.as_secs_f64() * 1e3,
            self.time.as_secs_f64() * 1e6 / self.lines as f64,
            self.peak_bytes as f64 / 1e6,
            self.bytes_per_line(),
        )
    }
}

/// Checks a generated program.
#[allow(clippy::disallowed_methods, reason = "a measurement needs a clock")]
pub fn check(lines: usize) -> Usage {
    let catalog = Catalog::standard().expect("no duplicates");
    let text = program(lines);
    let lines = text.lines().count();
    let input = Input::Text {
        name: "generated.mcl".to_owned(),
        text,
        base: PathBuf::from("/"),
    };
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let start = Instant::now();
    let compilation = compile(
        &input,
        &MemoryFiles::default(),
        &catalog,
        &Options::default(),
    );
    let time = start.elapsed();
    assert!(compilation.program.is_some());
    Usage {
        lines,
        peak_bytes: MEMORY.peak_usage() - before,
        time,
    }
}
