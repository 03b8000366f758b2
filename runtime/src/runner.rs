//! A whole run inside of another program: all that `mgmt run` does, with its options as a struct (engine.md §9).

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mgmt_compiler::files::MemoryFiles;
use mgmt_compiler::render::Findings;
use mgmt_stdlib::value::Value;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, warn};

use crate::driver::graphviz::{Filter, Graphviz};
use crate::driver::ladder::{Rung, StopHandle};
use crate::driver::place::{PlaceError, Prefix, PrefixChoice, hostname};
use crate::driver::{Ended, Run};
use crate::engine::{ConvergerConfig, Engine, EngineConfig, StateFn};
use crate::frontend::{
    Frontend, FrontendContext, FrontendError, Given, GraphSource, LangProgram, Report,
};
use crate::http::{HttpServer, ListenAddress, ListenError};
use crate::observe::About;
use crate::path_watch::{SYSCTLS, raise_limits};
use crate::resource::Services;
use crate::ui::Ui;
use crate::vocabulary::Vocabulary;
use crate::world::World;

/// How a run is to be: the options of `mgmt run`. Begin with [`Config::new`], and change what is to be different.
#[derive(Debug)]
pub struct Config {
    /// The name of the program that runs: a word without spaces and slashes. Directories are named for it.
    pub program: String,
    /// Its version.
    pub version: String,
    /// Who this machine is; usually the name that the system has.
    pub hostname: Option<String>,
    /// The directory for what has to survive a restart.
    pub prefix: PrefixChoice,
    /// Whether nothing is ever changed.
    pub noop: bool,
    /// How many resources may apply at once; nothing is no limit.
    pub sema: Option<NonZeroU32>,
    /// Whether the resources themselves may add to the order.
    pub autoedges: bool,
    /// Whether resources may run together as one.
    pub autogroup: bool,
    /// When everything counts as converged, and what happens then.
    pub converger: ConvergerConfig,
    /// Whether a run that ends since it has converged fails if resources have.
    pub report_failures: bool,
    /// Fails the run after this time.
    pub max_runtime: Option<Duration>,
    /// Whether what changes leads to new graphs; if not, the first one is kept.
    pub watch: bool,
    /// Whether the kernel's limits of inotify are raised, if they are low and this is root.
    pub raise_limits: bool,
    /// Where each graph is drawn.
    pub graphviz: Option<PathBuf>,
    /// What makes pictures of the drawings.
    pub graphviz_filter: Filter,
    /// Where Prometheus is told how this machine is doing.
    pub prometheus: Option<ListenAddress>,
    /// Where the running graph is shown to browsers.
    pub ui: Option<ListenAddress>,
    /// What an embedded program is given, by the full names of the functions that ask for it
    /// ([`FunctionDef::option`](mgmt_stdlib::catalog::FunctionDef::option)).
    pub given: Given,
}

impl Config {
    /// Runs until it is stopped, applies everything, and never converges. Unlike `mgmt run` it leaves the kernel's
    /// limits alone.
    pub fn new(program: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            version: version.into(),
            hostname: None,
            prefix: PrefixChoice::default(),
            noop: false,
            sema: None,
            autoedges: true,
            autogroup: true,
            converger: ConvergerConfig::default(),
            report_failures: false,
            max_runtime: None,
            watch: true,
            raise_limits: false,
            graphviz: None,
            graphviz_filter: Filter::default(),
            prometheus: None,
            ui: None,
            given: BTreeMap::new(),
        }
    }

    /// Gives an embedded program what its function of this full name tells.
    pub fn give(&mut self, function: &str, value: impl Into<Value>) {
        self.given.insert(function.to_owned(), value.into());
    }

    fn check(&self) -> Result<(), ConfigError> {
        let is_name = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
        if !is_name(&self.program) || self.program.contains('/') || self.program.starts_with('.') {
            return Err(ConfigError::Program(self.program.clone()));
        }
        if !is_name(&self.version) {
            return Err(ConfigError::Version(self.version.clone()));
        }
        Ok(())
    }
}

/// A [`Config`] can not be as it is.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum ConfigError {
    #[error(
        "`{0}` can not be the name of a program: it has no spaces and slashes, does not begin with a dot, and is not empty"
    )]
    Program(String),
    #[error("`{0}` can not be a version: it has no spaces, and is not empty")]
    Version(String),
    #[error(transparent)]
    Hostname(#[from] PlaceError),
}

