//! `mgmt status`: how an agent is getting on.

mod render;

use std::env;
use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use mgmt_compiler::redact;
use mgmt_compiler::render::Terminal;
use tokio::time::sleep;

use self::render::{WRONG, count, happened, human};
use super::process::Agent;
use crate::driver::place::{system_prefix, usual_prefix};
use crate::observe::shapes::Status as Told;
use crate::ui::client::{Client, ClientError};
use crate::ui::{USUAL_ADDRESS, address};

const AS_IT_SHOULD_BE: u8 = 0;
const UNREACHABLE: u8 = 1;
const NOT_AS_IT_SHOULD_BE: u8 = 2;

/// While much happens, it is shown this often.
const PAUSE: Duration = Duration::from_millis(250);

/// Show how agents that were started with `mgmt run --ui` are getting on.
///
/// The exit status is 0 if everything is as it should be, 2 if something failed, differs, or is still to be
/// done, and 1 if no agent answers. Of several agents the worst counts.
#[derive(Args, Clone, Debug)]
pub(super) struct Status {
    /// Where the agents are. That of this machine is found out: it writes its address below its prefix.
    #[arg(value_name = "ADDR")]
    addresses: Vec<String>,

    /// The directory where the agent keeps what has to survive a restart.
    #[arg(long, value_name = "DIR", env = "MGMT_PREFIX")]
    prefix: Option<PathBuf>,

    /// How it is shown.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: StatusFormat,

    /// How much is shown to people of what happened lately, in lines.
    #[arg(long, short = 'n', default_value_t = 10, value_name = "COUNT")]
    lines: usize,

    /// Show it anew whenever something has happened, until ^C or the end of the agent.
    #[arg(long, short)]
    watch: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum StatusFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object on a line for each agent.
    Json,
}

impl Status {
    /// Does it, and gives the exit status.
    pub(super) fn run(self, agent: Agent) -> io::Result<u8> {
        if self.watch && self.addresses.len() > 1 {
            writeln!(
                io::stderr(),
                "error: only one agent can be watched at a time"
            )?;
            return Ok(UNREACHABLE);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let mut worst = AS_IT_SHOULD_BE;
        for (number, place) in self.places(agent.name)?.into_iter().enumerate() {
            if number > 0 && self.format == StatusFormat::Human {
                print("\n", false)?;
            }
            let status = match runtime.block_on(self.show(&place)) {
                Ok(status) => status?,
                Err(error) => {
                    let text = error.to_string();
                    writeln!(io::stderr(), "error: {}", redact::passwords(&text))?;
                    UNREACHABLE
                }
            };
            let badness = |status| {
                [AS_IT_SHOULD_BE, NOT_AS_IT_SHOULD_BE, UNREACHABLE]
                    .iter()
                    .position(|each| *each == status)
            };
            worst = std::cmp::max_by_key(worst, status, |status| badness(*status));
        }
        Ok(worst)
    }

    async fn show(&self, place: &[Client]) -> Result<io::Result<u8>, ClientError> {
        let client = answering(place).await?;
        // Subscribe first, so that nothing falls between.
        let mut events = match self.watch {
            true => Some(client.follow().await?),
            false => None,
        };
        loop {
            let (text, told) = client.status().await?;
            let shown = match self.format {
                StatusFormat::Json => String::from_utf8_lossy(&text).into_owned() + "\n",
                StatusFormat::Human => {
                    let mut shown = human(&told, client.address(), terminal());
                    if self.lines > 0 {
                        let log = client.log().await?;
                        let first = log.len().saturating_sub(self.lines);
                        shown += &happened(&log[first..], terminal());
                    }
                    shown
                }
            };
            let clears = self.watch && self.format == StatusFormat::Human;
            if let Err(error) = print(&shown, clears) {
                return Ok(Err(error));
            }
            let Some(events) = &mut events else {
                return Ok(Ok(verdict(&told)));
            };
            sleep(PAUSE).await;
            if told.summary.ended {
                return Err(ClientError::Ended(client.address().to_owned()));
            }
            events.next().await?;
        }
    }

    /// The agents that are meant, each with the addresses that it may have.
    fn places(&self, program: &str) -> io::Result<Vec<Vec<Client>>> {
        if !self.addresses.is_empty() {
            let clients = self
                .addresses
                .iter()
                .map(|address| vec![Client::new(address)]);
            return Ok(clients.collect());
        }
        let written: Vec<_> = match &self.prefix {
            Some(prefix) => {
                let written = address::read(prefix).map_err(|error| {
                    let prefix = prefix.display();
                    io::Error::new(
                        error.kind(),
                        format!("can't find the agent of `{prefix}`: {error}"),
                    )
                })?;
                let Some(written) = written else {
                    let prefix = prefix.display();
                    return Err(io::Error::new(
                        io::ErrorKind::NotFound,
                        format!("no agent with a page uses `{prefix}`; is it run with `--ui`?"),
                    ));
                };
                return Ok(vec![vec![Client::new(written.to_string())]]);
            }
            // One of ours, or that of the machine.
            None => usual_prefix(program, |name| env::var(name).ok())
                .into_iter()
                .chain([system_prefix(program)])
                .filter_map(|prefix| address::read(&prefix).ok().flatten())
                .map(|address| address.to_string())
                .collect(),
        };
        let usual = written.is_empty().then(|| USUAL_ADDRESS.to_owned());
        Ok(vec![
            written.into_iter().chain(usual).map(Client::new).collect(),
        ])
    }
}

/// The first that answers: an agent that was killed has left its address behind.
async fn answering(place: &[Client]) -> Result<&Client, ClientError> {
    let mut first = None;
    for client in place {
        match client.status().await {
            Ok(_) => return Ok(client),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| ClientError::Ended(USUAL_ADDRESS.to_owned())))
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

fn verdict(told: &Told) -> u8 {
    let wrong = WRONG.iter().any(|state| count(told, *state) > 0);
    if told.summary.settled && !wrong && !told.summary.ended {
        AS_IT_SHOULD_BE
    } else {
        NOT_AS_IT_SHOULD_BE
    }
}
