//! `state => "absent"` (resources-host.md §2.5.2, §2.5.6).

use std::io::ErrorKind;

use super::work::Work;
use crate::removal::{remove_one, remove_tree};
use crate::resource::{Outcome, ResourceError};

impl Work {
    pub(super) fn be_absent(&self) -> Result<Outcome, ResourceError> {
        // A link is what is removed, not what it points to.
        let Some(there) = self.examine_link()? else {
            return Ok(Outcome::Unchanged);
        };
        if self.path.parent().is_none() {
            return Err(self.wrong("is never removed"));
        }
        if !self.params.force {
            if self.params.symlink && !there.is_symlink() {
                return Err(self.wrong("is no symbolic link: `force` permits removing it"));
            }
            if self.is_directory && !self.path.is_dir() && !there.is_symlink() {
                return Err(self.wrong("is no directory: `force` permits removing it"));
            }
        }
        let verb = if self.params.recurse && there.is_dir() {
            "remove all of"
        } else {
            "remove"
        };
        if self.only_tells_step(verb) {
            return Ok(Outcome::Changed);
        }
        if self.params.recurse {
            remove_tree(&self.path, &self.cancel)?;
        } else {
            remove_one(&self.path).map_err(|error| match error {
                ResourceError::Path { error, .. }
                    if error.kind() == ErrorKind::DirectoryNotEmpty =>
                {
                    self.wrong("is not empty: `recurse` permits removing what is in it")
                }
                error => error,
            })?;
        }
        tracing::info!("removed `{}`", self.path.display());
        Ok(Outcome::Changed)
    }
}