/// A run did not begin, or did not end well.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum RunError {
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Frontend(#[from] FrontendError),
    #[error("the end was asked for before the program was loaded")]
    Stopped,
    #[error(transparent)]
    Ended(#[from] Ended),
}

impl RunError {
    /// The exit status of a process whose run ended like this (engine.md §7.5).
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Ended(ended) => ended.exit_status(),
            Self::Stopped => 0,
            Self::Place(_) | Self::Listen(_) | Self::Frontend(_) => 1,
        }
    }
}

type Load = Box<dyn FnOnce(&FrontendContext) -> Result<Box<dyn GraphSource>, FrontendError> + Send>;

/// A run to be: the engine with all around it, for the graphs of one front end.
///
/// Several may run in one process, each with a directory of its own. Must be started within a tokio runtime of
/// several threads.
///
/// ```
/// use mgmt_runtime::driver::ladder::StopHandle;
/// use mgmt_runtime::frontend::Lang;
/// use mgmt_runtime::runner::{Config, Runner};
/// use mgmt_runtime::vocabulary::Vocabulary;
/// use std::time::Duration;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut config = Config::new("example", "1.0");
/// config.prefix.temporary = true;
/// config.converger.timeout = Some(Duration::ZERO);
/// config.converger.exit = true;
/// Runner::new(config, Vocabulary::standard()?)?
///     .with_frontend(Lang::default(), "noop \"nothing\" {}")
///     .on_converged("tell", |converged| {
///         eprintln!("converged: {converged}");
///         Ok(())
///     })
///     .run(&StopHandle::new())
///     .await?;
/// # Ok(())
/// # }
/// ```
pub struct Runner {
    config: Config,
    hostname: String,
    vocabulary: Vocabulary,
    world: Option<Arc<dyn World>>,
    report: Report,
    load: Option<Load>,
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("config", &self.config)
            .field("hostname", &self.hostname)
            .finish_non_exhaustive()
    }
}

