//! What happens when everything becomes converged, or no longer is (engine.md §5.2).

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::{ConvergerConfig, StateFn, confine};

/// Those who are told.
pub(crate) struct Convergence {
    exit: bool,
    status_file: Option<PathBuf>,
    functions: BTreeMap<String, StateFn>,
}

impl Convergence {
    pub(crate) fn new(config: ConvergerConfig) -> Self {
        Self {
            exit: config.exit,
            status_file: config.status_file,
            functions: config.state_functions,
        }
    }

    /// Tells everybody. True if the run is to end now.
    pub(crate) fn report(&mut self, converged: bool) -> Result<bool, String> {
        if let Some(path) = &self.status_file {
            append(path, converged)
                .map_err(|error| format!("can't write `{}`: {error}", path.display()))?;
        }
        for (name, function) in &mut self.functions {
            confine("state function", || function(converged))
                .unwrap_or_else(|panic| Err(panic.to_string()))
                .map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(converged && self.exit)
    }
}

/// One write a line, so that nobody ever reads half of it.
fn append(path: &Path, converged: bool) -> io::Result<()> {
    let line: &[u8] = if converged { b"true\n" } else { b"false\n" };
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        // A pipe that nobody reads is an error, and keeps nobody waiting.
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(path)?;
    file.write_all(line)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn lines_are_appended_and_a_pipe_without_a_reader_keeps_nobody_waiting() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("status");
        append(&file, true).unwrap();
        append(&file, false).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "true\nfalse\n");
        let pipe = directory.path().join("pipe");
        mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        assert!(append(&pipe, true).is_err());
    }
}
