//! What is known of the run: the present state of every resource, and the recent past.

mod details;
mod events;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use mgmt_compiler::graph::Identity;
use mgmt_stdlib::catalog::Catalog;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use serde_json::json;
use tokio::sync::watch;

use super::About;
use super::edges::Reasons;
use super::feed::Feed;
use super::history::History;
use super::places::Places;
use super::shapes::{
    Changed, Graph, Live, LogEntry, Member, Milliseconds, Problem, Resource, State, Status,
    Summary, WaitsFor,
};
use crate::engine::{
    EngineStatus, Observation, RunningGraph, RunningVertex, VertexState, VertexStatus,
};
use crate::frontend::SourcedGraph;
use crate::resource::{Outcome, Registry};

/// So much of the log is kept.
const LOG: usize = 2000;
/// So many resources that do not go well are named.
const PROBLEMS: usize = 100;
/// All changes of all resources that are remembered hold at most so many bytes.
const CHANGES: usize = 16 * 1024 * 1024;

/// What is known of one vertex.
#[derive(Debug)]
struct Vertex {
    running: RunningVertex,
    state: State,
    waits_for: Option<WaitsFor>,
    error: Option<Arc<str>>,
    history: History,
}

/// What is known of the run.
#[derive(Debug)]
pub(super) struct Model {
    about: About,
    registry: Registry,
    catalog: Arc<Catalog>,
    started: Milliseconds,
    feed: Feed,
    engine: EngineStatus,
    ended: bool,
    graph: RunningGraph,
    /// By number, so that those who came first are first.
    vertices: BTreeMap<u32, Vertex>,
    /// Also of members.
    index: FxHashMap<Identity, u32>,
    states: BTreeMap<State, usize>,
    declared: Option<SourcedGraph>,
    places: Places,
    reasons: Reasons,
    log: VecDeque<LogEntry>,
    /// The pass with remembered changes, the oldest first, and how much they hold.
    remembered: VecDeque<(u32, u64, usize)>,
    remembered_bytes: usize,
    /// What was not told yet.
    dirty: FxHashSet<u32>,
    unlogged: Vec<LogEntry>,
    is_new: bool,
    told: Option<Summary>,
}

impl Model {
    pub(super) fn new(
        about: About,
        registry: Registry,
        catalog: Arc<Catalog>,
        started: Milliseconds,
        newest: watch::Sender<u64>,
    ) -> Self {
        Self {
            about,
            registry,
            catalog,
            started,
            feed: Feed::new(started, newest),
            engine: EngineStatus::default(),
            ended: false,
            graph: RunningGraph {
                generation: 0,
                vertices: Vec::new(),
                edges: Vec::new(),
            },
            vertices: BTreeMap::new(),
            index: FxHashMap::default(),
            states: BTreeMap::new(),
            declared: None,
            places: Places::default(),
            reasons: Reasons::default(),
            log: VecDeque::new(),
            remembered: VecDeque::new(),
            remembered_bytes: 0,
            dirty: FxHashSet::default(),
            unlogged: Vec::new(),
            is_new: false,
            told: None,
        }
    }

    pub(super) fn feed(&self) -> &Feed {
        &self.feed
    }

    pub(super) fn log(&self) -> Vec<LogEntry> {
        self.log.iter().cloned().collect()
    }

    /// The graph that was seen last.
    pub(super) fn generation(&self) -> u64 {
        self.graph.generation
    }

    /// Where the resources of the newest graph stand, and its edges.
    pub(super) fn declare(&mut self, declared: SourcedGraph) {
        self.places = Places::of(&declared);
        self.reasons = Reasons::of(&self.graph, Some(&declared.graph));
        self.declared = Some(declared);
        self.is_new = true;
    }

    /// Takes in what the engine says.
    pub(super) fn observed(&mut self, observation: Observation) {
        self.engine = observation.status;
        if let Some(graph) = observation.graph {
            self.take_graph(graph);
        }
        for status in observation.vertices {
            let Some(vertex) = self.vertices.get_mut(&status.number) else {
                continue;
            };
            let (state, waits_for) = state(&status, vertex.running.declared.meta.noop);
            if (vertex.state, vertex.waits_for) != (state, waits_for)
                || vertex.error != status.error
            {
                if let Some(count) = self.states.get_mut(&vertex.state) {
                    *count -= 1;
                }
                *self.states.entry(state).or_default() += 1;
                vertex.state = state;
                vertex.waits_for = waits_for;
                vertex.error = status.error;
                self.dirty.insert(status.number);
            }
        }
    }

