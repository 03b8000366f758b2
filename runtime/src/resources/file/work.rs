//! One check of a `file`, in the order of resources-host.md §2.5.1.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mgmt_stdlib::mode::Mode;
use mgmt_stdlib::resources::file as declared;
use mgmt_stdlib::resources::file::State;
use tokio_util::sync::CancellationToken;

use super::content::Written;
use crate::atomic_write::{AtomicWriter, Committing, Slot};
use crate::resource::{Change, Changes, CheckContext, Managed, Outcome, ResourceError};

/// All that a check needs, so that it can be done on another thread.
pub(super) struct Work {
    pub(super) params: declared::File,
    /// The path without a trailing slash.
    pub(super) path: PathBuf,
    /// Whether the path had one.
    pub(super) is_directory: bool,
    pub(super) apply: bool,
    pub(super) changes: Changes,
    /// Whether the content comes from another resource, which may have kept it from everybody's eyes.
    pub(super) receives_content: bool,
    pub(super) cancel: CancellationToken,
    pub(super) writer: AtomicWriter,
    /// What other resources manage.
    pub(super) managed: Arc<Managed>,
}

/// What remains to be done after a check.
pub(super) enum Next {
    /// Nothing.
    Done(Outcome),
    /// Nothing: other content has taken the place of what was there.
    Replaced,
    /// The new content is being committed with that of other files; then [`Written::rest`] is to be done.
    Await(Committing, Written),
}

impl Work {
    pub(super) fn new(name: &str, params: &declared::File, context: &CheckContext) -> Self {
        let path = params.resultant_path(name);
        let trimmed = path.trim_end_matches('/');
        Self {
            params: params.clone(),
            path: PathBuf::from(if trimmed.is_empty() { "/" } else { trimmed }),
            is_directory: path.ends_with('/'),
            apply: context.apply(),
            changes: context.changes().clone(),
            receives_content: context
                .received()
                .iter()
                .any(|received| received.param == "content"),
            cancel: context.token().clone(),
            writer: context.services.writer.clone(),
            managed: context.services.managed.snapshot(),
        }
    }

    pub(super) fn run(self, slot: Slot) -> Result<Next, ResourceError> {
        let state = self.params.wanted_state();
        if state == State::Absent {
            return self.be_absent().map(Next::Done);
        }
        let outcome = if self.params.symlink {
            self.be_link()?
        } else if self.is_directory {
            self.be_directory()?
        } else {
            return self.be_file(slot);
        };
        if outcome == Outcome::Changed && !self.apply {
            // What comes next may not be there yet.
            return Ok(Next::Done(outcome));
        }
        Ok(Next::Done(outcome.and(self.attributes()?)))
    }

    /// Tells a change; true if it must not be made as well.
    pub(super) fn only_tells(&self, change: impl FnOnce() -> Change) -> bool {
        self.changes.report(change);
        !self.apply
    }

    /// Tells one step of a change that must not be made.
    pub(super) fn only_tells_step(&self, verb: &str) -> bool {
        self.only_tells(|| Change::Step(format!("{verb} `{}`", self.path.display())))
    }

    /// What is at the path, links followed; nothing if there is nothing.
    pub(super) fn examine(&self) -> Result<Option<Metadata>, ResourceError> {
        found(&self.path, fs::metadata(&self.path))
    }

    /// What is at the path, links not followed; nothing if there is nothing.
    pub(super) fn examine_link(&self) -> Result<Option<Metadata>, ResourceError> {
        found(&self.path, fs::symlink_metadata(&self.path))
    }

    pub(super) fn mode(&self) -> Result<Option<Mode>, ResourceError> {
        if self.params.mode.is_empty() {
            return Ok(None);
        }
        Mode::parse(&self.params.mode)
            .map(Some)
            .map_err(|error| ResourceError::message(format!("`mode` {error}")))
    }

    /// An error about what is at the path.
    pub(super) fn wrong(&self, what: &str) -> ResourceError {
        ResourceError::message(format!("`{}` {what}", self.path.display()))
    }
}

/// Nothing there is an answer, not an error.
pub(super) fn found<T>(path: &Path, result: io::Result<T>) -> Result<Option<T>, ResourceError> {
    match result {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(ResourceError::path("examine", path)(error)),
    }
}
