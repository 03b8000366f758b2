//! What the engine hands to a resource. Each call gets just what it may use (engine.md §1.4).

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use mgmt_compiler::graph::Identity;
use mgmt_stdlib::value::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Change, Changes, CheckMember, Member, ResourceError, Services};
use crate::engine::{VertexId, state_dir};
use crate::path_watch::PathWatch;

/// For `init`.
#[derive(Clone, Debug)]
pub struct InitContext {
    /// What all resources share.
    pub services: Services,
    identity: Identity,
    members: Arc<[Member]>,
}

impl InitContext {
    /// A context for this resource.
    pub fn new(services: Services, identity: Identity) -> Self {
        Self {
            services,
            identity,
            members: Arc::default(),
        }
    }

    /// The same for a resource that works for others, too.
    #[must_use]
    pub fn with_members(mut self, members: Vec<Member>) -> Self {
        self.members = members.into();
        self
    }

    /// Those who run as a part of this resource, in order, as they were declared.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The private directory of this resource, with a trailing slash, created if it was not there. It survives
    /// restarts.
    ///
    /// # Errors
    /// If it can not be created.
    pub fn vardir(&self) -> Result<PathBuf, ResourceError> {
        let vardir = state_dir::vardir(&self.services.prefix, &self.identity);
        state_dir::create(&vardir).map_err(ResourceError::path("create", &vardir))?;
        Ok(vardir)
    }
}

/// For `watch`.
#[derive(Clone, Debug)]
pub struct WatchContext {
    /// What all resources share.
    pub services: Services,
    init: InitContext,
    cancel: CancellationToken,
    events: Events,
}

/// Where the events of a watch go.
#[derive(Clone, Debug)]
enum Events {
    Own(mpsc::Sender<oneshot::Sender<()>>),
    /// All watches of an engine share one channel.
    Shared(WatchId, mpsc::Sender<WatchEvent>),
}

/// Which watch of an engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WatchId {
    pub(crate) vertex: VertexId,
    pub(crate) incarnation: u32,
}

/// An event of one of the watches of an engine.
#[derive(Debug)]
pub(crate) struct WatchEvent {
    pub(crate) watch: WatchId,
    /// Answered when the engine took note.
    pub(crate) taken: oneshot::Sender<()>,
}

impl WatchContext {
    /// A context whose events arrive at the other end of `events`; each is acknowledged by answering.
    pub fn new(
        init: InitContext,
        cancel: CancellationToken,
        events: mpsc::Sender<oneshot::Sender<()>>,
    ) -> Self {
        Self {
            services: init.services.clone(),
            init,
            cancel,
            events: Events::Own(events),
        }
    }

    /// The same for a watch of an engine.
    pub(crate) fn shared(
        init: InitContext,
        cancel: CancellationToken,
        watch: WatchId,
        events: mpsc::Sender<WatchEvent>,
    ) -> Self {
        Self {
            services: init.services.clone(),
            init,
            cancel,
            events: Events::Shared(watch, events),
        }
    }

    /// Reports that the subject may have changed and waits until the engine took note, which can be
    /// long: while the engine is paused or the resource's rate is limited.
    ///
    /// # Errors
    /// `Cancelled` if the watch is to end.
    pub async fn event(&self) -> Result<(), ResourceError> {
        let (taken, wait) = oneshot::channel();
        // In a box, since every watch holds the place for it as long as it lives, and seldom sends.
        let send = Box::pin(async {
            let sent = match &self.events {
                Events::Own(events) => events.send(taken).await.is_ok(),
                Events::Shared(watch, events) => {
                    let watch = *watch;
                    events.send(WatchEvent { watch, taken }).await.is_ok()
                }
            };
            if !sent {
                return Err(ResourceError::Cancelled);
            }
            wait.await.map_err(|_| ResourceError::Cancelled)
        });
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(ResourceError::Cancelled),
            done = send => done,
        }
    }

    /// Reports an event now and after each change of what is watched, until the watch is to end.
    ///
    /// # Errors
    /// If it can not be watched any more. `Cancelled` if the watch is to end.
    pub async fn follow(&self, mut watch: PathWatch) -> Result<(), ResourceError> {
        loop {
            self.event().await?;
            tokio::select! {
                () = self.cancelled() => return Ok(()),
                changed = watch.changed() => changed?,
            }
        }
    }

    /// Those who run as a part of this resource, in order, as they were declared.
    pub fn members(&self) -> &[Member] {
        self.init.members()
    }

    /// Completes when the watch is to end.
    pub async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// For helpers that want the token itself.
    pub fn token(&self) -> &CancellationToken {
        &self.cancel
    }

    /// See [`InitContext::vardir`].
    ///
    /// # Errors
    /// If it can not be created.
    pub fn vardir(&self) -> Result<PathBuf, ResourceError> {
        self.init.vardir()
    }
}

