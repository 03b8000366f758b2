//! The nodes of a running function graph, and the regions that own them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ecow::EcoString;
use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::{CallError, FunctionDef, GraphFunction, Start};
use mgmt_stdlib::types::FuncType;
use mgmt_stdlib::value::{Func, Key, List, Value};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::env::Env;
pub use super::export::{Export, Package};
pub use super::gather::Gather;
use crate::diagnostic::Diagnostic;
use crate::hir::{EdgeStmt, ExprId, ForStmt, FuncId, IfStmt, ResourceStmt};
use crate::interpret::{Change, StmtOutput};

/// A node. An id of a removed node is never that of a later one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    pub index: u32,
    pub generation: u32,
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}.{}", self.index, self.generation)
    }
}

/// A region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RegionId {
    pub index: u32,
    pub generation: u32,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum State {
    /// Nothing yet: something that it depends on has not been fed.
    Pending,
    /// A value.
    Ready(Value),
    /// An error that travels in place of a value.
    Failed(Arc<Failure>),
}

impl State {
    /// Whether replacing one by the other is no event.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Pending, Self::Pending) => true,
            (Self::Ready(a), Self::Ready(b)) => a.is_same(b),
            (Self::Failed(a), Self::Failed(b)) => Arc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }
}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A call failed.
    Call {
        error: CallError,
        /// The call that is shown.
        span: Span,
        /// The call inside of a function's body that failed, if another one is shown.
        inner: Option<Span>,
    },
    /// The values do not make a resource.
    Interpret(Box<Diagnostic>),
}

/// A node of the function graph.
#[derive(Debug)]
pub struct Node {
    pub generation: u32,
    /// Nodes are evaluated in ascending order of height; each is above its inputs and above the
    /// controller of its region.
    pub height: u32,
    pub region: RegionId,
    pub kind: Kind,
    pub inputs: SmallVec<[NodeId; 2]>,
    /// Who has this node as an input; some may have been removed meanwhile.
    pub dependents: SmallVec<[NodeId; 2]>,
    /// How many of them have not.
    pub live_dependents: u32,
    pub state: State,
    pub queued: bool,
    /// The expression, or the call that shows its errors.
    pub span: Span,
}

/// What a node does.
#[derive(Debug)]
pub enum Kind {
    /// A free slot.
    Free,
    /// Holds its state for ever.
    Const,
    /// Is given its state by a controller.
    Cell,
    /// Calls a pure function.
    Call(Arc<FunctionDef>, Option<Arc<FuncType>>),
    /// Calls a function value that came from another graph.
    CallExported(Func),
    /// Waits for the results of a function that looks at the machine.
    Sampled(Box<Sampled>),
    List,
    Map,
    Struct(Arc<[EcoString]>),
    /// Joins strings.
    Join,
    Lookup,
    Field(EcoString),
    FieldOr(EcoString),
    /// The value of a dynamic part: its first input is the controller, the second what it chose.
    Select,
    /// The list that `iter.map`, `iter.filter` or `iter.zip` gives; its only input is the controller.
    Gather(Box<Gather>),
    /// Tells a gather node, its only dependent, that the element at this place has changed.
    Part {
        gather: NodeId,
        at: u32,
    },
    /// Packs functions with what they mention; its inputs are what they mention.
    Package(Box<Package>),
    /// A controller.
    Control(Box<Control>),
    /// A resource statement.
    Resource(Box<Sink<ResourceStmt>>),
    /// An edge statement.
    Edge(Box<Sink<EdgeStmt>>),
    /// A statement that only must not fail.
    Panic,
}

/// A live call of a function that looks at the machine.
#[derive(Debug)]
pub struct Sampled {
    pub function: Arc<FunctionDef>,
    /// What it is started with besides.
    pub start: Arc<Start>,
    /// What it was started with.
    pub args: Option<Vec<Value>>,
    /// Whether a result for these arguments has come.
    pub fed: bool,
}

/// A node that creates and removes others.
#[derive(Debug)]
pub enum Control {
    /// An if expression.
    If {
        then: ExprId,
        otherwise: ExprId,
        env: Arc<Env>,
        select: NodeId,
        chosen: Option<(bool, RegionId)>,
    },
    /// `<|>`: its only input is the main side.
    Except {
        fallback: ExprId,
        env: Arc<Env>,
        select: NodeId,
        active: Option<RegionId>,
    },
    /// The call of a function value.
    Call {
        args: Box<[NodeId]>,
        select: NodeId,
        current: Option<(Func, RegionId)>,
    },
    /// A function that builds a graph for each element.
    Iterate(Iterate),
    /// Functions that leave the graph.
    Export(Export),
    /// An if statement.
    IfStmt {
        stmt: Arc<IfStmt>,
        env: Arc<Env>,
        chosen: Option<(bool, Option<RegionId>)>,
    },
    /// A loop over a list.
    For(For),
    /// A loop over a map.
    ForKv(ForKv),
}

/// A loop over a list.
#[derive(Debug)]
pub struct For {
    pub stmt: Arc<ForStmt>,
    pub env: Arc<Env>,
    /// What the iterations were last given.
    pub over: List,
    pub iterations: Vec<Iteration>,
}

