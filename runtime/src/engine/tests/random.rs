//! Random graphs under random weather: the invariants of engine.md §12 on the state machine alone, without
//! tasks, so that thousands of graphs take seconds.
//!
//! [`Simulation`] plays the driver and the resources. It keeps its own, simpler account of what happened,
//! and compares at every step.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use mgmt_compiler::graph::{Identity, ResourceGraph};
use mgmt_stdlib::resource::Meta;
use mgmt_stdlib::value::Value;
use proptest::prelude::*;
use proptest::test_runner::TestRng;

use super::fake::{Fake, Graph, World, services};
use crate::engine::commit::{NewObject, Target};
use crate::engine::core::{CheckRequest, CheckResult, Command, Core};
use crate::engine::metrics::{Gauges, Metrics};
use crate::engine::prepare::{Overrides, Prepared, Preparer};
use crate::engine::scheduler::VertexId;
use crate::engine::status::EngineEvent;
use crate::resource::{Outcome, Registry, ResourceError};

const SEMAPHORES: [(&str, usize); 3] = [("a", 1), ("b:2", 2), ("c", 1)];

/// How long everything has to be idle to be converged.
const IDLE: Duration = Duration::from_millis(500);

/// What happens at some instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    WatchEvent(VertexId, u32),
    WatchFails(VertexId, u32),
    CheckEnds(VertexId, u64),
    Outside,
    Switch,
}

/// The account of one vertex.
#[derive(Debug, Default)]
struct Account {
    name: String,
    incarnation: u32,
    /// Whether the engine still wants its watch.
    watching: bool,
    listening: bool,
    failed: bool,
    /// Number of the running call.
    running: Option<u64>,
    refresh: bool,
    cancelled: bool,
    /// Accepted events that no later call has answered.
    unanswered: bool,
    /// Was an event accepted while the call was running?
    again: bool,
    /// Notifications that the running call serves.
    serving: BTreeSet<String>,
    failures: usize,
    meta: Meta,
    sent: Option<String>,
}

struct Simulation {
    core: Core,
    now: Duration,
    random: TestRng,
    sequence: u64,
    queue: BinaryHeap<Reverse<(Duration, u64, Happening)>>,
    accounts: BTreeMap<VertexId, Account>,
    world: Arc<World>,
    registry: Arc<Registry>,
    preparer: Preparer,
    parents: BTreeMap<String, BTreeSet<String>>,
    notifies: BTreeSet<(String, String)>,
    receives: BTreeMap<String, String>,
    /// Raised, and not yet served by a call that began afterwards.
    raised: BTreeSet<(String, String)>,
    /// Raised for a hidden child, which serves it unseen when its turn comes.
    uncertain: BTreeSet<(String, String)>,
    held: Vec<(VertexId, u32)>,
    switching: Option<ResourceGraph>,
    /// When anything happened that restarts the idle clock.
    active: Duration,
    calls: usize,
    inputs: usize,
    size: usize,
    calm: bool,
}

impl Simulation {
    fn new(random: TestRng) -> Self {
        let mut registry = Registry::default();
        registry.add::<Fake>();
        let registry = Arc::new(registry);
        let services = services(Path::new("/nonexistent"));
        let metrics = Arc::new(Metrics::new(registry.kinds()));
        let preparer = Preparer::new(Arc::clone(&registry), services, Arc::clone(&metrics));
        let mut core = Core::new(Some(IDLE), metrics);
        core.resume(false, Duration::ZERO);
        Self {
            core,
            now: Duration::ZERO,
            random,
            sequence: 0,
            queue: BinaryHeap::new(),
            accounts: BTreeMap::new(),
            world: World::new(),
            preparer,
            registry,
            parents: BTreeMap::new(),
            notifies: BTreeSet::new(),
            receives: BTreeMap::new(),
            raised: BTreeSet::new(),
            uncertain: BTreeSet::new(),
            held: Vec::new(),
            switching: None,
            active: Duration::ZERO,
            calls: 0,
            inputs: 0,
            size: 0,
            calm: false,
        }
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.random.random_range(0..100) < percent
    }

    fn pick(&mut self, below: usize) -> usize {
        self.random.random_range(0..below)
    }

    fn later(&mut self, most: u64, happening: Happening) {
        let at = self.now + Duration::from_millis(self.random.random_range(0..=most));
        self.sequence += 1;
        self.queue.push(Reverse((at, self.sequence, happening)));
    }

