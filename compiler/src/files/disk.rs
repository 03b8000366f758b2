//! The disk. The only place in this library that touches it.

#![allow(
    clippy::disallowed_methods,
    reason = "this is the implementation of Files that the others are told to use"
)]

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::Files;

/// No program comes near this size, and spans reach only a little further.
const MAX_BYTES: u64 = 1 << 28;

/// [`Files`] as they are on disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let mut bytes = Vec::with_capacity(metadata.len().min(MAX_BYTES) as usize);
        // A device or a pipe does not tell its size.
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }
}
