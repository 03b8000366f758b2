//! `mgmt run`: hold this machine in the state that a program describes.

use std::env;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use mgmt_compiler::render::{Findings, MessageFormat, Terminal, render};
use mgmt_runtime::driver::graphviz::{Filter, Graphviz};
use mgmt_runtime::driver::ladder::{Ladder, Rung};
use mgmt_runtime::driver::place::{Prefix, PrefixChoice};
use mgmt_runtime::driver::{self};
use mgmt_runtime::engine::EngineConfig;
use mgmt_runtime::frontend::{GraphSource, LangGraphs, Report, YamlGraphs};
use mgmt_runtime::http::{HttpServer, ListenAddress, ListenError};
use mgmt_runtime::metrics::DEFAULT_LISTEN;
use mgmt_runtime::observe::About;
use mgmt_runtime::path_watch::{SYSCTLS, raise_limits};
use mgmt_runtime::resource::Services;
use mgmt_runtime::ui::{USUAL_ADDRESS, Ui};
use mgmt_stdlib::catalog::Catalog;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::program::{PROGRAM, Program, attach};
use crate::logging::{self, LogFormat};

/// More threads than this only wait for each other.
const MAX_THREADS: usize = 4;

/// Hold this machine in the state that a program describes.
///
/// The program runs until it is interrupted. When one of its files is saved, what differs is applied; if it
/// has errors, they are shown and the machine stays as it is. The first ^C lets what is running complete,
/// the second cancels it, the third tears it down.
#[derive(Args, Clone, Debug)]
pub(crate) struct Run {
    #[command(flatten)]
    program: Program,

    /// The directory for what has to survive a restart.
    #[arg(
        long,
        value_name = "DIR",
        env = "MGMT_PREFIX",
        conflicts_with = "tmp_prefix"
    )]
    prefix: Option<PathBuf>,

    /// Use a new directory, which is removed at the end.
    #[arg(long)]
    tmp_prefix: bool,

    /// Use a new directory if the usual one can not be created.
    #[arg(long)]
    allow_tmp_prefix: bool,

    /// Change nothing: only report what would be changed.
    #[arg(long)]
    noop: bool,

    /// Apply at most this many resources at once; -1 is no limit.
    #[arg(long, value_name = "N", default_value_t = -1, allow_negative_numbers = true)]
    sema: i64,

    /// Add no automatic edges, such as from a directory to a file in it.
    #[arg(long)]
    no_autoedges: bool,

    /// Let every resource run by itself, also where several could be applied together.
    #[arg(long)]
    no_autogroup: bool,

    /// Count as converged after this many seconds without a change; -1 is never.
    #[arg(long, value_name = "SEC", default_value_t = -1, allow_negative_numbers = true, env = "MGMT_CONVERGER_TIMEOUT")]
    converger_timeout: i64,

    /// End when converged.
    #[arg(long)]
    converged_exit: bool,

    /// The same as `--converger-timeout SEC --converged-exit`.
    #[arg(long, value_name = "SEC", env = "MGMT_CONVERGED_TIMEOUT")]
    converged_timeout: Option<u64>,

    /// Append a line `true` or `false` whenever the machine has converged or no longer has.
    #[arg(long, value_name = "FILE")]
    converger_status_file: Option<PathBuf>,

    /// When converged, end with status 2 if resources have failed.
    #[arg(long)]
    report_failures: bool,

    /// End with an error after this many seconds; 0 is never.
    #[arg(
        long,
        value_name = "SEC",
        default_value_t = 0,
        env = "MGMT_MAX_RUNTIME"
    )]
    max_runtime: u64,

    /// Keep the first graph, whatever changes.
    #[arg(long, alias = "no-stream-watch")]
    no_watch: bool,

    /// As root, leave the kernel's limits of inotify as they are, even if they are low.
    #[arg(long)]
    no_raise_limits: bool,

    /// Draw each graph to this file, and a picture of it beside.
    #[arg(long, value_name = "FILE")]
    graphviz: Option<PathBuf>,

    /// The program that makes the picture.
    #[arg(long, value_name = "PROGRAM", value_enum, default_value_t)]
    graphviz_filter: Filter,

    /// Tell Prometheus how this machine is doing.
    #[arg(long)]
    prometheus: bool,

    /// Where: `HOST:PORT`, or `:PORT` for all addresses of this machine; the path is `/metrics`.
    #[arg(long, value_name = "ADDR", default_value = DEFAULT_LISTEN, requires = "prometheus")]
    prometheus_listen: ListenAddress,

    /// Show the running graph to browsers on this machine, and to `mgmt status`; or at another address.
    #[arg(long, value_name = "ADDR", num_args = 0..=1, require_equals = true, default_missing_value = USUAL_ADDRESS)]
    ui: Option<ListenAddress>,

    /// How log lines look.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    log_format: LogFormat,

    /// Which log lines are shown: a level, or levels by component such as `warn,mgmt_runtime::engine=debug`.
    #[arg(long, value_name = "FILTER", env = "RUST_LOG")]
    log: Option<String>,
}

