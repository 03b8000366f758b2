//! Finds the programs below a folder.

use std::fs;
use std::path::{Path, PathBuf};

/// More files than this are not looked at unless they are opened.
const MAX_FILES: usize = 20_000;

/// Directories that hold no programs of the user.
const SKIPPED: [&str; 2] = ["target", "node_modules"];

/// The `.mcl` files below a folder, without those in hidden directories. Links to directories are not
/// followed.
pub fn programs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut dirs = vec![folder.to_owned()];
    while let Some(dir) = dirs.pop() {
        let Ok(entries) = fs::read_dir(&dir) else {
            continue;
        };
        for entry in entries.flatten() {
            let (Ok(kind), name) = (entry.file_type(), entry.file_name()) else {
                continue;
            };
            let name = name.to_string_lossy();
            if kind.is_dir() && !name.starts_with('.') && !SKIPPED.contains(&&*name) {
                dirs.push(entry.path());
            } else if kind.is_file() && name.ends_with(".mcl") {
                found.push(entry.path());
            }
            if found.len() >= MAX_FILES {
                return found;
            }
        }
    }
    found
}
