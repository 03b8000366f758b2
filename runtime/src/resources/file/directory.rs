//! Directories: their existence, and the trees that are copied into them or purged
//! (resources-host.md §2.5.2, §2.5.4, §2.5.5).

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use mgmt_stdlib::resources::file::State;

use super::sync::{Action, Spared, Sync};
use super::work::Work;
use crate::removal::remove_one;
use crate::resource::{Change, Outcome, ResourceError};

/// Directories whose purge is refused without `force`.
const SYSTEM_DIRECTORIES: [&str; 6] = ["/etc", "/usr", "/var", "/home", "/boot", "/root"];

impl Work {
    pub(super) fn be_directory(&self) -> Result<Outcome, ResourceError> {
        let there = self.examine()?;
        if there.is_some_and(|there| there.is_dir()) {
            return self.sync();
        }
        // A link that leads nowhere is in the way, too.
        let obstacle = self.examine_link()?.is_some();
        if self.params.wanted_state() == State::Undefined && self.params.source.is_empty() {
            return if obstacle {
                Err(self.wrong("is no directory, and `state` does not say that it should be one"))
            } else {
                Ok(Outcome::Unchanged)
            };
        }
        let made = self.be_made(obstacle)?;
        if !self.apply {
            return Ok(made);
        }
        Ok(made.and(self.sync()?))
    }

    fn be_made(&self, obstacle: bool) -> Result<Outcome, ResourceError> {
        if !obstacle && self.params.wanted_state() == State::Undefined {
            return Err(self.wrong("does not exist, and `state` does not say that it should"));
        }
        if obstacle && !self.params.force {
            return Err(self.wrong("is no directory: `force` permits replacing it by one"));
        }
        let verb = if obstacle {
            "replace by a directory"
        } else {
            "create the directory"
        };
        if self.only_tells_step(verb) {
            return Ok(Outcome::Changed);
        }
        if obstacle {
            remove_one(&self.path)?;
            tracing::info!("removed `{}`", self.path.display());
        }
        self.make()?;
        Ok(Outcome::Changed)
    }

    fn make(&self) -> Result<(), ResourceError> {
        if self.params.recurse
            && let Some(parent) = self.path.parent()
        {
            fs::create_dir_all(parent).map_err(ResourceError::path("create", parent))?;
        }
        let made = match self.mode()? {
            Some(mode) => make_directory(&self.path, mode.resolve(0)),
            None => fs::create_dir(&self.path).map_err(ResourceError::path("create", &self.path)),
        };
        made.map_err(|error| self.missing_parent().unwrap_or(error))?;
        tracing::info!("mkdir `{}`", self.path.display());
        Ok(())
    }

    /// The error of a directory that can not be made, if that is why.
    fn missing_parent(&self) -> Option<ResourceError> {
        let parent = self.path.parent()?;
        (!self.params.recurse && !parent.exists()).then(|| {
            self.wrong(&format!(
                "can not be created: there is no directory `{}`, and `recurse` does not say to create it",
                parent.display()
            ))
        })
    }

    fn sync(&self) -> Result<Outcome, ResourceError> {
        let params = &self.params;
        if params.source.is_empty() && !params.purge {
            return Ok(Outcome::Unchanged);
        }
        let spared = if params.purge {
            self.permit_purge()?;
            Spared::new(&self.managed, &self.path)?
        } else {
            Spared::default()
        };
        let source = (!params.source.is_empty()).then(|| Path::new(&params.source));
        let mut sync = Sync {
            source,
            destination: &self.path,
            force: params.force,
            purge: params.purge,
            spared,
            writer: &self.writer,
            cancel: &self.cancel,
        };
        let mut plan = sync.plan()?;
        if params.purge
            && plan
                .iter()
                .any(|action| matches!(action, Action::Remove(_)))
        {
            sync.spared.look_behind_links(&self.managed, &self.path)?;
            plan = sync.plan()?;
        }
        if plan.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        for action in &plan {
            self.changes.report(|| Change::Step(sync.describe(action)));
        }
        if !self.apply {
            return Ok(Outcome::Changed);
        }
        sync.carry_out(plan)?;
        Ok(Outcome::Changed)
    }

    fn permit_purge(&self) -> Result<(), ResourceError> {
        // Dots and links may lead to a directory of another name.
        let real =
            fs::canonicalize(&self.path).map_err(ResourceError::path("examine", &self.path))?;
        if real.parent().is_none() {
            return Err(self.wrong("is never purged"));
        }
        let system = SYSTEM_DIRECTORIES
            .iter()
            .any(|directory| real == Path::new(directory));
        if system && !self.params.force {
            return Err(self.wrong("is a system directory: only `force` permits purging it"));
        }
        Ok(())
    }
}

/// Makes a directory of just this mode; until it has it, it is nobody else's.
pub(super) fn make_directory(path: &Path, mode: u32) -> Result<(), ResourceError> {
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(mode)))
        .map_err(ResourceError::path("create", path))
}
