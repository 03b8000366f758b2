//! What readers are given, as it stands in the JSON of the API (docs/ui.md). What comes from the user, such as names and
//! errors, is [`Masked`].

use std::collections::BTreeMap;

use mgmt_compiler::redact::Masked;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A moment: milliseconds since 1970, UTC.
pub type Milliseconds = i64;

/// How a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Has something to do, and waits for its turn.
    Waiting,
    /// Is being looked at, or changed.
    Checking,
    /// Is as it should be.
    Ok,
    /// Is not as it should be, and must not be changed.
    Differs,
    /// Failed, and is tried again.
    Retrying,
    /// Failed for good.
    Failed,
    /// Does not run, for something before it failed.
    Blocked,
}

/// What a resource waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// For its watch to listen.
    Watch,
    /// For what comes before it.
    Order,
    /// For nothing but its turn.
    Turn,
    /// For its rate limit.
    Limit,
    /// For a semaphore.
    Semaphore,
}

/// The whole in few words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Who the machine is.
    pub hostname: String,
    /// The version of the agent.
    pub version: String,
    /// The program, as the operator wrote it.
    pub program: Masked,
    /// When the run began.
    pub started: Milliseconds,
    /// Whether nothing is ever changed.
    pub noop: bool,
    /// Counts the graphs.
    pub generation: u64,
    /// Resources in the graph.
    pub resources: usize,
    /// How many are how.
    pub states: BTreeMap<State, usize>,
    /// Whether nobody has anything left to do that can be done.
    pub settled: bool,
    /// Whether that was so for the time of `--converged-timeout`.
    pub converged: bool,
    /// Whether a change of graphs, or the end, holds everybody.
    pub paused: bool,
    /// Whether the run has ended.
    pub ended: bool,
}

/// The whole in few words, with what does not go well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The whole.
    #[serde(flatten)]
    pub summary: Summary,
    /// The clock of the agent.
    pub now: Milliseconds,
    /// Resources that failed, are tried again, or differ; the first hundred.
    pub problems: Vec<Problem>,
}

/// A resource that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: Masked,
    /// Where it is declared.
    pub place: Option<Place>,
    /// How it is.
    pub state: State,
    /// Why.
    pub error: Option<Masked>,
}

/// A place in a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file, as the operator knows it.
    pub file: Masked,
    /// The line, from one.
    pub line: u32,
    /// The column in characters, from one.
    pub column: u32,
}

/// All vertices and edges at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Graph {
    /// The whole.
    pub status: Status,
    /// Where to begin to read the events that follow.
    pub event: String,
    /// The vertices.
    pub resources: Vec<Resource>,
    /// The edges.
    pub edges: Vec<Edge>,
}

/// A vertex.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Resource {
    /// Tells it apart from all others of this run.
    pub id: u32,
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: Masked,
    /// Where it is declared.
    pub place: Option<Place>,
    /// Whether it must not be changed.
    #[serde(skip_serializing_if = "is_false")]
    pub noop: bool,
    /// Whether it does nothing itself.
    #[serde(skip_serializing_if = "is_false")]
    pub hidden: bool,
    /// Whether it undoes a resource that has left the graph.
    #[serde(skip_serializing_if = "is_false")]
    pub reversal: bool,
    /// Those that run as a part of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// What changes.
    #[serde(flatten)]
    pub live: Live,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A resource that runs as a part of another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: Masked,
    /// Where it is declared.
    pub place: Option<Place>,
}

/// What changes about a vertex while it runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Live {
    /// How it is.
    pub state: State,
    /// What it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<WaitsFor>,
    /// The last error, until a success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Masked>,
    /// Checks that were seen to end.
    pub checks: u64,
    /// Those of them that changed something, or would have.
    pub changes: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// When the last check ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_check: Option<Milliseconds>,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_change: Option<Milliseconds>,
    /// How long checks take, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
}

/// How long checks take, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Timing {
    /// The last one.
    pub last: f64,
    /// On average.
    pub mean: f64,
    /// The longest.
    pub max: f64,
}

/// A vertex of which something has changed.
#[derive(Clone, Debug, Serialize)]
pub struct Changed<'a> {
    /// Which one.
    pub id: u32,
    /// How it is now.
    #[serde(flatten)]
    pub live: &'a Live,
}

