//! Symbolic links (resources-host.md §2.5.6).

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use mgmt_stdlib::resources::file::State;

use super::work::Work;
use crate::atomic_write::{AtomicWriter, temporary_name};
use crate::removal::remove_one;
use crate::resource::{Change, Outcome, ResourceError};

impl Work {
    pub(super) fn be_link(&self) -> Result<Outcome, ResourceError> {
        if self.params.wanted_state() != State::Exists {
            return Ok(Outcome::Unchanged);
        }
        let wanted = Path::new(&self.params.source);
        let there = self.examine_link()?;
        if let Some(there) = &there {
            if there.is_symlink() && read_link(&self.path)? == wanted {
                return Ok(Outcome::Unchanged);
            }
            if !there.is_symlink() && !self.params.force {
                return Err(self.wrong("is no symbolic link: `force` permits replacing it"));
            }
        }
        let tells = self.only_tells(|| Change::Property {
            name: "link",
            old: match &there {
                None => "(none)".to_owned(),
                Some(there) if there.is_symlink() => shown_link(&self.path),
                Some(_) => "(no link)".to_owned(),
            },
            new: wanted.display().to_string(),
        });
        if tells {
            return Ok(Outcome::Changed);
        }
        if there.is_some_and(|there| there.is_dir()) {
            // A directory can not be replaced by renaming; one that is not empty is an error.
            remove_one(&self.path)?;
        }
        place_link(&self.writer, wanted, &self.path)?;
        tracing::info!(
            "symlink `{}` -> `{}`",
            self.path.display(),
            wanted.display()
        );
        Ok(Outcome::Changed)
    }
}

fn shown_link(path: &Path) -> String {
    fs::read_link(path).map_or_else(
        |_| "(unreadable)".to_owned(),
        |text| text.display().to_string(),
    )
}

pub(super) fn read_link(path: &Path) -> Result<PathBuf, ResourceError> {
    fs::read_link(path).map_err(ResourceError::path("read the link", path))
}

/// Makes a link, or replaces whatever is there and is no directory, without a moment in between.
pub(super) fn place_link(
    writer: &AtomicWriter,
    text: &Path,
    path: &Path,
) -> Result<(), ResourceError> {
    writer.sweep_beside(path);
    let directory = path.parent().unwrap_or(path);
    temporary_name(directory, |temporary| symlink(text, temporary))
        .and_then(|link| link.persist(path).map_err(|error| error.error))
        .map_err(ResourceError::path("link", path))?;
    Ok(())
}
