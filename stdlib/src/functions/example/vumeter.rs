//! `example.vumeter`: how loud it is, with two programs that record and measure (functions.md §8.4).

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::catalog::{CallError, FunctionDef, Host, Wake};
use crate::value::Str;

use super::super::declare::{sampler, source};
use super::super::strings::repeat;

const RECORDER: &str = "/usr/bin/rec";
const METER: &str = "/usr/bin/sox";
const RECORDING: &str = "/dev/shm/mgmt_rec.wav";

pub(super) fn function() -> FunctionDef {
    source(
        "example.vumeter",
        "func(symbol str, multiplier int, peak float) str",
        "A bar of symbols as long as the sound of the last second was loud. It needs the programs `rec` and `sox`.",
        sampler!(vumeter(symbol, multiplier, peak), |_| vec![Wake::Clock(
            Duration::from_secs(1)
        )]),
    )
}

fn vumeter(_: &dyn Host, symbol: &Str, multiplier: i64, peak: f64) -> Result<Vec<u8>, CallError> {
    run(RECORDER, &[RECORDING, "trim", "0", "1"])?;
    // The measurements come on standard error.
    let measured = run(METER, &["-t", ".wav", RECORDING, "-n", "stat"])?;
    let ratio = maximum_amplitude(&measured)
        .ok_or_else(|| CallError::fatal(format!("`{METER}` tells no maximum amplitude")))?;
    bars(ratio, symbol, multiplier, peak)
}

fn run(program: &str, args: &[&str]) -> Result<String, CallError> {
    let failed =
        |why: &dyn std::fmt::Display| CallError::fatal(format!("`{program}` failed: {why}"));
    let output = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(&error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    } else {
        Err(failed(&output.status))
    }
}

fn maximum_amplitude(text: &str) -> Option<f64> {
    text.lines()
        .find_map(|line| line.trim().strip_prefix("Maximum amplitude:"))
        .and_then(|number| number.trim().parse().ok())
}

/// The ratio, and twice a bar as long.
fn bars(ratio: f64, symbol: &Str, multiplier: i64, peak: f64) -> Result<Vec<u8>, CallError> {
    if !(0.0..=1.0).contains(&ratio) {
        return Err(CallError::fatal(format!(
            "the amplitude {ratio} is not between 0 and 1"
        )));
    }
    let length = (ratio * multiplier as f64).round().max(1.0) as i64;
    let bar = repeat(symbol.as_bytes(), length)?;
    let mark: &[u8] = if ratio > peak { b" PEAK!!!" } else { b"" };
    let first = format!("({ratio:.6}):");
    Ok([first.as_bytes(), b"\n", &bar, mark, b"\n", &bar, mark].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_it_is_loud() {
        let text = |ratio| bars(ratio, &Str::from("#"), 10, 0.9).unwrap();
        assert_eq!(text(0.25), b"(0.250000):\n###\n###");
        assert_eq!(text(0.0), b"(0.000000):\n#\n#");
        assert_eq!(
            text(1.0),
            b"(1.000000):\n########## PEAK!!!\n########## PEAK!!!"
        );
        // A half goes away from zero, and the peak must be exceeded.
        assert_eq!(text(0.05), b"(0.050000):\n#\n#");
        assert_eq!(
            bars(0.9, &Str::from("ab"), 2, 0.9).unwrap(),
            b"(0.900000):\nabab\nabab"
        );
        let none = bars(0.5, &Str::from("#"), -10, 0.9).unwrap();
        assert_eq!(none, b"(0.500000):\n#\n#");
        for ratio in [1.5, -0.1, f64::NAN] {
            let error = bars(ratio, &Str::from("#"), 10, 0.9).unwrap_err();
            assert!(!error.catchable, "{error}");
        }
    }

    #[test]
    fn the_amplitude_is_found_in_the_measurements() {
        let text = "Samples read: 1\nMaximum amplitude:     0.031250\nMinimum amplitude: -0.1\n";
        assert_eq!(maximum_amplitude(text), Some(0.03125));
        assert_eq!(maximum_amplitude(""), None);
        assert_eq!(maximum_amplitude("Maximum amplitude: loud"), None);
    }

    #[test]
    fn a_program_that_fails_ends_the_program() {
        let error = run("/no/such/program", &[]).unwrap_err();
        assert!(error.message.starts_with("`/no/such/program` failed: "));
        assert!(!error.catchable);
        let error = run("/bin/sh", &["-c", "exit 3"]).unwrap_err();
        assert_eq!(error.message, "`/bin/sh` failed: exit status: 3");
        let error_text = run("/bin/sh", &["-c", "echo out; echo err >&2"]);
        assert_eq!(error_text.as_deref(), Ok("err\n"));
    }
}
