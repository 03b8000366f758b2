//! Fetches modules from other places, with git (language.md §5.8).

#![allow(
    clippy::disallowed_methods,
    reason = "this is the implementation of Files that fetches"
)]

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Disk, Files};

/// The disk, and git for modules that are not there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Download {
    /// Whether modules that are there are brought up to date.
    pub update: bool,
}

impl Files for Download {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        Disk.read(path)
    }

    fn exists(&self, path: &Path) -> bool {
        Disk.exists(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        Disk.is_dir(path)
    }

    fn fetch(&self, url: &str, modules: &Path, module: &Path) -> io::Result<()> {
        if !modules.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!(
                    "the modules directory `{}` does not exist",
                    modules.display()
                ),
            ));
        }
        if !module.exists() {
            let clone = ["clone", "--quiet", "--recurse-submodules", "--", url];
            return git(Command::new("git").args(clone).arg(module));
        }
        if self.update {
            let pull = ["pull", "--quiet", "--ff-only", "--recurse-submodules"];
            return git(Command::new("git").arg("-C").arg(module).args(pull));
        }
        Ok(())
    }
}

/// Runs git without asking anybody anything.
fn git(command: &mut Command) -> io::Result<()> {
    let output = command
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| io::Error::new(error.kind(), format!("can't run git: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let told = told
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or("it did not say why");
    Err(io::Error::other(format!("git failed: {}", told.trim())))
}
