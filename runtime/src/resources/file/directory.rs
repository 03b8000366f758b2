//! Directories: their existence, and the trees that are copied into them or purged
//! (resources-host.md §2.5.2, §2.5.4, §2.5.5).

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use mgmt_stdlib::resources::file::State;

use super::sync::{Spared, Sync};
use super::work::Work;
use crate::removal::remove_one;
use crate::resource::{Change, Outcome, ResourceError};

/// Directories whose purge is refused without `force`.
const SYSTEM_DIRECTORIES: [&str; 6] = ["/etc", "/usr", "/var", "/home", "/boot", "/root"];

impl Work {
    pub(super) fn be_directory(&self) -> Result<Outcome, ResourceError> {
        let there = self.exist()?;
        if there == Outcome::Changed && !self.apply {
            return Ok(there);
        }
        Ok(there.and(self.sync()?))
    }

    fn exist(&self) -> Result<Outcome, ResourceError> {
        match self.examine()? {
            Some(there) if there.is_dir() => return Ok(Outcome::Unchanged),
            None if self.params.wanted_state() == State::Undefined => {
                if self.params.source.is_empty() {
                    return Ok(Outcome::Unchanged);
                }
                return Err(self.wrong("does not exist, and `state` does not say that it should"));
            }
            _ => {}
        }
        // A link that leads nowhere is in the way, too.
        let obstacle = self.examine_link()?.is_some();
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
        match self.mode()? {
            Some(mode) => make_directory(&self.path, mode.resolve(0))?,
            None => {
                fs::create_dir(&self.path).map_err(ResourceError::path("create", &self.path))?
            }
        }
        tracing::info!("mkdir `{}`", self.path.display());
        Ok(())
    }

    fn sync(&self) -> Result<Outcome, ResourceError> {
        let params = &self.params;
        if params.source.is_empty() && !params.purge {
            return Ok(Outcome::Unchanged);
        }
        if params.purge {
            self.permit_purge()?;
        }
        let source = (!params.source.is_empty()).then(|| Path::new(&params.source));
        let sync = Sync {
            source,
            destination: &self.path,
            force: params.force,
            purge: params.purge,
            spared: Spared::new(&self.managed, &self.path),
            writer: &self.writer,
            cancel: &self.cancel,
        };
        let plan = sync.plan()?;
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
        if self.path.parent().is_none() {
            return Err(self.wrong("is never purged"));
        }
        let system = SYSTEM_DIRECTORIES
            .iter()
            .any(|directory| self.path == Path::new(directory));
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
