//! `mgmt plan`: what would change on this machine.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use mgmt_compiler::redact;
use mgmt_compiler::render::Terminal;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::logging::{self, LogArgs, LogFormat};
use super::process::{self, Agent, terminal};
use super::source::{FrontEnds, HostArgs, SourceArgs};
use crate::driver::ladder::{Rung, StopHandle};
use crate::driver::place::{hostname, usual_prefix};
use crate::engine::EngineConfig;
use crate::frontend::{FrontendContext, FrontendError, GraphSource, SourcedGraph};
use crate::plan::{Plan as Planned, PlanFormat, plan, render};
use crate::resource::Services;
use crate::runner::load_aside;
use crate::vocabulary::Vocabulary;

/// What was begun is given up after this time: a look at the machine may take for ever.
const GRACE: Duration = Duration::from_secs(2);

const NOTHING_TO_DO: u8 = 0;
const FAILED: u8 = 1;
const CHANGES_PENDING: u8 = 2;

/// Show what would change on this machine, and change nothing.
///
/// Each resource is checked by the same code that would change it, also while an agent runs. What is
/// private, such as the content of a file that not everybody may read, is not shown. The exit status is 0 if
/// there is nothing to do, 2 if there is, and 1 if something could not be checked.
#[derive(Args, Clone, Debug)]
pub(super) struct Plan {
    #[command(flatten)]
    source: SourceArgs,

    #[command(flatten)]
    host: HostArgs,

    /// The directory where the agent keeps what has to survive a restart.
    #[arg(long, value_name = "DIR", env = "MGMT_PREFIX")]
    prefix: Option<PathBuf>,

    /// How the plan is shown.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: PlanFormat,

    /// Show also what is as it should be.
    #[arg(long)]
    all: bool,

    /// Which log lines are shown: a level, or levels by component. What fails is a part of the plan.
    #[arg(
        long,
        value_name = "FILTER",
        env = "RUST_LOG",
        default_value = "error,mgmt_runtime::engine=off"
    )]
    log: String,
}

impl Plan {
    /// Does it, and gives the exit status.
    pub(super) fn run(
        self,
        agent: Agent,
        front_ends: &FrontEnds,
        vocabulary: Vocabulary,
    ) -> io::Result<u8> {
        let log = LogArgs {
            log: Some(self.log.clone()),
            ..LogArgs::default()
        };
        logging::start(&log, terminal().color);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let made = runtime.block_on(async {
            let stop = StopHandle::new();
            let _signals = stop.on_signals()?;
            tokio::select! {
                made = self.make(agent, front_ends, vocabulary) => made,
                () = stop.reached(Rung::Stop) => Err("interrupted; there is no plan".into()),
            }
        });
        // Commands that look at the machine end with the tasks that they are run by.
        runtime.shutdown_timeout(GRACE);
        match made {
            Ok(status) => Ok(status),
            Err(error) => {
                let text = error.to_string();
                writeln!(io::stderr(), "error: {}", redact::passwords(&text))?;
                Ok(FAILED)
            }
        }
    }

    async fn make(
        &self,
        agent: Agent,
        front_ends: &FrontEnds,
        vocabulary: Vocabulary,
    ) -> Result<u8, Box<dyn Error>> {
        let hostname = hostname(self.host.hostname.as_deref())?;
        let context = FrontendContext {
            hostname: hostname.clone(),
            directory: env::current_dir()?,
            vocabulary: vocabulary.clone(),
            report: process::report(LogFormat::Text),
            watch: false,
        };
        let (source, front_ends) = (self.source.clone(), front_ends.clone());
        let load = move |context: &FrontendContext| source.load(&front_ends, context);
        let source = match load_aside(load, &context).await {
            Err(FrontendError::Reported) => return Ok(FAILED),
            loaded => loaded?,
        };
        // What the agent remembers is looked at, but it is not in its way.
        let scratch = tempfile::tempdir()?;
        let prefix = self
            .prefix
            .clone()
            .or_else(|| usual_prefix(agent.name, |name| env::var(name).ok()))
            .filter(|prefix| prefix.is_dir())
            .unwrap_or_else(|| scratch.path().to_owned());
        let services = Services::new(hostname, agent.to_string(), Arc::<Path>::from(prefix));
        let Some(first) = first_graph(source, services.clone()).await? else {
            return Ok(FAILED);
        };
        let config = EngineConfig::new(vocabulary.registry, services);
        let planned = plan(&first.graph, config).await?;
        let terminal = Terminal::of(&io::stdout(), |name| env::var(name).ok());
        let text = render(&planned, self.format, self.all, &first.sources, terminal);
        io::stdout().write_all(text.as_bytes())?;
        Ok(status(&planned))
    }
}

fn status(plan: &Planned) -> u8 {
    if plan.failed() > 0 {
        FAILED
    } else if plan.pending() > 0 {
        CHANGES_PENDING
    } else {
        NOTHING_TO_DO
    }
}

/// What is denoted now; nothing if it fails before it denotes anything, which was reported.
async fn first_graph(
    source: Box<dyn GraphSource>,
    services: Services,
) -> Result<Option<SourcedGraph>, Box<dyn Error>> {
    let (graphs, mut newest) = watch::channel(None);
    let cancel = CancellationToken::new();
    let running = tokio::spawn(source.run(services, graphs, cancel.clone()));
    // It ends without a graph if the program fails.
    let graph = match newest.wait_for(Option::is_some).await {
        Ok(newest) => newest.clone(),
        Err(_) => None,
    };
    cancel.cancel();
    match running.await? {
        Err(error) if graph.is_some() => Err(error.into()),
        _ => Ok(graph),
    }
}
