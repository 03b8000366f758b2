//! Overwriting a file that can not be replaced, in such a way that a full disk costs nothing of it.
//!
//! The new content, and a copy of the former one, are complete in files without a name before the file is touched;
//! then the room that it needs is reserved. What goes wrong until then has changed nothing. What goes wrong while it is
//! overwritten (a broken disk, or a full one whose file system can not reserve) has the former content written back.

use std::env;
use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Seek};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use mgmt_stdlib::mode::{MODE_BITS, Mode};
use rustix::fs::{FallocateFlags, fallocate, ioctl_ficlone};
use rustix::io::Errno;

use super::group::sync;
use super::temporary::Temporary;
use crate::regular_file;
use crate::resource::ResourceError;

/// The new content of a file that is to be overwritten.
#[derive(Debug)]
pub(super) struct InPlace {
    file: File,
    content: Temporary,
    mode: Option<Mode>,
}

impl InPlace {
    /// Has `fill` write the new content of the file at `target`, which stays as it is.
    ///
    /// # Errors
    /// If the system refuses, or `fill` does.
    pub(super) fn stage(
        target: &Path,
        mode: Option<Mode>,
        fill: &mut dyn FnMut(&mut File) -> Result<(), ResourceError>,
    ) -> Result<Self, ResourceError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(target)
            .map_err(ResourceError::path("open for writing", target))?;
        let metadata = file.metadata();
        if !metadata
            .map_err(ResourceError::path("examine", target))?
            .is_file()
        {
            return Err(regular_file::not_regular(target));
        }
        let mut content = aside(target).map_err(ResourceError::path(
            "create a file for the new content of",
            target,
        ))?;
        fill(content.file_mut())?;
        Ok(Self {
            file,
            content,
            mode,
        })
    }

    /// Overwrites the file and makes that durable.
    ///
    /// # Errors
    /// If the system refuses. The file then has its former content and mode; if that, too, was refused, the error
    /// tells where the former content is.
    pub(super) fn overwrite(self, target: &Path) -> Result<(), ResourceError> {
        let failed = || ResourceError::path("overwrite", target);
        let (file, content) = (&self.file, self.content.file());
        let former = file.metadata().map_err(failed())?;
        let former_mode = former.mode() & MODE_BITS;
        let wanted_mode =
            (self.mode.as_ref()).map_or(former_mode, |mode| mode.resolve(former_mode));

        let kept = aside(target).and_then(|kept| Ok((copy(file, kept.file())?, kept)));
        let (copied, kept) = kept.map_err(ResourceError::path(
            "make a copy, to be safe, of the former content of",
            target,
        ))?;
        // Blocks that are shared need no room.
        if copied == Copied::ByReference {
            Ok(())
        } else {
            reserve(file, &former, content)
        }
        .map_err(failed())?;

        // Whoever may no longer read it is not to see the new content.
        let overwritten = set_mode(file, former_mode & wanted_mode)
            .and_then(|()| copy(content, file))
            .and_then(|_| set_mode(file, wanted_mode))
            .and_then(|()| sync(file));
        let Err(error) = overwritten else {
            return Ok(());
        };
        let restored = copy(kept.file(), file)
            .and_then(|_| set_mode(file, former_mode))
            .and_then(|()| sync(file));
        Err(match restored {
            Ok(()) => failed()(error),
            Err(_) => {
                let overwriting = failed()(error);
                ResourceError::message(match keep(kept, target) {
                    Ok(path) => format!("{overwriting}; its former content is in `{path}`"),
                    Err(error) => format!("{overwriting}; its former content is lost: {error}"),
                })
            }
        })
    }
}

/// A file without a name that nobody else may read: beside the target, or if that can not be, where the system keeps
/// what is temporary.
fn aside(target: &Path) -> io::Result<Temporary> {
    Temporary::beside(target, false).or_else(|refused| {
        let elsewhere = env::temp_dir().join("content");
        Temporary::beside(&elsewhere, false).map_err(|_| refused)
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copied {
    /// Both files share their blocks until one is written to.
    ByReference,
    ByValue,
}

/// Gives one file the content of another. The file is cut only when the rest is there.
fn copy(mut from: &File, mut to: &File) -> io::Result<Copied> {
    let copied = if ioctl_ficlone(to, from).is_ok() {
        Copied::ByReference
    } else {
        from.rewind()?;
        to.rewind()?;
        io::copy(&mut from, &mut to)?;
        Copied::ByValue
    };
    to.set_len(from.metadata()?.len())?;
    Ok(copied)
}

/// Makes sure that there is room in the file for the new content, where the file system can tell. Its content stays.
fn reserve(file: &File, former: &Metadata, content: &File) -> io::Result<()> {
    let length = content.metadata()?.len();
    if length == 0 {
        return Ok(());
    }
    match fallocate(file, FallocateFlags::KEEP_SIZE, 0, length) {
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        Err(error) => {
            // What there was of it is given back.
            if file.metadata()?.blocks() > former.blocks() {
                file.set_len(former.len())?;
            }
            Err(error.into())
        }
    }
}

fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    if file.metadata()?.mode() & MODE_BITS == mode {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(mode))
}

/// Gives the former content a name for good, in the directory of the target or where the copy is. Gives the path.
fn keep(kept: Temporary, target: &Path) -> io::Result<String> {
    let mut prefix = OsString::from(target.file_name().unwrap_or_default());
    prefix.push(".former-");
    let directory = target.parent().unwrap_or(target);
    let path = kept
        .keep_in(directory, &prefix)
        .or_else(|_| kept.keep_in(&env::temp_dir(), &prefix))?;
    Ok(path.display().to_string())
}

#[cfg(test)]
mod tests;
