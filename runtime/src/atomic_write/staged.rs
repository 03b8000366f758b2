//! A new version of one file, written but not yet visible.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use mgmt_stdlib::mode::{MODE_BITS, Mode};
use rustix::fs::{AtFlags, CWD, OFlags, StatxAttributes, StatxFlags, statx};
use tokio::sync::OwnedSemaphorePermit;

use super::in_place::InPlace;
use super::temporary::Temporary;
use crate::resource::ResourceError;

/// How many links a path may go through, as in the kernel.
const MOST_LINKS: usize = 40;
/// The bits of a mode that lend the identity of the owner or of the group.
const SET_ID_BITS: u32 = 0o6000;

/// The right to have one file staged. [`Slot::unlimited`] is for those who limit themselves.
#[derive(Debug)]
pub struct Slot {
    /// Given back when the file is committed or dropped.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// A slot that does not count.
    pub fn unlimited() -> Self {
        Self { _permit: None }
    }

    pub(super) fn limited(permit: OwnedSemaphorePermit) -> Self {
        Self {
            _permit: Some(permit),
        }
    }
}

/// What the new file gets. What is not given is that of the file which it replaces, or else that of any
/// new file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The owner.
    pub uid: Option<u32>,
    /// The group.
    pub gid: Option<u32>,
    /// The mode. A symbolic one starts from the mode of the replaced file, or from 0.
    pub mode: Option<Mode>,
}

impl Attributes {
    fn any(&self) -> bool {
        *self != Self::default()
    }
}

/// A new version of a file that is written but not yet visible. Dropping it leaves no trace.
#[derive(Debug)]
pub struct Staged {
    place: Place,
    target: PathBuf,
    _slot: Slot,
}

#[derive(Debug)]
enum Place {
    Beside {
        temporary: Temporary,
        /// It replaces nothing.
        new: bool,
    },
    /// To be overwritten.
    InPlace(InPlace),
    /// In a file system that the kernel makes up: it is visible already.
    Visible(File),
}

impl Staged {
    /// Writes a new version of the file at `path`; links are followed, and stay. `fill` writes the
    /// content; it may be called a second time, on another file, if the first can not take the place
    /// of the old one.
    ///
    /// # Errors
    /// If the system refuses, or `fill` does.
    pub fn write(
        slot: Slot,
        path: &Path,
        attributes: &Attributes,
        mut fill: impl FnMut(&mut File) -> Result<(), ResourceError>,
    ) -> Result<Self, ResourceError> {
        let target = follow_links(path)?;
        let existing = match fs::symlink_metadata(&target) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(ResourceError::path("examine", &target)(error)),
        };
        if let Some(existing) = &existing
            && can_not_be_replaced(&target, existing)
        {
            return Self::in_place(slot, target, attributes, fill);
        }
        let mut temporary =
            match Temporary::beside(&target, existing.is_none() && !attributes.any()) {
                Ok(temporary) => temporary,
                Err(error) if existing.is_some() && is_refusal(&error) => {
                    return Self::in_place(slot, target, attributes, fill);
                }
                Err(error) => {
                    let operation = if existing.is_some() {
                        "create a file beside"
                    } else {
                        "create"
                    };
                    return Err(ResourceError::path(operation, &target)(error));
                }
            };
        fill(temporary.file_mut())?;
        match put_on(temporary.file(), attributes, existing.as_ref(), &target) {
            Ok(()) => {}
            Err(error) if existing.is_some() && is_refusal(&error) && !attributes.any() => {
                return Self::in_place(slot, target, attributes, fill);
            }
            Err(error) => {
                return Err(ResourceError::path("set the owner and mode of", &target)(
                    error,
                ));
            }
        }
        Ok(Self {
            place: Place::Beside {
                temporary,
                new: existing.is_none(),
            },
            target,
            _slot: slot,
        })
    }

    fn in_place(
        slot: Slot,
        target: PathBuf,
        attributes: &Attributes,
        mut fill: impl FnMut(&mut File) -> Result<(), ResourceError>,
    ) -> Result<Self, ResourceError> {
        let place = if is_made_up(&target) {
            let mut file = OpenOptions::new()
                .write(true)
                .truncate(true)
                .open(&target)
                .map_err(ResourceError::path("open for writing", &target))?;
            fill(&mut file)?;
            if let Some(mode) = &attributes.mode {
                put_mode(&file, mode).map_err(ResourceError::path("set the mode of", &target))?;
            }
            Place::Visible(file)
        } else {
            Place::InPlace(InPlace::stage(&target, attributes.mode.clone(), &mut fill)?)
        };
        Ok(Self {
            place,
            target,
            _slot: slot,
        })
    }

    /// Whether the file is overwritten, in which case it keeps its owner.
    pub fn is_in_place(&self) -> bool {
        !matches!(self.place, Place::Beside { .. })
    }

    /// Whether it replaces nothing.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.place, Place::Beside { new: true, .. })
    }

    /// What is to be durable before it is made visible.
    pub(super) fn file(&self) -> Option<&File> {
        match &self.place {
            Place::Beside { temporary, .. } => Some(temporary.file()),
            Place::InPlace(_) => None,
            Place::Visible(file) => Some(file),
        }
    }

    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Makes it visible. What can not take the place of the former file is durable, too, when this returns.
    pub(super) fn publish(self) -> Result<Option<Published>, ResourceError> {
        let (temporary, new) = match self.place {
            Place::Beside { temporary, new } => (temporary, new),
            Place::InPlace(in_place) => return in_place.overwrite(&self.target).map(|()| None),
            Place::Visible(_) => return Ok(None),
        };
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let replaced = if new {
            None
        } else {
            rustix::fs::open(&self.target, flags, rustix::fs::Mode::empty()).ok()
        };
        temporary
            .persist(&self.target)
            .map_err(ResourceError::path("replace", &self.target))?;
        Ok(Some(Published {
            directory: self.target.parent().map(Path::to_owned),
            _replaced: replaced,
        }))
    }
}

