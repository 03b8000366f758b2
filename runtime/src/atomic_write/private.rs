//! Files that are nobody else's.

use std::io::Write;
use std::path::Path;

use mgmt_stdlib::mode::Mode;

use super::{Attributes, Slot, Staged, commit_all};
use crate::resource::ResourceError;

/// Writes a file of mode 0600, durable when this returns. It blocks.
///
/// # Errors
/// If the system refuses; the file is then as it was.
pub fn write_private(path: &Path, parts: &[&[u8]]) -> Result<(), ResourceError> {
    commit_all(vec![stage_private(path, parts)?])
        .into_iter()
        .collect()
}

/// The first half of it, for those who commit several together.
pub(crate) fn stage_private(path: &Path, parts: &[&[u8]]) -> Result<Staged, ResourceError> {
    let private = Attributes {
        mode: Some(Mode::Octal(0o600)),
        ..Attributes::default()
    };
    Staged::write(Slot::unlimited(), path, &private, |file| {
        parts
            .iter()
            .try_for_each(|part| file.write_all(part))
            .map_err(ResourceError::path("write", path))
    })
}
