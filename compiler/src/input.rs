//! What a user names on the command line (language.md §5.6).

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::files::{Files, clean};

/// What is to be compiled (language.md §5.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file, or a directory with `metadata.yaml` or `main.mcl`; absolute.
    Path(PathBuf),
    /// A text, as if it stood in a file `name` of the directory `base`.
    Text {
        /// As it is shown to people: `<stdin>`.
        name: String,
        /// The program.
        text: String,
        /// Where its imports are looked for; absolute.
        base: PathBuf,
    },
}

impl Input {
    /// A program as it is named on a command line that was typed in `directory`: a path, `-` for
    /// standard input, or the program itself.
    ///
    /// # Errors
    /// If there is nothing, or standard input can not be read.
    pub fn from_argument(
        argument: &str,
        directory: &Path,
        files: &dyn Files,
        stdin: &mut dyn Read,
    ) -> Result<Self, Box<Diagnostic>> {
        let text = |name: &str, text: String| Self::Text {
            name: name.to_owned(),
            text,
            base: directory.to_owned(),
        };
        if argument == "-" {
            return Ok(text("<stdin>", read_all(stdin)?));
        }
        if argument.is_empty() {
            let error = Diagnostic::error(Code::UNREADABLE_FILE, Stage::Parse, "the path is empty")
                .help("name a file, a directory, or `-` for standard input");
            return Err(Box::new(error));
        }
        let path = clean(&directory.join(argument));
        if looks_like_code(argument) && !files.exists(&path) {
            return Ok(text("<argument>", format!("{argument}\n")));
        }
        Ok(Self::Path(path))
    }
}

/// Whether a text is rather a program than the path of one.
fn looks_like_code(argument: &str) -> bool {
    !argument.ends_with(".mcl")
        && !argument.ends_with('/')
        && argument.contains(['\n', '"', '{', '='])
}

fn read_all(stdin: &mut dyn Read) -> Result<String, Box<Diagnostic>> {
    let error = |error: io::Error| {
        let code = match error.kind() {
            io::ErrorKind::InvalidData => Code::NOT_UTF8,
            _ => Code::UNREADABLE_FILE,
        };
        let message = format!("can't read standard input: {error}");
        Box::new(Diagnostic::error(code, Stage::Parse, message))
    };
    let mut text = String::new();
    stdin.read_to_string(&mut text).map_err(error)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MemoryFiles;

    fn parse(argument: &str) -> Result<Input, Box<Diagnostic>> {
        let files = MemoryFiles::default().with("/work/a=b", "");
        Input::from_argument(argument, Path::new("/work"), &files, &mut &b"$x = 1\n"[..])
    }

    #[test]
    fn paths_become_absolute() {
        for (argument, path) in [
            ("site.mcl", "/work/site.mcl"),
            ("../site/", "/site/"),
            ("/etc/mgmt", "/etc/mgmt"),
            ("a=b", "/work/a=b"),
            ("x=y.mcl", "/work/x=y.mcl"),
        ] {
            assert_eq!(parse(argument), Ok(Input::Path(path.into())), "{argument}");
        }
    }

    #[test]
    fn a_dash_and_code_are_texts() {
        for (argument, name, text) in [
            ("-", "<stdin>", "$x = 1\n"),
            ("noop \"x\" {}", "<argument>", "noop \"x\" {}\n"),
        ] {
            let expected = Input::Text {
                name: name.to_owned(),
                text: text.to_owned(),
                base: "/work".into(),
            };
            assert_eq!(parse(argument), Ok(expected));
        }
    }

    #[test]
    fn nothing_is_an_error() {
        assert_eq!(parse("").unwrap_err().code, Code::UNREADABLE_FILE);
    }
}
