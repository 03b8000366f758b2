//! Which program a command is.

use std::env::split_paths;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Access, access};

use crate::resource::ResourceError;

/// A program with its arguments.
#[derive(Clone, Debug)]
pub struct Program {
    words: Vec<String>,
    /// Where a program whose name has no slash is looked for.
    search: Arc<OsStr>,
}

impl Program {
    /// A text that a shell runs, or, without a shell, one that is split at white space with no quoting of
    /// any kind.
    pub fn text(text: &str, shell: &str, search: &Arc<OsStr>) -> Self {
        let words = if shell.is_empty() {
            text.split_whitespace().map(str::to_owned).collect()
        } else {
            vec![shell.to_owned(), "-c".to_owned(), text.to_owned()]
        };
        Self {
            words,
            search: search.clone(),
        }
    }

    /// A program with arguments that are passed as they are.
    pub fn with_args(program: &str, args: &[String], search: &Arc<OsStr>) -> Self {
        let words = [program.trim()].into_iter().map(str::to_owned);
        Self {
            words: words.chain(args.iter().cloned()).collect(),
            search: search.clone(),
        }
    }

    pub(super) fn resolve(&self) -> Result<(PathBuf, &[String]), ResourceError> {
        let [program, args @ ..] = &self.words[..] else {
            return Err(ResourceError::message("the command is empty"));
        };
        let program = find_program(program, &self.search).ok_or_else(|| {
            ResourceError::message(format!(
                "can't start `{program}`: there is no such program in the agent's PATH"
            ))
        })?;
        Ok((program, args))
    }
}

/// The program itself; its arguments may be secret.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words.first().map_or("", String::as_str))
    }
}

/// The file of a program: itself if its name has a slash, else the first executable file of that name in
/// `search`, which has the form of `PATH`.
pub fn find_program(program: &str, search: &OsStr) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program));
    }
    split_paths(search)
        .map(|directory| directory.join(program))
        .find(|candidate| is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && access(path, Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_split_or_given_to_a_shell() {
        let search: Arc<OsStr> = OsStr::new("/bin").into();
        let plain = Program::text(" ls  -l\t'a b' ", "", &search);
        assert_eq!(plain.words, ["ls", "-l", "'a", "b'"]);
        let shell = Program::text("ls | wc", "/bin/sh", &search);
        assert_eq!(shell.words, ["/bin/sh", "-c", "ls | wc"]);
        let args = Program::with_args("ls", &["a b".to_owned()], &search);
        assert_eq!(args.words, ["ls", "a b"]);
    }

    #[test]
    fn programs_are_found_in_the_path() {
        let search = OsStr::new("/nowhere:/bin:/usr/bin");
        assert_eq!(find_program("sh", search), Some(PathBuf::from("/bin/sh")));
        assert_eq!(find_program("no-such-program", search), None);
        assert_eq!(find_program("./a", search), Some(PathBuf::from("./a")));
    }
}
