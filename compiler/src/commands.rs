//! The commands of `mgmtc`, which `mgmt` and the tests share: a module for each, with its arguments and
//! what it does.
//!
//! A command gets everything from a [`Console`] and the disk. It never ends the process.

pub mod check;
pub mod docs;
pub mod explain;
pub mod fmt;
pub mod generate;
pub mod graph;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Termination};

use clap::Args;
use mgmt_stdlib::catalog::{Catalog, DiskTree};

use crate::diagnostic::{Code, Diagnostic};
use crate::files::{Disk, Download, Files, Sources};
use crate::render::{Findings, MessageFormat, Terminal, render, summary};
use crate::{Compilation, Input, Options, compile};

/// The process around a command.
pub struct Console<'a> {
    /// The working directory.
    pub directory: PathBuf,
    /// Standard input.
    pub stdin: &'a mut dyn Read,
    /// Standard output.
    pub out: &'a mut dyn Write,
    /// Standard error.
    pub err: &'a mut dyn Write,
    /// What standard error can show.
    pub terminal: Terminal,
    /// Everything a program can name.
    pub catalog: &'a Catalog,
}

/// How a command ended; the exit status of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All is well.
    #[default]
    Fine = 0,
    /// The program has errors, or is not formatted.
    Findings = 1,
    /// The command was used wrongly, or a file can not be read.
    Trouble = 2,
}

impl Termination for Status {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

impl Status {
    /// What the diagnostics of a program lead to.
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        let of_one = |diagnostic: &Diagnostic| match diagnostic.code {
            Code::UNREADABLE_FILE | Code::NO_ENTRY_FILE | Code::FILE_TOO_LARGE => Self::Trouble,
            _ if diagnostic.is_error() => Self::Findings,
            _ => Self::Fine,
        };
        diagnostics.iter().map(of_one).max().unwrap_or_default()
    }
}

/// How a program is compiled.
#[derive(Args, Clone, Debug, Default)]
pub struct CompileArgs {
    /// The host to compile for: the value of `$hostname`. It is empty unless given, so that the result
    /// does not depend on where the command runs.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true
    )]
    pub hostname: String,

    /// Where modules from other places are.
    #[arg(long, value_name = "DIR", env = "MGMT_MODULE_PATH")]
    pub module_path: Option<PathBuf>,

    /// Fetch imported modules that are not there, with git.
    #[arg(long)]
    pub download: bool,

    /// Bring imported modules that are there up to date, with git.
    #[arg(long)]
    pub update: bool,
}

impl CompileArgs {
    /// Where the program's files come from.
    pub fn files(&self) -> Box<dyn Files> {
        if self.download || self.update {
            Box::new(Download {
                update: self.update,
            })
        } else {
            Box::new(Disk)
        }
    }

    /// As the compiler wants it, for a command that was typed in `directory`.
    pub fn options(&self, directory: &Path) -> Options {
        Options {
            hostname: self.hostname.clone(),
            module_path: self.module_path.as_ref().map(|path| directory.join(path)),
        }
    }
}

/// Compiles what a user named.
pub fn compile_argument(
    argument: &str,
    args: &CompileArgs,
    console: &mut Console<'_>,
) -> Compilation {
    let directory = &console.directory;
    match Input::from_argument(argument, directory, &Disk, console.stdin) {
        Ok(input) => {
            let options = args.options(directory);
            let files = args.files();
            compile_shown(&input, &*files, console.catalog, &options, directory)
        }
        Err(diagnostic) => Compilation {
            sources: Sources::default(),
            diagnostics: vec![*diagnostic],
            program: None,
            tree: DiskTree::default(),
        },
    }
}

/// Compiles a program, and shows its files as they are seen from a directory.
pub fn compile_shown(
    input: &Input,
    files: &dyn Files,
    catalog: &Catalog,
    options: &Options,
    directory: &Path,
) -> Compilation {
    let mut compilation = compile(input, files, catalog, options);
    compilation.sources.show_relative_to(directory);
    compilation
}

/// Writes diagnostics: those for people, with a summary, in the way they read them; those for programs plain.
fn report(
    out: &mut dyn Write,
    terminal: Terminal,
    format: MessageFormat,
    programs: &[Findings<'_>],
) -> io::Result<()> {
    out.write_all(render(format, programs, terminal).as_bytes())?;
    if format == MessageFormat::Human {
        out.write_all(summary(programs).as_bytes())?;
    }
    Ok(())
}
