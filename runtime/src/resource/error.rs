//! Why a resource could not do its work.

use std::io;
use std::path::{Path, PathBuf};

use super::cause::cause;
use crate::path_watch::PathWatchError;

/// Why a `watch` or `check_apply` failed. A kind with more to say wraps its own error in `Other`.
#[derive(Debug, thiserror::Error)]
pub enum ResourceError {
    /// The context was cancelled; not a failure of the resource.
    #[error("cancelled")]
    Cancelled,
    /// An operation on a file.
    #[error("can't {operation} `{}`: {cause}", path.display())]
    Path {
        /// What was tried, as a verb: `read`.
        operation: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed, in words.
        cause: String,
        /// What the system says, which the words replace.
        error: io::Error,
    },
    /// A path can not be watched.
    #[error(transparent)]
    Watch(#[from] PathWatchError),
    /// What the kind says itself.
    #[error("{0}")]
    Message(String),
    /// An error of a kind's own type.
    #[error(transparent)]
    Other(#[from] Box<dyn std::error::Error + Send + Sync>),
}

impl ResourceError {
    /// Wraps an I/O error with the operation and its object; for `map_err`. It looks what is in the way.
    pub fn path(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Path {
            operation,
            path: path.to_owned(),
            cause: cause(path, &error),
            error,
        }
    }

    /// An error that is told in words.
    pub fn message(text: impl Into<String>) -> Self {
        Self::Message(text.into())
    }
}
