//! What a plan shows of a file's content: both texts, unless they are large, binary or private.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;

use super::content::Origin;
use super::work::Work;
use crate::regular_file;
use crate::resource::{Change, Excerpt, LARGEST_EXCERPT};

/// The permission of everybody to read.
pub(super) const READ_BY_ALL: u32 = 0o004;

impl Work {
    /// The change of the content from what is there. What can not be read is not shown; the check itself
    /// says why.
    pub(super) fn content_change(
        &self,
        origin: Option<&Origin>,
        there: Option<&Metadata>,
    ) -> Change {
        let private = self.is_private(origin, there);
        let shown = |excerpt: Excerpt| if private { Excerpt::Private } else { excerpt };
        let old = there
            .filter(|there| there.is_file())
            .map(|there| shown(self.present(there)));
        Change::Content {
            path: self.path.display().to_string(),
            old,
            new: shown(self.wanted(origin)),
        }
    }

    /// Whether not everybody may read it, before or after, or where it comes from, or it was made for this file
    /// alone.
    fn is_private(&self, origin: Option<&Origin>, there: Option<&Metadata>) -> bool {
        let present = there.map(MetadataExt::mode);
        let wanted = self
            .mode()
            .ok()
            .flatten()
            .map(|mode| mode.resolve(present.unwrap_or(0o644)));
        let closed = |mode: u32| mode & READ_BY_ALL == 0;
        self.receives_content
            || present.is_some_and(closed)
            || wanted.is_some_and(closed)
            || origin.is_some_and(|origin| origin.modes().any(closed))
    }

    fn present(&self, there: &Metadata) -> Excerpt {
        let file = regular_file::open(&self.path).ok();
        match file.and_then(|file| read_up_to_limit(&file).ok()) {
            Some(content) if content.len() <= LARGEST_EXCERPT => Excerpt::of(&content),
            _ => Excerpt::Bytes(there.len()),
        }
    }

    fn wanted(&self, origin: Option<&Origin>) -> Excerpt {
        let Some(origin) = origin else {
            return Excerpt::of(b"");
        };
        let mut content = Vec::new();
        let mut length = 0;
        let read = origin.each(&self.cancel, &mut |block| {
            length += block.len() as u64;
            if content.len() <= LARGEST_EXCERPT {
                content.extend_from_slice(block);
            }
            Ok(true)
        });
        if read.is_ok() && content.len() <= LARGEST_EXCERPT {
            Excerpt::of(&content)
        } else {
            Excerpt::Bytes(length)
        }
    }
}

fn read_up_to_limit(file: &File) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(LARGEST_EXCERPT as u64 + 1)
        .read_to_end(&mut content)?;
    Ok(content)
}
