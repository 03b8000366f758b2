//! Opens files for reading, and nothing that would wait for a writer, such as a pipe, or never end, such as a device.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use crate::resource::ResourceError;

/// Opens a regular file; links are followed.
///
/// # Errors
/// If there is none, it is something else, or the system refuses.
pub(crate) fn open(path: &Path) -> Result<File, ResourceError> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(ResourceError::path("open", path))?;
    let metadata = file
        .metadata()
        .map_err(ResourceError::path("examine", path))?;
    if !metadata.is_file() {
        return Err(not_regular(path));
    }
    Ok(file)
}

/// Opens a regular file; nothing if there is no file.
///
/// # Errors
/// As those of [`open`].
pub(crate) fn open_if_there(path: &Path) -> Result<Option<File>, ResourceError> {
    match open(path) {
        Err(ResourceError::Path { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
            Ok(None)
        }
        result => result.map(Some),
    }
}

/// The content of a regular file; nothing if there is no file.
///
/// # Errors
/// As those of [`open`].
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, ResourceError> {
    let Some(mut file) = open_if_there(path)? else {
        return Ok(None);
    };
    let mut content = Vec::new();
    file.read_to_end(&mut content)
        .map_err(ResourceError::path("read", path))?;
    Ok(Some(content))
}

/// The error about something that is there and is no regular file.
pub(crate) fn not_regular(path: &Path) -> ResourceError {
    ResourceError::message(format!("`{}` is not a regular file", path.display()))
}
