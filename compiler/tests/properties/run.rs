//! Runs a program with sources that the test feeds.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use mgmt_compiler::evaluator::{CallId, Evaluator, Request, Step};
use mgmt_compiler::graph::ResourceGraph;
use mgmt_compiler::program::Program;
use mgmt_stdlib::catalog::{CallError, CallResult, FunctionDef};
use mgmt_stdlib::value::Value;

use super::generate::SOURCES;

/// The present values of the sources; `None` is a source that fails.
#[derive(Clone, Debug)]
pub struct World {
    pub ints: Vec<Option<i64>>,
    pub bools: Vec<bool>,
    pub lists: Vec<Vec<i64>>,
}

impl World {
    fn value(&self, function: &FunctionDef, args: &[Value]) -> CallResult {
        let n = args[0].as_int().unwrap_or(0).rem_euclid(SOURCES as i64) as usize;
        match function.name {
            "number" => self.ints[n]
                .map(Value::Int)
                .ok_or_else(|| CallError::catchable("missing")),
            "flag" => Ok(Value::Bool(self.bools[n])),
            _ => Ok(Value::list(self.lists[n].iter().map(|n| Value::Int(*n)))),
        }
    }
}

/// A running program with the calls that it wants fed.
pub struct Run {
    pub evaluator: Evaluator,
    pub calls: BTreeMap<CallId, (Arc<FunctionDef>, Vec<Value>)>,
    pub shown: Option<Vec<String>>,
}

impl Run {
    pub fn new(program: &Arc<Program>) -> Self {
        Self {
            evaluator: Evaluator::new(program.clone()),
            calls: BTreeMap::new(),
            shown: None,
        }
    }

    /// Feeds what is asked for until all is known. The error, if the program ended.
    pub fn settle(&mut self, world: &World) -> Result<(), String> {
        loop {
            let step = self
                .evaluator
                .stabilize()
                .map_err(|diagnostic| diagnostic.message.clone())?;
            match step {
                Step::Waiting => {}
                Step::Unchanged => return Ok(()),
                Step::Graph(graph) => {
                    self.shown = Some(dump(&graph));
                    return Ok(());
                }
            }
            let requests = self.evaluator.requests();
            assert!(!requests.is_empty(), "it waits for nothing");
            self.serve(requests, world);
        }
    }

    pub fn serve(&mut self, requests: Vec<Request>, world: &World) {
        for request in requests {
            match request {
                Request::Start {
                    id, function, args, ..
                } => {
                    self.evaluator.feed(id, world.value(&function, &args));
                    self.calls.insert(id, (function, args));
                }
                Request::Stop { id } => {
                    assert!(
                        self.calls.remove(&id).is_some(),
                        "stops what was not started"
                    );
                }
            }
        }
    }

    /// Feeds the present value of every live call, in some order.
    pub fn change(&mut self, world: &World) -> Result<(), String> {
        for (id, (function, args)) in self.calls.clone() {
            self.evaluator.feed(id, world.value(&function, &args));
        }
        self.settle(world)?;
        let requests = self.evaluator.requests();
        self.serve(requests, world);
        Ok(())
    }
}

pub fn dump(graph: &ResourceGraph) -> Vec<String> {
    let mut lines = Vec::new();
    for resource in graph.resources() {
        let mut line = resource.identity.to_string();
        for param in ["int64", "anotherstr", "interface"] {
            let _ = write!(line, " {:?}", resource.params.get(param));
        }
        lines.push(line);
    }
    lines.sort();
    lines
}
