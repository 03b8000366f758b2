//! The content of one file (resources-host.md §2.5.3, §2.5.4, §2.5.7).

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use mgmt_stdlib::mode::{MODE_BITS, Mode};
use mgmt_stdlib::resources::file::State;
use mgmt_stdlib::value::Str;
use tokio_util::sync::CancellationToken;

use super::work::{Next, Work};
use crate::accounts::{self, UnknownNumber};
use crate::atomic_write::{Attributes, Slot, Staged, is_own_temporary};
use crate::regular_file;
use crate::removal::remove_tree;
use crate::resource::{Outcome, ResourceError};

const BLOCK: usize = 64 * 1024;
/// The unit of `st_blocks`, in bytes.
const BLOCK_UNIT: u64 = 512;
/// The permissions that are copied from anybody.
const PERMISSIONS: u32 = 0o777;

/// Where the content of a file comes from.
pub(super) enum Origin {
    Bytes(Str),
    /// One file, and what is known of it.
    File(PathBuf, Metadata),
    /// Several, one after the other.
    Files(Vec<PathBuf>),
}

/// New content that is at its place, or about to be.
pub(super) struct Written {
    new: bool,
    copied: u64,
    /// The file kept the owner that it had.
    in_place: bool,
    work: Box<Work>,
}

impl Written {
    /// Tells that the content is there; gives those whose [`Work::attributes`] are still to be set.
    pub(super) fn rest(self) -> Option<Box<Work>> {
        let verb = if self.new { "created" } else { "wrote" };
        let path = self.work.path.display();
        tracing::info!("{verb} `{path}`, {} bytes", self.copied);
        // A context is set on what is visible.
        (self.in_place || self.work.params.selinux.is_some()).then_some(self.work)
    }
}

impl Work {
    pub(super) fn be_file(self, slot: Slot) -> Result<Next, ResourceError> {
        let origin = self.origin()?;
        let there = self.examine()?;
        let exists = self.params.wanted_state() == State::Exists;
        let (stale, obstacle) = match (&there, &origin) {
            (None, _) if exists => (true, false),
            (None, Some(_)) => {
                return Err(self.wrong("does not exist, and `state` does not say that it should"));
            }
            (None, None) => (false, false),
            (Some(there), origin) if there.is_dir() && (exists || origin.is_some()) => {
                if !self.params.force {
                    return Err(
                        self.wrong("is a directory: `force` permits replacing it by a file")
                    );
                }
                (true, true)
            }
            (Some(_), None) => (false, false),
            (Some(there), Some(_)) if !there.is_file() => {
                return Err(self.wrong("is neither a file nor a directory"));
            }
            (Some(there), Some(origin)) => (
                !origin.is_content_of(&self.path, there, &self.cancel)?,
                false,
            ),
        };
        if !stale {
            return self.attributes().map(Next::Done);
        }
        if self.only_tells(|| self.content_change(origin.as_ref(), there.as_ref())) {
            let replaced = obstacle || there.is_none();
            // What is not there has no attributes yet.
            let attributes = if replaced {
                Outcome::Unchanged
            } else {
                self.attributes()?
            };
            return Ok(Next::Done(Outcome::Changed.and(attributes)));
        }
        if obstacle {
            remove_tree(&self.path, &self.cancel)?;
            tracing::info!("removed the directory `{}`", self.path.display());
        }
        self.stage(slot, origin, there.is_none())
    }

    fn stage(self, slot: Slot, origin: Option<Origin>, new: bool) -> Result<Next, ResourceError> {
        let origin = origin.unwrap_or_else(|| Origin::Bytes(Str::default()));
        let mut attributes = self.wanted_attributes()?;
        if let (None, Origin::File(_, source)) = (&attributes.mode, &origin) {
            attributes.mode = Some(copied_mode(source));
        }
        let mut copied = 0;
        let staged = Staged::write(slot, &self.path, &attributes, |file| {
            copied = origin.copy_to(file, &self.path, &self.cancel)?;
            Ok(())
        })?;
        // In place, the file kept the owner that it had.
        let in_place = staged.is_in_place();
        let (next, committing) = match self.writer.place(staged)? {
            None => (Next::Done(Outcome::Changed), None),
            Some(staged) => (Next::Replaced, self.writer.commit_or_join(staged)?),
        };
        let written = Written {
            new,
            copied,
            in_place,
            work: Box::new(self),
        };
        if let Some(committing) = committing {
            return Ok(Next::Await(committing, written));
        }
        if let Some(rest) = written.rest() {
            rest.attributes()?;
        }
        Ok(next)
    }

    fn wanted_attributes(&self) -> Result<Attributes, ResourceError> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Ok(Attributes {
            uid: given(&self.params.owner)
                .map(|owner| accounts::uid(&owner, UnknownNumber::Accept))
                .transpose()?,
            gid: given(&self.params.group)
                .map(|group| accounts::gid(&group, UnknownNumber::Accept))
                .transpose()?,
            mode: self.mode()?,
        })
    }

    fn origin(&self) -> Result<Option<Origin>, ResourceError> {
        let params = &self.params;
        if let Some(content) = &params.content {
            return Ok(Some(Origin::Bytes(content.clone())));
        }
        if !params.source.is_empty() {
            return Origin::file(Path::new(&params.source)).map(Some);
        }
        if params.fragments.is_empty() {
            return Ok(None);
        }
        let mut files = Vec::new();
        for fragment in &params.fragments {
            if fragment.ends_with('/') {
                files.extend(files_in(Path::new(fragment))?);
            } else {
                files.push(PathBuf::from(fragment));
            }
        }
        Ok(Some(Origin::Files(files)))
    }
}

