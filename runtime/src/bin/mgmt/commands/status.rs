//! `mgmt status`: how an agent is getting on.

use std::env;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use mgmt_compiler::render::Terminal;
use mgmt_runtime::driver::place::{SYSTEM_PREFIX, usual_prefix};
use mgmt_runtime::observe::shapes::{Problem, State, Status as Told};
use mgmt_runtime::ui::client::{Client, ClientError};
use mgmt_runtime::ui::{USUAL_ADDRESS, address};
use tokio::time::sleep;

const AS_IT_SHOULD_BE: u8 = 0;
const UNREACHABLE: u8 = 1;
const NOT_AS_IT_SHOULD_BE: u8 = 2;

/// While much happens, it is shown this often.
const PAUSE: Duration = Duration::from_millis(250);

/// Show how an agent that was started with `mgmt run --ui` is getting on.
///
/// The exit status is 0 if everything is as it should be, 2 if something failed, differs, or is still to be
/// done, and 1 if no agent answers.
#[derive(Args, Clone, Debug)]
pub(crate) struct Status {
    /// Where the agent is. Usually that is found out: the agent writes it below its prefix.
    #[arg(value_name = "ADDR")]
    address: Option<String>,

    /// The directory where the agent keeps what has to survive a restart.
    #[arg(long, value_name = "DIR", env = "MGMT_PREFIX")]
    prefix: Option<PathBuf>,

    /// How it is shown.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: StatusFormat,

    /// Show it anew whenever something has happened, until ^C or the end of the agent.
    #[arg(long)]
    watch: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum StatusFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object on a line.
    Json,
}

impl Status {
    /// Does it, and gives the exit status.
    pub(crate) fn run(self) -> io::Result<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        match runtime.block_on(self.show()) {
            Ok(status) => status,
            Err(error) => {
                writeln!(io::stderr(), "error: {error}")?;
                Ok(UNREACHABLE)
            }
        }
    }

    async fn show(&self) -> Result<io::Result<u8>, ClientError> {
        let client = match self.find() {
            Ok(client) => client,
            Err(error) => return Ok(Err(error)),
        };
        // Subscribe first, so that nothing falls between.
        let mut events = match self.watch {
            true => Some(client.follow().await?),
            false => None,
        };
        loop {
            let (text, told) = client.status().await?;
            let shown = match self.format {
                StatusFormat::Json => String::from_utf8_lossy(&text).into_owned() + "\n",
                StatusFormat::Human => human(&told, client.address(), terminal()),
            };
            let clears = self.watch && self.format == StatusFormat::Human;
            if let Err(error) = print(&shown, clears) {
                return Ok(Err(error));
            }
            let Some(events) = &mut events else {
                return Ok(Ok(verdict(&told)));
            };
            sleep(PAUSE).await;
            if told.summary.ended || !events.next().await {
                return Err(ClientError::Ended(client.address().to_owned()));
            }
        }
    }

    fn find(&self) -> io::Result<Client> {
        if let Some(address) = &self.address {
            return Ok(Client::new(address));
        }
        let written = match &self.prefix {
            Some(prefix) => address::read(prefix).map_err(|error| {
                let prefix = prefix.display();
                io::Error::new(
                    error.kind(),
                    format!("can't find the agent of `{prefix}`: {error}"),
                )
            })?,
            // One of ours, or that of the machine.
            None => usual_prefix(|name| env::var(name).ok())
                .into_iter()
                .chain([PathBuf::from(SYSTEM_PREFIX)])
                .find_map(|prefix| address::read(&prefix).ok().flatten()),
        };
        Ok(Client::new(match written {
            Some(address) => address.to_string(),
            None => USUAL_ADDRESS.to_owned(),
        }))
    }
}

fn terminal() -> Terminal {
    Terminal::of(&io::stdout(), |name| env::var(name).ok())
}

fn print(text: &str, clears: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if clears && out.is_terminal() {
        out.write_all(b"\x1b[H\x1b[2J")?;
    }
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn count(told: &Told, state: State) -> usize {
    told.summary.states.get(&state).copied().unwrap_or_default()
}

fn verdict(told: &Told) -> u8 {
    let wrong = [
        State::Failed,
        State::Retrying,
        State::Blocked,
        State::Differs,
    ];
    let wrong = wrong.iter().any(|state| count(told, *state) > 0);
    if told.summary.settled && !wrong && !told.summary.ended {
        AS_IT_SHOULD_BE
    } else {
        NOT_AS_IT_SHOULD_BE
    }
}

const GREEN: &str = "32";
const YELLOW: &str = "33";
const RED: &str = "31";
const BOLD: &str = "1";
const DIM: &str = "2";

fn human(told: &Told, address: &str, terminal: Terminal) -> String {
    let paint = |code: &str, text: &str| {
        if terminal.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    };
    let summary = &told.summary;
    let (color, words) = in_words(told);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: {}",
        paint(BOLD, &summary.hostname),
        paint(color, words)
    );
    let noop = if summary.noop { " --noop" } else { "" };
    let _ = writeln!(
        out,
        "  mgmt {} run{noop} {}, for {}, http://{address}/",
        summary.version,
        summary.program,
        duration(told.now - summary.started)
    );
    let states: Vec<String> = summary
        .states
        .iter()
        .map(|(state, count)| format!("{count} {}", word(*state)))
        .collect();
    let _ = writeln!(
        out,
        "  {} resources: {}",
        summary.resources,
        states.join(", ")
    );
    for problem in &told.problems {
        write_problem(&mut out, problem, &paint);
    }
    out
}

fn write_problem(out: &mut String, problem: &Problem, paint: &dyn Fn(&str, &str) -> String) {
    let (sign, color) = match problem.state {
        State::Differs => ("~", YELLOW),
        State::Retrying => ("!", YELLOW),
        _ => ("!", RED),
    };
    let place = problem.place.as_ref().map_or_else(String::new, |place| {
        format!("  {}:{}", place.file, place.line)
    });
    let identity = format!("{}[{}]", problem.kind, problem.name);
    let _ = writeln!(
        out,
        "{} {}{}  {}",
        paint(color, sign),
        paint(BOLD, &identity),
        paint(DIM, &place),
        paint(color, word(problem.state)),
    );
    if let Some(error) = &problem.error {
        let _ = writeln!(out, "    {error}");
    }
}

fn in_words(told: &Told) -> (&'static str, &'static str) {
    let summary = &told.summary;
    if summary.ended {
        (YELLOW, "ended")
    } else if count(told, State::Failed) > 0 {
        (RED, "something failed")
    } else if count(told, State::Retrying) > 0 {
        (YELLOW, "something fails, and is tried again")
    } else if !summary.settled {
        (YELLOW, "at work")
    } else if count(told, State::Differs) > 0 {
        (YELLOW, "something is not as it should be")
    } else if summary.converged {
        (GREEN, "converged")
    } else {
        (GREEN, "all as it should be")
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Checking => "checking",
        State::Ok => "ok",
        State::Differs => "to change",
        State::Retrying => "retrying",
        State::Failed => "failed",
        State::Blocked => "blocked",
    }
}

/// Milliseconds, as people say it.
fn duration(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    if days > 1 {
        format!("{days} days")
    } else if hours > 0 {
        format!("{hours} h {} min", minutes % 60)
    } else if minutes > 0 {
        format!("{minutes} min")
    } else {
        format!("{seconds} s")
    }
}
