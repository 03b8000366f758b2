//! `os.system`: the lines that a command prints (functions.md §18.12).

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

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

/// Runs a command until it has printed a line.
fn first_line(command: &[u8]) -> Result<Option<Vec<u8>>, CallError> {
    use std::os::unix::ffi::OsStrExt;
    let failed = |error: std::io::Error| CallError::fatal(format!("can't run a command: {error}"));
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(std::ffi::OsStr::from_bytes(command))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let mut line = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout)
            .read_until(b'\n', &mut line)
            .map_err(failed)?;
    }
    // It fails if the command has ended already.
    let _ = child.kill();
    child.wait().map_err(failed)?;
    Ok((!line.is_empty()).then(|| without_end(line)))
}

/// A line without `\n` or `\r\n`.
pub(crate) fn without_end(mut line: Vec<u8>) -> Vec<u8> {
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{TestHost, call, caught, sample};
    use super::*;

    #[test]
    fn alone_it_gives_the_first_line() {
        let run = |command: &str| call("os.system", &[command.into()]);
        assert_eq!(run("echo one; echo two"), Ok("one".into()));
        assert_eq!(run("printf 'no end'"), Ok("no end".into()));
        assert_eq!(run("echo; echo two"), Ok("".into()));
        assert_eq!(
            caught(run("true")),
            "the command has ended and printed nothing: true"
        );
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
