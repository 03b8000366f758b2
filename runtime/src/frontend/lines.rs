//! Runs the command of a function and hands over what it prints, line by line (functions.md §18.12).

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::info;

/// So many lines wait for a slow reader; then the command has to wait.
const QUEUED: usize = 1024;

/// A running command. Dropping it kills it with all that it started.
#[derive(Debug)]
pub(super) struct Lines {
    command: Vec<u8>,
    child: Child,
    lines: mpsc::Receiver<Vec<u8>>,
    ended: bool,
    /// End with their owner.
    _readers: JoinSet<()>,
}

impl Lines {
    /// Starts a shell command.
    pub(super) fn start(command: &[u8]) -> io::Result<Self> {
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(OsStr::from_bytes(command))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let (sender, lines) = mpsc::channel(QUEUED);
        let mut readers = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            readers.spawn(read(stdout, move |line| {
                let sender = sender.clone();
                async move { sender.send(line).await.is_ok() }
            }));
        }
        if let Some(stderr) = child.stderr.take() {
            let shown = String::from_utf8_lossy(command).into_owned();
            readers.spawn(read(stderr, move |line| {
                info!(
                    "system: \"{shown}\": stderr: {}",
                    String::from_utf8_lossy(&line)
                );
                std::future::ready(true)
            }));
        }
        Ok(Self {
            command: command.to_vec(),
            child,
            lines,
            ended: false,
            _readers: readers,
        })
    }

    /// Whether it is this command that runs.
    pub(super) fn is(&self, command: &[u8]) -> bool {
        self.command == command
    }

    /// The next line without its end, or that there will be none, which is told once. It may be dropped at any
    /// time without losing a line.
    pub(super) async fn next(&mut self) -> Option<Vec<u8>> {
        if self.ended {
            std::future::pending::<()>().await;
        }
        let line = self.lines.recv().await;
        self.ended = line.is_none();
        line
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        // The group has the number of its first process, which nobody has if it has not been reaped: and it is
        // reaped after this.
        let group = self
            .child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(group) = group {
            // It fails if all of the group has ended.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Hands each line to `take` until there are no more, or nobody wants them.
async fn read<F: Future<Output = bool>>(
    pipe: impl AsyncRead + Unpin,
    mut take: impl FnMut(Vec<u8>) -> F,
) {
    let mut pipe = BufReader::new(pipe);
    loop {
        let mut line = Vec::new();
        match pipe.read_until(b'\n', &mut line).await {
            Ok(length) if length > 0 => {}
            _ => return,
        }
        if line.ends_with(b"\n") {
            line.pop();
        }
        if line.ends_with(b"\r") {
            line.pop();
        }
        if !take(line).await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_one_by_one_and_then_the_end() -> io::Result<()> {
        let long = "x".repeat(200_000);
        let command = format!(
            "echo one; echo; printf '%s\\r\\n' {}; printf end",
            "x".repeat(1000)
        );
        let mut lines = Lines::start(command.as_bytes())?;
        assert_eq!(lines.next().await.as_deref(), Some(&b"one"[..]));
        assert_eq!(lines.next().await.as_deref(), Some(&b""[..]));
        assert_eq!(lines.next().await.map(|line| line.len()), Some(1000));
        assert_eq!(lines.next().await.as_deref(), Some(&b"end"[..]));
        assert_eq!(lines.next().await, None);
        // There is no limit to the length of a line.
        let mut lines = Lines::start(b"head -c 200000 /dev/zero | tr '\\0' x")?;
        assert_eq!(lines.next().await, Some(long.into_bytes()));
        Ok(())
    }

    #[tokio::test]
    async fn dropping_it_ends_all_that_it_started() -> io::Result<()> {
        let mut lines = Lines::start(b"sleep 1000 & echo $!; wait")?;
        let pid = lines.next().await.unwrap_or_default();
        let pid: i32 = String::from_utf8_lossy(&pid).parse().unwrap();
        let pid = Pid::from_raw(pid).unwrap();
        assert!(rustix::process::test_kill_process(pid).is_ok());
        drop(lines);
        let gone = async {
            while is_running(pid) {
                tokio::task::yield_now().await;
            }
        };
        let deadline = std::time::Duration::from_secs(20);
        assert!(tokio::time::timeout(deadline, gone).await.is_ok());
        Ok(())
    }

    /// Whether a process is there and not only waits to be reaped, by whoever inherited it.
    fn is_running(pid: Pid) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    }
}
