//! Checks that fail since somebody else changes the same files at the same time: a look at what is there then does
//! better than an error, which may be for good.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use mgmt_stdlib::resources::file as declared;

use crate::resource::ResourceError;

/// What was there a moment ago is gone.
#[derive(Debug, thiserror::Error)]
#[error("`{}` was removed while it was looked at", .0.display())]
pub(super) struct Vanished(pub(super) PathBuf);

impl From<Vanished> for ResourceError {
    fn from(vanished: Vanished) -> Self {
        Self::Other(Box::new(vanished))
    }
}

/// Whether an error looks like that.
pub(super) fn is_behind(error: &ResourceError, name: &str, params: &declared::File) -> bool {
    match error {
        ResourceError::Other(error) => error.is::<Vanished>(),
        ResourceError::Path { path, error, .. } => {
            let (path, managed) = (path.as_path(), params.resultant_path(name));
            let in_tree = |tree: &str| tree.ends_with('/') && path.starts_with(tree);
            if path == Path::new(&managed) {
                return match error.kind() {
                    // It was missing when it was to be made.
                    ErrorKind::AlreadyExists => true,
                    // It was there when its entries were to be listed.
                    ErrorKind::NotFound => managed.ends_with('/'),
                    _ => false,
                };
            }
            let in_source = in_tree(&params.source) && path != Path::new(&params.source);
            has_another_kind(error) && (in_tree(&managed) || in_source)
        }
        _ => false,
    }
}

/// Whether the system has found something else than it was asked for.
fn has_another_kind(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::AlreadyExists
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::DirectoryNotEmpty
    )
}
