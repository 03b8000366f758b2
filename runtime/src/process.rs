//! Runs commands for resources (resources-host.md §3.5.1).
//!
//! A command runs in its own process group, without standard input, with exactly the environment and
//! identity that it is given. What it writes is captured from both streams, separately and together.
//! Once the process itself has ended, what is in the pipes is read and no more is waited for: whoever
//! it left running in the background may hold them open for ever.
//!
//! A command can be stopped in two ways: by the cancellation token, which signals the group and then
//! waits, and by [`Runner::interrupt`], which kills the group. A command that was stopped by us is never
//! evaluated, whatever its status. Dropping the future kills the group.

mod capture;
mod identity;
mod program;
mod start;

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use nix::sys::signal::Signal;
use rustix::io::{Errno, ioctl_fionread};
use rustix::process::{Pid, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::process::Child;
use tokio_util::sync::CancellationToken;

use crate::resource::ResourceError;

pub use capture::{Capture, Captured, Sink, Stream};
pub use identity::Identity;
pub use program::{Program, find_program};

/// How much is read at once.
const BLOCK: usize = 64 * 1024;

/// A command to run.
#[derive(Clone, Debug)]
pub struct Command {
    /// Which program, with which arguments.
    pub program: Program,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// The working directory; the agent's if there is none.
    pub directory: Option<PathBuf>,
    /// Who runs it; whoever runs the agent if there is none.
    pub identity: Option<Identity>,
    /// What stops it.
    pub stop: Signal,
}

/// Runs the commands of one resource, and can interrupt the one that is running.
#[derive(Clone, Debug, Default)]
pub struct Runner {
    interrupted: CancellationToken,
}

impl Runner {
    /// Kills the running command with all of its group, and refuses to start another one.
    pub fn interrupt(&self) {
        self.interrupted.cancel();
    }

    /// Runs a command to its end and captures what it writes.
    ///
    /// # Errors
    /// If it can not be started, was killed by somebody else, or `Cancelled` if it was stopped by us. Its
    /// failing is no error here.
    pub async fn run(
        &self,
        command: &Command,
        cancel: &CancellationToken,
    ) -> Result<Captured, ResourceError> {
        let mut capture = Capture::default();
        let status = self.run_into(command, cancel, &mut capture).await?;
        Ok(capture.finish(status))
    }

    /// The same, with what it writes going into `sink` while it runs.
    ///
    /// # Errors
    /// As those of [`Runner::run`].
    pub async fn run_into(
        &self,
        command: &Command,
        cancel: &CancellationToken,
        sink: &mut dyn Sink,
    ) -> Result<ExitStatus, ResourceError> {
        if self.interrupted.is_cancelled() || cancel.is_cancelled() {
            return Err(ResourceError::Cancelled);
        }
        let mut group = Group::start(command)?;
        let status = self.follow(&mut group, command.stop, cancel, sink).await?;
        if group.stopped {
            return Err(ResourceError::Cancelled);
        }
        if let Some(signal) = status.signal() {
            let signal = Signal::try_from(signal)
                .map_or_else(|_| signal.to_string(), |signal| signal.to_string());
            return Err(ResourceError::message(format!(
                "the command `{}` was killed by {signal}",
                command.program
            )));
        }
        Ok(status)
    }

    /// Reads until the process has ended.
    async fn follow(
        &self,
        group: &mut Group,
        stop: Signal,
        cancel: &CancellationToken,
        sink: &mut dyn Sink,
    ) -> Result<ExitStatus, ResourceError> {
        let failed = |error| ResourceError::message(format!("can't follow a command: {error}"));
        let mut stdout = group.child.stdout.take();
        let mut stderr = group.child.stderr.take();
        let (mut out, mut err) = (vec![0; BLOCK], vec![0; BLOCK]);
        let mut killed = false;
        let status = loop {
            tokio::select! {
                () = self.interrupted.cancelled(), if !killed => {
                    killed = true;
                    group.signal(Signal::SIGKILL);
                }
                () = cancel.cancelled(), if !group.told => {
                    group.told = true;
                    group.signal(stop);
                }
                read = read_some(&mut stdout, &mut out) => {
                    take(read.map_err(failed)?, &mut stdout, Stream::Stdout, &out, sink);
                }
                read = read_some(&mut stderr, &mut err) => {
                    take(read.map_err(failed)?, &mut stderr, Stream::Stderr, &err, sink);
                }
                status = group.child.wait() => break status.map_err(failed)?,
            }
        };
        group.ended = true;
        if let Some(stdout) = &stdout {
            drain(stdout, Stream::Stdout, &mut out, sink).map_err(failed)?;
        }
        if let Some(stderr) = &stderr {
            drain(stderr, Stream::Stderr, &mut err, sink).map_err(failed)?;
        }
        Ok(status)
    }
}

/// Reads from a pipe that is still open; of a closed one nothing is ever heard.
async fn read_some<R: AsyncReadExt + Unpin>(
    pipe: &mut Option<R>,
    buffer: &mut [u8],
) -> io::Result<usize> {
    match pipe {
        Some(pipe) => pipe.read(buffer).await,
        None => std::future::pending().await,
    }
}

fn take<R>(
    length: usize,
    pipe: &mut Option<R>,
    stream: Stream,
    buffer: &[u8],
    sink: &mut dyn Sink,
) {
    if length == 0 {
        *pipe = None;
    } else {
        sink.take(stream, &buffer[..length]);
    }
}

/// Takes what is in the pipe now, and nothing that comes later: whoever has the other end may never stop writing. The
/// pipe does not block, since tokio has made it so.
fn drain(
    pipe: impl std::os::fd::AsFd,
    stream: Stream,
    buffer: &mut [u8],
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let mut left = usize::try_from(ioctl_fionread(&pipe)?).unwrap_or(usize::MAX);
    while left > 0 {
        let room = left.min(buffer.len());
        match rustix::io::read(pipe.as_fd(), &mut buffer[..room]) {
            Ok(0) | Err(Errno::AGAIN) => break,
            Ok(length) => {
                sink.take(stream, &buffer[..length]);
                left -= length;
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A process with all that it starts.
struct Group {
    child: Child,
    /// The process was reaped, so that its number may mean another one.
    ended: bool,
    /// We have asked it to stop.
    told: bool,
    /// A signal of ours was delivered.
    stopped: bool,
}

impl Group {
    fn start(command: &Command) -> Result<Self, ResourceError> {
        let (program, args) = command.program.resolve()?;
        let mut builder = tokio::process::Command::new(&program);
        builder
            .args(args)
            .env_clear()
            .envs(&command.env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let refused = |error| {
            ResourceError::message(format!(
                "can't start `{}`: {}",
                command.program,
                start::obstacle(&program, command.directory.as_deref(), &error)
            ))
        };
        if let Some(directory) = &command.directory {
            builder.current_dir(directory);
        }
        let child = match &command.identity {
            Some(identity) => identity.spawn(builder),
            None => builder.spawn(),
        };
        let child = child.map_err(refused)?;
        Ok(Self {
            child,
            ended: false,
            told: false,
            stopped: false,
        })
    }

    /// Signals the whole group, which has the number of its first process until that is reaped.
    fn signal(&mut self, signal: Signal) {
        let group = self
            .child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()));
        let signal = rustix::process::Signal::from_named_raw(signal as i32);
        if let (false, Some(group), Some(signal)) = (self.ended, group, signal) {
            self.stopped |= kill_process_group(group, signal).is_ok();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

#[cfg(test)]
mod tests;