    /// What is known of a resource stays known if another one of its name takes its place.
    fn take_graph(&mut self, graph: RunningGraph) {
        let mut former: FxHashMap<Identity, (u32, History)> = FxHashMap::default();
        let mut same: FxHashMap<u32, Vertex> = FxHashMap::default();
        for (number, vertex) in std::mem::take(&mut self.vertices) {
            same.insert(number, vertex);
        }
        let numbers: FxHashSet<u32> = graph.vertices.iter().map(|each| each.number).collect();
        let gone: Vec<u32> = same
            .keys()
            .filter(|number| !numbers.contains(number))
            .copied()
            .collect();
        for number in gone {
            if let Some(vertex) = same.remove(&number) {
                let identity = vertex.running.declared.identity.clone();
                former.insert(identity, (number, vertex.history));
            }
        }
        let mut renamed: FxHashMap<u32, u32> = FxHashMap::default();
        self.index.clear();
        for running in &graph.vertices {
            let number = running.number;
            for part in std::iter::once(&running.declared).chain(&running.members) {
                if !part.meta.hidden || !self.index.contains_key(&part.identity) {
                    self.index.insert(part.identity.clone(), number);
                }
            }
            let vertex = match same.remove(&number) {
                Some(vertex) => Vertex {
                    running: running.clone(),
                    ..vertex
                },
                None => Vertex {
                    running: running.clone(),
                    state: State::Waiting,
                    waits_for: None,
                    error: None,
                    history: match former.remove(&running.declared.identity) {
                        Some((old, history)) => {
                            renamed.insert(old, number);
                            history
                        }
                        None => History::default(),
                    },
                },
            };
            self.vertices.insert(number, vertex);
        }
        self.remembered.retain_mut(|(number, _, bytes)| {
            let present = renamed.get(number).copied().unwrap_or(*number);
            let stays = self.vertices.contains_key(&present);
            self.remembered_bytes -= if stays { 0 } else { *bytes };
            *number = present;
            stays
        });
        self.states.clear();
        for vertex in self.vertices.values() {
            *self.states.entry(vertex.state).or_default() += 1;
        }
        let declared = self.declared.as_ref().map(|declared| &*declared.graph);
        self.reasons = Reasons::of(&graph, declared);
        self.graph = graph;
        self.dirty.clear();
        self.is_new = true;
    }

    /// The run has ended.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Tells readers what they were not told yet.
    pub(super) fn tell(&mut self, engine: EngineStatus, now: Milliseconds) {
        self.engine = engine;
        if std::mem::take(&mut self.is_new) {
            self.dirty.clear();
            let data = json!({"generation": self.graph.generation});
            self.feed.push("graph", data.to_string());
        }
        let summary = self.summary();
        if self.told.as_ref() != Some(&summary) {
            let status = Status {
                now,
                problems: Vec::new(),
                summary,
            };
            self.feed.push("status", text(&status));
            self.told = Some(status.summary);
        }
        if !self.dirty.is_empty() {
            let mut numbers: Vec<u32> = std::mem::take(&mut self.dirty).into_iter().collect();
            numbers.sort_unstable();
            let live: Vec<(u32, Live)> = numbers
                .into_iter()
                .filter_map(|number| Some((number, self.vertices.get(&number)?.live())))
                .collect();
            let changed: Vec<Changed<'_>> = live
                .iter()
                .map(|(id, live)| Changed { id: *id, live })
                .collect();
            let data = text(&Batch {
                now,
                resources: &changed,
            });
            self.feed.push("resources", data);
        }
        if !self.unlogged.is_empty() {
            let entries = std::mem::take(&mut self.unlogged);
            self.feed.push("log", text(&Entries { entries: &entries }));
            self.log.extend(entries);
            let surplus = self.log.len().saturating_sub(LOG);
            self.log.drain(..surplus);
        }
    }

