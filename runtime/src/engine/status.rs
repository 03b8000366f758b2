//! What the engine tells about itself (engine.md §7.1, §9.1.8): a summary that is always current, a
//! snapshot of every vertex on request, and a stream of events.

use std::sync::Arc;
use std::time::Duration;

use mgmt_compiler::graph::Identity;

use crate::resource::{Change, Outcome};

/// The engine as a whole. Cheap to compare and to copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineStatus {
    /// Counts the committed graphs.
    pub generation: u64,
    /// Resources in the running graph.
    pub vertices: usize,
    /// Those with nothing left to do, and nothing left to do before them.
    pub settled: usize,
    /// Those with something to do that they can still get to do.
    pub busy: usize,
    /// Those inside `check_apply`.
    pub running: usize,
    /// Those that failed for good.
    pub failed: usize,
    /// Those that failed ones keep from running.
    pub blocked: usize,
    /// Whether everything has been idle for the converger's timeout.
    pub converged: bool,
    /// Whether a graph switch or a shutdown holds the workers.
    pub paused: bool,
}

/// What one vertex is doing (engine.md §3.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VertexState {
    /// Its watch does not listen yet.
    Parked,
    /// Nothing to do.
    Idle,
    /// About to run.
    Pending,
    /// Waits for a parent.
    Blocked,
    /// Waits for its rate limit.
    Limited,
    /// Waits for a semaphore.
    Waiting,
    /// In `check_apply`.
    Running,
    /// Waits before it tries again.
    Backoff,
    /// Failed for good.
    Failed,
}

/// One vertex in a snapshot.
#[derive(Clone, Debug)]
pub struct VertexStatus {
    /// Tells it apart from all other vertices that the engine ever ran; hidden ones may share an identity.
    pub number: u32,
    /// Kind and name.
    pub identity: Identity,
    /// What it is doing.
    pub state: VertexState,
    /// What the last successful `check_apply` found; nothing if there was none.
    pub outcome: Option<Outcome>,
    /// What it reported, if [`super::EngineConfig::explain`] asks for it.
    pub changes: Arc<[Change]>,
    /// The last error, until a success.
    pub error: Option<Arc<str>>,
    /// Tries left after the next error; -1 is without end.
    pub retries: i32,
    /// Whether a failed ancestor keeps it from running.
    pub blocked: bool,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum EngineEvent {
    /// A graph took over.
    Committed {
        /// Which one, counted from one.
        generation: u64,
        /// Resources in it.
        vertices: usize,
        /// Edges in it.
        edges: usize,
        /// Resources that run on.
        kept: usize,
        /// Resources that are new or replaced.
        added: usize,
        /// Resources that are gone or replaced.
        removed: usize,
    },
    /// A `check_apply` starts.
    Started {
        /// Whose.
        identity: Identity,
    },
    /// A `check_apply` returned.
    Checked {
        /// Whose.
        identity: Identity,
        /// Whether it could change something.
        apply: bool,
        /// What it found; nothing if it failed.
        outcome: Option<Outcome>,
        /// What it reported, if [`super::EngineConfig::explain`] asks for it.
        changes: Arc<[Change]>,
        /// What of that the resources that run as a part of it reported, each for itself; those that reported nothing
        /// are left out.
        members: Vec<(Identity, Vec<Change>)>,
        /// How long it took.
        elapsed: Duration,
    },
    /// A change notifies others.
    Notified {
        /// What was changed.
        from: Identity,
        /// Who is to react.
        to: Vec<Identity>,
    },
    /// Notifications were reacted to.
    Served {
        /// Whose.
        from: Vec<Identity>,
        /// By whom.
        to: Identity,
    },
    /// A failure that is followed by another try.
    Retrying {
        /// Whose.
        identity: Identity,
        /// Why it failed.
        error: Arc<str>,
        /// Tries left; -1 is without end.
        retries: i32,
        /// When it tries again, from now.
        delay: Duration,
    },
    /// A failure for good.
    Failed {
        /// Whose.
        identity: Identity,
        /// Why it failed.
        error: Arc<str>,
    },
    /// A success after an error.
    Recovered {
        /// Whose.
        identity: Identity,
    },
    /// The whole became converged, or no longer is.
    Converged(bool),
}
