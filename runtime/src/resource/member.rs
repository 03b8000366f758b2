//! Resources that run together as one (engine.md §1.12, §4.2).

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use mgmt_compiler::graph::Identity;
use mgmt_stdlib::resource::Params;

use super::{Change, Changes, Received, SentValues};

/// With which others of its kind a resource may run together as one. Resources with equal keys group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub(crate) key: String,
    pub(crate) leads: bool,
}

impl Group {
    /// Groups with those of the same key.
    pub fn with(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            leads: true,
        }
    }

    /// Groups with all others of its kind that group at all.
    pub fn with_all() -> Self {
        Self::with("")
    }

    /// Only joins others, and never leads them.
    #[must_use]
    pub fn follower(mut self) -> Self {
        self.leads = false;
        self
    }
}

/// A resource that runs as a part of another one, its owner.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its own identity.
    pub identity: Identity,
    /// Whose part it is: that of the vertex, or of another member of it.
    pub owner: Identity,
    pub(crate) params: Arc<dyn Params>,
}

impl Member {
    /// Its parameters, if it is of that kind.
    pub fn params<P: Params>(&self) -> Option<&P> {
        self.params.as_any().downcast_ref()
    }
}

/// A member during `check_apply` of the vertex that it is a part of.
#[derive(Debug)]
pub struct CheckMember {
    member: Member,
    apply: bool,
    received: Vec<Received>,
    sent: Mutex<Option<SentValues>>,
    changes: Changes,
}

impl Deref for CheckMember {
    type Target = Member;

    fn deref(&self) -> &Member {
        &self.member
    }
}

impl CheckMember {
    pub(crate) fn new(member: Member, apply: bool, received: Vec<Received>) -> Self {
        Self {
            member,
            apply,
            received,
            sent: Mutex::new(None),
            changes: Changes::default(),
        }
    }

    /// Whether its subject may be changed. If not, what would have to be changed about it does not count in the
    /// outcome of the owner, which notifies others.
    pub fn apply(&self) -> bool {
        self.apply
    }

    /// Whether the parameter is received and has a new value.
    pub fn has_changed(&self, param: &str) -> bool {
        self.received
            .iter()
            .any(|received| received.param == param && received.changed)
    }

    /// Publishes what others may receive from this member; see `CheckContext::send`.
    pub fn send(&self, values: SentValues) {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) = Some(values);
    }

    /// Says what is different about it; see `CheckContext::report`.
    pub fn report(&self, change: impl FnOnce() -> Change) {
        self.changes.report(change);
    }

    pub(crate) fn report_to(&mut self, changes: Changes) {
        self.changes = changes;
    }

    pub(crate) fn take_changes(&self) -> Vec<Change> {
        self.changes.take()
    }

    pub(crate) fn take_sent(&self) -> Option<SentValues> {
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}
