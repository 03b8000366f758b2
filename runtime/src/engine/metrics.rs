//! What the engine counts (engine.md §7.1). Counting never waits, also not for who reads.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};

use mgmt_compiler::graph::Identity;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use super::status::EngineStatus;
use crate::resource::Outcome;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CheckLabels {
    kind: &'static str,
    apply: bool,
    eventful: bool,
    errorful: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    kind: &'static str,
    failure: &'static str,
}

/// How bad a failure is; the place of each is that among the metrics of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Failure {
    /// It is tried again.
    Soft,
    /// It is not.
    Hard,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabel {
    step: &'static str,
}

/// A part of the way from a graph to the running one (engine.md §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// Validating, and checking that there is no cycle.
    Validate,
    /// Finding automatic edges.
    AutoEdge,
    /// Grouping.
    AutoGroup,
    /// Waiting until no worker runs.
    Pause,
    /// Comparing with the running graph, and recording what undoes the new resources.
    Compare,
    /// Ending and cleaning up what goes.
    Remove,
    /// Initialising what comes.
    Init,
    /// Connecting what stays and what comes.
    Commit,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::AutoEdge => "autoedge",
            Self::AutoGroup => "autogroup",
            Self::Pause => "pause",
            Self::Compare => "compare",
            Self::Remove => "remove",
            Self::Init => "init",
            Self::Commit => "commit",
        }
    }
}

/// The metrics of one kind.
#[derive(Debug)]
struct KindMetrics {
    label: KindLabel,
    resources: Gauge,
    blocked: Gauge,
    /// By `apply`, `eventful` and `errorful`.
    checks: [[[Counter; 2]; 2]; 2],
    events: Counter,
    failures_total: [Counter; 2],
    failures: [Gauge; 2],
}

/// What one engine counts.
#[derive(Debug)]
pub struct Metrics {
    families: Families,
    kinds: BTreeMap<&'static str, KindMetrics>,
}

/// Everything by its name. The parts share their values with their clones.
#[derive(Clone, Debug)]
struct Families {
    resources: Family<KindLabel, Gauge>,
    blocked: Family<KindLabel, Gauge>,
    checks: Family<CheckLabels, Counter>,
    check_duration: Family<KindLabel, Histogram, fn() -> Histogram>,
    pass_duration: Family<KindLabel, Histogram, fn() -> Histogram>,
    events: Family<KindLabel, Counter>,
    failures_total: Family<FailureLabels, Counter>,
    failures: Family<FailureLabels, Gauge>,
    graph_start: Gauge<f64, AtomicU64>,
    vertices: Gauge,
    edges: Gauge,
    switches: Counter,
    rejections: Counter,
    steps: Family<StepLabel, Histogram, fn() -> Histogram>,
    converged: Gauge,
    busy: Gauge,
    running: Gauge,
    paused: Gauge,
}

/// From a millisecond to four minutes.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 4.0, 10))
}

/// From a tenth of a millisecond to a bit over a minute.
fn step_seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.000_1, 4.0, 11))
}

impl Metrics {
    /// All at nought, for each of the kinds.
    pub(crate) fn new(kinds: impl IntoIterator<Item = &'static str>) -> Self {
        let families = Families {
            resources: Family::default(),
            blocked: Family::default(),
            checks: Family::default(),
            check_duration: Family::new_with_constructor(seconds),
            pass_duration: Family::new_with_constructor(seconds),
            events: Family::default(),
            failures_total: Family::default(),
            failures: Family::default(),
            graph_start: Gauge::default(),
            vertices: Gauge::default(),
            edges: Gauge::default(),
            switches: Counter::default(),
            rejections: Counter::default(),
            steps: Family::new_with_constructor(step_seconds),
            converged: Gauge::default(),
            busy: Gauge::default(),
            running: Gauge::default(),
            paused: Gauge::default(),
        };
        let kinds = kinds.into_iter().map(|kind| (kind, families.kind(kind)));
        Self {
            kinds: kinds.collect(),
            families,
        }
    }

