//! `line` is woken by changes of its file. It compares whole lines, as bytes and without their ends, and appends the
//! block or removes every occurrence of it. All other bytes of the file, and its owner and mode, stay.
//!
//! Several of these may share a file: they take turns. Where its user could lead the agent astray, a file
//! in a home directory is read and written as that user.

mod block;

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use mgmt_stdlib::mode::Mode;
use mgmt_stdlib::resources::line as declared;
use nix::unistd::{Uid, User};

use crate::accounts;
use crate::atomic_write::{Attributes, Slot, Staged, commit_all};
use crate::process::Identity;
use crate::regular_file;
use crate::resource::{
    Change, CheckContext, Outcome, Reach, Resource, ResourceError, Services, WatchContext,
};
use block::Block;

/// The mode of a file that was not there.
const NEW_MODE: u32 = 0o600;
/// What changes when users come and go.
const ACCOUNTS: &str = "/etc/passwd";

/// See [`declared::Line`].
pub(super) struct Line;

#[async_trait]
impl Resource for Line {
    type Params = declared::Line;

    fn new(_name: &str, _params: &declared::Line) -> Self {
        Self
    }

    fn managed_paths(_name: &str, params: &declared::Line) -> Vec<String> {
        let exists = params.state == "exists" && params.file.starts_with('/');
        exists.then(|| params.file.clone()).into_iter().collect()
    }

    fn reach(_name: &str, params: &declared::Line) -> Reach {
        Reach::own(vec![params.file.clone()])
    }

    async fn watch(
        &self,
        params: &declared::Line,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        let services = &context.services;
        let is_at_home = declared::home_of(&params.file).is_some();
        // A user who is not there may come, and one who is may move.
        let accounts = is_at_home.then(|| PathBuf::from(ACCOUNTS));
        let mut path = path_of(params, services).await;
        loop {
            let watched = path.iter().chain(&accounts);
            let watched = watched.map(|path| (path.clone(), false)).collect();
            let mut watch = services.paths.watch_all(watched).await?;
            loop {
                let now = path_of(params, services).await;
                if now != path {
                    path = now;
                    break;
                }
                context.event().await?;
                tokio::select! {
                    () = context.cancelled() => return Ok(()),
                    changed = watch.changed() => changed?,
                }
            }
        }
    }

    fn must_rewatch(&self, old: &declared::Line, new: &declared::Line) -> bool {
        old.file != new.file
    }

    async fn check_apply(
        &self,
        params: &declared::Line,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let Some(block) = Block::new(params.content.as_bytes(), params.trim) else {
            return Ok(Outcome::Unchanged);
        };
        let services = &context.services;
        let (file, exists, apply) = (
            params.file.clone(),
            params.state == "exists",
            context.apply(),
        );
        let target = services.blocking.run(move || Target::of(&file)).await?;
        let _turn = tokio::select! {
            turn = services.file_work.lock(&target.path) => turn,
            () = context.cancelled() => return Err(ResourceError::Cancelled),
        };
        let path = target.path.clone();
        let work = move || {
            let edit = Edit {
                target: &target,
                block,
                exists,
                apply,
            };
            match target.identity()? {
                None => edit.stage(),
                Some(user) => user
                    .run(|| edit.carry_out())
                    .map_err(ResourceError::path("act as its user on", &target.path))?,
            }
        };
        let staged = match services.blocking.run(work).await? {
            Edited::Unchanged => return Ok(Outcome::Unchanged),
            Edited::Differs => None,
            Edited::Staged(staged) => Some(staged),
            Edited::Done => None,
        };
        let verb = if exists { "add to" } else { "remove from" };
        context.report(|| Change::Step(format!("{verb} `{}`", path.display())));
        if let Some(staged) = staged {
            services.writer.commit(staged).await?;
        }
        if apply {
            let verb = if exists { "added to" } else { "removed from" };
            tracing::info!("{verb} `{}`", path.display());
        }
        Ok(Outcome::Changed)
    }
}

/// One look at the file, and what follows from it.
struct Edit<'a> {
    target: &'a Target,
    block: Block,
    exists: bool,
    apply: bool,
}

/// What an [`Edit`] has come to.
enum Edited {
    /// The file was as it should be.
    Unchanged,
    /// It is not, and must not be changed.
    Differs,
    /// This is to be put in its place.
    Staged(Staged),
    /// It was changed.
    Done,
}

