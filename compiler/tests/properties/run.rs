//! Runs a program with sources that the test feeds.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use mgmt_compiler::evaluator::{CallId, Evaluator, Request, Step};
use mgmt_compiler::graph::ResourceGraph;
use mgmt_compiler::program::Program;
use mgmt_stdlib::catalog::{CallError, CallResult, FunctionDef};
use mgmt_stdlib::value::Value;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};

use super::generate::SOURCES;

/// The present values of the sources; `None` is a source that fails.
#[derive(Clone, Debug)]
pub struct World {
    pub ints: Vec<Option<i64>>,
    pub bools: Vec<bool>,
    pub lists: Vec<Vec<i64>>,
    pub tables: Vec<BTreeMap<String, i64>>,
}

/// The new value of one source.
#[derive(Clone, Debug)]
pub enum Event {
    Int(usize, Option<i64>),
    Bool(usize, bool),
    List(usize, Vec<i64>),
    Table(usize, BTreeMap<String, i64>),
}

/// Which source of its type a call reads.
fn place(args: &[Value]) -> usize {
    args[0].as_int().unwrap_or(0).rem_euclid(SOURCES as i64) as usize
}

impl World {
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Int(n, value) => self.ints[*n] = *value,
            Event::Bool(n, value) => self.bools[*n] = *value,
            Event::List(n, value) => self.lists[*n].clone_from(value),
            Event::Table(n, value) => self.tables[*n].clone_from(value),
        }
    }

    fn value(&self, function: &FunctionDef, args: &[Value]) -> CallResult {
        let n = place(args);
        match function.name {
            "number" => self.ints[n]
                .map(Value::Int)
                .ok_or_else(|| CallError::catchable("missing")),
            "flag" => Ok(Value::Bool(self.bools[n])),
            "numbers" => Ok(Value::list(self.lists[n].iter().map(|n| Value::Int(*n)))),
            _ => {
                let entries = self.tables[n].iter();
                let entries = entries.map(|(key, n)| (Value::str(key.as_str()), Value::Int(*n)));
                Ok(Value::Map(entries.collect()))
            }
        }
    }
}

/// A running program with the calls that it wants fed.
pub struct Run {
    pub evaluator: Evaluator,
    pub calls: BTreeMap<CallId, (Arc<FunctionDef>, Vec<Value>)>,
    pub shown: Option<Vec<String>>,
    pub graph: Arc<ResourceGraph>,
}

impl Run {
    pub fn new(program: &Arc<Program>) -> Self {
        Self {
            evaluator: Evaluator::new(program.clone()),
            calls: BTreeMap::new(),
            shown: None,
            graph: Arc::default(),
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
                    self.graph = graph;
                    return Ok(());
                }
            }
            let requests = self.evaluator.requests();
            assert!(!requests.is_empty(), "it waits for nothing");
            self.serve(requests, world);
        }
    }

    /// The calls that an evaluator wants started.
    pub fn started(evaluator: &mut Evaluator) -> Vec<CallId> {
        let requests = evaluator.requests().into_iter();
        requests
            .filter_map(|request| match request {
                Request::Start { id, .. } => Some(id),
                Request::Stop { .. } => None,
            })
            .collect()
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
        self.finish(world)
    }

    /// Feeds those calls that read the source of an event, which has happened to the world.
    pub fn happen(&mut self, world: &World, event: &Event) -> Result<(), String> {
        let (name, n) = match event {
            Event::Int(n, _) => ("number", *n),
            Event::Bool(n, _) => ("flag", *n),
            Event::List(n, _) => ("numbers", *n),
            Event::Table(n, _) => ("table", *n),
        };
        for (id, (function, args)) in self.calls.clone() {
            if function.name == name && place(&args) == n {
                self.evaluator.feed(id, world.value(&function, &args));
            }
        }
        self.finish(world)
    }

    fn finish(&mut self, world: &World) -> Result<(), String> {
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
        if resource.meta.hidden {
            line.push_str(" hidden");
        }
        let received = resource.receives.iter();
        let mut received: Vec<String> = received
            .map(|receive| format!(" <- {}.{}", receive.sender, receive.key))
            .collect();
        received.sort();
        line.push_str(&received.concat());
        for param in ["int64", "anotherstr", "interface"] {
            let _ = write!(line, " {:?}", resource.params.get(param));
        }
        lines.push(line);
    }
    let graph = graph.graph();
    for edge in graph.edge_references() {
        let (from, to) = (&graph[edge.source()], &graph[edge.target()]);
        let notify = if edge.weight().notify {
            " notifies"
        } else {
            ""
        };
        lines.push(format!("{} -> {}{notify}", from.identity, to.identity));
    }
    lines.sort();
    lines
}
