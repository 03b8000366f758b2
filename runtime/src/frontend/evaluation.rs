//! A running program: a thread that owns its evaluator, and a task for each call that looks at the machine.

use std::collections::HashMap;
use std::sync::Arc;

use mgmt_compiler::diagnostic::{Code, Diagnostic, Stage};
use mgmt_compiler::evaluator::{CallId, Evaluator, Request, Step};
use mgmt_compiler::graph::ResourceGraph;
use mgmt_compiler::program::Program;
use mgmt_stdlib::catalog::{CallResult, Host, Implementation};
use mgmt_stdlib::value::Value;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::call::Call;
use super::sources::EventSources;

/// A program at work. It must be stopped.
pub(super) struct Evaluation {
    outputs: mpsc::UnboundedReceiver<Output>,
    inbox: mpsc::UnboundedSender<Message>,
    owner: JoinHandle<()>,
    calls: TaskTracker,
    cancel: CancellationToken,
}

/// What the functions of a program look at, and what wakes them.
#[derive(Clone)]
pub(super) struct Machine {
    pub(super) host: Arc<dyn Host>,
    pub(super) sources: EventSources,
}

/// What comes of a program.
pub(super) enum Output {
    /// A graph that differs from the one before.
    Graph(Arc<ResourceGraph>),
    /// The end.
    Failed(Box<Diagnostic>),
}

/// What the owner of an evaluator is told.
pub(super) enum Message {
    /// What a call gave.
    Fed(CallId, CallResult),
    /// Nobody is interested any more.
    Stop,
}

impl Evaluation {
    /// Starts a program.
    pub(super) fn start(machine: &Machine, program: Arc<Program>) -> Self {
        let (inbox, messages) = mpsc::unbounded_channel();
        let (outputs, received) = mpsc::unbounded_channel();
        let calls = TaskTracker::new();
        let cancel = CancellationToken::new();
        let live = LiveCalls {
            machine: machine.clone(),
            running: HashMap::new(),
            inbox: inbox.clone(),
            tracker: calls.clone(),
            cancel: cancel.clone(),
            runtime: Handle::current(),
        };
        let owner = tokio::task::spawn_blocking(move || {
            if let Err(diagnostic) = evaluate(program, messages, live, &outputs) {
                // Nobody listens any more once it is being stopped.
                let _ = outputs.send(Output::Failed(diagnostic));
            }
        });
        Self {
            outputs: received,
            inbox,
            owner,
            calls,
            cancel,
        }
    }

    /// The next output; of several graphs only the newest.
    pub(super) async fn output(&mut self) -> Output {
        let Some(mut output) = self.outputs.recv().await else {
            return Output::Failed(Box::new(Diagnostic::error(
                Code::RUNTIME_ERROR,
                Stage::Stream,
                "internal error: the evaluation of the program ended unexpectedly",
            )));
        };
        while let (Output::Graph(_), Ok(newer)) = (&output, self.outputs.try_recv()) {
            output = newer;
        }
        output
    }

    /// Ends everything that was started, and waits for it.
    pub(super) async fn stop(self) {
        self.cancel.cancel();
        // It fails if the owner has ended.
        let _ = self.inbox.send(Message::Stop);
        let _ = self.owner.await;
        self.calls.close();
        self.calls.wait().await;
    }
}

fn evaluate(
    program: Arc<Program>,
    mut messages: mpsc::UnboundedReceiver<Message>,
    mut live: LiveCalls,
    outputs: &mpsc::UnboundedSender<Output>,
) -> Result<(), Box<Diagnostic>> {
    let mut evaluator = Evaluator::new(program);
    loop {
        match evaluator.stabilize()? {
            // It fails if the evaluation is being stopped, which the next message says.
            Step::Graph(graph) => drop(outputs.send(Output::Graph(graph))),
            Step::Waiting | Step::Unchanged => {}
        }
        for request in evaluator.requests() {
            live.handle(request);
        }
        // What has arrived meanwhile is taken in together.
        let mut message = messages.blocking_recv();
        loop {
            match message {
                Some(Message::Fed(id, result)) => evaluator.feed(id, result),
                Some(Message::Stop) | None => return Ok(()),
            }
            match messages.try_recv() {
                Ok(next) => message = Some(next),
                Err(_) => break,
            }
        }
    }
}

/// The calls of a program that look at the machine.
struct LiveCalls {
    machine: Machine,
    running: HashMap<CallId, (watch::Sender<Vec<Value>>, CancellationToken)>,
    inbox: mpsc::UnboundedSender<Message>,
    tracker: TaskTracker,
    cancel: CancellationToken,
    runtime: Handle,
}

impl LiveCalls {
    fn handle(&mut self, request: Request) {
        match request {
            Request::Stop { id } => {
                if let Some((_, cancel)) = self.running.remove(&id) {
                    cancel.cancel();
                }
            }
            Request::Start {
                id,
                function,
                start,
                args,
            } => {
                if let Some((running, _)) = self.running.get(&id) {
                    running.send_replace(args);
                    return;
                }
                let Implementation::Sampled(sampler) = &function.implementation else {
                    return;
                };
                let (args, latest) = watch::channel(args);
                let cancel = self.cancel.child_token();
                self.running.insert(id, (args, cancel.clone()));
                let call = Call {
                    id,
                    name: function.full_name(),
                    sampler: sampler(&start),
                    args: latest,
                    host: Arc::clone(&self.machine.host),
                    sources: self.machine.sources.clone(),
                    results: self.inbox.clone(),
                };
                self.tracker.spawn_on(
                    async move { cancel.run_until_cancelled(call.run()).await },
                    &self.runtime,
                );
            }
        }
    }
}
