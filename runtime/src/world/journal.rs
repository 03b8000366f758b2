//! Keys and values that survive a kill at any instant: a file of changes, each of which is synced.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracing::{debug, warn};

use crate::atomic_write::write_private;
use crate::resource::ResourceError;

/// One line of the file: what a key holds from now on.
#[derive(Debug, Deserialize, Serialize)]
struct Change {
    key: String,
    /// Nothing if the key is gone.
    value: Option<String>,
}

/// A file that is smaller than this is not worth the effort.
const SMALL: u64 = 64 * 1024;
/// What counts is written anew when the file is so many times as long as it was then.
const GROWTH: u64 = 4;

/// The file, opened for more changes.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// Of the whole lines.
    length: u64,
    /// The length when only what counted was in it.
    tidied: u64,
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
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                set_aside(&path, "it is a directory", |aside| fs::rename(&path, aside))?;
                Vec::new()
            }
            Err(error) => return Err(ResourceError::path("read", &path)(error)),
        };
        let whole = text.iter().rposition(|byte| *byte == b'\n');
        let whole = &text[..whole.map_or(0, |end| end + 1)];
        let Replayed {
            entries,
            lines,
            meaningless,
        } = replay(whole);
        if meaningless > 0 {
            let reason =
                format!("{meaningless} of its {lines} lines mean nothing, and do not count");
            set_aside(&path, &reason, |aside| fs::copy(&path, aside).map(drop))?;
        }
        let file = open(&path).map_err(ResourceError::path("open", &path))?;
        let mut journal = Self {
            path,
            file,
            length: whole.len() as u64,
            tidied: 0,
        };
        if whole.len() < text.len() {
            journal.cut().map_err(|error| journal.failed(error))?;
        }
        if lines != entries.len() {
            journal.tidy(&entries)?;
        }
        Ok((journal, entries))
    }

    /// Notes a change for good.
    pub(super) fn append(&mut self, key: &str, value: Option<&str>) -> Result<(), ResourceError> {
        let line = line(key, value);
        let written = self.file.write_all(&line);
        match written.and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.length += line.len() as u64;
                Ok(())
            }
            Err(error) => {
                // The next line must not be joined to what is left of this one.
                let _ = self.cut();
                Err(self.failed(error))
            }
        }
    }

    /// Whether most of the file no longer counts.
    pub(super) fn is_long(&self) -> bool {
        self.length > SMALL.max(GROWTH.saturating_mul(self.tidied))
    }

    /// Leaves in the file only what counts. Without room for that it stays as it is.
    ///
    /// # Errors
    /// If the new file can not be used; the journal is to be opened again then.
    pub(super) fn tidy(&mut self, entries: &BTreeMap<String, String>) -> Result<(), ResourceError> {
        let lines: Vec<_> = entries
            .iter()
            .map(|(key, value)| line(key, Some(value)))
            .collect();
        let parts: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        if let Err(error) = write_private(&self.path, &parts) {
            debug!("the journal is not tidied: {error}");
            self.tidied = self.length;
            return Ok(());
        }
        self.file = open(&self.path).map_err(|error| self.failed(error))?;
        self.length = lines.iter().map(|line| line.len() as u64).sum();
        self.tidied = self.length;
        Ok(())
    }

    /// Takes away what follows the whole lines.
    fn cut(&self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.sync_data()
    }

    fn failed(&self, error: io::Error) -> ResourceError {
        ResourceError::path("write", &self.path)(error)
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

/// Keeps what is no journal for somebody to look at (engine.md §10.1, C2).
fn set_aside(
    path: &Path,
    reason: &str,
    keep: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), ResourceError> {
    let aside = path.with_extension("bad");
    warn!(
        "something else has written `{}`: {reason}; it is kept as `{}`",
        path.display(),
        aside.display()
    );
    keep(&aside).map_err(ResourceError::path("keep", path))
}

/// What changes come to.
#[derive(Default)]
struct Replayed {
    entries: BTreeMap<String, String>,
    lines: usize,
    /// Of the lines.
    meaningless: usize,
}

fn replay(text: &[u8]) -> Replayed {
    let mut replayed = Replayed::default();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        replayed.lines += 1;
        match serde_json::from_slice(line) {
            Ok(Change { key, value }) => match value {
                Some(value) => drop(replayed.entries.insert(key, value)),
                None => drop(replayed.entries.remove(&key)),
            },
            Err(_) => replayed.meaningless += 1,
        }
    }
    replayed
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

    #[test]
    fn what_is_no_journal_is_kept_and_does_not_disturb() {
        let directory = tempfile::tempdir().unwrap();
        let (path, aside) = (
            directory.path().join("journal"),
            directory.path().join("journal.bad"),
        );
        let (mut journal, _) = Journal::open(path.clone()).unwrap();
        journal.append("a", Some("1")).unwrap();
        let mut text = fs::read(&path).unwrap();
        text.extend(b"\xff\0 no line of ours\n");
        fs::write(&path, &text).unwrap();
        let (mut journal, entries) = Journal::open(path.clone()).unwrap();
        assert_eq!(entries, BTreeMap::from([("a".to_owned(), "1".to_owned())]));
        assert_eq!(fs::read(&aside).unwrap(), text);
        journal.append("b", Some("2")).unwrap();
        assert_eq!(Journal::open(path.clone()).unwrap().1.len(), 2);

        fs::remove_file(&aside).unwrap();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let (mut journal, _) = Journal::open(path.clone()).unwrap();
        journal.append("c", Some("3")).unwrap();
        assert!(aside.is_dir() && path.is_file());
    }

    #[test]
    fn what_no_longer_counts_is_taken_out_while_it_runs() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let (mut journal, mut entries) = Journal::open(path.clone()).unwrap();
        let long = "x".repeat(4096);
        for round in 0..50 {
            for key in ["a", "b"] {
                let value = format!("{round}{long}");
                journal.append(key, Some(&value)).unwrap();
                entries.insert(key.to_owned(), value);
            }
            if journal.is_long() {
                journal.tidy(&entries).unwrap();
            }
        }
        assert!(fs::metadata(&path).unwrap().len() <= SMALL);
        assert_eq!(Journal::open(path).unwrap().1, entries);
    }

    #[test]
    fn a_line_that_could_not_be_written_does_not_spoil_the_next() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let (mut journal, _) = Journal::open(path.clone()).unwrap();
        journal.append("a", Some("1")).unwrap();
        // The disk was full after some bytes.
        journal.file.write_all(b"{\"key\":\"b").unwrap();
        journal.cut().unwrap();
        journal.append("c", Some("3")).unwrap();
        let keys: Vec<_> = Journal::open(path).unwrap().1.into_keys().collect();
        assert_eq!(keys, ["a", "c"]);
    }
}
