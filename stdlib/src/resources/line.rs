//! `line`: lines in a text file (resources-host.md §13).

use crate::resource::check::{no_nul, not_a_directory, one_of};
use crate::resource::{AutoEdges, Invalid, Params, Subject, Validate};
use crate::value::Str;

/// Manages one line, or one block of lines, in a text file.
///
/// ```mcl
/// line "boot menu" {
///     file => "/etc/default/grub",
///     state => "exists",
///     content => "GRUB_TIMEOUT=1",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "line", edgeable, auto_edges = Line::edges)]
pub struct Line {
    /// The file: an absolute path, or one below a home directory like `~/a` or `~user/a`; must be given.
    pub file: String,
    /// `exists`, which appends the lines if they are not there, or `absent`; must be given.
    pub state: String,
    /// The line, or several with line breaks between them.
    ///
    /// A line break at the end means an empty last line.
    pub content: Str,
    /// Strip the white space around `content`.
    pub trim: bool,
}

impl Line {
    /// What it provides, and what it wants to run after (engine.md §4.1, resources-host.md §1.14).
    fn edges(&self, _name: &str) -> AutoEdges {
        match home_of(&self.file) {
            None => AutoEdges::default()
                .after_each([Subject::file(self.file.as_str())])
                .after_directory_of(self.file.as_str()),
            Some(("", _)) => AutoEdges::default(),
            Some((user, _)) => {
                AutoEdges::default().after_each([Subject::user(Some(user.to_owned()), None)])
            }
        }
    }
}

/// If a file is in a home directory: the user, nothing for that of the agent, and what is below.
pub fn home_of(file: &str) -> Option<(&str, &str)> {
    let rest = file.strip_prefix('~')?;
    Some(rest.split_once('/').unwrap_or((rest, "")))
}

impl Validate for Line {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        if !self.file.starts_with(['/', '~']) {
            return Err(Invalid::param(
                "file",
                format!(
                    "must be absolute: `{}` begins neither with `/` nor with `~`",
                    self.file
                ),
            ));
        }
        not_a_directory("file", &self.file)?;
        no_nul("file", &self.file)?;
        one_of("state", &self.state, &["exists", "absent"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_a_state_are_needed() {
        let line = |file: &str, state: &str| {
            Line {
                file: file.to_owned(),
                state: state.to_owned(),
                ..Line::default()
            }
            .validate("a")
            .map_err(|invalid| invalid.param)
        };
        assert_eq!(line("~root/.profile", "exists"), Ok(()));
        assert_eq!(line("/etc/fstab", "absent"), Ok(()));
        assert_eq!(line("", "exists"), Err(Some("file")));
        assert_eq!(line("etc", "exists"), Err(Some("file")));
        assert_eq!(line("/etc/", "exists"), Err(Some("file")));
        assert_eq!(line("/etc/fstab", ""), Err(Some("state")));
    }
}
