//! `mgmt` keeps this machine in the state that a program describes.

mod commands;
mod logging;

use std::env;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use mgmt_compiler::commands::check::Check;
use mgmt_compiler::commands::explain::Explain;
use mgmt_compiler::commands::fmt::Fmt;
use mgmt_compiler::commands::generate::Generate;
use mgmt_compiler::commands::{Console, Status as Verdict};
use mgmt_compiler::redact;
use mgmt_compiler::render::Terminal;
use mgmt_stdlib::catalog::Catalog;
use tikv_jemallocator::Jemalloc;

use commands::plan::Plan;
use commands::run::Run;
use commands::status::Status;

/// Gives memory back that compiling took, which the system's allocator keeps for later: an agent compiles
/// once and then holds still for weeks. `.cargo/config.toml` says how.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// The first file descriptor after those of the standard streams.
const FIRST_NON_STANDARD: i32 = 3;

/// The word that may stand before a program, as long as there is one front end.
const FRONT_END: &str = "lang";

/// Keep machines in the state that a program describes: in parallel, by events, and together.
#[derive(Parser)]
#[command(name = "mgmt", version, max_term_width = 100)]
struct Cli {
    /// Print the licence.
    #[arg(long)]
    license: bool,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    Check(Check),
    Fmt(Fmt),
    Plan(Plan),
    Run(Box<Run>),
    Status(Status),
    Explain(Explain),
    #[command(flatten)]
    Generate(Generate),
}

fn main() -> ExitCode {
    // Whatever whoever started us left open is not for the commands that we start.
    close_fds::set_fds_cloexec(FIRST_NON_STANDARD, &[]);
    let cli = Cli::parse();
    let result = match cli.command {
        Some(Command::Run(run)) => run.run(terminal()),
        Some(Command::Plan(plan)) => plan.run(terminal()),
        Some(Command::Status(status)) => status.run(),
        command => other(command.as_ref(), cli.license),
    };
    match result {
        Ok(status) => ExitCode::from(status),
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let text = error.to_string();
            // Without standard error there is nobody to tell.
            let _ = writeln!(io::stderr(), "error: {}", redact::passwords(&text));
            ExitCode::FAILURE
        }
    }
}

/// What standard error can show.
fn terminal() -> Terminal {
    Terminal::of(&io::stderr(), |name| env::var(name).ok())
}

/// All commands that leave the machine alone.
fn other(command: Option<&Command>, license: bool) -> io::Result<u8> {
    let catalog = Catalog::standard().map_err(io::Error::other)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut err = BufWriter::new(io::stderr().lock());
    let mut console = Console {
        directory: env::current_dir()?,
        stdin: &mut io::stdin().lock(),
        out: &mut out,
        err: &mut err,
        terminal: terminal(),
        catalog: &catalog,
    };
    let status = match command {
        Some(Command::Check(check)) => {
            let mut check = check.clone();
            if check.paths.len() > 1 && check.paths[0] == FRONT_END {
                check.paths.remove(0);
            }
            check.run(&mut console)?
        }
        Some(Command::Fmt(fmt)) => fmt.run(&mut console)?,
        Some(Command::Explain(explain)) => explain.run(&mut console)?,
        Some(Command::Generate(generate)) => {
            generate.run(Cli::command(), console.out)?;
            Verdict::Fine
        }
        Some(Command::Run(_) | Command::Plan(_) | Command::Status(_)) | None if license => {
            console
                .out
                .write_all(include_bytes!("../../../../LICENSE"))?;
            Verdict::Fine
        }
        Some(Command::Run(_) | Command::Plan(_) | Command::Status(_)) | None => {
            write!(console.out, "{}", Cli::command().render_help())?;
            Verdict::Fine
        }
    };
    err.flush()?;
    out.flush()?;
    Ok(status as u8)
}
