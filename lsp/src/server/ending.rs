//! How a server comes to its end.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio_util::sync::CancellationToken;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The editor has asked for it.
    Ordered,
    /// The editor is gone without a word.
    Abandoned,
}

/// What is known of the end while the server runs.
#[derive(Debug, Default)]
pub struct Ending {
    ordered: AtomicBool,
    orphaned: CancellationToken,
}

impl Ending {
    /// Notes that the editor has asked for it.
    pub fn order(&self) {
        self.ordered.store(true, Ordering::Release);
    }

    /// Notes that there is no editor any more.
    pub fn orphan(&self) {
        self.orphaned.cancel();
    }

    /// Waits until there is no editor any more.
    pub async fn orphaned(&self) {
        self.orphaned.cancelled().await;
    }

    /// What it came to, once nothing is read any more.
    pub fn end(&self) -> End {
        if self.ordered.load(Ordering::Acquire) {
            End::Ordered
        } else {
            End::Abandoned
        }
    }
}

/// Waits for the end of a process; not at all if there is none.
///
/// # Errors
/// If the process can not be watched.
pub async fn end_of(process: u32) -> io::Result<()> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    match pidfd_open(pid.ok_or_else(invalid)?, PidfdFlags::NONBLOCK) {
        Ok(process) => {
            #[expect(
                deprecated,
                reason = "an owned descriptor meets what the unsafe replacement asks for"
            )]
            let process = AsyncFd::with_interest(process, Interest::READABLE)?;
            let _ = process.readable().await?;
            Ok(())
        }
        Err(Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
