//! `mgmtc check`: is the program right?

use std::io;

use clap::Args;

use super::{CompileArgs, Console, Status, compile_argument, report};
use crate::render::MessageFormat;

/// Check programs without running them.
///
/// Errors and warnings for people go to standard error, those for programs to standard output. The exit
/// status is 0 if there are no errors, 1 if there are, and 2 if a file can not be read.
#[derive(Args, Clone, Debug)]
pub struct Check {
    /// How errors and warnings are written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub message_format: MessageFormat,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub compile: CompileArgs,

    /// Files, directories with `metadata.yaml` or `main.mcl`, or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,
}

impl Check {
    /// Does it.
    ///
    /// # Errors
    /// If the outcome can not be written.
    pub fn run(&self, console: &mut Console<'_>) -> io::Result<Status> {
        let programs: Vec<_> = self
            .paths
            .iter()
            .map(|path| compile_argument(path, &self.compile, console))
            .collect();
        let findings: Vec<_> = programs.iter().map(|program| program.findings()).collect();
        let out = match self.message_format {
            MessageFormat::Human | MessageFormat::Short => &mut *console.err,
            MessageFormat::Json | MessageFormat::Github | MessageFormat::Sarif => &mut *console.out,
        };
        report(out, console.terminal, self.message_format, &findings)?;
        let statuses = programs
            .iter()
            .map(|program| Status::of(&program.diagnostics));
        Ok(statuses.max().unwrap_or_default())
    }
}
