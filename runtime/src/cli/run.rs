//! `mgmt run`: hold this machine in the state that a program describes.

use std::io;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::logging::LogArgs;
use super::process::{self, Agent};
use super::source::{FrontEnds, HostArgs, SourceArgs};
use crate::driver::graphviz::Filter;
use crate::driver::place::PrefixChoice;
use crate::http::ListenAddress;
use crate::metrics::DEFAULT_LISTEN;
use crate::runner::{Config, Runner};
use crate::ui::USUAL_ADDRESS;
use crate::vocabulary::Vocabulary;

/// Hold this machine in the state that a program describes.
///
/// The program runs until it is interrupted. When one of its files is saved, what differs is applied; if it
/// has errors, they are shown and the machine stays as it is. The first ^C lets what is running complete,
/// the second cancels it, the third tears it down.
#[derive(Args, Clone, Debug)]
pub(super) struct Run {
    #[command(flatten)]
    source: SourceArgs,

    #[command(flatten)]
    options: RunOptions,
}

/// How it is run, whatever it is.
#[derive(Args, Clone, Debug)]
pub(super) struct RunOptions {
    #[command(flatten)]
    host: HostArgs,

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

    #[command(flatten)]
    pub(super) log: LogArgs,
}

impl Run {
    /// Does it, and gives the exit status.
    pub(super) fn run(
        self,
        agent: Agent,
        front_ends: &FrontEnds,
        vocabulary: Vocabulary,
    ) -> io::Result<u8> {
        let Self { source, options } = self;
        let front_ends = front_ends.clone();
        process::hold(agent, &options.log, || {
            let runner = Runner::new(options.config(agent), vocabulary)?;
            Ok(runner.loading(move |context| source.load(&front_ends, context)))
        })
    }
}

impl RunOptions {
    /// The same for a run.
    pub(super) fn config(&self, agent: Agent) -> Config {
        let mut config = Config::new(agent.name, agent.version);
        config.hostname.clone_from(&self.host.hostname);
        config.prefix = PrefixChoice {
            prefix: self.prefix.clone(),
            temporary: self.tmp_prefix,
            allow_temporary: self.allow_tmp_prefix,
        };
        config.noop = self.noop;
        config.sema = u32::try_from(self.sema).ok().and_then(NonZeroU32::new);
        config.autoedges = !self.no_autoedges;
        config.autogroup = !self.no_autogroup;
        config.converger.timeout = self
            .converged_timeout
            .or(u64::try_from(self.converger_timeout).ok())
            .map(Duration::from_secs);
        config.converger.exit = self.converged_exit || self.converged_timeout.is_some();
        config
            .converger
            .status_file
            .clone_from(&self.converger_status_file);
        config.report_failures = self.report_failures;
        config.max_runtime = (self.max_runtime > 0).then(|| Duration::from_secs(self.max_runtime));
        config.watch = !self.no_watch;
        config.raise_limits = !self.no_raise_limits;
        config.graphviz.clone_from(&self.graphviz);
        config.graphviz_filter = self.graphviz_filter;
        config.prometheus = self.prometheus.then(|| self.prometheus_listen.clone());
        config.ui.clone_from(&self.ui);
        config
    }
}
