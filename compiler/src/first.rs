//! Evaluates a program once: to its first complete state, without watching anything.

use std::collections::HashMap;
use std::sync::Arc;

use mgmt_stdlib::catalog::{Host, Implementation, Sampler};

use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::evaluator::{CallId, Evaluator, Request, Step};
use crate::graph::ResourceGraph;

/// The first resource graph that a program denotes, with the automatic edges that can be told without looking
/// at the machine (typing-and-evaluation.md §9.1). Functions that look at the machine are called once;
/// again only if their arguments change before all is known.
///
/// # Errors
/// What [`Evaluator::stabilize`] reports.
pub fn first_graph(
    evaluator: &mut Evaluator,
    host: &dyn Host,
) -> Result<Arc<ResourceGraph>, Box<Diagnostic>> {
    let mut samplers: HashMap<CallId, Box<dyn Sampler>> = HashMap::new();
    loop {
        match evaluator.stabilize()? {
            Step::Graph(graph) => {
                let mut graph = Arc::unwrap_or_clone(graph);
                graph.add_automatic_edges();
                return Ok(Arc::new(graph));
            }
            Step::Unchanged => return Ok(Arc::default()),
            Step::Waiting => {}
        }
        let mut progress = false;
        for request in evaluator.requests() {
            progress = true;
            match request {
                Request::Start {
                    id,
                    function,
                    start,
                    args,
                } => {
                    let Implementation::Sampled(new) = &function.implementation else {
                        continue;
                    };
                    let sampler = samplers.entry(id).or_insert_with(|| new(&start));
                    evaluator.feed(id, sampler.call(host, &args));
                }
                Request::Stop { id } => {
                    samplers.remove(&id);
                }
            }
        }
        if !progress {
            return Err(Box::new(Diagnostic::error(
                Code::RUNTIME_ERROR,
                Stage::Stream,
                "the program waits for a value that nothing gives",
            )));
        }
    }
}
