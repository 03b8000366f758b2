//! `mgmtc` checks, formats and explains mcl programs. It changes no machine.

#![allow(
    clippy::disallowed_methods,
    reason = "this is the process that the library keeps away from"
)]

use std::env;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use mgmt_compiler::commands::check::Check;
use mgmt_compiler::commands::docs::Docs;
use mgmt_compiler::commands::explain::Explain;
use mgmt_compiler::commands::fmt::Fmt;
use mgmt_compiler::commands::generate::Generate;
use mgmt_compiler::commands::graph::Graph;
use mgmt_compiler::commands::{Console, Status};
use mgmt_compiler::redact;
use mgmt_compiler::render::Terminal;
use mgmt_stdlib::catalog::Catalog;

/// Check, format and explain mcl programs. Nothing is applied.
#[derive(Parser)]
#[command(name = "mgmtc", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(Check),
    Fmt(Fmt),
    Graph(Graph),
    Explain(Explain),
    Docs(Docs),
    #[command(flatten)]
    Generate(Generate),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli.command) {
        Ok(status) => ExitCode::from(status as u8),
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", redact::passwords(&error.to_string()));
            ExitCode::from(Status::Trouble as u8)
        }
    }
}

fn run(command: &Command) -> io::Result<Status> {
    let catalog = Catalog::standard().map_err(io::Error::other)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut err = BufWriter::new(io::stderr().lock());
    let mut console = Console {
        directory: env::current_dir()?,
        stdin: &mut io::stdin().lock(),
        out: &mut out,
        err: &mut err,
        terminal: Terminal::of(&io::stderr(), |name| env::var(name).ok()),
        catalog: &catalog,
    };
    let status = match command {
        Command::Check(check) => check.run(&mut console)?,
        Command::Fmt(fmt) => fmt.run(&mut console)?,
        Command::Graph(graph) => graph.run(&mut console)?,
        Command::Explain(explain) => explain.run(&mut console)?,
        Command::Docs(docs) => docs.run(&mut console)?,
        Command::Generate(generate) => {
            generate.run(Cli::command(), console.out)?;
            Status::Fine
        }
    };
    err.flush()?;
    out.flush()?;
    Ok(status)
}
