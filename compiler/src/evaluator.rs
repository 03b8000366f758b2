//! Runs a [`Program`]: a synchronous state machine without clock or I/O.
//!
//! The owner starts what [`Evaluator::requests`] asks for, feeds the values that come of it with
//! [`Evaluator::feed`], and calls [`Evaluator::stabilize`] after each.

use std::sync::Arc;

use mgmt_stdlib::catalog::{CallResult, FunctionDef};
use mgmt_stdlib::value::Value;

use crate::diagnostic::Diagnostic;
use crate::graph::ResourceGraph;
use crate::program::Program;

/// A live call of a function that looks at the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// What the owner of an evaluator is asked to do.
#[derive(Clone, Debug)]
pub enum Request {
    /// Call the function with these arguments and feed what it gives, now and after each of its
    /// events. For an id that is already running, the arguments have changed.
    Start {
        /// Names the call in [`Evaluator::feed`].
        id: CallId,
        /// What to call; its implementation is `Sampled`.
        function: Arc<FunctionDef>,
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
    Graph(ResourceGraph),
}

/// The running function graph of one program.
#[derive(Debug)]
pub struct Evaluator {
    _program: Arc<Program>,
}

impl Evaluator {
    /// Instantiates the program. Nothing is evaluated before the first [`Evaluator::stabilize`].
    pub fn new(program: Arc<Program>) -> Self {
        Self { _program: program }
    }

    /// What is to be started and stopped since the last call. Ask after each `stabilize`.
    pub fn requests(&mut self) -> Vec<Request> {
        Vec::new()
    }

    /// The result of a call. One that was stopped meanwhile is ignored.
    pub fn feed(&mut self, id: CallId, result: CallResult) {
        let _ = (id, result);
    }

    /// Re-evaluates what depends on what was fed since the last call, and nothing else.
    ///
    /// # Errors
    /// What ends the program: an error that is not caught, or a graph that can not be.
    pub fn stabilize(&mut self) -> Result<Step, Box<Diagnostic>> {
        Ok(Step::Waiting)
    }
}
