//! Plays the driver, the clock and the resources.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use mgmt_compiler::graph::ResourceGraph;
use mgmt_stdlib::value::Value;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::account::{Account, Reception};
use crate::engine::commit::{NewObject, Target};
use crate::engine::core::{CheckResult, Command, Core};
use crate::engine::metrics::Metrics;
use crate::engine::prepare::{Overrides, Prepared, Preparer};
use crate::engine::scheduler::VertexId;
use crate::engine::status::EngineEvent;
use crate::engine::tests::fake::{Fake, World, services};
use crate::resource::{Outcome, Registry, ResourceError};

pub(super) const SEMAPHORES: [(&str, usize); 3] = [("a", 1), ("b:2", 2), ("c", 1)];

/// How long calls take, in milliseconds.
const LATENCIES: [u64; 3] = [10, 60, 300];
pub(super) const LONGEST: Duration = Duration::from_millis(300);

/// How long everything has to be idle to be converged.
pub(super) const IDLE: Duration = Duration::from_millis(500);

/// What happens at some instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Happening {
    WatchEvent(VertexId, u32),
    WatchFails(VertexId, u32),
    CheckEnds(VertexId, u64),
    Outside,
    Switch,
    /// The pause has lasted long enough.
    Commit,
}

/// A graph on its way.
pub(super) struct Switch {
    graph: ResourceGraph,
    pub(super) fast: bool,
    began: Duration,
    /// Everybody rests.
    pub(super) paused: bool,
}

pub(super) struct Simulation {
    pub(super) core: Core,
    pub(super) now: Duration,
    pub(super) random: TestRng,
    sequence: u64,
    queue: BinaryHeap<Reverse<(Duration, u64, Happening)>>,
    pub(super) accounts: BTreeMap<VertexId, Account>,
    pub(super) world: Arc<World>,
    registry: Arc<Registry>,
    preparer: Preparer,
    pub(super) parents: BTreeMap<String, BTreeSet<String>>,
    pub(super) notifies: BTreeSet<(String, String)>,
    pub(super) receives: BTreeMap<String, String>,
    /// Raised, and not yet served by a call that began afterwards.
    pub(super) raised: BTreeSet<(String, String)>,
    /// Raised for a hidden child, which serves it unseen when its turn comes.
    pub(super) uncertain: BTreeSet<(String, String)>,
    held: Vec<(VertexId, u32)>,
    pub(super) switching: Option<Switch>,
    /// The graph that was committed last.
    pub(super) last: Option<ResourceGraph>,
    commits: usize,
    /// When anything happened that restarts the idle clock.
    pub(super) active: Duration,
    /// What was told about convergence.
    pub(super) reports: Vec<bool>,
    pub(super) calls: usize,
    inputs: usize,
    size: usize,
    calm: bool,
    pub(super) interrupted: bool,
    /// The new graph is there, and nobody runs yet.
    pub(super) resting: bool,
}

impl Simulation {
    pub(super) fn new(seed: u64) -> Self {
        let mut registry = Registry::default();
        registry.add::<Fake>();
        let registry = Arc::new(registry);
        let services = services(Path::new("/nonexistent"));
        let metrics = Arc::new(Metrics::new(registry.kinds()));
        let preparer = Preparer::new(Arc::clone(&registry), services, Arc::clone(&metrics));
        let mut core = Core::new(Some(IDLE), metrics);
        core.resume(false, Duration::ZERO);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self {
            core,
            now: Duration::ZERO,
            random: TestRng::from_seed(RngAlgorithm::ChaCha, &bytes),
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
            last: None,
            commits: 0,
            active: Duration::ZERO,
            reports: Vec::new(),
            calls: 0,
            inputs: 0,
            size: 0,
            calm: false,
            interrupted: false,
            resting: false,
        }
    }

    pub(super) fn schedule(&mut self, wait: Duration, happening: Happening) {
        self.sequence += 1;
        let entry = (self.now + wait, self.sequence, happening);
        self.queue.push(Reverse(entry));
    }

    /// From now on nothing fails.
    pub(super) fn calm(&mut self) {
        self.calm = true;
    }

