//! What has to hold, at every step and at rest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mgmt_stdlib::resource::Params;

use super::simulation::{Happening, IDLE, LONGEST, SEMAPHORES, Simulation};
use crate::engine::core::CheckRequest;
use crate::engine::metrics::Gauges;
use crate::engine::prepare::Prepared;
use crate::engine::scheduler::VertexId;

fn text(params: &dyn Params) -> Option<String> {
    let text = params.get("text")?;
    Some(text.as_str()?.to_string_lossy().into_owned())
}

impl Simulation {
    /// A call begins: may it?
    pub(super) fn check_starts(&mut self, vertex: VertexId, request: &CheckRequest) {
        self.calls += 1;
        assert!(!self.interrupted, "T20: no call begins after an interrupt");
        let pause = self.switching.as_ref();
        let paused = self.resting || pause.is_some_and(|it| it.paused);
        assert!(!paused, "T9: nothing runs while paused");
        let hurried = pause.is_some_and(|it| it.fast);
        assert!(!hurried, "T9: nothing begins during a fast pause");
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
        let sender = self.receives.get(&name);
        let sender = sender.and_then(|sender| self.accounts.values().find(|it| it.name == *sender));
        let received = sender.and_then(|sender| sender.sent.clone());
        let has_sender = sender.is_some();
        let now = self.now;
        let account = self.accounts.get_mut(&vertex).expect("it is in the graph");
        if has_sender {
            let text = text(&*request.params);
            assert_eq!(text, received, "T6: {name} gets what was sent last");
            account.receives(text, request.received.iter().any(|it| it.changed));
        }
        account.answers(now);
        assert_eq!(account.running, None, "T1: two calls of {name} at once");
        assert!(!account.failed && !account.meta.hidden);
        let listens = account.listening || account.meta.poll != 0;
        assert!(listens, "T2: {name} is not watched yet");
        assert_eq!(request.apply, !account.meta.noop);
        account.again = false;
        account.cancelled = false;
        account.refresh = request.refresh;
        account.serving = serving;
        for (id, count) in SEMAPHORES {
            let holders = self
                .accounts
                .values()
                .filter(|account| account.running.is_some() || account.name == name)
                .filter(|account| account.meta.sema.iter().any(|held| held == id))
                .count();
            assert!(holders <= count, "T8: {holders} hold {id}");
        }
    }

    /// T15: an error costs a try, and the last one is the end; nothing else costs any.
    pub(super) fn check_tries(&self, vertex: VertexId, last_try: bool) {
        let account = &self.accounts[&vertex];
        let name = &account.name;
        let left = self
            .core
            .vertex(vertex)
            .expect("it is in the graph")
            .check_retries
            .left();
        assert_eq!(left, i32::from(account.tries), "T15: the tries of {name}");
        assert!(
            account.failed || !last_try,
            "T15: that was the last try of {name}"
        );
    }

    /// Everything is said to be idle: is it?
    pub(super) fn check_converged(&self) {
        assert!(self.now >= self.active + IDLE, "T17: {:?}", self.active);
        let busy = self.accounts.values().any(|each| each.running.is_some());
        assert!(!busy, "T17");
    }

    /// T8, T9: a fast pause takes as long as what was running; another one as long as the chains that may end
    /// first, in which everybody has what it was doing and one more call for what came meanwhile.
    pub(super) fn check_pause(&self, fast: bool, waited: Duration, size: usize) {
        let running = self.accounts.values().any(|each| each.running.is_some());
        assert!(!running, "T9");
        let calls = if fast { 1 } else { 2 * size.max(1) };
        let most = LONGEST * calls as u32;
        assert!(
            waited <= most,
            "T8: a pause took {waited:?} of {most:?}, fast: {fast}"
        );
    }

    /// T10: what runs is what was committed.
    pub(super) fn check_committed(&self, prepared: &Prepared) {
        let running = self.core.running_graph();
        let names: BTreeMap<u32, String> = running
            .vertices
            .iter()
            .map(|vertex| (vertex.number, vertex.declared.identity.name.to_string()))
            .collect();
        let edges = running.edges.iter();
        let edges: BTreeSet<_> = edges
            .map(|edge| {
                (
                    names[&edge.from].clone(),
                    names[&edge.to].clone(),
                    edge.notify,
                )
            })
            .collect();
        let name = |at: usize| prepared.vertices[at].identity().name.to_string();
        let wanted: BTreeSet<_> = (0..prepared.vertices.len()).map(name).collect();
        assert_eq!(names.into_values().collect::<BTreeSet<_>>(), wanted, "T10");
        let wanted = prepared.edges.iter();
        let wanted: BTreeSet<_> = wanted
            .map(|edge| (name(edge.from), name(edge.to), edge.notify))
            .collect();
        assert_eq!(edges, wanted, "T10");
        for (vertex, account) in &self.accounts {
            let declared = &self
                .core
                .vertex(*vertex)
                .expect("it is in the graph")
                .declared;
            let wanted = prepared
                .parts()
                .find(|part| part.identity == declared.identity);
            let wanted = wanted.expect("it was committed");
            assert_eq!(declared.differs(wanted), None, "T10: {}", account.name);
        }
    }

    /// T10, T17: the graph that runs is committed once more, at rest. Only those that failed and are to be
    /// tried again by it have anything to do.
    pub(super) fn same_graph_again(&mut self) {
        let Some(graph) = self.last.clone() else {
            return;
        };
        let revived = self
            .accounts
            .values()
            .filter(|it| it.failed && it.meta.rewatch);
        let revived = revived.count();
        let calls = self.calls;
        let before: Vec<VertexId> = self.accounts.keys().copied().collect();
        self.begin_switch(graph, false);
        self.run(self.now + Duration::from_secs(60));
        let kept = before
            .iter()
            .filter(|it| self.accounts.contains_key(it))
            .count();
        assert_eq!(kept + revived, before.len(), "T10: who is equal is kept");
        assert!(revived > 0 || self.calls == calls, "T10: nothing is called");
        assert_eq!(self.reports.last(), Some(&true), "T17");
    }

    /// T20: everything that runs is told to return, nothing begins, and then the pause for the end is there.
    pub(super) fn interrupt(&mut self) {
        let running = |simulation: &Self| {
            let accounts = simulation.accounts.iter();
            let running = accounts.filter(|(_, account)| account.running.is_some());
            running.map(|(vertex, _)| *vertex).collect::<Vec<_>>()
        };
        let tries = |simulation: &Self, vertices: &[VertexId]| {
            let tries = vertices.iter().filter_map(|it| simulation.core.vertex(*it));
            tries.map(|it| it.check_retries.left()).collect::<Vec<_>>()
        };
        let interrupted = running(self);
        let before = tries(self, &interrupted);
        self.interrupted = true;
        self.core.interrupt(self.now);
        // The driver gives up the graph that is on its way.
        self.switching = None;
        self.obey();
        self.run(self.now + Duration::from_millis(5));
        assert_eq!(running(self), [], "T20: everything has returned");
        assert_eq!(
            tries(self, &interrupted),
            before,
            "T15: it was nobody's fault"
        );
        self.core.pause(false, self.now);
        self.obey();
        assert!(
            self.core.is_quiescent(),
            "T20: there is nothing to wait for"
        );
        for _ in 0..3 {
            self.happen(Happening::Outside);
        }
        self.run(self.now + Duration::from_secs(60));
    }

    /// At rest everybody who can has done everything.
    pub(super) fn check_rest(&self) {
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
                assert_eq!(
                    text(&*vertex.params),
                    sent,
                    "T6: {name} holds what {sender} sent last"
                );
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
