//! The state of one vertex besides what the scheduler keeps (engine.md §3.1, §3.3.1).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mgmt_compiler::graph::{self, Identity};
use mgmt_stdlib::resource::Params;

use super::limiter::Limiter;
use super::prepare::{PreparedMember, PreparedVertex};
use super::receive::{Sent, Slots};
use super::scheduler::Ticket;
use super::semaphore::{self, Ids};
use super::{Panicked, confine};
use crate::resource::{AnyResource, Change, Outcome};

/// With endless retries and no delay, a resource that fails at once must not keep a core busy.
const RETRY_FLOOR: Duration = Duration::from_millis(10);

/// What the process side does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Idle,
    /// Waits for its rate limit.
    Limited(Duration),
    /// Waits for a semaphore.
    Waiting,
    Running,
    /// Waits before the next try.
    Backoff(Duration),
}

/// What the watch side does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// There is none: never wanted (poll, hidden), or the vertex failed.
    Off,
    Running,
    /// Was told to end, and starts anew when it did.
    Restarting,
    /// Failed before it was listening while its parents had work to do; starts when they are settled.
    Parked,
    /// Waits before the next try.
    Backoff(Duration),
    /// Starts when the cancelled pass has returned.
    AfterPass,
}

/// Remaining tries after the next error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retries {
    declared: i16,
    left: i16,
}

impl Retries {
    pub(crate) fn new(declared: i16) -> Self {
        Self {
            declared,
            left: declared,
        }
    }

    /// The counter of a replaced vertex goes on in its successor, unless `retry` was changed
    /// (engine.md 2.6.4, 2.6.5).
    pub(crate) fn inherit(&mut self, old: Self) {
        if old.declared == self.declared {
            self.left = old.left;
        }
    }

    pub(crate) fn refill(&mut self) {
        self.left = self.declared;
    }

    /// Uses one up; false if there is none.
    pub(crate) fn take(&mut self) -> bool {
        match self.left {
            0 => false,
            1.. => {
                self.left -= 1;
                true
            }
            _ => true,
        }
    }

    /// -1 is without end.
    pub(crate) fn left(self) -> i32 {
        self.left.into()
    }
}

/// One resource that runs as a part of a vertex.
pub(crate) struct MemberState {
    /// As the graph declares it.
    pub(crate) declared: Arc<graph::Resource>,
    /// Whose part it is; may be another member.
    pub(crate) owner: Identity,
    /// The declared parameters with the received values.
    pub(crate) params: Arc<dyn Params>,
    pub(crate) slots: Slots,
    /// What it published last.
    pub(crate) sent: Option<Arc<Sent>>,
    /// Whether it may not change anything, nor be published.
    pub(crate) noop: bool,
}

impl MemberState {
    fn new(prepared: &PreparedMember, vertex: &PreparedVertex) -> Self {
        let declared = prepared.declared.clone();
        Self {
            noop: vertex.forbids(prepared),
            owner: prepared.owner.clone(),
            params: declared.params.clone(),
            slots: Slots::new(&declared.receives),
            sent: None,
            declared,
        }
    }
}

/// One resource of the running graph.
pub(crate) struct Vertex {
    /// As the graph declares it.
    pub(crate) declared: Arc<graph::Resource>,
    /// The declared parameters with the received values.
    pub(crate) params: Arc<dyn Params>,
    pub(crate) resource: Arc<dyn AnyResource>,
    pub(crate) refreshable: bool,
    /// Those who run as a part of it, in the order of their identities.
    pub(crate) members: Box<[MemberState]>,
    /// Whether it undoes a resource that has left the graph.
    pub(crate) reversal: bool,
    pub(crate) slots: Slots,
    /// What it published last.
    pub(crate) sent: Option<Arc<Sent>>,
    pub(crate) semaphores: Option<Ids>,
    pub(crate) phase: Phase,
    pub(crate) watch: Watch,
    /// Counts the watches.
    pub(crate) incarnation: u32,
    /// Whether the current watch has sent its first event.
    pub(crate) heard: bool,
    /// What the running pass saw when it began.
    pub(crate) ticket: Ticket,
    /// When the running pass could begin: from then on it waited for semaphores only.
    pub(crate) ready: Duration,
    /// When `check_apply` of the running pass began.
    pub(crate) began: Duration,
    /// The running pass was told to return.
    pub(crate) interrupted: bool,
    pub(crate) check_retries: Retries,
    pub(crate) watch_retries: Retries,
    pub(crate) limiter: Option<Box<Limiter>>,
    /// When the token of the last event may be used.
    pub(crate) reservation: Option<Duration>,
    /// When the engine itself makes the next event, if there is no watch.
    pub(crate) next_event: Option<Duration>,
    /// What the last successful check found, and what it reported.
    pub(crate) found: Option<(Outcome, Arc<[Change]>)>,
    /// Until a success.
    pub(crate) error: Option<Arc<str>>,
    /// An intent to notify is on disk.
    pub(crate) intent: bool,
    /// A pass changed something and failed nevertheless: the next success tells of it.
    pub(crate) owes: bool,
}