    /// Lets time pass until `end`, or until nothing happens any more.
    pub(super) fn run(&mut self, end: Duration) {
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
            let most = 50 * (self.inputs + self.size + 1) * (self.size + 1);
            assert!(self.calls <= most, "T3: there is no end");
        }
    }

    pub(super) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::WatchEvent(vertex, incarnation) => {
                let wanted =
                    |account: &Account| account.incarnation == incarnation && account.watching;
                if self.accounts.get(&vertex).is_some_and(wanted) {
                    self.event(vertex, incarnation);
                }
            }
            Happening::WatchFails(vertex, incarnation) => {
                let paused = self.is_paused();
                let current =
                    |account: &Account| account.incarnation == incarnation && account.watching;
                if !self.accounts.get(&vertex).is_some_and(current) {
                    return;
                }
                if paused && self.chance(50) {
                    // The driver looks at it when it resumes, or at once if it waits for other watches.
                    self.later(20, happening);
                    return;
                }
                let account = self.accounts.get_mut(&vertex).expect("it is watching");
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
                if self.switching.is_none() && !self.interrupted {
                    let fast = self.chance(50);
                    let graph = self.graph();
                    self.begin_switch(graph, fast);
                }
            }
            Happening::Commit => self.end_switch(),
        }
    }

    pub(super) fn begin_switch(&mut self, graph: ResourceGraph, fast: bool) {
        self.switching = Some(Switch {
            graph,
            fast,
            began: self.now,
            paused: false,
        });
        self.core.pause(fast, self.now);
    }

    fn is_paused(&self) -> bool {
        self.switching.as_ref().is_some_and(|switch| switch.paused)
    }

    fn event(&mut self, vertex: VertexId, incarnation: u32) {
        if self.core.watch_event(vertex, incarnation, self.now) {
            let open = self.switching.is_none() && !self.interrupted;
            assert!(open, "L7: no event is taken in during a pause");
            self.inputs += 1;
            if let Some(account) = self.accounts.get_mut(&vertex) {
                account.listening = true;
                account.unanswered = true;
                account.again = account.running.is_some();
                account.heard = true;
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
        let mut last_try = false;
        let outcome = if account.cancelled {
            Err(ResourceError::Cancelled)
        } else if fails {
            last_try = account.spend_a_try();
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
        account.received(outcome.is_ok());
        if let Ok(outcome) = outcome {
            if account.meta.retryreset {
                account.tries = account.meta.retry;
            }
            account.unanswered = account.again;
            let value = format!("x{}", self.calls % 3);
            let moved = account.sent.replace(value.clone()).as_ref() != Some(&value);
            sent = Some(vec![("out", Some(Value::str(value.as_str())))]);
            if moved {
                self.has_moved(&name);
            }
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
                outcome,
                sent,
                sent_by_members: Vec::new(),
                changes: Vec::new(),
                changes_of_members: Vec::new(),
                exported: false,
                owes: false,
            },
            self.now,
        );
        self.obey();
        self.check_tries(vertex, last_try);
    }

    /// Whoever receives from it may see another value from now on.
    fn has_moved(&mut self, sender: &str) {
        for receiver in self.accounts.values_mut() {
            if self
                .receives
                .get(&receiver.name)
                .is_some_and(|it| it == sender)
            {
                receiver.reception.may = true;
            }
        }
    }

    /// Does what the state machine wants, as the driver would, and checks that it may.
    pub(super) fn obey(&mut self) {
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
                Command::Check(vertex, request) => {
                    self.check_starts(vertex, &request);
                    let number = self.sequence;
                    let latency = LATENCIES[self.pick(LATENCIES.len())];
                    self.accounts
                        .get_mut(&vertex)
                        .expect("it is in the graph")
                        .running = Some(number);
                    self.later(latency, Happening::CheckEnds(vertex, number));
                }
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
                Command::Event(EngineEvent::Converged(converged)) => {
                    self.reports.push(converged);
                    if converged {
                        self.check_converged();
                    }
                }
                Command::Raise { .. } | Command::Served { .. } | Command::Event(_) => {}
            }
        }
    }

    fn switch(&mut self) {
        if !self.core.is_quiescent() {
            return;
        }
        let Some(switch) = &mut self.switching else {
            return;
        };
        if std::mem::replace(&mut switch.paused, true) {
            return;
        }
        let (fast, waited) = (switch.fast, self.now - switch.began);
        self.check_pause(fast, waited, self.size);
        self.core.paused();
        self.later(50, Happening::Commit);
    }

    fn end_switch(&mut self) {
        let Some(Switch { graph, .. }) = self.switching.take() else {
            return;
        };
        let prepared = self
            .preparer
            .prepare(&graph, Overrides::default())
            .now_or_never()
            .expect("fakes answer at once")
            .expect("a good graph");
        // T12: now and then one is rejected at the last moment; everybody goes on as if nothing had been.
        let accepted = self.accounts.is_empty() || self.calm || !self.chance(20);
        if accepted {
            self.commit(&prepared);
            self.check_committed(&prepared);
            self.last = Some(graph);
            self.commits += 1;
        } else {
            self.core.plan(&prepared);
        }
        self.active = self.now;
        // Whatever the clock wakes now has to wait.
        self.resting = true;
        self.core.advance(self.now);
        self.obey();
        self.resting = false;
        let told = self.reports.len();
        self.core.resume(accepted, self.now);
        self.obey();
        let first = self.commits == 1;
        assert!(
            !accepted || first || self.reports.get(told) == Some(&false),
            "T17"
        );
        let held = std::mem::take(&mut self.held);
        for (vertex, incarnation) in held {
            self.event(vertex, incarnation);
        }
    }

    fn commit(&mut self, prepared: &Prepared) {
        let plan = self.core.plan(prepared);
        let mut tries = BTreeMap::new();
        for vertex in &plan.removed {
            let account = &self.accounts[vertex];
            if !account.meta.hidden {
                tries.insert(account.name.clone(), (account.meta.retry, account.tries));
            }
        }
        for vertex in &plan.removed {
            self.accounts.remove(vertex);
            self.held.retain(|held| held.0 != *vertex);
        }
        let mut objects = Vec::new();
        let mut new = Vec::new();
        for (vertex, target) in prepared.vertices.iter().zip(&plan.targets) {
            let resource = &vertex.declared;
            match target {
                Target::Keep(vertex) | Target::Adopt(vertex) => {
                    let kept = self.core.vertex(*vertex).expect("it is kept");
                    assert_eq!(kept.declared.differs(resource), None, "T10");
                    if kept.declared.receives != resource.receives {
                        let account = self.accounts.get_mut(vertex).expect("it is kept");
                        account.reception.may = true;
                    }
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
            let name = resource.identity.name.to_string();
            let meta = resource.meta.clone();
            // Used up tries outlive a replacement, unless `retry` or `reset` says otherwise (2.6.4).
            let inherits =
                |(retry, _): &&(i16, i16)| *retry == meta.retry && !meta.reset && !meta.hidden;
            let former = tries.get(&name).filter(inherits);
            let account = Account {
                tries: former.map_or(meta.retry, |(_, left)| *left),
                reception: Reception {
                    may: true,
                    ..Reception::default()
                },
                name,
                meta,
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
}
