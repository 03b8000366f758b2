//! What happens when everything becomes converged, or no longer is (engine.md §5.2).

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{ConvergerConfig, StateFn};

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
            function(converged).map_err(|error| format!("{name}: {error}"))?;
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
        .open(path)?;
    file.write_all(line)
}
