//! What is known of the run: the present state of every resource, and the recent past.

mod details;
mod events;
mod tell;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use mgmt_compiler::graph::Identity;
use mgmt_compiler::redact::Masked;
use mgmt_stdlib::catalog::Catalog;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::watch;

use super::About;
use super::edges::Edges;
use super::feed::Feed;
use super::history::History;
use super::places::Places;
use super::shapes::{
    Graph, Live, LogEntry, Member, Milliseconds, Problem, Resource, State, Status, Summary,
    WaitsFor,
};
use crate::engine::{
    EngineStatus, Observation, RunningGraph, RunningVertex, VertexState, VertexStatus,
};
use crate::frontend::SourcedGraph;
use crate::resource::{Outcome, Registry};

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
    error: Option<Masked>,
}

impl Vertex {
    fn new(running: RunningVertex) -> Self {
        Self {
            running,
            state: State::Waiting,
            waits_for: None,
            error: None,
        }
    }
}

/// A resource, which may run as a part of another one.
#[derive(Debug, Default)]
struct Part {
    /// The vertex.
    number: u32,
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
    parts: FxHashMap<Identity, Part>,
    states: BTreeMap<State, usize>,
    declared: Option<SourcedGraph>,
    places: Places,
    edges: Edges,
    log: VecDeque<LogEntry>,
    /// The pass with remembered changes, the oldest first, and how much they hold.
    remembered: VecDeque<(Identity, u64, usize)>,
    remembered_bytes: usize,
    /// What was not told yet: how these are now, ...
    dirty: FxHashSet<u32>,
    /// ... what these are, ...
    altered: FxHashSet<u32>,
    /// ... that these are gone, ...
    gone: Vec<u32>,
    /// ... that there is another graph, ...
    is_new: bool,
    /// ... and what happened.
    unlogged: Vec<LogEntry>,
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
            parts: FxHashMap::default(),
            states: BTreeMap::new(),
            declared: None,
            places: Places::default(),
            edges: Edges::default(),
            log: VecDeque::new(),
            remembered: VecDeque::new(),
            remembered_bytes: 0,
            dirty: FxHashSet::default(),
            altered: FxHashSet::default(),
            gone: Vec::new(),
            is_new: false,
            unlogged: Vec::new(),
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
        for identity in self.places.update(&declared) {
            self.altered.extend(self.number(&identity));
        }
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
            let error = status.error.as_deref().map(Masked::from);
            if (vertex.state, vertex.waits_for) != (state, waits_for) || vertex.error != error {
                if let Some(count) = self.states.get_mut(&vertex.state) {
                    *count -= 1;
                }
                *self.states.entry(state).or_default() += 1;
                vertex.state = state;
                vertex.waits_for = waits_for;
                vertex.error = error;
                self.dirty.insert(status.number);
            }
        }
    }

    /// What is known of a resource stays known if another one of its name takes its place, alone or as a part of
    /// another.
    fn take_graph(&mut self, graph: RunningGraph) {
        let numbers: FxHashSet<u32> = graph.vertices.iter().map(|each| each.number).collect();
        // Those that may be a part of nothing any more.
        let mut left: Vec<(Identity, u32)> = Vec::new();
        let mut leave = |running: &RunningVertex| {
            let parts = running.parts().map(|part| part.identity.clone());
            left.extend(parts.map(|identity| (identity, running.number)));
        };
        self.vertices.retain(|number, vertex| {
            let stays = numbers.contains(number);
            if !stays {
                leave(&vertex.running);
                self.gone.push(*number);
            }
            stays
        });
        for running in &graph.vertices {
            match self.vertices.get_mut(&running.number) {
                Some(vertex) if vertex.running.looks_like(running) => {
                    vertex.running = running.clone();
                    continue;
                }
                Some(vertex) => {
                    leave(&vertex.running);
                    vertex.running = running.clone();
                }
                None => {
                    let vertex = Vertex::new(running.clone());
                    self.vertices.insert(running.number, vertex);
                }
            }
            self.altered.insert(running.number);
        }
        for number in &self.altered {
            let Some(vertex) = self.vertices.get(number) else {
                continue;
            };
            for part in vertex.running.parts() {
                // Hidden ones may share an identity with another one.
                if !part.meta.hidden || !self.parts.contains_key(&part.identity) {
                    self.parts.entry(part.identity.clone()).or_default().number = *number;
                }
            }
        }
        for (identity, number) in left {
            let vertex = self.vertices.get(&number);
            let is_part = vertex.is_some_and(|vertex| {
                let mut parts = vertex.running.parts();
                parts.any(|part| part.identity == identity)
            });
            if !is_part && self.number(&identity) == Some(number) {
                self.parts.remove(&identity);
            }
        }
        self.remembered.retain(|(identity, _, bytes)| {
            let stays = self.parts.contains_key(identity);
            self.remembered_bytes -= if stays { 0 } else { *bytes };
            stays
        });
        self.states.clear();
        for vertex in self.vertices.values() {
            *self.states.entry(vertex.state).or_default() += 1;
        }
        self.graph = graph;
        self.is_new = true;
    }

    /// The vertex that a resource is, or is a part of.
    fn number(&self, identity: &Identity) -> Option<u32> {
        self.parts.get(identity).map(|part| part.number)
    }

    /// The run has ended.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    fn summary(&self) -> Summary {
        let engine = &self.engine;
        Summary {
            hostname: self.about.hostname.to_string(),
            version: self.about.version.to_string(),
            program: self.about.program.clone(),
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
                name: identity.shown_name(),
                place: self.places.get(identity),
                state: vertex.state,
                error: vertex.error.clone(),
            }
        });
        Status {
            summary: self.summary(),
            now,
            problems: problems.collect(),
        }
    }

    pub(super) fn graph(&mut self, now: Milliseconds) -> Graph {
        // What follows `event` begins where this ends.
        self.tell(self.engine, now);
        Graph {
            status: self.status(now),
            event: self.feed.cursor().to_string(),
            resources: self
                .vertices
                .values()
                .map(|vertex| self.shown(vertex))
                .collect(),
            edges: self.edges.of(&self.graph),
        }
    }

    fn shown(&self, vertex: &Vertex) -> Resource {
        let declared = &vertex.running.declared;
        let members = vertex.running.members.iter().map(|member| Member {
            kind: member.identity.kind.to_string(),
            name: member.identity.shown_name(),
            place: self.places.get(&member.identity),
        });
        Resource {
            id: vertex.running.number,
            kind: declared.identity.kind.to_string(),
            name: declared.identity.shown_name(),
            place: self.places.get(&declared.identity),
            noop: declared.meta.noop,
            hidden: declared.meta.hidden,
            reversal: vertex.running.reversal,
            members: members.collect(),
            live: self.live(vertex),
        }
    }

    fn live(&self, vertex: &Vertex) -> Live {
        self.live_of(vertex, &vertex.running.declared.identity)
    }

    /// How a part of a vertex is.
    fn live_of(&self, vertex: &Vertex, part: &Identity) -> Live {
        let nothing = History::default();
        let part = self.parts.get(part);
        let history = part.map_or(&nothing, |part| &part.history);
        Live {
            state: vertex.state,
            waits_for: vertex.waits_for,
            error: vertex.error.clone(),
            checks: history.checks,
            changes: history.changes,
            failures: history.failures,
            last_check: history.last_check,
            last_change: history.last_change,
            timing: history.timing(),
        }
    }
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
