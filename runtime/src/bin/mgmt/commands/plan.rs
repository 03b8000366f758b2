//! `mgmt plan`: what would change on this machine.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use mgmt_compiler::graph::ResourceGraph;
use mgmt_compiler::redact;
use mgmt_compiler::render::{MessageFormat, Terminal, render as render_findings};
use mgmt_runtime::driver::place::usual_prefix;
use mgmt_runtime::engine::EngineConfig;
use mgmt_runtime::frontend::Frontend;
use mgmt_runtime::plan::{Plan as Planned, PlanFormat, plan, render};
use mgmt_runtime::resource::Services;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::program::{PROGRAM, Program, attach};
use crate::logging::{self, LogFormat};

const NOTHING_TO_DO: u8 = 0;
const FAILED: u8 = 1;
const CHANGES_PENDING: u8 = 2;

/// Show what would change on this machine, and change nothing.
///
/// Each resource is checked by the same code that would change it, also while an agent runs. What is
/// private, such as the content of a file that not everybody may read, is not shown. The exit status is 0 if
/// there is nothing to do, 2 if there is, and 1 if something could not be checked.
#[derive(Args, Clone, Debug)]
pub(crate) struct Plan {
    #[command(flatten)]
    program: Program,

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
    pub(crate) fn run(self, terminal: Terminal) -> io::Result<u8> {
        logging::start(LogFormat::Text, Some(&self.log), terminal.color);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        match runtime.block_on(self.make(terminal)) {
            Ok(status) => Ok(status),
            Err(error) => {
                let text = error.to_string();
                writeln!(io::stderr(), "error: {}", redact::passwords(&text))?;
                Ok(FAILED)
            }
        }
    }

    async fn make(&self, terminal: Terminal) -> Result<u8, Box<dyn Error>> {
        let report = Arc::new(move |findings: mgmt_compiler::render::Findings<'_>| {
            let text = render_findings(MessageFormat::Human, &[findings], terminal);
            // Without standard error there is nobody to tell.
            let _ = io::stderr().write_all(text.as_bytes());
        });
        let (hostname, mut frontend) = self.program.frontend(report, false)?;
        // What the agent remembers is looked at, but it is not in its way.
        let scratch = tempfile::tempdir()?;
        let prefix = self
            .prefix
            .clone()
            .or_else(|| usual_prefix(|name| std::env::var(name).ok()))
            .filter(|prefix| prefix.is_dir())
            .unwrap_or_else(|| scratch.path().to_owned());
        let services = Services::new(hostname, PROGRAM, Arc::<Path>::from(prefix));
        let compilation = frontend.compile();
        if compilation.program.is_none() {
            return Ok(FAILED);
        }
        attach(&mut frontend, &services, &compilation);
        let sources = compilation.sources.clone();
        let registry = frontend.registry.clone();
        let Some(graph) = first_graph(frontend, compilation).await? else {
            return Ok(FAILED);
        };
        let config = EngineConfig::new(registry, services);
        let planned = plan(&graph, config).await?;
        let terminal = Terminal::of(&io::stdout(), |name| std::env::var(name).ok());
        io::stdout()
            .write_all(render(&planned, self.format, self.all, &sources, terminal).as_bytes())?;
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

/// What the program denotes now; nothing if it fails before it denotes anything, which was reported.
async fn first_graph(
    frontend: Frontend,
    compilation: mgmt_compiler::Compilation,
) -> Result<Option<Arc<ResourceGraph>>, Box<dyn Error>> {
    let (graphs, mut newest) = watch::channel(None);
    let cancel = CancellationToken::new();
    let running = tokio::spawn(frontend.run(compilation, graphs, cancel.clone()));
    // The front end ends without a graph if the program fails.
    let graph = match newest.wait_for(Option::is_some).await {
        Ok(newest) => newest.as_ref().map(|newest| Arc::clone(&newest.graph)),
        Err(_) => None,
    };
    cancel.cancel();
    match running.await? {
        Err(error) if graph.is_some() => Err(error.into()),
        _ => Ok(graph),
    }
}
