//! Keeps what a command writes.

use std::process::ExitStatus;

/// How much of a stream is kept. What comes after it is read and thrown away, so that the command goes on.
const LIMIT: usize = 16 * 1024 * 1024;

/// Where a command writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Takes what a command writes, in the order of arrival.
pub trait Sink: Send {
    /// Takes some bytes, at least one.
    fn take(&mut self, stream: Stream, bytes: &[u8]);
}

/// Keeps the streams separately and together.
#[derive(Debug, Default)]
pub struct Capture {
    output: Vec<u8>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    truncated: bool,
}

/// What a command has left behind. A stream to which nothing was written is undefined.
#[derive(Clone, Debug)]
pub struct Captured {
    /// How it ended.
    pub status: ExitStatus,
    /// Both streams in the order of arrival.
    pub output: Option<Vec<u8>>,
    /// Standard output.
    pub stdout: Option<Vec<u8>>,
    /// Standard error.
    pub stderr: Option<Vec<u8>>,
    /// There was more than is kept.
    pub truncated: bool,
}

impl Sink for Capture {
    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        let own = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        for buffer in [own, &mut self.output] {
            let room = LIMIT - buffer.len();
            self.truncated |= bytes.len() > room;
            buffer.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }
}

impl Capture {
    pub(super) fn finish(self, status: ExitStatus) -> Captured {
        let defined = |bytes: Vec<u8>| (!bytes.is_empty()).then_some(bytes);
        Captured {
            status,
            output: defined(self.output),
            stdout: defined(self.stdout),
            stderr: defined(self.stderr),
            truncated: self.truncated,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn what_is_too_much_is_cut_off() {
        let mut capture = Capture::default();
        capture.take(Stream::Stdout, &vec![b'x'; LIMIT - 1]);
        assert!(!capture.truncated);
        capture.take(Stream::Stderr, b"yz");
        let captured = capture.finish(ExitStatus::from_raw(0));
        assert!(captured.truncated);
        assert_eq!(captured.output.map(|output| output.len()), Some(LIMIT));
        assert_eq!(captured.stderr.as_deref(), Some(&b"yz"[..]));
    }
}
