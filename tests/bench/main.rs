//! What mgmt costs on a real machine, beside what others cost: `make bench` or
//! `cargo bench -p mgmt-tests --bench host [PART...]`, where a part is `converge`, `scale`, `start`,
//! `repair` or `idle`.
//!
//! `README.md` beside this file says what is measured, why, and what it gave.

#![allow(clippy::unwrap_used, reason = "a benchmark that fails says where")]
#![allow(clippy::print_stdout, reason = "the table is the output")]

mod converge;
mod idle;
mod repair;
mod samples;
mod scale;
mod start;

use std::env;
use std::fs;
use std::process::Command;

/// A program of so many small files below `directory`, one statement each.
fn files(count: usize, directory: &str) -> String {
    let file = |i| {
        format!(
            "file \"{directory}/f{i}\" {{\n\tstate => \"exists\",\n\tcontent => \"{}\",\n}}\n",
            content(i).escape_default()
        )
    };
    (0..count).map(file).collect()
}

/// What one of these files holds.
fn content(i: usize) -> String {
    format!("this is file {i}\n")
}

fn main() {
    // Cargo passes `--bench`.
    let parts: Vec<String> = env::args()
        .skip(1)
        .filter(|part| !part.starts_with('-'))
        .collect();
    println!("{}\n", machine());
    for (name, measure) in [
        ("converge", converge::measure as fn()),
        ("scale", scale::measure),
        ("start", start::measure),
        ("repair", repair::measure),
        ("idle", idle::measure),
    ] {
        if parts.is_empty() || parts.iter().any(|part| part == name) {
            measure();
        }
    }
}

/// Where and of what the numbers are.
fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models = info.lines().filter(|line| line.starts_with("model name"));
    let model = models
        .clone()
        .next()
        .and_then(|line| line.split(": ").nth(1));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let commit = Command::new("git")
        .args(["describe", "--always", "--dirty"])
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!(
        "{} x {}, Linux {}, commit {}",
        models.count(),
        model.unwrap_or("unknown processor"),
        kernel.trim(),
        commit.unwrap_or_default(),
    )
}
