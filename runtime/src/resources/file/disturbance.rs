//! Checks that fail since somebody else changes the same files at the same time: a look at what is there then does
//! better than an error, which may be for good.

use std::fs;
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
            let misses = has_another_kind(error) || is_in_removed_directory(path, error);
            misses && (in_tree(&managed) || in_source)
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

/// Whether the directory of a path is gone: ext4 then says that no nameless file may be made in it.
fn is_in_removed_directory(path: &Path, error: &io::Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied
        && path
            .parent()
            .is_some_and(|directory| fs::symlink_metadata(directory).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::harness::Scratch;

    #[test]
    fn nothing_may_be_made_in_a_removed_directory() {
        let scratch = Scratch::new();
        let refused = |path: &str| {
            let error = io::Error::from(rustix::io::Errno::PERM);
            let error = ResourceError::path("create", &scratch.path(path))(error);
            let name = format!("{}/", scratch.text("d"));
            is_behind(&error, &name, &declared::File::default())
        };
        fs::create_dir(scratch.path("d")).unwrap();
        assert!(refused("d/gone/file"));
        assert!(!refused("d/file"));
        assert!(!refused("gone/file"));
    }
}
