//! Keys and values that survive a kill at any instant: a file of changes, each of which is synced.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::atomic_write::write_private;
use crate::resource::ResourceError;

/// One line of the file: what a key holds from now on.
#[derive(Debug, Deserialize, Serialize)]
struct Change {
    key: String,
    /// Nothing if the key is gone.
    value: Option<String>,
}

/// The file, opened for more changes.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Reads the file, which need not exist, and leaves in it only what still counts. A last line that is not whole
    /// was never promised to anybody.
    pub(super) fn open(path: PathBuf) -> Result<(Self, BTreeMap<String, String>), ResourceError> {
        if let Some(directory) = path.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(directory)
                .map_err(ResourceError::path("create", directory))?;
        }
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(ResourceError::path("read", &path)(error)),
        };
        let (entries, lines) = replay(&text);
        let is_tidy = text.is_empty() || (text.ends_with(b"\n") && lines == entries.len());
        if !is_tidy {
            let lines: Vec<_> = entries
                .iter()
                .map(|(key, value)| line(key, Some(value)))
                .collect();
            let parts: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
            write_private(&path, &parts)?;
        }
        let file = open(&path).map_err(ResourceError::path("open", &path))?;
        Ok((Self { path, file }, entries))
    }

    /// Notes a change for good.
    pub(super) fn append(&mut self, key: &str, value: Option<&str>) -> Result<(), ResourceError> {
        self.file
            .write_all(&line(key, value))
            .and_then(|()| self.file.sync_data())
            .map_err(ResourceError::path("write", &self.path))
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

fn line(key: &str, value: Option<&str>) -> Vec<u8> {
    let change = Change {
        key: key.to_owned(),
        value: value.map(str::to_owned),
    };
    // Strings can always be written.
    let mut line = serde_json::to_vec(&change).unwrap_or_default();
    line.push(b'\n');
    line
}

/// What the changes come to, and how many there were.
fn replay(text: &[u8]) -> (BTreeMap<String, String>, usize) {
    let mut entries = BTreeMap::new();
    let mut lines = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        lines += 1;
        if let Ok(Change { key, value }) = serde_json::from_slice(line) {
            match value {
                Some(value) => entries.insert(key, value),
                None => entries.remove(&key),
            };
        }
    }
    (entries, lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_survive_and_a_torn_line_does_not_count() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("solo/journal");
        let (mut journal, entries) = Journal::open(path.clone()).unwrap();
        assert!(entries.is_empty());
        for (key, value) in [("a", Some("1")), ("b", Some("2\n")), ("a", None)] {
            journal.append(key, value).unwrap();
        }
        let mut text = fs::read(&path).unwrap();
        text.extend(b"{\"key\":\"c\",\"val");
        fs::write(&path, text).unwrap();
        let (mut journal, entries) = Journal::open(path.clone()).unwrap();
        let expected = BTreeMap::from([("b".to_owned(), "2\n".to_owned())]);
        assert_eq!(entries, expected);
        // Only what counts is left, and more can be added to it.
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
        journal.append("d", Some("4")).unwrap();
        assert_eq!(Journal::open(path).unwrap().1.len(), 2);
    }
}
