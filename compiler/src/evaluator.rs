//! Runs a [`Program`]: a synchronous state machine without clock or I/O.
//!
//! The owner starts what [`Evaluator::requests`] asks for, feeds the values that come of it with
//! [`Evaluator::feed`], and calls [`Evaluator::stabilize`] after each. One `stabilize` evaluates the
//! nodes that are affected, each at most once, in order of their height: a node is above its inputs
//! and above the controller that created it, so that no node ever sees old and new values mixed, and
//! a branch that is about to go is gone before its nodes would be evaluated
//! (typing-and-evaluation.md §7).

mod build;
mod control;
mod dump;
mod env;
mod export;
mod exported;
mod gather;
mod node;
mod step;
mod store;

use std::sync::Arc;

use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::{CallError, CallResult, FunctionDef, Start};
use mgmt_stdlib::value::Value;
use rustc_hash::FxHashMap;

use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::graph::ResourceGraph;
use crate::hir::{ExprId, ScopeId};
use crate::interpret::{self, Assembly, Change, Output};
use crate::program::Program;

use build::Place;
use env::Env;
use node::{Failure, Kind, NodeId, RegionId, State};
use store::Store;

/// A live call of a function that looks at the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// What the owner of an evaluator is asked to do.
#[derive(Clone, Debug)]
pub enum Request {
    /// Call the function with these arguments and feed what it gives, now and after each of its
    /// events. For an id that is already running, the arguments have changed, and results for the
    /// former ones must not be fed any more.
    Start {
        /// Names the call in [`Evaluator::feed`].
        id: CallId,
        /// What to call; its implementation is `Sampled`.
        function: Arc<FunctionDef>,
        /// Where the call stands, and what it is to give.
        start: Arc<Start>,
        /// With what.
        args: Vec<Value>,
    },
    /// Nothing needs the call any more.
    Stop {
        /// The call.
        id: CallId,
    },
}

/// What a [`Evaluator::stabilize`] came to.
#[derive(Debug)]
pub enum Step {
    /// Some calls have not been fed yet.
    Waiting,
    /// All is known, and it denotes the same graph as before.
    Unchanged,
    /// All is known, and it denotes a new graph.
    Graph(Arc<ResourceGraph>),
}

/// The running function graph of one program.
#[derive(Debug)]
pub struct Evaluator {
    program: Arc<Program>,
    store: Store,
    root: RegionId,
    /// One node for each literal of the program.
    constants: FxHashMap<ExprId, NodeId>,
    /// The instances of the files' outermost scopes.
    modules: FxHashMap<ScopeId, Arc<Env>>,
    requests: Vec<Request>,
    /// Live calls whose result for their present arguments has not come.
    unfed: usize,
    /// Statements that may give something else than they did.
    touched: Vec<NodeId>,
    /// What removed statements have in the graph.
    change: Change,
    /// What the statements give, once all was known.
    output: Option<Output>,
    fatal: Option<Box<Diagnostic>>,
}

impl Evaluator {
    /// Instantiates the program. Nothing is evaluated before the first [`Evaluator::stabilize`].
    pub fn new(program: Arc<Program>) -> Self {
        let mut evaluator = Self::without_statements(program.clone());
        if !program.hir.scopes.is_empty() {
            let env = evaluator.module_env(ScopeId(0));
            let region = evaluator.root;
            evaluator.statements(&program.hir.main, &Place { env, region });
        }
        evaluator
    }

    /// An empty function graph with the definitions of a program.
    fn without_statements(program: Arc<Program>) -> Self {
        let mut store = Store::default();
        let root = store.add_region(None, None);
        Self {
            program,
            store,
            root,
            constants: FxHashMap::default(),
            modules: FxHashMap::default(),
            requests: Vec::new(),
            unfed: 0,
            touched: Vec::new(),
            change: Change::default(),
            output: None,
            fatal: None,
        }
    }

    /// Removes a region, and what came of it.
    fn forget(&mut self, region: RegionId) {
        self.store.remove_region(region);
        self.store.collect_garbage();
        self.end_removed();
        self.requests.clear();
        self.touched.clear();
        self.fatal = None;
    }

