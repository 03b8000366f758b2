//! `file` is woken by changes of its path, its source and its fragments. It compares type, content, link text,
//! owner, mode and SELinux context, each only if it is given, and changes just what differs. It never
//! follows a link when it removes, leaves what other resources manage, and never logs content.
//!
//! A check reads rather than trusts what it saw before: sizes first, then bytes, up to the first
//! difference. All of a check is one visit to a blocking thread; new content that comes while that of other files is being
//! committed waits for its turn elsewhere ([`crate::atomic_write`]).

mod attributes;
mod content;
mod directory;
mod disturbance;
mod excerpt;
mod link;
mod mounts;
mod removal;
mod reverse;
mod selinux;
mod sync;
mod work;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use mgmt_stdlib::mode::Mode;
use mgmt_stdlib::resources::file as declared;
use mgmt_stdlib::resources::file::State;
use mgmt_stdlib::value::Str;
use tokio::time::{Instant, sleep, sleep_until};

use crate::atomic_write::Slot;
use crate::resource::{
    CheckContext, Frequency, OFTEN, Outcome, Reach, Resource, ResourceError, Scope, Services,
    WatchContext,
};
use work::{Next, Work};

/// How long a directory that another resource holds may be missing, or others may disturb a check.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait before looking again where somebody else is at work.
const PAUSE: Duration = Duration::from_millis(20);

/// What is around a file whose check failed.
enum Around {
    /// A directory that another resource holds, and it is there.
    Held,
    /// The same, and it was missing and came back.
    Back,
    /// Anything else.
    Other,
}

/// See [`declared::File`].
pub(super) struct File {
    name: String,
    /// A content that is put right often is perhaps written by two.
    repairs: Repairs,
}

/// How often the content was put right lately.
struct Repairs {
    frequency: Frequency,
    /// What it was to be.
    content: Mutex<Option<Str>>,
}

#[async_trait]
impl Resource for File {
    type Params = declared::File;

    fn new(name: &str, _params: &declared::File) -> Self {
        Self {
            name: name.to_owned(),
            repairs: Repairs {
                frequency: Frequency::new(),
                content: Mutex::default(),
            },
        }
    }

    fn managed_paths(name: &str, params: &declared::File) -> Vec<String> {
        match params.wanted_state() {
            State::Absent => Vec::new(),
            State::Exists | State::Undefined => vec![params.resultant_path(name)],
        }
    }

    fn reach(name: &str, params: &declared::File) -> Reach {
        let path = params.resultant_path(name);
        let mut reads = vec![path.clone()];
        reads.extend((!params.source.is_empty()).then(|| params.source.clone()));
        reads.extend(params.fragments.iter().cloned());
        // What is in a directory is only changed along with it if that is asked for.
        let whole_tree = params.recurse || params.purge || params.wanted_state() == State::Absent;
        let writes = match path.strip_suffix('/') {
            Some(directory) if !whole_tree => directory.to_owned(),
            _ => path,
        };
        Reach {
            reads: Scope::Paths(reads),
            writes: Scope::Paths(vec![writes]),
        }
    }

