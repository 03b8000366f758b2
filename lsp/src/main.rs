//! `mgmt-lsp`: the language server of mcl.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use mgmt_compiler::commands::generate;
use mgmt_lsp::server::{self, Connection, End, Places};
use tikv_jemallocator::Jemalloc;

/// Gives memory back that was taken for what an edit has made obsolete. The system's allocator keeps it for each
/// thread that ever looked at a program. `.cargo/config.toml` says how.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// Serve editors over the Language Server Protocol.
#[derive(Parser)]
#[command(name = "mgmt-lsp", version, max_term_width = 100)]
struct Cli {
    /// Talk over standard input and output; this is the default.
    #[arg(long, conflicts_with = "socket")]
    stdio: bool,

    /// Connect to an editor that listens at this port of the loopback interface, or at this `ADDRESS:PORT`.
    #[arg(long, value_name = "PORT")]
    socket: Option<String>,

    /// Where modules from other places are.
    #[arg(long, value_name = "DIR", env = "MGMT_MODULE_PATH")]
    module_path: Option<PathBuf>,

    /// The process to end with; editors say it, and it is known from the protocol already.
    #[arg(long = "clientProcessId", hide = true, value_name = "PID")]
    client_process_id: Option<u32>,

    /// Print a completion script for a shell.
    #[arg(long, value_name = "SHELL", exclusive = true)]
    completions: Option<clap_complete::Shell>,

    /// Write a man page into a directory, which must exist.
    #[arg(long, value_name = "DIR", exclusive = true)]
    man: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(None | Some(End::Ordered)) => ExitCode::SUCCESS,
        Ok(Some(End::Abandoned)) => {
            eprintln!("error: the editor went away without a shutdown request");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// What came of serving an editor, if that was wanted.
fn run(cli: Cli) -> std::io::Result<Option<End>> {
    if let Some(shell) = cli.completions {
        let mut out = std::io::stdout().lock();
        generate::completions(Cli::command(), shell, &mut out)?;
        return Ok(None);
    }
    if let Some(directory) = &cli.man {
        generate::man_pages(Cli::command(), directory)?;
        return Ok(None);
    }
    let directory = std::env::current_dir()?;
    let connection = match cli.socket {
        Some(address) => Connection::Socket(address),
        None => Connection::Stdio,
    };
    let places = Places {
        module_path: cli.module_path.map(|path| directory.join(path)),
        cache: cache(|name| std::env::var_os(name)),
    };
    server::run(&connection, places).map(Some)
}

/// Where what can be made again goes.
fn cache(env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name: &str| env(name).map(PathBuf::from).filter(|it| it.is_absolute());
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
    Some(cache.join("mgmt"))
}