impl Run {
    /// Does it, and gives the exit status.
    pub(crate) fn run(self: Box<Self>, terminal: Terminal) -> io::Result<u8> {
        let version = env!("CARGO_PKG_VERSION");
        // An agent that nobody listens to does its work all the same.
        let _ = writeln!(io::stdout(), "This is: mgmt, version: {version}");
        logging::start(self.log_format, self.log.as_deref(), terminal.color);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(available_parallelism().map_or(1, |n| n.get().min(MAX_THREADS)))
            .enable_all()
            .build()?;
        info!("start: {}", Timestamp::now().as_nanosecond());
        let status = runtime.block_on(self.supervise(terminal))?;
        info!("goodbye!");
        // A look at the machine that nobody waits for any more may take for ever.
        runtime.shutdown_background();
        Ok(status)
    }

    async fn supervise(&self, terminal: Terminal) -> io::Result<u8> {
        // The handlers stay until all has ended.
        let (reached, rung) = watch::channel(Rung::Run);
        let ladder = tokio::spawn(Ladder::install()?.climb(reached));
        let status = match self.start(terminal, rung).await {
            Ok(Some((run, _prefix))) => run.run().await,
            Ok(None) => 1,
            Err(error) => {
                error!("{error}");
                1
            }
        };
        ladder.abort();
        let _ = ladder.await;
        Ok(status)
    }

    /// Makes all that is needed to run the program; nothing if it has errors.
    async fn start(
        &self,
        terminal: Terminal,
        rung: watch::Receiver<Rung>,
    ) -> Result<Option<(driver::Run, Prefix)>, Box<dyn std::error::Error>> {
        let Some((mut run, prefix)) = self.prepare(terminal, rung)? else {
            return Ok(None);
        };
        if self.prometheus {
            run.metrics = Some(HttpServer::bind(&self.prometheus_listen).await?);
        }
        if let Some(ui) = self.bind_ui(&run, &prefix).await? {
            run.engine.observed = true;
            run.engine.explain = true;
            run.ui = Some(ui);
        }
        Ok(Some((run, prefix)))
    }

    /// Takes the address for the page.
    async fn bind_ui(&self, run: &driver::Run, prefix: &Prefix) -> Result<Option<Ui>, ListenError> {
        let Some(address) = &self.ui else {
            return Ok(None);
        };
        let about = About {
            hostname: Arc::clone(&run.engine.services.hostname),
            version: env!("CARGO_PKG_VERSION"),
            program: self.program.shown().into(),
            noop: self.noop,
        };
        Ui::bind(address, about, prefix.path()).await.map(Some)
    }

