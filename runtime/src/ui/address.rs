//! Where the page of an agent is: a file below its prefix, for as long as it runs.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const NAME: &str = "ui.address";

/// The file. It goes away with this.
#[derive(Debug)]
pub struct AddressFile(PathBuf);

impl AddressFile {
    /// Writes it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(prefix: &Path, address: SocketAddr) -> io::Result<Self> {
        let path = prefix.join(NAME);
        // Everybody may see the page itself.
        let mut aside = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(prefix)?;
        writeln!(aside, "{address}")?;
        aside.persist(&path)?;
        Ok(Self(path))
    }
}

impl Drop for AddressFile {
    fn drop(&mut self) {
        // One that stays behind leads to nobody, which is told.
        let _ = fs::remove_file(&self.0);
    }
}

/// What an agent has written below `prefix`; nothing if there is none.
///
/// # Errors
/// If there is something that can not be read.
pub fn read(prefix: &Path) -> io::Result<Option<SocketAddr>> {
    match fs::read_to_string(prefix.join(NAME)) {
        Ok(text) => text
            .trim()
            .parse()
            .map(Some)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_while_it_is_used() {
        let prefix = tempfile::tempdir().unwrap();
        assert_eq!(read(prefix.path()).unwrap(), None);
        let address = "127.0.0.1:1".parse().unwrap();
        let file = AddressFile::write(prefix.path(), address).unwrap();
        assert_eq!(read(prefix.path()).unwrap(), Some(address));
        drop(file);
        assert_eq!(read(prefix.path()).unwrap(), None);
        fs::write(prefix.path().join(NAME), "nowhere\n").unwrap();
        assert!(read(prefix.path()).is_err());
    }
}