    fn summary(&self) -> Summary {
        let engine = &self.engine;
        Summary {
            hostname: self.about.hostname.to_string(),
            version: self.about.version.to_owned(),
            program: self.about.program.to_string(),
            started: self.started,
            noop: self.about.noop,
            generation: self.graph.generation,
            resources: self.vertices.len(),
            states: self
                .states
                .iter()
                .filter(|(_, count)| **count > 0)
                .map(|(state, count)| (*state, *count))
                .collect(),
            settled: engine.busy == 0 && self.graph.generation > 0,
            converged: engine.converged,
            paused: engine.paused,
            ended: self.ended,
        }
    }

    pub(super) fn status(&self, now: Milliseconds) -> Status {
        let problem = |state| {
            matches!(
                state,
                State::Failed | State::Retrying | State::Differs | State::Blocked
            )
        };
        let mut problems: Vec<&Vertex> = self
            .vertices
            .values()
            .filter(|vertex| problem(vertex.state))
            .collect();
        // The worst first; what only waits for others last.
        problems.sort_by_key(|vertex| {
            (
                vertex.state == State::Blocked,
                std::cmp::Reverse(vertex.state),
            )
        });
        let problems = problems.into_iter().take(PROBLEMS).map(|vertex| {
            let identity = &vertex.running.declared.identity;
            Problem {
                kind: identity.kind.to_string(),
                name: identity.name.to_string(),
                place: self.places.get(identity),
                state: vertex.state,
                error: vertex.error.as_deref().map(str::to_owned),
            }
        });
        Status {
            summary: self.summary(),
            now,
            problems: problems.collect(),
        }
    }

    pub(super) fn graph(&self, now: Milliseconds) -> Graph {
        let edges = self.graph.edges.iter();
        Graph {
            status: self.status(now),
            event: self.feed.cursor().to_string(),
            resources: self
                .vertices
                .values()
                .map(|vertex| self.shown(vertex))
                .collect(),
            edges: edges.map(|edge| self.reasons.shown(edge)).collect(),
        }
    }

    fn shown(&self, vertex: &Vertex) -> Resource {
        let declared = &vertex.running.declared;
        let members = vertex.running.members.iter().map(|member| Member {
            kind: member.identity.kind.to_string(),
            name: member.identity.name.to_string(),
            place: self.places.get(&member.identity),
        });
        Resource {
            id: vertex.running.number,
            kind: declared.identity.kind.to_string(),
            name: declared.identity.name.to_string(),
            place: self.places.get(&declared.identity),
            noop: declared.meta.noop,
            hidden: declared.meta.hidden,
            reversal: vertex.running.reversal,
            members: members.collect(),
            live: vertex.live(),
        }
    }
}

impl Vertex {
    fn live(&self) -> Live {
        let history = &self.history;
        Live {
            state: self.state,
            waits_for: self.waits_for,
            error: self.error.as_deref().map(str::to_owned),
            checks: history.checks,
            changes: history.changes,
            failures: history.failures,
            last_check: history.last_check,
            last_change: history.last_change,
            timing: history.timing(),
        }
    }
}

#[derive(Serialize)]
struct Batch<'a> {
    now: Milliseconds,
    resources: &'a [Changed<'a>],
}

#[derive(Serialize)]
struct Entries<'a> {
    entries: &'a [LogEntry],
}

/// Our own shapes have string keys and no other way to fail.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("our shapes can be JSON")
}

fn state(status: &VertexStatus, noop: bool) -> (State, Option<WaitsFor>) {
    let waits = |reason| (State::Waiting, Some(reason));
    match status.state {
        VertexState::Failed => (State::Failed, None),
        VertexState::Running => (State::Checking, None),
        _ if status.blocked => (State::Blocked, None),
        VertexState::Backoff => (State::Retrying, None),
        VertexState::Parked => waits(WaitsFor::Watch),
        VertexState::Pending => waits(WaitsFor::Turn),
        VertexState::Blocked => waits(WaitsFor::Order),
        VertexState::Limited => waits(WaitsFor::Limit),
        VertexState::Waiting => waits(WaitsFor::Semaphore),
        VertexState::Idle if noop && status.outcome == Some(Outcome::Changed) => {
            (State::Differs, None)
        }
        VertexState::Idle => (State::Ok, None),
    }
}