    fn graph(&mut self) -> ResourceGraph {
        let count = 1 + self.pick(9);
        let mut graph = Graph::new(&self.world);
        let names: Vec<String> = (0..count).map(|at| format!("v{at}")).collect();
        let mut edges = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let meta = self.meta();
            let text = ["p", "q"][usize::from(self.chance(20))];
            let mut senders = Vec::new();
            for former in &names[..at] {
                if self.chance(25) {
                    edges.push((former.clone(), name.clone(), self.chance(40)));
                    let hidden = graph
                        .graph
                        .find(&Identity::new("fake", former.as_str()))
                        .is_none();
                    if senders.is_empty() && !hidden && self.chance(40) {
                        senders.push(former.as_str());
                    }
                }
            }
            graph = graph.receiver(name, text, meta, &senders);
        }
        for (from, to, notify) in edges {
            graph = if notify {
                graph.notify(&from, &to)
            } else {
                graph.edge(&from, &to)
            };
        }
        graph.graph
    }

    fn meta(&mut self) -> Meta {
        let mut meta = Meta::default();
        if self.chance(60) {
            meta.retry = [-1, 1, 2][self.pick(3)];
            meta.delay = [0, 5, 50][self.pick(3)];
        }
        meta.retryreset = self.chance(20);
        meta.noop = self.chance(5);
        meta.hidden = self.chance(5);
        meta.rewatch = self.chance(10);
        if self.chance(20) {
            meta.limit = 10.0;
            meta.burst = 2;
        }
        if self.chance(5) {
            meta.poll = -1;
        }
        for (id, _) in SEMAPHORES {
            if self.chance(15) {
                meta.sema.push(id.to_owned());
            }
        }
        meta
    }

    /// Lets time pass until `end`, or until nothing happens any more.
    fn run(&mut self, end: Duration) {
        loop {
            self.obey();
            self.switch();
            let next = self.queue.peek().map(|Reverse((at, ..))| *at);
            let next = match (next, self.core.deadline()) {
                (Some(a), Some(b)) => a.min(b),
                (a, b) => match a.or(b) {
                    Some(at) => at,
                    None => return,
                },
            };
            if next > end {
                return;
            }
            self.now = self.now.max(next);
            self.core.advance(self.now);
            self.obey();
            if let Some(Reverse((at, ..))) = self.queue.peek()
                && *at <= self.now
                && let Some(Reverse((_, _, happening))) = self.queue.pop()
            {
                self.happen(happening);
            }
            assert!(self.calls <= 50 * (self.inputs + self.size + 1) * (self.size + 1));
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::WatchEvent(vertex, incarnation) => {
                let wanted =
                    |account: &Account| account.incarnation == incarnation && account.watching;
                if self.accounts.get(&vertex).is_some_and(wanted) {
                    self.event(vertex, incarnation);
                }
            }
            Happening::WatchFails(vertex, incarnation) => {
                let Some(account) = self.accounts.get_mut(&vertex) else {
                    return;
                };
                if account.incarnation != incarnation || !account.watching {
                    return;
                }
                account.watching = false;
                account.listening = false;
                self.inputs += 1;
                self.held.retain(|held| held.0 != vertex);
                let error = Err(ResourceError::message("no more"));
                self.core.watch_ended(vertex, incarnation, error, self.now);
                self.obey();
                let told = |account: &Account| account.running.is_none() || account.cancelled;
                assert!(self.accounts.get(&vertex).is_none_or(told), "L6");
            }
            Happening::CheckEnds(vertex, number) => {
                let current = |account: &Account| account.running == Some(number);
                if self.accounts.get(&vertex).is_some_and(current) {
                    self.check_ends(vertex);
                }
            }
            Happening::Outside => {
                let listening: Vec<_> = self
                    .accounts
                    .iter()
                    .filter(|(_, account)| account.listening && account.watching)
                    .map(|(vertex, account)| (*vertex, account.incarnation))
                    .collect();
                if !listening.is_empty() {
                    let (vertex, incarnation) = listening[self.pick(listening.len())];
                    self.event(vertex, incarnation);
                }
            }
            Happening::Switch => {
                if self.switching.is_none() {
                    let fast = self.chance(50);
                    let graph = self.graph();
                    self.switching = Some(graph);
                    self.core.pause(fast, self.now);
                }
            }
        }
    }

    fn event(&mut self, vertex: VertexId, incarnation: u32) {
        if self.core.watch_event(vertex, incarnation, self.now) {
            self.inputs += 1;
            if let Some(account) = self.accounts.get_mut(&vertex) {
                account.listening = true;
                account.unanswered = true;
                account.again = account.running.is_some();
            }
            self.obey();
        } else if !self.held.contains(&(vertex, incarnation)) {
            self.held.push((vertex, incarnation));
        }
    }

    fn check_ends(&mut self, vertex: VertexId) {
        let fails = !self.calm && self.chance(15);
        let changes = self.chance(50);
        let account = self.accounts.get_mut(&vertex).expect("it is running");
        account.running = None;
        let serving = std::mem::take(&mut account.serving);
        let name = account.name.clone();
        let outcome = if account.cancelled {
            Err(ResourceError::Cancelled)
        } else if fails {
            account.failures += 1;
            Err(ResourceError::message("no"))
        } else if changes || account.refresh {
            Ok(Outcome::Changed)
        } else {
            Ok(Outcome::Unchanged)
        };
        if !matches!(
            outcome,
            Ok(Outcome::Unchanged) | Err(ResourceError::Cancelled)
        ) {
            self.active = self.now;
        }
        let noop = account.meta.noop;
        let mut sent = None;
        if let Ok(outcome) = outcome {
            account.failures = 0;
            account.unanswered = account.again;
            let value = format!("x{}", self.calls % 3);
            account.sent = Some(value.clone());
            sent = Some(vec![("out", Some(Value::str(value.as_str())))]);
            for parent in serving {
                if !noop {
                    self.raised.remove(&(parent, name.clone()));
                }
            }
            if outcome == Outcome::Changed && !noop {
                let mine: Vec<(String, String)> = self
                    .notifies
                    .iter()
                    .filter(|(from, _)| *from == name)
                    .cloned()
                    .collect();
                let (uncertain, mine): (Vec<_>, Vec<_>) = mine
                    .into_iter()
                    .partition(|(_, child)| self.is_hidden(child));
                self.uncertain.extend(uncertain);
                for (_, child) in &mine {
                    // A call that runs already does not serve what is raised now.
                    for other in self.accounts.values_mut() {
                        if other.name == *child {
                            other.serving.remove(&name);
                        }
                    }
                }
                self.raised.extend(mine);
            }
        }
        self.core.check_ended(
            vertex,
            CheckResult {
                changes_of_members: Vec::new(),
                outcome,
                sent,
                sent_by_members: Vec::new(),
                changes: Vec::new(),
            },
            self.now,
        );
    }

    /// Does what the state machine wants, as the driver would, and checks that it may.
    fn obey(&mut self) {
        for command in self.core.take_commands() {
            match command {
                Command::StartWatch {
                    vertex,
                    incarnation,
                } => {
                    let account = self.accounts.get_mut(&vertex).expect("it is in the graph");
                    assert!(!account.watching, "one watch at a time");
                    assert_eq!(
                        account.running, None,
                        "no call overlaps with a restart (L6)"
                    );
                    account.incarnation = incarnation;
                    account.watching = true;
                    self.active = self.now;
                    account.listening = false;
                    let fails = !self.calm && self.chance(10);
                    let happening = if fails {
                        Happening::WatchFails(vertex, incarnation)
                    } else {
                        Happening::WatchEvent(vertex, incarnation)
                    };
                    self.later(20, happening);
                    if !self.calm && self.chance(5) {
                        self.later(2_000, Happening::WatchFails(vertex, incarnation));
                    }
                }
                Command::StopWatch(vertex) => {
                    let Some(account) = self.accounts.get_mut(&vertex) else {
                        continue;
                    };
                    account.watching = false;
                    account.listening = false;
                    let incarnation = account.incarnation;
                    self.held.retain(|held| held.0 != vertex);
                    self.core.watch_ended(vertex, incarnation, Ok(()), self.now);
                }
                Command::Check(vertex, request) => self.check_starts(vertex, &request),
                Command::CancelCheck(vertex) => {
                    let account = self.accounts.get_mut(&vertex).expect("it is running");
                    account.cancelled = true;
                    if let Some(number) = account.running {
                        self.later(3, Happening::CheckEnds(vertex, number));
                    }
                }
                Command::Event(EngineEvent::Failed { identity, .. }) => {
                    let account = self
                        .accounts
                        .values_mut()
                        .find(|account| account.name == identity.name.as_str())
                        .expect("it is in the graph");
                    account.failed = true;
                }
                Command::Event(EngineEvent::Converged(true)) => {
                    assert!(self.now >= self.active + IDLE, "T17: {:?}", self.active);
                    assert!(
                        self.accounts.values().all(|each| each.running.is_none()),
                        "T17"
                    );
                }
                Command::Raise { .. } | Command::Served { .. } | Command::Event(_) => {}
            }
        }
    }

    fn check_starts(&mut self, vertex: VertexId, request: &CheckRequest) {
        self.calls += 1;
        assert!(
            self.core.mode() != crate::engine::core::Mode::Paused,
            "T9: nothing runs while paused"
        );
        let name = self.accounts[&vertex].name.clone();
        let mut ancestors: Vec<&String> = self.parents[&name].iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(ancestor) = ancestors.pop() {
            if !seen.insert(ancestor) {
                continue;
            }
            ancestors.extend(&self.parents[ancestor]);
            let account = self
                .accounts
                .values()
                .find(|account| account.name == *ancestor)
                .expect("it is in the graph");
            assert_eq!(account.running, None, "T1: {ancestor} runs before {name}");
            assert!(!account.failed, "G3: {ancestor} failed before {name}");
            let unmet = account.unanswered && !account.meta.hidden;
            assert!(!unmet, "T1: {ancestor} has to run before {name}");
        }
        let serving = self
            .raised
            .iter()
            .filter(|(_, child)| *child == name)
            .map(|(parent, _)| parent.clone())
            .collect::<BTreeSet<_>>();
        if request.refresh {
            let unserved = self.uncertain.iter().any(|(_, child)| *child == name);
            assert!(unserved || !serving.is_empty(), "nobody notified {name}");
        } else {
            assert!(serving.is_empty(), "T5: {name} was notified by {serving:?}");
        }
        let account = self.accounts.get_mut(&vertex).expect("it is in the graph");
        assert_eq!(account.running, None, "T1: two calls of {name} at once");
        assert!(!account.failed && !account.meta.hidden);
        let listens = account.listening || account.meta.poll != 0;
        assert!(listens, "T2: {name} is not watched yet");
        assert_eq!(request.apply, !account.meta.noop);
        account.running = Some(self.sequence);
        account.again = false;
        account.cancelled = false;
        account.refresh = request.refresh;
        account.serving = serving;
        let number = self.sequence;
        for (id, count) in SEMAPHORES {
            let holders = self
                .accounts
                .values()
                .filter(|account| account.running.is_some())
                .filter(|account| account.meta.sema.iter().any(|held| held == id))
                .count();
            assert!(holders <= count, "T8: {holders} hold {id}");
        }
        let latency = [10, 60, 300][self.pick(3)];
        self.later(latency, Happening::CheckEnds(vertex, number));
    }

    fn switch(&mut self) {
        if self.switching.is_none() || !self.core.is_quiescent() {
            return;
        }
        let Some(graph) = self.switching.take() else {
            return;
        };
        assert!(
            self.accounts.values().all(|each| each.running.is_none()),
            "T9"
        );
        self.core.paused();
        let prepared = self
            .preparer
            .prepare(&graph, Overrides::default())
            .now_or_never()
            .expect("fakes answer at once")
            .expect("a good graph");
        // T12: now and then one is rejected at the last moment; everybody goes on as if nothing had been.
        let accepted = self.accounts.is_empty() || !self.chance(20);
        if accepted {
            self.commit(prepared);
        } else {
            self.core.plan(&prepared);
        }
        self.active = self.now;
        self.core.resume(accepted, self.now);
        self.obey();
        let held = std::mem::take(&mut self.held);
        for (vertex, incarnation) in held {
            self.event(vertex, incarnation);
        }
    }

    fn commit(&mut self, prepared: Prepared) {
        let plan = self.core.plan(&prepared);
        for vertex in &plan.removed {
            self.accounts.remove(vertex);
            self.held.retain(|held| held.0 != *vertex);
        }
        let mut objects = Vec::new();
        let mut new = Vec::new();
        for (vertex, target) in prepared.vertices.iter().zip(&plan.targets) {
            let resource = &vertex.declared;
            match target {
                Target::Keep(vertex) => {
                    let kept = self.core.vertex(*vertex).expect("it is kept");
                    assert_eq!(kept.declared.differs(resource), None, "T10");
                }
                Target::Add { .. } => {
                    let made = self
                        .registry
                        .create(&resource.identity.name, &*resource.params);
                    objects.push(NewObject {
                        resource: made.expect("a fake").into(),
                        refreshable: true,
                    });
                    new.push(resource.clone());
                }
            }
        }
        self.size = prepared.vertices.len();
        self.inputs += self.size;
        let resources: Vec<_> = prepared
            .vertices
            .iter()
            .map(|each| &each.declared)
            .collect();
        self.parents = resources
            .iter()
            .map(|each| (each.identity.name.to_string(), BTreeSet::new()))
            .collect();
        let name = |at: usize| prepared.vertices[at].identity().name.to_string();
        self.notifies.clear();
        for edge in &prepared.edges {
            let (from, to) = (name(edge.from), name(edge.to));
            self.parents
                .entry(to.clone())
                .or_default()
                .insert(from.clone());
            if edge.notify {
                self.notifies.insert((from, to));
            }
        }
        let hidden: BTreeSet<String> = resources
            .iter()
            .filter(|each| each.meta.hidden)
            .map(|each| each.identity.name.to_string())
            .collect();
        let (uncertain, raised) = std::mem::take(&mut self.raised)
            .into_iter()
            .filter(|pair| self.notifies.contains(pair))
            .partition(|(_, child)| hidden.contains(child));
        self.raised = raised;
        self.uncertain.extend::<BTreeSet<_>>(uncertain);
        self.receives = resources
            .iter()
            .filter_map(|each| {
                let sender = each.receives.first()?.sender.name.to_string();
                Some((each.identity.name.to_string(), sender))
            })
            .collect();
        let added = self.core.commit(prepared, &plan, objects, |_, _| false);
        for (vertex, resource) in added.into_iter().zip(new) {
            let account = Account {
                name: resource.identity.name.to_string(),
                meta: resource.meta.clone(),
                unanswered: true,
                ..Account::default()
            };
            self.accounts.insert(vertex, account);
        }
    }

    fn is_hidden(&self, name: &str) -> bool {
        self.accounts
            .values()
            .any(|account| account.name == name && account.meta.hidden)
    }

    /// At rest everybody who can has done everything.
    fn check_rest(&self) {
        let scheduler = &self.core.scheduler;
        assert_eq!(scheduler.busy(), 0, "T3: {:?}", self.core.snapshot());
        assert_eq!(self.core.semaphores.len(), 0, "H2");
        for (vertex, account) in &self.accounts {
            let name = &account.name;
            let stuck = scheduler.is_failed(*vertex) || scheduler.is_blocked_for_good(*vertex);
            assert_eq!(account.failed, scheduler.is_failed(*vertex));
            if stuck {
                continue;
            }
            assert!(scheduler.is_settled(*vertex), "T3: {name} is not settled");
            if account.meta.hidden {
                continue;
            }
            assert!(!account.unanswered, "T4: an event of {name} is lost");
            if !account.meta.noop {
                let lost = self.raised.iter().find(|(_, child)| child == name);
                assert_eq!(lost, None, "T5: a notification is lost");
            }
            if let Some(sender) = self.receives.get(name) {
                let sent = self
                    .accounts
                    .values()
                    .find(|account| account.name == *sender)
                    .and_then(|account| account.sent.clone());
                let vertex = self.core.vertex(*vertex).expect("it is in the graph");
                let text = vertex.params.get("text");
                let text =
                    text.and_then(|text| Some(text.as_str()?.to_string_lossy().into_owned()));
                assert_eq!(text, sent, "T6: {name} holds what {sender} sent last");
            }
        }
        assert!(self.core.converger.converged(), "T17");
        self.check_metrics();
    }

    /// What comes and goes in the metrics is what a recount finds (engine.md 7.1.4).
    fn check_metrics(&self) {
        let scheduler = &self.core.scheduler;
        let managed = self.accounts.values().filter(|each| !each.meta.hidden);
        let failing = self.core.snapshot();
        let failing = failing.iter().filter(|each| each.error.is_some()).count();
        let recount = Gauges {
            resources: managed.count() as i64,
            blocked: scheduler.blocked() as i64,
            soft: (failing - scheduler.failed()) as i64,
            hard: scheduler.failed() as i64,
        };
        assert_eq!(self.core.metrics.gauges("fake"), Some(recount));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// T1 to T6, T8 to T10, T12, T15, T17.
    #[test]
    fn every_rule_holds_in_random_graphs(seed in any::<[u8; 32]>()) {
        let random = TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &seed);
        let mut simulation = Simulation::new(random);
        simulation.happen(Happening::Switch);
        let storm = [3, 12, 200][simulation.pick(3)];
        for _ in 0..simulation.pick(storm) {
            simulation.later(3_000, Happening::Outside);
        }
        for _ in 0..simulation.pick(4) {
            simulation.later(2_000, Happening::Switch);
        }
        simulation.run(Duration::from_secs(4));
        // From now on nothing fails, so everything comes to rest.
        simulation.calm = true;
        simulation.run(Duration::from_secs(600));
        simulation.check_rest();
    }
}