    fn private_params(params: &declared::File) -> Vec<&'static str> {
        let read_by_all =
            Mode::parse(&params.mode).is_ok_and(|mode| mode.resolve(0) & excerpt::READ_BY_ALL != 0);
        // Without a mode it is as the machine has it, which may be closed.
        if read_by_all {
            Vec::new()
        } else {
            vec!["content"]
        }
    }

    async fn reversed(
        name: &str,
        params: &declared::File,
        services: &Services,
    ) -> Result<Option<declared::File>, ResourceError> {
        let path = params.resultant_path(name);
        let params = params.clone();
        let compute = move || reverse::reversed(path.as_ref(), params).map(Some);
        services.blocking.run(compute).await
    }

    async fn watch(
        &self,
        params: &declared::File,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        let paths = &context.services.paths;
        // In a box, which goes when it has begun: there are many files.
        let watch = Box::pin(paths.watch_all(self.watched(params))).await?;
        context.follow(watch).await
    }

    fn must_rewatch(&self, old: &declared::File, new: &declared::File) -> bool {
        self.watched(old) != self.watched(new)
    }

    async fn check_apply(
        &self,
        params: &declared::File,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let deadline = Instant::now() + PATIENCE;
        let mut again = true;
        loop {
            let error = match self.look(params, context).await {
                Err(error)
                    if disturbance::is_behind(&error, &self.name, params)
                        && Instant::now() < deadline =>
                {
                    tracing::debug!("looking again: {error}");
                    tokio::select! {
                        () = context.cancelled() => return Err(ResourceError::Cancelled),
                        () = sleep(PAUSE) => continue,
                    }
                }
                Err(error) if context.apply() && !matches!(error, ResourceError::Cancelled) => {
                    error
                }
                result => return result,
            };
            match self.directory(params, context, deadline).await? {
                // It may have come back just now.
                Around::Held if std::mem::take(&mut again) => {}
                Around::Back => {}
                Around::Held | Around::Other => return Err(error),
            }
        }
    }
}

impl File {
    /// One try.
    async fn look(
        &self,
        params: &declared::File,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let services = &context.services;
        let slot = if context.apply() {
            services.writer.reserve().await?
        } else {
            Slot::unlimited()
        };
        // Not before it is its turn: many may wait.
        let work = Work::new(&self.name, params, context);
        match services.blocking.run(move || work.run(slot)).await? {
            Next::Done(outcome) => Ok(outcome),
            Next::Replaced => {
                self.warn_of_rivals(params);
                Ok(Outcome::Changed)
            }
            Next::Await(committing, written) => {
                committing.done().await?;
                self.warn_of_rivals(params);
                if let Some(rest) = written.rest() {
                    services.blocking.run(move || rest.attributes()).await?;
                }
                Ok(Outcome::Changed)
            }
        }
    }

    /// Notices that somebody else writes the file as well.
    fn warn_of_rivals(&self, params: &declared::File) {
        // Where it comes from elsewhere, that may have changed.
        if params.content.is_none() {
            return;
        }
        let mut content = self
            .repairs
            .content
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *content != params.content {
            content.clone_from(&params.content);
            self.repairs.frequency.forgive();
        }
        if self.repairs.frequency.is_often() {
            tracing::warn!(
                "`{}` was overwritten by somebody else more than {OFTEN} times in a minute: does another resource or \
                 program manage it?",
                params.resultant_path(&self.name)
            );
        }
    }

    /// What is around this. If another resource holds a directory there and it is missing, waits until it comes
    /// back: who removes a tree removes what is in it first, so that this is woken before the directory is.
    async fn directory(
        &self,
        params: &declared::File,
        context: &CheckContext,
        deadline: Instant,
    ) -> Result<Around, ResourceError> {
        let path = params.resultant_path(&self.name);
        let Some(parent) = Path::new(path.trim_end_matches('/')).parent() else {
            return Ok(Around::Other);
        };
        let managed = context.services.managed.snapshot();
        if !parent.ancestors().any(|above| managed.has_directory(above)) {
            return Ok(Around::Other);
        }
        if parent.is_dir() {
            return Ok(Around::Held);
        }
        let mut watch = context.services.paths.watch(parent, false).await?;
        while !parent.is_dir() {
            tokio::select! {
                () = context.cancelled() => return Err(ResourceError::Cancelled),
                () = sleep_until(deadline) => return Ok(Around::Other),
                changed = watch.changed() => changed?,
            }
        }
        Ok(Around::Back)
    }

    /// The paths to watch, each with whether everything below counts.
    fn watched(&self, params: &declared::File) -> Vec<(PathBuf, bool)> {
        let mut watched = vec![(params.resultant_path(&self.name).into(), params.recurse)];
        // The text of a link is data.
        if !params.source.is_empty() && !params.symlink {
            let recurse = params.source.ends_with('/');
            watched.push((params.source.clone().into(), recurse));
        }
        watched.extend(params.fragments.iter().map(|path| (path.into(), false)));
        watched
    }
}

#[cfg(test)]
mod tests;
