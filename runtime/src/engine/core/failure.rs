//! What follows an error: another try, or the end of the vertex (engine.md §2.6, §3.6).

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, warn};

use super::{Command, Core};
use crate::engine::metrics::Failure;
use crate::engine::scheduler::VertexId;
use crate::engine::status::EngineEvent;
use crate::engine::vertex::{Phase, Watch};

impl Core {
    /// A pass failed: another try, or the end of the vertex.
    pub(super) fn pass_failed(&mut self, vertex: VertexId, message: String) {
        let now = self.now;
        self.converger.activity(now);
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        if !state.check_retries.take() {
            self.fail(vertex, message);
            return;
        }
        let delay = state.retry_delay();
        let until = now.saturating_add(delay);
        state.phase = Phase::Backoff(until);
        let retries = state.check_retries.left();
        self.timers.push(Reverse((until, vertex)));
        self.retrying(vertex, message, retries, delay);
    }

    pub(super) fn retrying(
        &mut self,
        vertex: VertexId,
        message: String,
        retries: i32,
        delay: Duration,
    ) {
        let before = self.failure(vertex);
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        let message: Arc<str> = message.into();
        state.error = Some(message.clone());
        let identity = state.declared.identity.clone();
        self.metrics.failing(&identity, before, Some(Failure::Soft));
        let left = if retries < 0 {
            "without end".to_owned()
        } else {
            format!("{retries} left")
        };
        warn!(kind = %identity.kind, name = %identity.name,
            "{message}; next try in {} seconds, {left}", delay.as_secs_f64());
        self.commands.push(Command::Event(EngineEvent::Retrying {
            identity,
            error: message,
            retries,
            delay,
        }));
    }

    /// The vertex failed for good: it stays in the graph as a dead prerequisite.
    pub(super) fn fail(&mut self, vertex: VertexId, message: String) {
        let before = self.failure(vertex);
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        let message: Arc<str> = message.into();
        state.error = Some(message.clone());
        state.next_event = None;
        let identity = state.declared.identity.clone();
        let phase = state.phase;
        let watch = std::mem::replace(&mut state.watch, Watch::Off);
        error!(kind = %identity.kind, name = %identity.name, "Error: {message}");
        if matches!(watch, Watch::Running | Watch::Restarting) {
            self.commands.push(Command::StopWatch(vertex));
        }
        match phase {
            Phase::Running => self.cancel_check(vertex),
            Phase::Waiting => {
                self.set_phase(vertex, Phase::Idle);
                self.release(vertex);
            }
            Phase::Idle | Phase::Limited(_) | Phase::Backoff(_) => {
                self.set_phase(vertex, Phase::Idle);
            }
        }
        let blocked = self.scheduler.blocked();
        self.scheduler.fail(vertex);
        let blocked = self.scheduler.blocked().saturating_sub(blocked);
        if blocked > 0 {
            warn!("{blocked} resources do not run: blocked by {identity}");
        }
        self.metrics.failing(&identity, before, Some(Failure::Hard));
        self.commands.push(Command::Event(EngineEvent::Failed {
            identity,
            error: message,
        }));
    }
}

/// An error with its causes on one line, innermost last (engine.md 7.2.4).
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Errors that print their cause themselves should not print it twice.
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text.replace('\n', " ")
}