    /// Compiles the program and makes all that is needed to run it; nothing if it has errors.
    fn prepare(
        &self,
        terminal: Terminal,
        rung: watch::Receiver<Rung>,
    ) -> Result<Option<(driver::Run, Prefix)>, Box<dyn std::error::Error>> {
        let report = report(self.log_format, terminal);
        let watch = !self.no_watch;
        let (hostname, source) = match self.program.yaml(&report, watch)? {
            Some((hostname, frontend)) => match frontend.load() {
                Ok(first) => (
                    hostname,
                    Source::Yaml(Box::new(YamlGraphs { frontend, first })),
                ),
                Err(_) => return Ok(None),
            },
            None => {
                let (hostname, frontend) = self.program.frontend(report, watch)?;
                let first = frontend.compile();
                if first.program.is_none() {
                    return Ok(None);
                }
                (
                    hostname,
                    Source::Lang(Box::new(LangGraphs { frontend, first })),
                )
            }
        };
        let choice = PrefixChoice {
            prefix: self.prefix.clone(),
            temporary: self.tmp_prefix,
            allow_temporary: self.allow_tmp_prefix,
        };
        let prefix = Prefix::take(&choice, &hostname, |name| env::var(name).ok())?;
        if !self.no_raise_limits && nix::unistd::Uid::effective().is_root() {
            raise_limits(Path::new(SYSCTLS));
        }
        let services = Services::new(hostname, PROGRAM, Arc::clone(prefix.path()));
        let catalog = source.catalog();
        let graphs = source.attach(&services);
        let mut engine = EngineConfig::new(mgmt_runtime::resources::registry(), services);
        engine.noop = self.noop;
        engine.sema = u32::try_from(self.sema).ok().and_then(NonZeroU32::new);
        engine.autoedges = !self.no_autoedges;
        engine.autogroup = !self.no_autogroup;
        engine.converger.timeout = self
            .converged_timeout
            .or(u64::try_from(self.converger_timeout).ok())
            .map(Duration::from_secs);
        engine.converger.exit = self.converged_exit || self.converged_timeout.is_some();
        engine.converger.status_file = self.converger_status_file.clone();
        let run = driver::Run {
            graphs,
            catalog,
            engine,
            report_failures: self.report_failures,
            max_runtime: (self.max_runtime > 0).then(|| Duration::from_secs(self.max_runtime)),
            graphviz: self
                .graphviz
                .clone()
                .map(|path| Graphviz::start(path, self.graphviz_filter)),
            metrics: None,
            ui: None,
            rung,
        };
        Ok(Some((run, prefix)))
    }
}

/// What is to be run, without errors.
enum Source {
    /// A program in mcl.
    Lang(Box<LangGraphs>),
    /// A graph in YAML.
    Yaml(Box<YamlGraphs>),
}

impl Source {
    fn catalog(&self) -> Arc<Catalog> {
        match self {
            Self::Lang(source) => Arc::clone(&source.frontend.catalog),
            Self::Yaml(source) => Arc::clone(&source.frontend.catalog),
        }
    }

    /// Its graphs on this machine.
    fn attach(self, services: &Services) -> Box<dyn GraphSource> {
        match self {
            Self::Lang(mut source) => {
                attach(&mut source.frontend, services, &source.first);
                source
            }
            Self::Yaml(mut source) => {
                source.frontend.paths = services.paths.clone();
                source
            }
        }
    }
}

/// Shows diagnostics in the way of the log.
fn report(format: LogFormat, terminal: Terminal) -> Report {
    Arc::new(move |findings: Findings<'_>| match format {
        LogFormat::Text => {
            let text = render(MessageFormat::Human, &[findings], terminal);
            // Without standard error there is nobody to tell.
            let _ = io::stderr().write_all(text.as_bytes());
        }
        LogFormat::Json => {
            for diagnostic in findings.diagnostics {
                let place = diagnostic.primary.as_ref().and_then(|label| {
                    let source = findings.sources.get(label.span.source)?;
                    Some((&source.name, source.line_column(label.span.start)))
                });
                let code = diagnostic.code.as_str();
                let file = place.as_ref().map(|(file, _)| file.as_str());
                let line = place.as_ref().map(|(_, at)| u64::from(at.line));
                let column = place.as_ref().map(|(_, at)| u64::from(at.column));
                let message = &diagnostic.message;
                if diagnostic.is_error() {
                    error!(code, file, line, column, "{message}");
                } else {
                    warn!(code, file, line, column, "{message}");
                }
            }
        }
    })
}