impl Vertex {
    /// A vertex that waits for the first resume.
    pub(crate) fn new(
        prepared: &PreparedVertex,
        resource: Arc<dyn AnyResource>,
        refreshable: bool,
        now: Duration,
    ) -> Self {
        let declared = prepared.declared.clone();
        let meta = &declared.meta;
        let retries = Retries::new(meta.retry);
        Self {
            params: declared.params.clone(),
            resource,
            refreshable,
            members: prepared
                .members
                .iter()
                .map(|member| MemberState::new(member, prepared))
                .collect(),
            reversal: prepared.reversal,
            slots: Slots::new(&declared.receives),
            sent: None,
            semaphores: (!meta.sema.is_empty()).then(|| semaphore::ids(&meta.sema)),
            phase: Phase::Idle,
            watch: Watch::Off,
            incarnation: 0,
            heard: false,
            ticket: Ticket::default(),
            ready: Duration::ZERO,
            began: Duration::ZERO,
            interrupted: false,
            check_retries: retries,
            watch_retries: retries,
            limiter: meta
                .limit
                .is_finite()
                .then(|| Box::new(Limiter::new(meta.limit, meta.burst, now))),
            reservation: None,
            next_event: (!Self::is_watched(&declared)).then_some(now),
            found: None,
            error: None,
            intent: false,
            owes: false,
            declared,
        }
    }

    /// The resource and its members, as declared.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Arc<graph::Resource>> {
        let members = self.members.iter().map(|member| &member.declared);
        std::iter::once(&self.declared).chain(members)
    }

    /// Whether it or a member is declared for other hosts.
    pub(crate) fn is_for_others(&self) -> bool {
        self.parts().any(|part| !part.meta.export.is_empty())
    }

    /// Whether it or a member receives values.
    pub(crate) fn receives_values(&self) -> bool {
        self.parts().any(|part| !part.receives.is_empty())
    }

    /// What it and its members publish, as they are now. Nothing in noop.
    pub(crate) fn exports(&self) -> impl Iterator<Item = graph::Resource> {
        let members = self.members.iter().filter(|member| !member.noop);
        let members = members.map(|member| (&member.declared, &member.params));
        let itself = (!self.declared.meta.noop).then_some((&self.declared, &self.params));
        let parts = itself.into_iter().chain(members);
        parts
            .filter(|(part, _)| !part.meta.export.is_empty())
            .map(|(part, params)| graph::Resource {
                identity: part.identity.clone(),
                params: params.clone(),
                meta: part.meta.clone(),
                receives: Vec::new(),
                span: None,
            })
    }

    /// Whether these very declarations are what it runs.
    pub(crate) fn is_declared_by(&self, new: &PreparedVertex) -> bool {
        let mut members = self.members.iter().zip(&new.members);
        Arc::ptr_eq(&self.declared, &new.declared)
            && self.members.len() == new.members.len()
            && members.all(|(old, new)| Arc::ptr_eq(&old.declared, &new.declared))
    }

    fn is_watched(declared: &graph::Resource) -> bool {
        declared.meta.poll == 0 && !declared.meta.hidden
    }

    /// Who is managed by it: itself and its members, unless it is hidden.
    pub(crate) fn managed(&self) -> impl Iterator<Item = &Identity> {
        let members = self.members.iter().map(|member| &member.declared);
        std::iter::once(&self.declared)
            .chain(members)
            .filter(|part| !part.meta.hidden)
            .map(|part| &part.identity)
    }

    /// Whether its kind's watch is used.
    pub(crate) fn watched(&self) -> bool {
        Self::is_watched(&self.declared)
    }

    /// Whether the watch watches the wrong thing, now that `old` parameters have become others.
    pub(crate) fn must_rewatch(&self, old: &dyn Params) -> Result<bool, Panicked> {
        if !self.watched() {
            return Ok(false);
        }
        confine("must_rewatch", || {
            self.resource.must_rewatch(old, &*self.params)
        })
    }

    /// The pause before the next try.
    pub(crate) fn retry_delay(&self) -> Duration {
        let delay = Duration::from_millis(self.declared.meta.delay);
        if self.declared.meta.retry < 0 {
            delay.max(RETRY_FLOOR)
        } else {
            delay
        }
    }
}

impl fmt::Debug for Vertex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vertex")
            .field("identity", &self.declared.identity)
            .field("phase", &self.phase)
            .field("watch", &self.watch)
            .finish_non_exhaustive()
    }
}