/// A file that has become visible.
#[derive(Debug)]
pub(super) struct Published {
    /// What is to be synced.
    pub(super) directory: Option<PathBuf>,
    /// The file that was there before. While it is open, it is not freed: that can take longer than all else,
    /// and would delay the moment at which the new one is visible.
    _replaced: Option<OwnedFd>,
}

/// Gives the new file its owner, attributes and mode, in this order: a change of the owner clears
/// bits of the mode.
fn put_on(
    file: &File,
    attributes: &Attributes,
    existing: Option<&fs::Metadata>,
    target: &Path,
) -> io::Result<()> {
    if existing.is_none() && !attributes.any() {
        return Ok(());
    }
    let created = file.metadata()?;
    let uid = attributes.uid.or(existing.map(MetadataExt::uid));
    let gid = attributes.gid.or(existing.map(MetadataExt::gid));
    let uid = uid.filter(|uid| *uid != created.uid());
    let gid = gid.filter(|gid| *gid != created.gid());
    if uid.is_some() || gid.is_some() {
        fchown(file, uid, gid)?;
    }
    if existing.is_some() {
        copy_extended_attributes(target, file)?;
    }
    let old_mode = existing.map(|existing| kept_mode(existing, attributes));
    let mode = match (&attributes.mode, old_mode) {
        (Some(mode), old) => mode.resolve(old.unwrap_or(0)),
        (None, Some(old)) => old,
        // Only the owner is given: the mode is that of any new file.
        (None, None) => 0o666 & !umask(),
    };
    file.set_permissions(Permissions::from_mode(mode))
}

/// The mode that stays when a file gets these attributes. As with chown(2), a new owner does not inherit the right
/// to lend an identity.
fn kept_mode(existing: &fs::Metadata, attributes: &Attributes) -> u32 {
    let mode = existing.mode() & MODE_BITS;
    let changes = |old: u32, new: Option<u32>| new.is_some_and(|new| new != old);
    if changes(existing.uid(), attributes.uid) || changes(existing.gid(), attributes.gid) {
        mode & !SET_ID_BITS
    } else {
        mode
    }
}

/// Gives a file that was overwritten its mode, unless it has it.
fn put_mode(file: &File, mode: &Mode) -> io::Result<()> {
    let present = file.metadata()?.mode() & MODE_BITS;
    let wanted = mode.resolve(present);
    if wanted == present {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(wanted))
}

/// Access lists, labels and what users attach.
fn copy_extended_attributes(from: &Path, to: &File) -> io::Result<()> {
    let mut names = [0; 4096];
    // A file system without them, or a list that is too long to be told, has none to copy.
    let length = rustix::fs::llistxattr(from, &mut names).unwrap_or(0);
    for name in names[..length].split(|byte| *byte == 0) {
        if name.is_empty() {
            continue;
        }
        let mut value = vec![0; rustix::fs::lgetxattr_query(from, name)?];
        let length = rustix::fs::lgetxattr(from, name, &mut value)?;
        rustix::fs::fsetxattr(to, name, &value[..length], rustix::fs::XattrFlags::empty())?;
    }
    Ok(())
}

/// The mask of this process, which can only be read by setting it, or from here.
fn umask() -> u32 {
    fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("Umask:"))?;
            u32::from_str_radix(line.trim(), 8).ok()
        })
        .unwrap_or(0o022)
}

fn follow_links(path: &Path) -> Result<PathBuf, ResourceError> {
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&target) {
            Ok(text) => target = target.parent().unwrap_or(Path::new("/")).join(text),
            Err(_) => return Ok(target),
        }
    }
    Err(ResourceError::path("follow", path)(io::Error::from(
        rustix::io::Errno::LOOP,
    )))
}

fn can_not_be_replaced(target: &Path, existing: &fs::Metadata) -> bool {
    existing.nlink() > 1
        || is_made_up(target)
        || statx(CWD, target, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty())
            .is_ok_and(|stat| stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// Whether the kernel makes up what is read there, and acts on what is written.
fn is_made_up(target: &Path) -> bool {
    target.starts_with("/proc") || target.starts_with("/sys")
}

fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

#[cfg(test)]
mod tests;