    /// What is to be started and stopped since the last call. Ask after each `stabilize`.
    pub fn requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.requests)
    }

    /// Number of nodes in the function graph.
    pub fn live_nodes(&self) -> usize {
        self.store.live_nodes()
    }

    /// The result of a call. One that was stopped meanwhile is ignored.
    pub fn feed(&mut self, id: CallId, result: CallResult) {
        let id = NodeId {
            index: (id.0 & u64::from(u32::MAX)) as u32,
            generation: (id.0 >> 32) as u32,
        };
        if !self.store.is_alive(id) {
            return;
        }
        let node = self.store.get_mut(id);
        let span = node.span;
        let Kind::Sampled(sampled) = &mut node.kind else {
            return;
        };
        if sampled.args.is_none() {
            return;
        }
        if !sampled.fed {
            sampled.fed = true;
            self.unfed -= 1;
        }
        match self.state_of(result, span) {
            Some(state) => {
                self.store.set_state(id, state);
            }
            None => self.store.enqueue(id),
        }
    }

    /// Re-evaluates what depends on what was fed since the last call, and nothing else.
    ///
    /// # Errors
    /// What ends the program: an error that is not caught, or a graph that can not be.
    pub fn stabilize(&mut self) -> Result<Step, Box<Diagnostic>> {
        while self.fatal.is_none() {
            let Some(id) = self.store.next() else { break };
            self.evaluate(id);
        }
        self.store.collect_garbage();
        self.end_removed();
        if self.fatal.is_none() && self.unfed > 0 {
            return Ok(Step::Waiting);
        }
        let step = match &self.fatal {
            Some(fatal) => Err(fatal.clone()),
            None => self.publish(),
        };
        if let Err(diagnostic) = &step {
            self.fatal = Some(diagnostic.clone());
        }
        step
    }

    /// Ends what removed nodes stood for.
    fn end_removed(&mut self) {
        for (id, kind) in std::mem::take(&mut self.store.removed) {
            match kind {
                Kind::Sampled(sampled) => {
                    self.unfed -= usize::from(!sampled.fed);
                    if sampled.args.is_some() {
                        self.requests.push(Request::Stop { id: call_id(id) });
                    }
                }
                Kind::Resource(sink) => sink.hide(&mut self.change),
                Kind::Edge(sink) => sink.hide(&mut self.change),
                _ => {}
            }
        }
    }

    /// Takes what the statements changed since the last graph into the next.
    fn publish(&mut self) -> Result<Step, Box<Diagnostic>> {
        let mut change = std::mem::take(&mut self.change);
        let mut failed = false;
        for id in std::mem::take(&mut self.touched) {
            if !self.store.is_alive(id) {
                continue;
            }
            let node = self.store.get_mut(id);
            failed |= matches!(node.state, State::Failed(_));
            match &mut node.kind {
                Kind::Resource(sink) => sink.show(&mut change),
                Kind::Edge(sink) => sink.show(&mut change),
                _ => {}
            }
        }
        let patched = match &mut self.output {
            Some(_) if change.is_empty() && !failed => return Ok(Step::Unchanged),
            Some(output) if !failed => output.apply(&change),
            _ => None,
        };
        if patched.is_none() {
            let mut assembly = Assembly::default();
            self.collect(self.root, &mut assembly)?;
            self.output = Some(assembly.finish()?);
        }
        Ok(match &self.output {
            Some(output) => Step::Graph(output.graph()),
            None => Step::Unchanged,
        })
    }

    /// Adds what the statements of a region give, in order.
    fn collect(&self, region: RegionId, assembly: &mut Assembly) -> Result<(), Box<Diagnostic>> {
        for id in &self.store.region(region).statements {
            let node = self.store.get(*id);
            if let State::Failed(failure) = &node.state {
                return Err(Box::new(failure.diagnostic(&self.program)));
            }
            let output = match &node.kind {
                Kind::Resource(sink) => sink.output.as_ref(),
                Kind::Edge(sink) => sink.output.as_ref(),
                Kind::Control(control) => {
                    for region in control.regions() {
                        self.collect(region, assembly)?;
                    }
                    None
                }
                _ => None,
            };
            if let Some(output) = output {
                assembly.add(output).map_err(|error| {
                    if error.labels.is_empty() {
                        Box::new(interpret::repeated::tell(*error, &self.program.hir))
                    } else {
                        error
                    }
                })?;
            }
        }
        Ok(())
    }

    /// The state that a result means; nothing if it ends the program.
    fn state_of(&mut self, result: CallResult, span: Span) -> Option<State> {
        match result {
            Ok(value) => Some(State::Ready(value)),
            Err(error) if error.catchable => Some(State::Failed(Arc::new(Failure::Call {
                error,
                span,
                inner: None,
            }))),
            Err(error) => {
                self.fail(span, error);
                None
            }
        }
    }

    fn fail(&mut self, span: Span, error: CallError) {
        if self.fatal.is_none() {
            let inner = None;
            let failure = Failure::Call { error, span, inner };
            self.fatal = Some(Box::new(failure.diagnostic(&self.program)));
        }
    }
}

fn call_id(id: NodeId) -> CallId {
    CallId(u64::from(id.generation) << 32 | u64::from(id.index))
}

impl Failure {
    /// The error as that of a call.
    fn call_error(&self) -> CallError {
        match self {
            Self::Interpret(diagnostic) => CallError::fatal(diagnostic.message.clone()),
            Self::Call { error, .. } => error.clone(),
        }
    }

    /// The error in one line.
    fn message(&self) -> &str {
        match self {
            Self::Interpret(diagnostic) => &diagnostic.message,
            Self::Call { error, .. } => &error.message,
        }
    }

    /// The error as the end of the program.
    fn diagnostic(&self, program: &Program) -> Diagnostic {
        match self {
            Self::Interpret(diagnostic) => (**diagnostic).clone(),
            Self::Call { error, span, inner } => {
                let panic = error.message.starts_with("bool panic occurred")
                    || error.message.starts_with("str panic occurred");
                let code = if panic {
                    Code::PANIC
                } else {
                    Code::RUNTIME_ERROR
                };
                let mut diagnostic = Diagnostic::error(code, Stage::Stream, error.message.clone())
                    .at(*span, "this failed");
                if let Some(inner) = inner {
                    diagnostic = diagnostic.label(*inner, "in here");
                }
                if error.catchable {
                    let text = program.quoted(*span);
                    diagnostic = diagnostic.help(format!(
                        "for another value in this case: `({text} <|> default)`"
                    ));
                }
                diagnostic
            }
        }
    }
}