    /// Enters all of them, by the names that begin with `mgmt_`.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("mgmt");
        let all = self.families.clone();
        registry.register("resources", "Managed resources", all.resources);
        registry.register(
            "blocked",
            "Resources that do not run, because one that they depend on has failed for good",
            all.blocked,
        );
        registry.register(
            "checkapply",
            "Runs of CheckApply: whether it was allowed to change something, whether it changed something, would have or failed, and whether it failed",
            all.checks,
        );
        registry.register(
            "checkapply_duration_seconds",
            "How long CheckApply took",
            all.check_duration,
        );
        registry.register(
            "pass_duration_seconds",
            "How long it took from when a resource could run to the end of its CheckApply, with the wait for semaphores",
            all.pass_duration,
        );
        registry.register(
            "events",
            "Hints that a resource may have changed",
            all.events,
        );
        registry.register(
            "failures",
            "Resources that fail at present; soft ones are tried again",
            all.failures,
        );
        registry.register(
            "failures",
            "How often a resource began to fail; soft ones are tried again",
            all.failures_total,
        );
        registry.register(
            "graph_start_time_seconds",
            "When the present graph took over, in seconds since 1970",
            all.graph_start,
        );
        registry.register(
            "graph_vertices",
            "Vertices of the present graph: grouped resources are one",
            all.vertices,
        );
        registry.register("graph_edges", "Edges of the present graph", all.edges);
        registry.register("graph_switches", "Graphs that took over", all.switches);
        registry.register(
            "graph_rejections",
            "Graphs that could not take over, so that the former one went on",
            all.rejections,
        );
        registry.register(
            "graph_step_duration_seconds",
            "How long the steps to a new graph took",
            all.steps,
        );
        registry.register(
            "converged",
            "Whether all resources have been idle for the timeout of the converger",
            all.converged,
        );
        registry.register(
            "busy",
            "Vertices with something to do that they can get to do",
            all.busy,
        );
        registry.register(
            "checkapply_running",
            "Runs of CheckApply at present",
            all.running,
        );
        registry.register(
            "paused",
            "Whether a new graph, or the end, holds all resources",
            all.paused,
        );
    }

    fn kind(&self, identity: &Identity) -> Option<&KindMetrics> {
        self.kinds.get(identity.kind.as_str())
    }

    /// Resources came (1) or went (-1).
    pub(crate) fn resources<'i>(&self, identities: impl Iterator<Item = &'i Identity>, by: i64) {
        for identity in identities {
            if let Some(kind) = self.kind(identity) {
                kind.resources.inc_by(by);
            }
        }
    }

    /// How many resources of a kind are managed.
    pub(crate) fn managed(&self, kind: &str) -> usize {
        let kind = self.kinds.get(kind);
        kind.map_or(0, |kind| usize::try_from(kind.resources.get()).unwrap_or(0))
    }

    /// A resource was blocked, or no longer is.
    pub(crate) fn blocked(&self, identity: &Identity, blocked: bool) {
        if let Some(kind) = self.kind(identity) {
            kind.blocked.inc_by(if blocked { 1 } else { -1 });
        }
    }

    /// A hint was taken in.
    pub(crate) fn event(&self, identity: &Identity) {
        if let Some(kind) = self.kind(identity) {
            kind.events.inc();
        }
    }

    /// A `check_apply` returned; no outcome is an error.
    pub(crate) fn checked(
        &self,
        identity: &Identity,
        apply: bool,
        outcome: Option<Outcome>,
        elapsed: Duration,
        since_ready: Duration,
    ) {
        let Some(kind) = self.kind(identity) else {
            return;
        };
        let eventful = outcome != Some(Outcome::Unchanged);
        let errorful = outcome.is_none();
        kind.checks[usize::from(apply)][usize::from(eventful)][usize::from(errorful)].inc();
        for (durations, duration) in [
            (&self.families.check_duration, elapsed),
            (&self.families.pass_duration, since_ready),
        ] {
            let durations = durations.get_or_create(&kind.label);
            durations.observe(duration.as_secs_f64());
        }
    }

    /// What is wrong with a resource has become another.
    pub(crate) fn failing(
        &self,
        identity: &Identity,
        before: Option<Failure>,
        now: Option<Failure>,
    ) {
        let Some(kind) = self.kind(identity) else {
            return;
        };
        if before == now {
            return;
        }
        if let Some(failure) = before {
            kind.failures[failure as usize].dec();
        }
        if let Some(failure) = now {
            kind.failures[failure as usize].inc();
            kind.failures_total[failure as usize].inc();
        }
    }

    /// A graph took over.
    pub(crate) fn switched(&self, edges: usize) {
        let all = &self.families;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        all.graph_start.set(now.unwrap_or_default().as_secs_f64());
        all.edges.set(edges.try_into().unwrap_or(i64::MAX));
        all.switches.inc();
    }

    /// A graph could not take over.
    pub(crate) fn rejected(&self) {
        self.families.rejections.inc();
    }

    /// A step of a switch is done.
    pub(crate) fn step(&self, step: Step, elapsed: Duration) {
        let steps = &self.families.steps;
        steps
            .get_or_create(&StepLabel { step: step.name() })
            .observe(elapsed.as_secs_f64());
    }

    /// What the summary says.
    pub(crate) fn status(&self, status: &EngineStatus) {
        let all = &self.families;
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        all.vertices.set(count(status.vertices));
        all.converged.set(status.converged.into());
        all.busy.set(count(status.busy));
        all.running.set(count(status.running));
        all.paused.set(status.paused.into());
    }
}

/// What comes and goes of one kind, for tests.
#[cfg(test)]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Gauges {
    pub(crate) resources: i64,
    pub(crate) blocked: i64,
    pub(crate) soft: i64,
    pub(crate) hard: i64,
}

#[cfg(test)]
impl Metrics {
    pub(crate) fn gauges(&self, kind: &str) -> Option<Gauges> {
        let kind = self.kinds.get(kind)?;
        Some(Gauges {
            resources: kind.resources.get(),
            blocked: kind.blocked.get(),
            soft: kind.failures[Failure::Soft as usize].get(),
            hard: kind.failures[Failure::Hard as usize].get(),
        })
    }
}

impl Families {
    /// The counters of one kind, all there from the start so that a rate is right from the first change on.
    fn kind(&self, kind: &'static str) -> KindMetrics {
        let label = KindLabel { kind };
        let checks = [false, true].map(|apply| {
            [false, true].map(|eventful| {
                [false, true].map(|errorful| {
                    self.checks.get_or_create_owned(&CheckLabels {
                        kind,
                        apply,
                        eventful,
                        errorful,
                    })
                })
            })
        });
        let failures = ["soft", "hard"].map(|failure| FailureLabels { kind, failure });
        KindMetrics {
            resources: self.resources.get_or_create_owned(&label),
            blocked: self.blocked.get_or_create_owned(&label),
            checks,
            events: self.events.get_or_create_owned(&label),
            failures_total: failures
                .each_ref()
                .map(|labels| self.failures_total.get_or_create_owned(labels)),
            failures: failures
                .each_ref()
                .map(|labels| self.failures.get_or_create_owned(labels)),
            label,
        }
    }
}