impl Edit<'_> {
    fn stage(&self) -> Result<Edited, ResourceError> {
        let old = self.target.read()?;
        let text = old.as_deref().unwrap_or_default();
        let new = if self.exists {
            self.block.added_to(text)
        } else {
            self.block.removed_from(text)
        };
        Ok(match new {
            None => Edited::Unchanged,
            Some(_) if !self.apply => Edited::Differs,
            Some(new) => Edited::Staged(self.target.stage(&new, old.is_none())?),
        })
    }

    /// The same to the end, by whoever calls this.
    fn carry_out(&self) -> Result<Edited, ResourceError> {
        match self.stage()? {
            Edited::Staged(staged) => {
                let done: Result<(), _> = commit_all(vec![staged]).into_iter().collect();
                done.map(|()| Edited::Done)
            }
            edited => Ok(edited),
        }
    }
}

/// Where the file is; nothing if it is in the home directory of somebody unknown.
async fn path_of(params: &declared::Line, services: &Services) -> Option<PathBuf> {
    if declared::home_of(&params.file).is_none() {
        return Some(params.file.clone().into());
    }
    let file = params.file.clone();
    let target = services.blocking.run(move || Target::of(&file)).await;
    target.ok().map(|target| target.path)
}

/// The file.
struct Target {
    path: PathBuf,
    /// Whose home directory it is in, if it is given that way.
    home: Option<User>,
}

impl Target {
    fn of(file: &str) -> Result<Self, ResourceError> {
        let Some((name, below)) = declared::home_of(file) else {
            return Ok(Self {
                path: file.into(),
                home: None,
            });
        };
        let user = if name.is_empty() {
            User::from_uid(Uid::effective()).ok().flatten()
        } else {
            accounts::user(name)?
        };
        let user = user.ok_or_else(|| {
            ResourceError::message(format!("there is no user for the `~{name}` of `{file}`"))
        })?;
        Ok(Self {
            path: user.dir.join(below),
            home: Some(user),
        })
    }

    /// Who reads and writes the file, if that is not whoever runs the agent. While it works in a home directory, its
    /// user may put links in its way, which lead the user no farther than anywhere else (§1.12).
    fn identity(&self) -> Result<Option<Identity>, ResourceError> {
        match &self.home {
            Some(user) if Uid::effective().is_root() && !self.only_root_leads(user) => {
                Identity::new(&user.name, "")
            }
            _ => Ok(None),
        }
    }

    /// Whether nobody but root can change the directories from the home to the file.
    fn only_root_leads(&self, home: &User) -> bool {
        let of_root = |path: &Path| {
            fs::symlink_metadata(path)
                .is_ok_and(|stat| stat.is_dir() && stat.uid() == 0 && stat.mode() & 0o022 == 0)
        };
        let way = self.path.ancestors().skip(1);
        self.path.starts_with(&home.dir)
            && way
                .take_while(|path| path.starts_with(&home.dir))
                .all(of_root)
    }

    /// The content, if there is a file.
    fn read(&self) -> Result<Option<Vec<u8>>, ResourceError> {
        self.refuse_detours()?;
        regular_file::read(&self.path)
    }

    /// In a home directory, a link leads to what somebody else may not want to be changed (§1.12).
    fn refuse_detours(&self) -> Result<(), ResourceError> {
        let Some(home) = &self.home else {
            return Ok(());
        };
        let refused = |path: &Path, what| {
            Err(ResourceError::message(format!(
                "`{}` is {what}, which could lead anywhere: give the absolute path of the file instead",
                path.display()
            )))
        };
        let below = self.path.strip_prefix(&home.dir).unwrap_or(&self.path);
        let mut path = home.dir.clone();
        for component in below.components() {
            path.push(component);
            match rustix::fs::lstat(&path) {
                Ok(stat) if rustix::fs::FileType::from_raw_mode(stat.st_mode).is_symlink() => {
                    return refused(&path, "a link in a home directory");
                }
                Ok(stat) if path == self.path && stat.st_nlink > 1 => {
                    return refused(&path, "a file with several names in a home directory");
                }
                // Reading tells.
                _ => {}
            }
        }
        Ok(())
    }

    fn stage(&self, content: &[u8], new: bool) -> Result<Staged, ResourceError> {
        let mut attributes = Attributes::default();
        if new {
            attributes.mode = Some(Mode::Octal(NEW_MODE));
            attributes.uid = self.home.as_ref().map(|user| user.uid.as_raw());
            attributes.gid = self.home.as_ref().map(|user| user.gid.as_raw());
        }
        Staged::write(Slot::unlimited(), &self.path, &attributes, |file| {
            file.write_all(content)
                .map_err(ResourceError::path("write", &self.path))
        })
    }
}

#[cfg(test)]
mod tests;
