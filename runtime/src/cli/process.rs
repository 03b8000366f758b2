//! What every command does with the process that it runs in.

use std::env;
use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use jiff::Timestamp;
use mgmt_compiler::redact;
use mgmt_compiler::render::{Findings, MessageFormat, Terminal, render};
use tracing::{error, info};

use super::logging::{self, LogArgs, LogFormat};
use crate::driver::ladder::StopHandle;
use crate::frontend::{FrontendError, Report};
use crate::runner::{RunError, Runner, log_findings};

/// The first file descriptor after those of the standard streams.
const FIRST_NON_STANDARD: i32 = 3;

/// The exit status of a run that could not begin.
const FAILED: u8 = 1;

/// More threads than this only wait for each other.
const MAX_THREADS: usize = 4;

/// So long a thread without work stays. The threads of a burst end with it, and not some seconds into the rest.
const IDLE_THREADS_STAY: Duration = Duration::from_millis(250);

/// What runs here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agent {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// To be called first.
pub(super) fn enter() {
    // Whatever whoever started us left open is not for the commands that we start.
    close_fds::set_fds_cloexec(FIRST_NON_STANDARD, &[]);
}

/// Shows why a command could not be done.
pub(super) fn exit(result: io::Result<u8>) -> ExitCode {
    match result {
        Ok(status) => ExitCode::from(status),
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Without standard error there is nobody to tell.
            let text = redact::passwords(&error.to_string()).into_owned();
            let _ = writeln!(io::stderr(), "error: {text}");
            ExitCode::FAILURE
        }
    }
}

/// Shows what is wrong with a command line, or the help that it asks for. Gives the exit status.
pub(super) fn usage(error: &clap::Error) -> io::Result<u8> {
    error.print()?;
    Ok(u8::try_from(error.exit_code()).unwrap_or(FAILED))
}

/// What standard error can show.
pub(super) fn terminal() -> Terminal {
    Terminal::of(&io::stderr(), |name| env::var(name).ok())
}

/// Holds this machine in the state that a run describes, until its end or signals. Gives the exit status.
pub(super) fn hold(
    agent: Agent,
    log: &LogArgs,
    runner: impl FnOnce() -> Result<Runner, Box<dyn Error>>,
) -> io::Result<u8> {
    let Agent { name, version } = agent;
    // An agent that nobody listens to does its work all the same.
    let _ = writeln!(io::stdout(), "This is: {name}, version: {version}");
    logging::start(log, terminal().color);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(available_parallelism().map_or(1, |n| n.get().min(MAX_THREADS)))
        .thread_keep_alive(IDLE_THREADS_STAY)
        .enable_all()
        .build()?;
    let report = report(log.log_format);
    let status = runtime.block_on(async {
        let stop = StopHandle::new();
        // The handlers stay until all has ended.
        let _signals = stop.on_signals()?;
        info!("start: {}", Timestamp::now().as_nanosecond());
        let ended = match runner() {
            Ok(runner) => runner.with_report(report).run(&stop).await,
            Err(error) => {
                error!("{error}");
                return Ok(FAILED);
            }
        };
        match &ended {
            Ok(()) => {}
            // They have been told.
            Err(RunError::Ended(_) | RunError::Frontend(FrontendError::Reported)) => {}
            Err(error) => error!("{error}"),
        }
        io::Result::Ok(ended.map_or_else(|error| error.exit_status(), |()| 0))
    })?;
    info!("goodbye!");
    // A look at the machine that nobody waits for any more may take for ever.
    runtime.shutdown_background();
    Ok(status)
}

/// Shows diagnostics in the way of the log.
pub(super) fn report(format: LogFormat) -> Report {
    let terminal = terminal();
    Arc::new(move |findings: Findings<'_>| match format {
        LogFormat::Text => {
            let text = render(MessageFormat::Human, &[findings], terminal);
            // Without standard error there is nobody to tell.
            let _ = io::stderr().write_all(text.as_bytes());
        }
        LogFormat::Json => log_findings(findings),
    })
}