impl Runner {
    /// A run without graphs, which only waits for its end.
    ///
    /// # Errors
    /// If the names of the program, its version, or this machine can not be what they are.
    pub fn new(config: Config, vocabulary: Vocabulary) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            hostname: hostname(config.hostname.as_deref())?,
            config,
            vocabulary,
            world: None,
            report: Arc::new(log_findings),
            load: None,
        })
    }

    /// Takes the graphs that a front end makes of a payload.
    #[must_use]
    pub fn with_frontend(self, frontend: impl Frontend + 'static, payload: &str) -> Self {
        let payload = payload.to_owned();
        self.loading(move |context| frontend.load(&payload, context))
    }

    /// Takes these graphs: a [`GraphStream`](crate::frontend::GraphStream), or a source of your own.
    #[must_use]
    pub fn with_graphs(self, graphs: impl GraphSource + 'static) -> Self {
        self.loading(move |_| Ok(Box::new(graphs)))
    }

    /// Runs an mcl program that is part of the binary.
    #[must_use]
    pub fn with_program(mut self, files: Arc<MemoryFiles>) -> Self {
        let name = self.config.program.clone();
        let given = std::mem::take(&mut self.config.given);
        self.loading(move |context| LangProgram::embedded(&name, files, given, context).compiled())
    }

    pub(crate) fn loading(
        mut self,
        load: impl FnOnce(&FrontendContext) -> Result<Box<dyn GraphSource>, FrontendError>
        + Send
        + 'static,
    ) -> Self {
        self.load = Some(Box::new(load));
        self
    }

    /// Shares state with peers, or pretends to, by this world (engine.md §9.1.5). Without it, it is that of a host
    /// without peers, kept below the prefix.
    #[must_use]
    pub fn with_world(mut self, world: Arc<dyn World>) -> Self {
        self.world = Some(world);
        self
    }

    /// Calls this whenever everything has converged, or no longer has; in the order of the names. An error ends the
    /// run. Without a [timeout](ConvergerConfig::timeout) that never happens.
    #[must_use]
    pub fn on_converged(
        mut self,
        name: &str,
        function: impl FnMut(bool) -> Result<(), String> + Send + 'static,
    ) -> Self {
        let function: StateFn = Box::new(function);
        let functions = &mut self.config.converger.state_functions;
        functions.insert(name.to_owned(), function);
        self
    }

    /// Tells people in this way what is wrong with a program, instead of by log lines.
    #[must_use]
    pub fn with_report(mut self, report: Report) -> Self {
        self.report = report;
        self
    }

    /// Runs until the end, which may be asked for by `stop`.
    ///
    /// # Errors
    /// If it does not begin, or does not end well.
    pub async fn run(self, stop: &StopHandle) -> Result<(), RunError> {
        match self.start(stop).await {
            Ok(running) => running.wait().await,
            Err(RunError::Stopped) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Loads the program, takes the prefix and the addresses, and starts the engine.
    ///
    /// # Errors
    /// If one of these can not be, or [`RunError::Stopped`] if `stop` asks for the end meanwhile.
    pub async fn start(self, stop: &StopHandle) -> Result<Running, RunError> {
        let Self {
            config,
            hostname,
            vocabulary,
            world,
            report,
            load,
        } = self;
        let context = FrontendContext {
            hostname,
            directory: env::current_dir().map_err(PlaceError::NoDirectory)?,
            vocabulary: vocabulary.clone(),
            report,
            watch: config.watch,
        };
        let report = Arc::clone(&context.report);
        let graphs = match load {
            Some(load) => tokio::select! {
                loaded = load_aside(load, &context) => Some(loaded?),
                () = stop.reached(Rung::Stop) => return Err(RunError::Stopped),
            },
            None => None,
        };
        let hostname = context.hostname;
        let (choice, program) = (&config.prefix, &config.program);
        let prefix = Prefix::take(choice, program, &hostname, |name| env::var(name).ok())?;
        if config.raise_limits && nix::unistd::Uid::effective().is_root() {
            raise_limits(Path::new(SYSCTLS));
        }
        let agent = format!("{} {}", config.program, config.version);
        let mut services = Services::new(hostname, agent, Arc::clone(prefix.path()));
        if let Some(world) = world {
            services.world = world;
        }
        let metrics = match &config.prometheus {
            Some(address) => Some(HttpServer::bind(address).await?),
            None => None,
        };
        let ui = match &config.ui {
            Some(address) => {
                let about = About {
                    hostname: Arc::clone(&services.hostname),
                    version: config.version.as_str().into(),
                    program: graphs
                        .as_ref()
                        .map_or_else(|| "(nothing)".to_owned(), |graphs| graphs.shown())
                        .as_str()
                        .into(),
                    noop: config.noop,
                };
                Some(Ui::bind(address, about, prefix.path()).await?)
            }
            None => None,
        };
        let engine = Arc::new(Engine::new(EngineConfig {
            noop: config.noop,
            sema: config.sema,
            autoedges: config.autoedges,
            autogroup: config.autogroup,
            observed: ui.is_some(),
            explain: ui.is_some(),
            converger: config.converger,
            ..EngineConfig::new(vocabulary.registry.clone(), services.clone())
        }));
        let run = Run {
            graphs,
            vocabulary,
            report,
            engine: Arc::clone(&engine),
            services,
            report_failures: config.report_failures,
            max_runtime: config.max_runtime,
            graphviz: config
                .graphviz
                .map(|path| Graphviz::start(path, config.graphviz_filter)),
            metrics,
            ui,
            rung: stop.subscribe(),
        };
        let task = tokio::spawn(async move {
            let ended = run.run().await;
            // Nobody else may have it before all has ended.
            drop(prefix);
            ended
        });
        Ok(Running {
            engine,
            task: AbortOnDropHandle::new(task),
        })
    }
}

/// Loads a program while something else can be waited for: it may be read from somebody who never ends it.
pub(crate) async fn load_aside(
    load: impl FnOnce(&FrontendContext) -> Result<Box<dyn GraphSource>, FrontendError> + Send + 'static,
    context: &FrontendContext,
) -> Result<Box<dyn GraphSource>, FrontendError> {
    let context = context.clone();
    let loaded = tokio::task::spawn_blocking(move || load(&context)).await;
    loaded.unwrap_or_else(|error| {
        let reason = format!("internal error: {error}");
        Err(FrontendError::Unusable(reason))
    })
}

/// A run at work. Dropping it ends all its tasks at once; a [`StopHandle`] ends it in order.
#[derive(Debug)]
pub struct Running {
    engine: Arc<Engine>,
    task: AbortOnDropHandle<Result<(), Ended>>,
}

impl Running {
    /// The engine, for those who want to know how it is getting on: whether it has converged
    /// ([`Engine::status`]), what each resource is doing ([`Engine::snapshot`]), what happens
    /// ([`Engine::events`]).
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// If it does not end well.
    pub async fn wait(self) -> Result<(), RunError> {
        let ended = self.task.await.unwrap_or_else(|error| {
            let reason = format!("internal error: {error}");
            error!("{reason}");
            Err(Ended::Failed(reason))
        });
        Ok(ended?)
    }
}

/// Diagnostics as log lines.
pub fn log_findings(findings: Findings<'_>) {
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
