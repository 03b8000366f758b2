//! `mgmtc fmt`: brings programs into the canonical format.

#![allow(
    clippy::disallowed_methods,
    reason = "this command rewrites files, and finds them"
)]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use mgmt_grammar::format::{FormatError, format};
use similar::TextDiff;
use tempfile::NamedTempFile;

use super::{Console, Status, report};
use crate::diagnostic::{Code, Diagnostic, Stage, syntax};
use crate::files::{Disk, Files, Source, Sources, reason};
use crate::render::{Findings, MessageFormat};

/// Bring programs into the canonical format.
///
/// Files are rewritten only if they change, and never if that would change their meaning. The exit status is
/// 0 if all is formatted, 1 if a file has errors or, with `--check`, is not formatted, and 2 if one can not
/// be read or written.
#[derive(Args, Clone, Debug)]
pub struct Fmt {
    /// Write nothing; show what would change.
    #[arg(long, short_alias = 't', alias = "test")]
    pub check: bool,

    /// Name the files that were written.
    #[arg(long, short)]
    pub verbose: bool,

    /// Files, directories in which all `.mcl` files are meant, or `-` to read standard input and write
    /// standard output.
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
}

impl Fmt {
    /// Does it.
    ///
    /// # Errors
    /// If the outcome can not be written.
    pub fn run(&self, console: &mut Console<'_>) -> io::Result<Status> {
        let mut status = Status::Fine;
        for path in &self.paths {
            let full = console.directory.join(path);
            let one = if path.as_os_str() == "-" {
                self.standard_input(console)?
            } else if full.is_dir() {
                self.directory(&full, console)?
            } else {
                self.file(&full, console)?
            };
            status = status.max(one);
        }
        Ok(status)
    }

    fn standard_input(&self, console: &mut Console<'_>) -> io::Result<Status> {
        let mut bytes = Vec::new();
        console.stdin.read_to_end(&mut bytes)?;
        let Some((text, formatted)) = self.formatted("<stdin>", bytes, console)? else {
            return Ok(Status::Findings);
        };
        if !self.check {
            console.out.write_all(formatted.as_bytes())?;
            return Ok(Status::Fine);
        }
        difference("<stdin>", &text, &formatted, console)
    }

    fn directory(&self, directory: &Path, console: &mut Console<'_>) -> io::Result<Status> {
        match mcl_files(directory) {
            Ok(files) => {
                let mut status = Status::Fine;
                for file in files {
                    status = status.max(self.file(&file, console)?);
                }
                Ok(status)
            }
            Err(error) => trouble(directory, "read", &error, console),
        }
    }

    fn file(&self, path: &Path, console: &mut Console<'_>) -> io::Result<Status> {
        let bytes = match Disk.read(path) {
            Ok(bytes) => bytes,
            Err(error) => return trouble(path, "read", &error, console),
        };
        let name = shown(path, console);
        let Some((text, formatted)) = self.formatted(&name, bytes, console)? else {
            return Ok(Status::Findings);
        };
        if text == formatted {
            return Ok(Status::Fine);
        }
        if self.check {
            return difference(&name, &text, &formatted, console);
        }
        if let Err(error) = replace(path, &formatted) {
            return trouble(path, "write", &error, console);
        }
        if self.verbose {
            writeln!(console.err, "wrote: {name}")?;
        }
        Ok(Status::Fine)
    }

    /// The text before and after; nothing if it has mistakes, which are reported.
    fn formatted(
        &self,
        name: &str,
        bytes: Vec<u8>,
        console: &mut Console<'_>,
    ) -> io::Result<Option<(String, String)>> {
        let (text, diagnostics) = match String::from_utf8(bytes) {
            Ok(text) => match format(&text) {
                Ok(formatted) => return Ok(Some((text, formatted))),
                Err(FormatError::Syntax(errors)) => {
                    let diagnostics = errors
                        .iter()
                        .map(|error| syntax::diagnostic(error, &text))
                        .collect();
                    (text, diagnostics)
                }
                Err(error @ FormatError::Unsafe(_)) => {
                    writeln!(console.err, "error: `{name}` is left as it is: {error}")?;
                    return Ok(None);
                }
            },
            Err(error) => {
                let message = format!("`{name}` is not UTF-8: {}", error.utf8_error());
                let diagnostic = Diagnostic::error(Code::NOT_UTF8, Stage::Lex, message);
                (String::new(), vec![diagnostic])
            }
        };
        let mut sources = Sources::default();
        sources.add(Source::new(name, None, Arc::from(text)));
        let findings = Findings {
            diagnostics: &diagnostics,
            sources: &sources,
        };
        report(
            console.err,
            console.terminal,
            MessageFormat::Human,
            &[findings],
        )?;
        Ok(None)
    }
}

