//! What wakes an `exec`: the lines of its watch command and changes of paths.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::pin::pin;

use mgmt_stdlib::resources::exec as declared;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{Exec, command, describe, log_output, part};
use crate::path_watch::PathWatch;
use crate::process::{Sink, Stream};
use crate::resource::{ResourceError, WatchContext};

/// How much of a line is logged. Longer lines are as good as several.
const LOGGED: usize = 1024;

/// The paths to watch, each with whether everything below counts, and the watch command with its environment and all
/// else that it depends on.
#[derive(PartialEq, Eq)]
pub(super) struct Sources<'a> {
    paths: Vec<(&'a str, bool)>,
    command: Option<(&'a BTreeMap<String, String>, [&'a str; 6])>,
}

impl Sources<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.command.is_none()
    }
}

pub(super) fn sources(params: &declared::Exec) -> Sources<'_> {
    let creates = (!params.creates.is_empty()).then_some(&params.creates);
    let paths = params
        .watchfiles
        .iter()
        .chain(&params.mtimes)
        .chain(creates);
    let command = [
        &params.watchcmd,
        &params.watchshell,
        &params.watchcwd,
        &params.user,
        &params.group,
        &params.sig,
    ];
    Sources {
        paths: paths
            .map(|path| (path.as_str(), path.ends_with('/')))
            .collect(),
        command: (!params.watchcmd.is_empty()).then(|| (&params.env, command.map(String::as_str))),
    }
}

pub(super) async fn watch(
    exec: &Exec,
    params: &declared::Exec,
    context: &WatchContext,
) -> Result<(), ResourceError> {
    let paths = watch_paths(params, context).await?;
    let lines = Notify::new();
    let stop = context.token().child_token();
    let mut watched = pin!(run_watchcmd(exec, params, context, &lines, &stop));
    tokio::select! {
        // The command is started before the first event.
        biased;
        result = &mut watched => result,
        result = report(context, paths, &lines) => {
            stop.cancel();
            // It ends since it was stopped, which is not why.
            let _ = watched.await;
            result
        }
    }
}

async fn watch_paths(
    params: &declared::Exec,
    context: &WatchContext,
) -> Result<Option<PathWatch>, ResourceError> {
    let paths: Vec<(PathBuf, bool)> = sources(params)
        .paths
        .into_iter()
        .map(|(path, recurse)| (path.into(), recurse))
        .collect();
    if paths.is_empty() {
        return Ok(None);
    }
    Ok(Some(context.services.paths.watch_all(paths).await?))
}

async fn report(
    context: &WatchContext,
    mut paths: Option<PathWatch>,
    lines: &Notify,
) -> Result<(), ResourceError> {
    loop {
        context.event().await?;
        let changed = async {
            match &mut paths {
                Some(paths) => paths.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = changed => changed?,
            () = lines.notified() => {}
        }
    }
}

async fn run_watchcmd(
    exec: &Exec,
    params: &declared::Exec,
    context: &WatchContext,
    lines: &Notify,
    stop: &CancellationToken,
) -> Result<(), ResourceError> {
    if params.watchcmd.is_empty() {
        stop.cancelled().await;
        return Ok(());
    }
    let part = part(&params.watchcmd, &params.watchshell, &params.watchcwd);
    let command = command(params, part, &context.services).await?;
    let mut events = LineEvents {
        lines,
        stdout: Vec::new(),
        stderr: Vec::new(),
        last: VecDeque::new(),
    };
    let status = exec.runner.run_into(&command, stop, &mut events).await?;
    if !status.success() {
        log_output("`watchcmd`", events.last.make_contiguous());
    }
    Err(ResourceError::message(format!(
        "`watchcmd` has ended with {}",
        describe(status)
    )))
}

/// Makes an event of each line that is not empty.
struct LineEvents<'a> {
    lines: &'a Notify,
    /// The lines that have not ended yet.
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// The end of all that was written.
    last: VecDeque<u8>,
}

impl Sink for LineEvents<'_> {
    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        let begun = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        self.last
            .extend(&bytes[bytes.len().saturating_sub(LOGGED)..]);
        let surplus = self.last.len().saturating_sub(LOGGED);
        self.last.drain(..surplus);
        for byte in bytes {
            if *byte != b'\n' {
                begun.push(*byte);
            }
            if *byte == b'\n' || begun.len() == LOGGED {
                let line = std::mem::take(begun);
                if !line.is_empty() {
                    tracing::debug!("watchcmd: {}", String::from_utf8_lossy(&line));
                    self.lines.notify_one();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn what_the_watch_command_depends_on_counts_with_it() {
        let without = declared::Exec::default();
        let mut other = without.clone();
        other.env.insert("A".to_owned(), "b".to_owned());
        assert!(sources(&other) == sources(&without));
        let with = |params: &declared::Exec| declared::Exec {
            watchcmd: "a".to_owned(),
            ..params.clone()
        };
        assert!(sources(&with(&other)) != sources(&with(&without)));
    }

    #[test]
    fn lines_are_put_together_and_empty_ones_skipped() {
        let lines = Notify::new();
        let mut events = LineEvents {
            lines: &lines,
            stdout: Vec::new(),
            stderr: Vec::new(),
            last: VecDeque::new(),
        };
        let fired = || lines.notified().now_or_never().is_some();
        events.take(Stream::Stdout, b"\n\nbe");
        events.take(Stream::Stderr, b"gun");
        assert!(!fired());
        events.take(Stream::Stdout, b"gun\n");
        assert!(fired());
        events.take(Stream::Stderr, &[b'x'; LOGGED]);
        assert!(fired());
        events.take(Stream::Stdout, b"end");
        assert_eq!(events.last.len(), LOGGED);
        assert!(events.last.make_contiguous().ends_with(b"xend"));
    }
}
