//! The host names without systemd-hostnamed (resources-host.md §10.5).

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use mgmt_stdlib::mode::Mode;

use super::Which;
use crate::atomic_write::{Attributes, Slot, Staged, commit_all};
use crate::resource::ResourceError;

/// Holds the static host name.
pub(super) const STATIC: &str = "/etc/hostname";

/// Holds the pretty one, among other things.
pub(super) const PRETTY: &str = "/etc/machine-info";

const KEY: &str = "PRETTY_HOSTNAME=";

/// The name as it is now; empty if there is none. It blocks.
pub(super) fn read(which: Which) -> Result<String, ResourceError> {
    match which {
        Which::Pretty => Ok(pretty(&text(PRETTY)?)),
        Which::Static => Ok(fixed(&text(STATIC)?).to_owned()),
        Which::Transient => {
            let name = rustix::system::uname();
            Ok(name.nodename().to_string_lossy().into_owned())
        }
    }
}

/// Sets the name. It blocks.
pub(super) fn write(which: Which, wanted: &str) -> Result<(), ResourceError> {
    match which {
        Which::Pretty => replace(PRETTY, &with_pretty(&text(PRETTY)?, wanted)),
        Which::Static => replace(STATIC, &format!("{wanted}\n")),
        Which::Transient => nix::unistd::sethostname(OsStr::new(wanted)).map_err(|error| {
            ResourceError::message(format!("can't set the host name of the kernel: {error}"))
        }),
    }
}

fn text(path: &str) -> Result<String, ResourceError> {
    match fs::read(path) {
        Ok(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(ResourceError::path("read", Path::new(path))(error)),
    }
}

fn replace(path: &str, text: &str) -> Result<(), ResourceError> {
    let path = Path::new(path);
    let attributes = Attributes {
        mode: Some(Mode::Octal(0o644)),
        ..Attributes::default()
    };
    let staged = Staged::write(Slot::unlimited(), path, &attributes, |file| {
        file.write_all(text.as_bytes())
            .map_err(ResourceError::path("write", path))
    })?;
    commit_all(vec![staged]).into_iter().collect()
}

/// The first line that is no comment.
fn fixed(text: &str) -> &str {
    let mut lines = text.lines().map(str::trim);
    lines
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .unwrap_or_default()
}

/// The value of the last assignment, without the quotes of the shell.
fn pretty(text: &str) -> String {
    let value = text
        .lines()
        .rev()
        .find_map(|line| line.trim().strip_prefix(KEY));
    let value = value.unwrap_or_default();
    for quote in ['"', '\''] {
        let inner = value
            .strip_prefix(quote)
            .and_then(|value| value.strip_suffix(quote));
        if let Some(inner) = inner {
            return if quote == '"' {
                unescape(inner)
            } else {
                inner.to_owned()
            };
        }
    }
    unescape(value)
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

/// The text with another assignment and everything else as it was.
fn with_pretty(text: &str, wanted: &str) -> String {
    let mut out = String::new();
    for line in text.lines().filter(|line| !line.trim().starts_with(KEY)) {
        out.push_str(line);
        out.push('\n');
    }
    out.push_str(KEY);
    out.push('"');
    for c in wanted.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push_str("\"\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_static_name_stands_after_comments() {
        assert_eq!(fixed("# mine\n\n web \n"), "web");
        assert_eq!(fixed(""), "");
    }

    #[test]
    fn pretty_names_are_quoted_for_the_shell() {
        let before = "CHASSIS=vm\nPRETTY_HOSTNAME=old\nICON_NAME=x\n";
        let after = with_pretty(before, "Lennart's \"PC\" $5");
        assert_eq!(
            after,
            "CHASSIS=vm\nICON_NAME=x\nPRETTY_HOSTNAME=\"Lennart's \\\"PC\\\" \\$5\"\n"
        );
        assert_eq!(pretty(&after), "Lennart's \"PC\" $5");
        assert_eq!(pretty(before), "old");
        assert_eq!(pretty("PRETTY_HOSTNAME='a b'\n"), "a b");
        assert_eq!(pretty("CHASSIS=vm\n"), "");
    }
}
