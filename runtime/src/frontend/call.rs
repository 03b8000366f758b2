//! One live call of a function that looks at the machine: called once, and again after each of its events.

use std::sync::Arc;

use mgmt_compiler::evaluator::CallId;
use mgmt_stdlib::catalog::{CallError, CallResult, Host, Sampler, Wake};
use mgmt_stdlib::value::Value;
use tokio::sync::{mpsc, watch};

use super::evaluation::Message;
use super::lines::Lines;
use super::sources::{EventSources, WatchError, Watches};

/// A call and where its results go.
pub(super) struct Call {
    pub(super) id: CallId,
    /// For error texts.
    pub(super) name: String,
    pub(super) sampler: Box<dyn Sampler>,
    /// The newest arguments.
    pub(super) args: watch::Receiver<Vec<Value>>,
    pub(super) host: Arc<dyn Host>,
    pub(super) sources: EventSources,
    pub(super) results: mpsc::UnboundedSender<Message>,
}

impl Call {
    /// Calls until it is cancelled, or can not notice any more what happens.
    pub(super) async fn run(self) {
        let (id, results) = (self.id, self.results.clone());
        if let Err(error) = self.call_again_and_again().await {
            // Nobody takes it once the program is being stopped, and then this task is too.
            let _ = results.send(Message::Fed(id, Err(error)));
        }
    }

    async fn call_again_and_again(mut self) -> Result<(), CallError> {
        let mut watches = Watches::default();
        let mut lines: Option<Lines> = None;
        loop {
            let args = self.args.borrow_and_update().clone();
            // The events are listened to before the call, so that none falls between the two.
            let wakes = self.sampler.wake(&args);
            watches.follow(&self.sources, &wakes).await.map_err(fatal)?;
            if let Some(command) = command(&wakes) {
                let running = lines.take().filter(|lines| lines.is(command));
                let lines = match running {
                    Some(running) => lines.insert(running),
                    None => {
                        self.sampler.restart();
                        let started = Lines::start(command).map_err(|error| {
                            CallError::fatal(format!("can't run a command: {error}"))
                        })?;
                        lines.insert(started)
                    }
                };
                tokio::select! {
                    line = lines.next() => self.sampler.line(line),
                    changed = self.args.changed() => {
                        if changed.is_err() {
                            return Ok(());
                        }
                        continue;
                    }
                }
            }
            let (mut sampler, host) = (self.sampler, Arc::clone(&self.host));
            let called = tokio::task::spawn_blocking(move || {
                let result = sampler.call(&*host, &args);
                let wakes = sampler.wake(&args);
                (sampler, result, wakes)
            });
            let Ok((sampler, result, wakes)) = called.await else {
                let text = format!("internal error: `{}` panicked", self.name);
                return Err(CallError::fatal(text));
            };
            self.sampler = sampler;
            if self.args.has_changed().unwrap_or(false) {
                continue;
            }
            self.give(result);
            if command(&wakes).is_some() {
                // The next line is the next event.
                continue;
            }
            tokio::select! {
                event = watches.event(&*self.host, &wakes) => event.map_err(fatal)?,
                changed = self.args.changed() => if changed.is_err() { return Ok(()) },
            }
        }
    }

    /// Hands over a result; nobody takes it once the program is being stopped, and then this task is too.
    fn give(&self, result: CallResult) {
        let _ = self.results.send(Message::Fed(self.id, result));
    }
}

fn fatal(error: WatchError) -> CallError {
    CallError::fatal(error.to_string())
}

/// The command whose lines are the values of the function, if it is one of that sort.
fn command(wakes: &[Wake]) -> Option<&[u8]> {
    wakes.iter().find_map(|wake| match wake {
        Wake::Lines(command) => Some(&command[..]),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
