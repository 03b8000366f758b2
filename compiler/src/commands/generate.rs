//! Shell completions and man pages, made from the arguments that a command really has.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Command, Subcommand};
use clap_complete::Shell;

/// The commands that tell of a program's own arguments.
#[derive(Clone, Debug, Subcommand)]
pub enum Generate {
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Write man pages into a directory.
    Man {
        /// The directory, which must exist.
        directory: PathBuf,
    },
}

impl Generate {
    /// Does it for a program with these arguments.
    ///
    /// # Errors
    /// If what was made can not be written.
    pub fn run(&self, program: Command, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Completions { shell } => completions(program, *shell, out),
            Self::Man { directory } => man_pages(program, directory),
        }
    }
}

/// Writes the completions of a shell.
///
/// # Errors
/// If they can not be written.
pub fn completions(mut command: Command, shell: Shell, out: &mut dyn Write) -> io::Result<()> {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    out.write_all(&script)
}

/// Writes a man page for a command and for each of its subcommands into a directory.
///
/// # Errors
/// If one of them can not be written.
pub fn man_pages(command: Command, directory: &Path) -> io::Result<()> {
    clap_mangen::generate_to(command, directory)
}
