//! The SELinux context of an object, which is an extended attribute (resources-host.md §2.5.10).

use std::path::Path;

use rustix::fs::{XattrFlags, lgetxattr, lremovexattr, lsetxattr};
use rustix::io::Errno;

use crate::resource::ResourceError;

const ATTRIBUTE: &str = "security.selinux";
/// Longer than any context.
const LONGEST: usize = 4096;

/// The context of the object itself, without trailing NULs; nothing if it has none.
pub(super) fn context(path: &Path) -> Result<Option<Vec<u8>>, ResourceError> {
    let mut buffer = [0u8; LONGEST];
    match lgetxattr(path, ATTRIBUTE, &mut buffer) {
        Ok(length) => {
            let text = &buffer[..length];
            let end = text
                .iter()
                .rposition(|byte| *byte != 0)
                .map_or(0, |last| last + 1);
            Ok(Some(text[..end].to_vec()))
        }
        Err(Errno::NODATA | Errno::NOTSUP) => Ok(None),
        Err(error) => Err(failed("read the SELinux context of", path, error)),
    }
}

/// Gives the object itself a context, or none if it is empty.
pub(super) fn set_context(path: &Path, context: &str) -> Result<(), ResourceError> {
    let result = if context.is_empty() {
        match lremovexattr(path, ATTRIBUTE) {
            Err(Errno::NODATA) => Ok(()),
            result => result,
        }
    } else {
        // The usual tools end it with a NUL.
        let value = [context.as_bytes(), b"\0"].concat();
        lsetxattr(path, ATTRIBUTE, &value, XattrFlags::empty())
    };
    match result {
        Err(Errno::NOTSUP) => Err(ResourceError::message(format!(
            "can't set the SELinux context of `{}`: its file system has none",
            path.display()
        ))),
        result => result.map_err(|error| failed("set the SELinux context of", path, error)),
    }
}

fn failed(operation: &'static str, path: &Path, error: Errno) -> ResourceError {
    ResourceError::path(operation, path)(error.into())
}
