//! Why a program could not be started.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::io::Errno;

/// What is in the way of a program that is to be run in a directory, where the system's words leave that open.
pub(super) fn obstacle(program: &Path, directory: Option<&Path>, error: &io::Error) -> String {
    if let Some(directory) = directory
        && !directory.is_dir()
    {
        let shown = directory.display();
        return if directory.exists() {
            format!("its working directory `{shown}` is no directory")
        } else {
            format!("there is no working directory `{shown}`")
        };
    }
    // A path that is not absolute begins there.
    let file = directory.unwrap_or(Path::new("")).join(program);
    let there = fs::metadata(&file).ok();
    match (error.kind(), there) {
        (ErrorKind::NotFound, None) => "there is no such file".to_owned(),
        (ErrorKind::NotFound, Some(_)) => {
            "it is there, but not the interpreter that its first line or its header names".to_owned()
        }
        (ErrorKind::PermissionDenied, Some(there)) if there.is_dir() => {
            "it is a directory".to_owned()
        }
        (ErrorKind::PermissionDenied, Some(there)) if there.permissions().mode() & 0o111 == 0 => {
            "it is not executable".to_owned()
        }
        _ if error.raw_os_error() == Some(Errno::NOEXEC.raw_os_error()) => {
            "it is neither a program of this machine nor a script whose first line names an interpreter, like `#!/bin/sh`"
                .to_owned()
        }
        _ => error.to_string(),
    }
}
