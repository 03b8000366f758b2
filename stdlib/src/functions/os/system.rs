//! `os.system`: the lines that a command prints (functions.md §18.12).

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::catalog::{CallError, CallResult, FunctionDef, Host, Sampler, Wake};
use crate::value::{Str, Value};

use super::super::declare::{Argument, source, wrong_count};

pub(super) fn function() -> FunctionDef {
    source(
        "os.system",
        "func(cmd str) str",
        "The newest line that a shell command has printed, without its end. The command runs while the function is \
         needed, and is not started again when it ends; the value is then its last line. It wakes at each line.",
        |_| Box::new(System::default()),
    )
    .catchable(&["the command has ended and printed nothing: CMD"])
}

/// A live call.
#[derive(Default)]
struct System {
    /// The newest line, or that there will be none; nothing if nobody has told yet.
    line: Option<Option<Vec<u8>>>,
}

impl Sampler for System {
    fn call(&mut self, _: &dyn Host, args: &[Value]) -> CallResult {
        let [command] = args else {
            return Err(wrong_count(args.len()));
        };
        let command = <&Str>::from_value(command)?;
        let line = match self.line.clone() {
            Some(line) => line,
            // Nobody feeds the lines: the first one is all that is wanted.
            None => first_line(command.as_bytes())?,
        };
        line.map(Value::from).ok_or_else(|| {
            CallError::catchable(format!(
                "the command has ended and printed nothing: {}",
                command.to_string_lossy()
            ))
        })
    }

    fn wake(&self, args: &[Value]) -> Vec<Wake> {
        let command = args.first().and_then(Value::as_str);
        command
            .map(|command| Wake::Lines(command.as_bytes().to_vec()))
            .into_iter()
            .collect()
    }

    fn line(&mut self, line: Option<Vec<u8>>) {
        match (&self.line, &line) {
            // What was printed stays when the command ends.
            (Some(Some(_)), None) => {}
            _ => self.line = Some(line),
        }
    }

    fn restart(&mut self) {
        self.line = None;
    }
}

/// Runs a command until it has printed a line; then ends it with all that it started.
fn first_line(command: &[u8]) -> Result<Option<Vec<u8>>, CallError> {
    use std::os::unix::ffi::OsStrExt;
    let failed = |error: std::io::Error| CallError::fatal(format!("can't run a command: {error}"));
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(std::ffi::OsStr::from_bytes(command))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    let mut line = Vec::new();
    let read = match child.stdout.take() {
        Some(stdout) => BufReader::new(stdout).read_until(b'\n', &mut line),
        None => Ok(0),
    };
    // The group has the number of the shell, which nobody else has before it is reaped.
    if let Some(group) = Pid::from_raw(child.id().cast_signed()) {
        // It fails if all of the group has ended.
        let _ = kill_process_group(group, Signal::KILL);
    }
    child.wait().map_err(failed)?;
    read.map_err(failed)?;
    Ok((!line.is_empty()).then(|| without_end(line)))
}

/// A line without `\n` or `\r\n`; the last one may have only the `\r`.
fn without_end(mut line: Vec<u8>) -> Vec<u8> {
    for end in [b"\n", b"\r"] {
        if line.ends_with(end) {
            line.pop();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{TestHost, call, caught, sample};
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn alone_it_gives_the_first_line() {
        let run = |command: &str| call("os.system", &[command.into()]);
        assert_eq!(run("echo one; echo two"), Ok("one".into()));
        assert_eq!(run("printf 'no end'"), Ok("no end".into()));
        assert_eq!(run(r"printf 'no end\r'"), Ok("no end".into()));
        assert_eq!(run("echo; echo two"), Ok("".into()));
        assert_eq!(
            caught(run("true")),
            "the command has ended and printed nothing: true"
        );
    }

    #[test]
    fn a_line_may_be_long() {
        let line = call(
            "os.system",
            &["head -c 200000 /dev/zero | tr '\\0' x; echo".into()],
        );
        assert_eq!(line.unwrap().as_str().unwrap().len(), 200_000);
    }

    #[test]
    fn after_the_first_line_nothing_runs_on() {
        let printed = call("os.system", &["sleep 1000 & echo $!; wait".into()]).unwrap();
        let process = printed.as_str().unwrap().to_string_lossy().into_owned();
        let stat = format!("/proc/{process}/stat");
        // Whoever adopts what has ended may take its time to reap it.
        let runs = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
        let deadline = Instant::now() + Duration::from_secs(30);
        while runs() {
            assert!(
                Instant::now() < deadline,
                "process {process} runs on: {printed}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn lines_are_the_values() {
        let host = TestHost::default();
        let mut live = sample("os.system");
        let args = ["cmd".into()];
        for (line, value) in [
            (Some(b"a".to_vec()), "a"),
            (Some(b"b".to_vec()), "b"),
            (None, "b"),
        ] {
            live.line(line);
            assert_eq!(live.call(&host, &args), Ok(value.into()));
        }
        assert_eq!(live.wake(&args), [Wake::Lines(b"cmd".to_vec())]);
        live.restart();
        live.line(None);
        assert!(live.call(&host, &args).is_err_and(|error| error.catchable));
    }
}