fn shown(path: &Path, console: &Console<'_>) -> String {
    let path = path.strip_prefix(&console.directory).unwrap_or(path);
    path.display().to_string()
}

fn trouble(
    path: &Path,
    operation: &str,
    error: &io::Error,
    console: &mut Console<'_>,
) -> io::Result<Status> {
    let path = shown(path, console);
    writeln!(
        console.err,
        "error: can't {operation} `{path}`: {}",
        reason(error)
    )?;
    Ok(Status::Trouble)
}

fn difference(
    name: &str,
    text: &str,
    formatted: &str,
    console: &mut Console<'_>,
) -> io::Result<Status> {
    if text == formatted {
        return Ok(Status::Fine);
    }
    let diff = TextDiff::from_lines(text, formatted);
    let after = format!("{name} (formatted)");
    write!(console.out, "{}", diff.unified_diff().header(name, &after))?;
    Ok(Status::Findings)
}

/// Replaces a file in one step, keeping its mode; a link stays and what it points to is replaced.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let permissions = fs::metadata(&path)?.permissions();
    let directory = path.parent().unwrap_or(Path::new("/"));
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(permissions)?;
    file.persist(&path)?;
    Ok(())
}

/// The files below a directory that end in `.mcl`, in order. Directories that begin with a dot are left out.
fn mcl_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                    directories.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "mcl") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use mgmt_stdlib::catalog::Catalog;

    use super::*;
    use crate::render::Terminal;

    const UGLY: &str = "noop   \"a\"{}\n";
    const NICE: &str = "noop \"a\" {}\n";

    /// Runs the command in a directory; gives its status and what it wrote.
    fn run(directory: &Path, check: bool, path: &str, stdin: &str) -> (Status, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let fmt = Fmt {
            check,
            verbose: true,
            paths: vec![path.into()],
        };
        let status = fmt
            .run(&mut Console {
                directory: directory.to_owned(),
                stdin: &mut stdin.as_bytes(),
                out: &mut out,
                err: &mut err,
                terminal: Terminal::PLAIN,
                catalog: &Catalog::default(),
            })
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status, text(out), text(err))
    }

    #[test]
    fn rewrites_what_differs_and_keeps_the_mode() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b.mcl");
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, UGLY).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        fs::write(directory.path().join("other.txt"), UGLY).unwrap();
        let (status, out, err) = run(directory.path(), false, ".", "");
        assert_eq!(
            (status, &*out, &*err),
            (Status::Fine, "", "wrote: a/b.mcl\n")
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), NICE);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o640
        );
        let again = run(directory.path(), false, "a/b.mcl", "");
        assert_eq!(again, (Status::Fine, String::new(), String::new()));
    }

    #[test]
    fn check_shows_the_difference_and_writes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.mcl");
        fs::write(&path, UGLY).unwrap();
        let (status, out, _) = run(directory.path(), true, "a.mcl", "");
        assert_eq!(status, Status::Findings);
        assert!(out.contains("-noop   \"a\"{}\n+noop \"a\" {}\n"), "{out}");
        assert_eq!(fs::read_to_string(&path).unwrap(), UGLY);
    }

    #[test]
    fn filters_standard_input() {
        let (status, out, _) = run(Path::new("/"), false, "-", UGLY);
        assert_eq!((status, &*out), (Status::Fine, NICE));
    }

    #[test]
    fn leaves_what_has_errors_alone() {
        let (status, out, err) = run(Path::new("/"), false, "-", "noop {\n");
        assert_eq!((status, &*out), (Status::Findings, ""));
        assert!(err.contains("error[E0"), "{err}");
        let (status, _, err) = run(Path::new("/"), false, "/no/such.mcl", "");
        assert_eq!(status, Status::Trouble);
        assert!(err.contains("there is no such file"), "{err}");
    }
}
