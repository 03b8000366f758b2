//! Graphs on their way: which one is next, and when (engine.md 2.2.10, §2.7).

use tracing::info;

use super::{Control, Driver, Rung, Submission};
use crate::engine::prepare::Prepared;
use crate::engine::{SubmitError, confine};

impl Driver {
    pub(super) fn obey(&mut self, control: Control) {
        match control {
            Control::Snapshot(reply) => {
                // Who asked may have left.
                let _ = reply.send(self.core.snapshot());
            }
            Control::Graph(reply) => {
                let _ = reply.send(self.core.running_graph());
            }
            Control::Observe { known, reply } => {
                let _ = reply.send(self.core.observe(known));
            }
            Control::Shutdown { fast, reply } => {
                self.leaving.push(reply);
                for submission in self.waiting.drain(..).chain(self.switching.take()) {
                    let _ = submission.reply.send(Err(SubmitError::Fatal(
                        "the engine is shutting down".to_owned(),
                    )));
                }
                self.core.pause(fast, self.epoch.elapsed());
            }
            Control::Submit {
                prepared,
                overrides,
                fast,
                reply,
            } => {
                if let Some(reason) = self.unusable() {
                    let _ = reply.send(Err(SubmitError::Fatal(reason)));
                    return;
                }
                let submission = Submission {
                    prepared,
                    overrides,
                    fast,
                    reply,
                    gate: Vec::new(),
                };
                self.supersede(&submission.prepared);
                self.waiting.push_back(submission);
                if self.waiting.len() == 1 {
                    self.compute_gate();
                }
            }
        }
    }

    pub(super) fn unusable(&self) -> Option<String> {
        if !self.leaving.is_empty() {
            return Some("the engine is shutting down".to_owned());
        }
        self.dead.clone()
    }

    /// Graphs that wait are dropped in favour of the newer one, unless they hold something that has to be
    /// realized once and that the newer one does not hold (engine.md 2.7.3).
    pub(super) fn supersede(&mut self, newer: &Prepared) {
        let replaceable = |older: &Submission| {
            // How members run is said by their owners.
            let vertices = older.prepared.vertices.iter();
            vertices
                .map(|vertex| &vertex.declared)
                .filter(|resource| resource.meta.realize)
                .all(|resource| {
                    newer.parts().any(|other| {
                        confine("compare", || resource.differs(other).is_none()).unwrap_or(false)
                    })
                })
        };
        let mut front_changed = false;
        while let Some(older) = self.waiting.back()
            && replaceable(older)
        {
            if let Some(older) = self.waiting.pop_back() {
                let _ = older.reply.send(Err(SubmitError::Superseded));
            }
            front_changed = self.waiting.is_empty();
        }
        if front_changed {
            info!("a newer graph takes the place of one that waited");
        }
    }

    pub(super) fn compute_gate(&mut self) {
        if let Some(front) = self.waiting.front_mut() {
            let plan = self.core.plan(&front.prepared);
            front.gate = self.core.unrealized(&plan);
            if !front.gate.is_empty() {
                info!(
                    "the switch waits until {} resources are realized",
                    front.gate.len()
                );
            }
        }
    }

    /// Starts the pause for the next graph once nothing has to be realized before.
    pub(super) fn open_gate(&mut self) {
        if self.switching.is_some() || !self.leaving.is_empty() {
            return;
        }
        let interrupted = *self.rung.borrow() > Rung::Run;
        let Some(front) = self.waiting.front_mut() else {
            return;
        };
        front
            .gate
            .retain(|vertex| self.core.awaits_realization(*vertex));
        if !front.gate.is_empty() && !interrupted {
            return;
        }
        let fast = front.fast;
        self.switching = self.waiting.pop_front();
        self.pause_began = self.now();
        self.core.pause(fast, self.now());
        self.execute();
    }
}