impl Origin {
    /// One file, which must be there.
    pub(super) fn file(path: &Path) -> Result<Self, ResourceError> {
        let failed = ResourceError::path("examine the source", path);
        let metadata = fs::metadata(path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(regular_file::not_regular(path));
        }
        Ok(Self::File(path.to_owned(), metadata))
    }

    /// Whether the file at `path` has just this content. It reads no more than it needs.
    pub(super) fn is_content_of(
        &self,
        path: &Path,
        there: &Metadata,
        cancel: &CancellationToken,
    ) -> Result<bool, ResourceError> {
        let length = match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::File(_, source) if source.dev() == there.dev() && source.ino() == there.ino() => {
                return Ok(true);
            }
            Self::File(_, source) => Some(source.len()),
            Self::Files(_) => None,
        };
        // Files of some virtual file systems have a content but no length.
        if there.len() != 0 && length.is_some_and(|length| length != there.len()) {
            return Ok(false);
        }
        let Some(mut present) = regular_file::open_if_there(path)? else {
            return Ok(false);
        };
        let (mut ours, mut theirs) = (Block::new(), Block::new());
        let mut same = true;
        self.each_block(&mut ours, cancel, &mut |wanted| {
            let have = theirs
                .fill(&mut present, wanted.len())
                .map_err(ResourceError::path("read", path))?;
            same = have == wanted;
            Ok(same)
        })?;
        if !same {
            return Ok(false);
        }
        let rest = theirs
            .fill(&mut present, 1)
            .map_err(ResourceError::path("read", path))?;
        Ok(rest.is_empty())
    }

    /// Writes the content; gives its length.
    pub(super) fn copy_to(
        &self,
        file: &mut File,
        path: &Path,
        cancel: &CancellationToken,
    ) -> Result<u64, ResourceError> {
        let failed = || ResourceError::path("write", path);
        let sparse = self.is_sparse();
        let (mut copied, mut hole) = (0, false);
        self.each_block(&mut Block::new(), cancel, &mut |block| {
            copied += block.len() as u64;
            hole = sparse && block.iter().all(|byte| *byte == 0);
            if hole {
                let length = i64::try_from(block.len()).unwrap_or(i64::MAX);
                file.seek(SeekFrom::Current(length)).map_err(failed())?;
            } else {
                file.write_all(block).map_err(failed())?;
            }
            Ok(true)
        })?;
        if hole {
            file.set_len(copied).map_err(failed())?;
        }
        Ok(copied)
    }

    /// The modes of the files that it comes from, as far as they are there.
    pub(super) fn modes(&self) -> impl Iterator<Item = u32> {
        let (known, files): (Option<u32>, &[PathBuf]) = match self {
            Self::Bytes(_) => (None, &[]),
            Self::File(_, source) => (Some(source.mode()), &[]),
            Self::Files(paths) => (None, paths),
        };
        let modes = files.iter().filter_map(|path| fs::metadata(path).ok());
        known.into_iter().chain(modes.map(|file| file.mode()))
    }

    /// Whether it takes less room on its disk than its length, which a copy should not take either.
    fn is_sparse(&self) -> bool {
        match self {
            Self::File(_, source) => source.blocks() * BLOCK_UNIT < source.len(),
            Self::Bytes(_) | Self::Files(_) => false,
        }
    }

    /// Hands all of the content out in blocks.
    pub(super) fn each(
        &self,
        cancel: &CancellationToken,
        take: &mut dyn FnMut(&[u8]) -> Result<bool, ResourceError>,
    ) -> Result<(), ResourceError> {
        self.each_block(&mut Block::new(), cancel, take)
    }

    /// Hands the content out in blocks, as long as `take` wants more.
    fn each_block(
        &self,
        block: &mut Block,
        cancel: &CancellationToken,
        take: &mut dyn FnMut(&[u8]) -> Result<bool, ResourceError>,
    ) -> Result<(), ResourceError> {
        let files: &[PathBuf] = match self {
            Self::Bytes(bytes) => {
                for chunk in bytes.as_bytes().chunks(BLOCK) {
                    if !take(chunk)? {
                        break;
                    }
                }
                return Ok(());
            }
            Self::File(path, _) => std::slice::from_ref(path),
            Self::Files(paths) => paths,
        };
        for path in files {
            let mut file = regular_file::open(path)?;
            loop {
                if cancel.is_cancelled() {
                    return Err(ResourceError::Cancelled);
                }
                let read = block
                    .fill(&mut file, BLOCK)
                    .map_err(ResourceError::path("read", path))?;
                if read.is_empty() {
                    break;
                }
                if !take(read)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// A buffer that is made when it is first needed.
struct Block(Vec<u8>);

impl Block {
    fn new() -> Self {
        Self(Vec::new())
    }

    /// Reads up to `limit` bytes; fewer only at the end of the file.
    fn fill(&mut self, file: &mut File, limit: usize) -> io::Result<&[u8]> {
        self.0.clear();
        file.take(limit as u64).read_to_end(&mut self.0)?;
        Ok(&self.0)
    }
}

/// The mode that a copy gets. Bits that lend the owner's identity are copied only from the superuser's files.
pub(super) fn copied_mode(source: &Metadata) -> Mode {
    let bits = if source.uid() == 0 {
        MODE_BITS
    } else {
        PERMISSIONS
    };
    Mode::Octal(source.mode() & bits)
}

/// The files of a fragment directory in the order of their names.
fn files_in(directory: &Path) -> Result<Vec<PathBuf>, ResourceError> {
    let failed = || ResourceError::path("list", directory);
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let path = entry.path();
        if !path.is_dir() && !is_own_temporary(entry.file_name().as_encoded_bytes()) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