/// What is different about another graph: what is not named is as before.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Delta {
    /// Counts the graphs.
    pub generation: u64,
    /// Vertices that are new, or of which more than what [`Live`] tells has changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// Vertices that are gone, by their numbers; their edges are gone, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<u32>,
    /// Edges that are new or other than before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<Edge>,
    /// Edges that are gone between vertices that are not, as pairs `from`, `to`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone_edges: Vec<(u32, u32)>,
    /// So much is different that the graph has to be asked for; nothing is named here.
    #[serde(skip_serializing_if = "is_false")]
    pub whole: bool,
}

/// An order between two vertices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// Who runs first.
    pub from: u32,
    /// Who runs after it.
    pub to: u32,
    /// Why.
    pub kind: EdgeKind,
    /// Whether a change of the first notifies the second.
    #[serde(skip_serializing_if = "is_false")]
    pub notify: bool,
    /// Whether a notification waits on it.
    #[serde(skip_serializing_if = "is_false")]
    pub pending: bool,
    /// The values that travel along it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sends: Vec<Sent>,
}

/// Why there is an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// The program says so.
    Declared,
    /// It follows from what the two are.
    Automatic,
    /// The second receives values from the first.
    Sends,
}

/// A value that travels along an edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// What is sent.
    pub key: String,
    /// The parameter that receives it.
    pub param: String,
}

/// Everything about one resource.
#[derive(Clone, Debug, Serialize)]
pub struct Details {
    /// The resource.
    #[serde(flatten)]
    pub resource: Resource,
    /// The one that it runs as a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_of: Option<Named>,
    /// The parameters that are set, by name.
    pub params: BTreeMap<String, Param>,
    /// What happened to it, the newest first.
    pub history: Vec<Pass>,
}

/// The value of a parameter, or why it is not told.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Param {
    /// As the program says.
    Value(Json),
    /// So much of a long text.
    Begins(Masked),
    /// Comes from another resource.
    Received {
        /// Its kind.
        kind: String,
        /// Its name.
        name: Masked,
        /// What it sends.
        key: String,
    },
    /// Is not for everybody.
    Private(bool),
}

/// One check and what came of it; several equal ones that changed nothing count as one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pass {
    /// When it ended; if there were several, the last one.
    pub time: Milliseconds,
    /// How many there were.
    pub count: u64,
    /// What came of it.
    pub result: PassResult,
    /// How long it took, in milliseconds.
    pub elapsed: f64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Masked>,
    /// What was changed, or would have been.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Shown>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PassResult {
    /// Everything was as it should be.
    Ok,
    /// Something was changed.
    Changed,
    /// Something would have been changed.
    Differs,
    /// It failed.
    Failed,
    /// It was told to end early.
    Interrupted,
}

/// A change, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Shown {
    /// Something that was said, and changes nothing.
    Notice {
        /// What.
        text: Masked,
    },
    /// Something that was done.
    Step {
        /// What.
        text: Masked,
    },
    /// A property and its values.
    Property {
        /// What it is called.
        name: &'static str,
        /// What it was.
        old: Masked,
        /// What it should be.
        new: Masked,
    },
    /// The content of a file.
    Content {
        /// The file.
        path: Masked,
        /// Whether it was not there.
        created: bool,
        /// What differs, as a unified diff, if it can be shown.
        #[serde(skip_serializing_if = "Option::is_none")]
        diff: Option<Masked>,
        /// What can be said otherwise: `1234 bytes`, `private content`.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<Masked>,
    },
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// When.
    pub time: Milliseconds,
    /// What sort of thing.
    pub event: LogEvent,
    /// To which resource; nothing if it is about the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Masked>,
    /// In words.
    pub text: Masked,
    /// Who else it is about: whom it notifies, or whose notification it served.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Named>,
}

/// A resource by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: Masked,
}

/// What sort of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogEvent {
    /// A graph took over.
    Graph,
    /// A resource was changed.
    Changed,
    /// A resource would have been changed.
    Differs,
    /// A failure that is followed by another try.
    Retrying,
    /// A failure for good.
    Failed,
    /// A success after an error.
    Recovered,
    /// A change notifies others.
    Notified,
    /// A notification was reacted to.
    Served,
    /// The whole became converged.
    Converged,
    /// The whole is no longer converged.
    Unconverged,
    /// So much happened that not all of it was seen.
    Lost,
}
