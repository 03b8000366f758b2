//! What the last successful run has left in the private directory.

use std::fs;
use std::io;
use std::path::PathBuf;

use mgmt_stdlib::resources::exec as declared;
use mgmt_stdlib::value::{Str, Value};

use crate::atomic_write::{AtomicWriter, Staged, stage_private};
use crate::process::Captured;
use crate::resource::{ResourceError, SentValues};

const OUTPUT: &str = "output";
const STDOUT: &str = "stdout";
const STDERR: &str = "stderr";
const STAMP: &str = "mtimes";

/// The private directory.
#[derive(Clone, Debug)]
pub(super) struct Cache(PathBuf);

/// What a command wrote; undefined where it wrote nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    output: Option<Str>,
    stdout: Option<Str>,
    stderr: Option<Str>,
}

impl Cache {
    pub(super) fn new(vardir: PathBuf) -> Self {
        Self(vardir)
    }

    /// The file whose time is that of the last successful run.
    pub(super) fn stamp(&self) -> PathBuf {
        self.0.join(STAMP)
    }

    pub(super) fn read(&self) -> Result<Kept, ResourceError> {
        Ok(Kept {
            output: self.read_one(OUTPUT)?,
            stdout: self.read_one(STDOUT)?,
            stderr: self.read_one(STDERR)?,
        })
    }

    fn read_one(&self, name: &str) -> Result<Option<Str>, ResourceError> {
        let path = self.0.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(Str::from(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ResourceError::path("read", &path)(error)),
        }
    }

    /// Replaces all that is kept, and notes the time if `stamp`.
    pub(super) fn write(
        &self,
        writer: &AtomicWriter,
        kept: &Kept,
        stamp: bool,
    ) -> Result<(), ResourceError> {
        let mut staged = Vec::new();
        for (name, value) in [
            (OUTPUT, &kept.output),
            (STDOUT, &kept.stdout),
            (STDERR, &kept.stderr),
        ] {
            match value {
                Some(value) => staged.push(self.stage(name, value.as_bytes())?),
                None => self.remove(name)?,
            }
        }
        if stamp {
            let now = format!("{:.9}\n", jiff::Timestamp::now());
            staged.push(self.stage(STAMP, now.as_bytes())?);
        }
        let replacing = staged.into_iter().map(|staged| writer.place(staged));
        let replacing = replacing
            .filter_map(Result::transpose)
            .collect::<Result<_, _>>()?;
        writer.commit_here(replacing).into_iter().collect()
    }

    fn stage(&self, name: &str, bytes: &[u8]) -> Result<Staged, ResourceError> {
        stage_private(&self.0.join(name), &[bytes])
    }

    fn remove(&self, name: &str) -> Result<(), ResourceError> {
        let path = self.0.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(ResourceError::path("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }
}

impl From<Captured> for Kept {
    fn from(captured: Captured) -> Self {
        Self {
            output: captured.output.map(Str::from),
            stdout: captured.stdout.map(Str::from),
            stderr: captured.stderr.map(Str::from),
        }
    }
}

impl Kept {
    /// The same with the substitutes of a command that was not run in place of what is undefined.
    pub(super) fn or(self, params: &declared::Exec) -> Self {
        Self {
            output: self.output.or_else(|| params.send_output.clone()),
            stdout: self.stdout.or_else(|| params.send_stdout.clone()),
            stderr: self.stderr.or_else(|| params.send_stderr.clone()),
        }
    }

    pub(super) fn into_values(self) -> SentValues {
        vec![
            (OUTPUT, self.output.map(Value::Str)),
            (STDOUT, self.stdout.map(Value::Str)),
            (STDERR, self.stderr.map(Value::Str)),
        ]
    }
}