/// A parameter that is received from another resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The parameter's mcl name.
    pub param: String,
    /// Whether its value has changed since the last successful `check_apply`.
    pub changed: bool,
}

/// For `check_apply`.
#[derive(Debug)]
pub struct CheckContext {
    /// What all resources share.
    pub services: Services,
    init: InitContext,
    cancel: CancellationToken,
    apply: bool,
    refresh: bool,
    received: Vec<Received>,
    members: Vec<CheckMember>,
    sent: Mutex<Option<SentValues>>,
    changes: Changes,
}

/// What is sent: keys with their values, or without if they are undefined.
pub type SentValues = Vec<(&'static str, Option<Value>)>;

impl CheckContext {
    /// A context for one call.
    pub fn new(
        init: InitContext,
        cancel: CancellationToken,
        apply: bool,
        refresh: bool,
        received: Vec<Received>,
    ) -> Self {
        Self {
            services: init.services.clone(),
            init,
            cancel,
            apply,
            refresh,
            received,
            members: Vec::new(),
            sent: Mutex::new(None),
            changes: Changes::default(),
        }
    }

    /// The same for a resource that works for others, too.
    #[must_use]
    pub fn with_members(mut self, members: Vec<CheckMember>) -> Self {
        self.members = members;
        self
    }

    /// Those who run as a part of this resource, in order, with what they received.
    pub fn members(&self) -> &[CheckMember] {
        &self.members
    }

    /// The same, when somebody wants to know what is different.
    #[must_use]
    pub fn reporting(mut self, changes: Changes) -> Self {
        for member in &mut self.members {
            member.report_to(changes.another());
        }
        self.changes = changes;
        self
    }

    /// Whether the subject may be changed.
    pub fn apply(&self) -> bool {
        self.apply
    }

    /// Whether a notification is to be served.
    pub fn refresh(&self) -> bool {
        self.refresh
    }

    /// The parameters that are received, in the order of the declaration.
    pub fn received(&self) -> &[Received] {
        &self.received
    }

    /// Whether the parameter is received and has a new value.
    pub fn has_changed(&self, param: &str) -> bool {
        self.received
            .iter()
            .any(|received| received.param == param && received.changed)
    }

    /// Publishes what others may receive, all keys together; a key without value is undefined. The last
    /// call of a `check_apply` counts, and only if it succeeds.
    pub fn send(&self, values: SentValues) {
        if let Ok(mut sent) = self.sent.lock() {
            *sent = Some(values);
        }
    }

    /// Says what is different. What `apply` forbids to do should be reported in full, for `mgmt plan`.
    pub fn report(&self, change: impl FnOnce() -> Change) {
        self.changes.report(change);
    }

    /// Where to report, for what runs elsewhere.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// What was published; for the engine.
    pub fn take_sent(&self) -> Option<SentValues> {
        self.sent.lock().ok()?.take()
    }

    /// Completes when the call is to return soon.
    pub async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// For helpers that want the token itself.
    pub fn token(&self) -> &CancellationToken {
        &self.cancel
    }

    /// See [`InitContext::vardir`].
    ///
    /// # Errors
    /// If it can not be created.
    pub fn vardir(&self) -> Result<PathBuf, ResourceError> {
        self.init.vardir()
    }
}