/// A loop over a map.
#[derive(Debug)]
pub struct ForKv {
    pub stmt: Arc<ForStmt>,
    pub env: Arc<Env>,
    pub iterations: BTreeMap<Key, Iteration>,
}

/// One iteration of a loop.
#[derive(Debug)]
pub struct Iteration {
    pub region: RegionId,
    /// Holds the element, or the value of the key.
    pub value: NodeId,
}

/// A call of `iter.map` or one of its kin.
#[derive(Debug)]
pub struct Iterate {
    pub function: GraphFunction,
    /// Whether a reduction begins with a value of its own, its first input.
    pub initial: bool,
    /// Shows the outcome: a [`Kind::Gather`], or for a reduction a [`Kind::Select`].
    pub gather: NodeId,
    pub current: Option<Func>,
    /// What the steps were last given.
    pub lists: SmallVec<[List; 2]>,
    pub steps: Vec<Step>,
}

/// One application of the function that an iteration was given.
#[derive(Debug)]
pub struct Step {
    pub region: RegionId,
    /// The nodes that hold the element, or the elements.
    pub cells: SmallVec<[NodeId; 2]>,
    /// What the function gives for it.
    pub output: NodeId,
}

impl Control {
    /// Whether it is a statement, whose failure ends the program.
    pub fn is_stmt(&self) -> bool {
        matches!(self, Self::IfStmt { .. } | Self::For(_) | Self::ForKv(_))
    }

    /// The regions that it owns, in the order of the output.
    pub fn regions(&self) -> Vec<RegionId> {
        match self {
            Self::If { chosen, .. } => chosen.iter().map(|(_, region)| *region).collect(),
            Self::Except { active, .. } => active.iter().copied().collect(),
            Self::Call { current, .. } => current.iter().map(|(_, region)| *region).collect(),
            Self::IfStmt { chosen, .. } => {
                chosen.iter().filter_map(|(_, region)| *region).collect()
            }
            Self::Export(export) => export
                .current
                .iter()
                .filter_map(|(_, region)| *region)
                .collect(),
            Self::Iterate(iterate) => iterate.steps.iter().map(|step| step.region).collect(),
            Self::For(stmt) => stmt.iterations.iter().map(|it| it.region).collect(),
            Self::ForKv(stmt) => stmt.iterations.values().map(|it| it.region).collect(),
        }
    }
}

/// A resource or edge statement at work.
#[derive(Debug)]
pub struct Sink<S> {
    pub stmt: Arc<S>,
    /// What it gives with the present values.
    pub output: Option<Arc<StmtOutput>>,
    /// What of it is in the resource graph.
    shown: Option<Arc<StmtOutput>>,
}

impl<S> Sink<S> {
    pub fn new(stmt: Arc<S>) -> Self {
        Self {
            stmt,
            output: None,
            shown: None,
        }
    }

    /// Takes what the statement gives now.
    pub fn give(&mut self, output: StmtOutput) {
        if self
            .output
            .as_ref()
            .is_none_or(|before| !before.is_same(&output))
        {
            self.output = Some(Arc::new(output));
        }
    }

    /// Adds to a change of the resource graph what makes it show the present output.
    pub fn show(&mut self, change: &mut Change) {
        let same = match (&self.output, &self.shown) {
            (Some(output), Some(shown)) => Arc::ptr_eq(output, shown),
            (output, shown) => output.is_none() && shown.is_none(),
        };
        if !same {
            change.come.extend(self.output.clone());
            change
                .gone
                .extend(std::mem::replace(&mut self.shown, self.output.clone()));
        }
    }

    /// Adds to a change what takes the statement out of the resource graph.
    pub fn hide(self, change: &mut Change) {
        change.gone.extend(self.shown);
    }
}

/// Nodes that live and die together: those of a branch, of an iteration, or of a bind.
#[derive(Debug, Default)]
pub struct Region {
    pub generation: u32,
    pub alive: bool,
    /// The controller that made it; nothing for binds and the program itself.
    pub controller: Option<NodeId>,
    /// For a bind: the node whose last user's departure ends the region.
    pub output: Option<NodeId>,
    pub nodes: SmallVec<[NodeId; 2]>,
    /// The statements, in order.
    pub statements: SmallVec<[NodeId; 2]>,
    /// What most regions have not.
    pub more: Option<Box<More>>,
}

/// What a region knows besides its nodes.
#[derive(Debug, Default)]
pub struct More {
    /// Regions of binds that are instantiated in here.
    pub inner: Vec<RegionId>,
    /// Nodes of binds that environments in here know by name, used or not.
    pub held: Vec<NodeId>,
    /// Calls of pure functions that were instantiated in here.
    pub calls: FxHashMap<CallKey, NodeId>,
}

impl Region {
    pub fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub fn known_call(&self, key: &CallKey) -> Option<&NodeId> {
        self.more.as_ref()?.calls.get(key)
    }
}

/// A call of a pure function with these arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallKey {
    pub func: FuncId,
    /// The address of the environment that the function was defined in.
    pub env: usize,
    pub args: SmallVec<[NodeId; 4]>,
}
