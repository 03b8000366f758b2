//! What readers of the feed are told: how the run is other than they know.

use serde::Serialize;

use super::Model;
use crate::engine::EngineStatus;
use crate::observe::edges::Reasons;
use crate::observe::shapes::{Changed, Delta, Live, LogEntry, Milliseconds, Status};

/// So much of the log is kept.
const LOG: usize = 2000;
/// More differences between two graphs than this are not told one by one.
const DIFFERENCES: usize = 2000;

impl Model {
    /// Tells readers what they were not told yet.
    pub(in crate::observe) fn tell(&mut self, engine: EngineStatus, now: Milliseconds) {
        self.engine = engine;
        if std::mem::take(&mut self.is_new) {
            let delta = self.delta();
            self.feed.push("graph", text(&delta));
        }
        let summary = self.summary();
        if self.told.as_ref() != Some(&summary) {
            let status = Status {
                now,
                problems: Vec::new(),
                summary,
            };
            self.feed.push("status", text(&status));
            self.told = Some(status.summary);
        }
        if !self.dirty.is_empty() {
            let mut numbers: Vec<u32> = std::mem::take(&mut self.dirty).into_iter().collect();
            numbers.sort_unstable();
            let live: Vec<(u32, Live)> = numbers
                .into_iter()
                .filter_map(|number| Some((number, self.live(self.vertices.get(&number)?))))
                .collect();
            let changed: Vec<Changed<'_>> = live
                .iter()
                .map(|(id, live)| Changed { id: *id, live })
                .collect();
            let data = text(&Batch {
                now,
                resources: &changed,
            });
            self.feed.push("resources", data);
        }
        if !self.unlogged.is_empty() {
            let entries = std::mem::take(&mut self.unlogged);
            self.feed.push("log", text(&Entries { entries: &entries }));
            self.log.extend(entries);
            let surplus = self.log.len().saturating_sub(LOG);
            self.log.drain(..surplus);
        }
    }

    /// What is different about the graph since it was told last.
    fn delta(&mut self) -> Delta {
        let mut delta = Delta {
            generation: self.graph.generation,
            gone: std::mem::take(&mut self.gone),
            ..Delta::default()
        };
        let declared = self.declared.as_ref().map(|declared| &*declared.graph);
        let reasons = Reasons::of(&self.graph, declared);
        self.edges.update(&self.graph, &reasons, &mut delta);
        let altered = std::mem::take(&mut self.altered);
        let differences = [
            altered.len(),
            delta.gone.len(),
            delta.edges.len(),
            delta.gone_edges.len(),
        ];
        if differences.iter().sum::<usize>() > DIFFERENCES {
            // Who asks for the graph knows everything.
            self.dirty.clear();
            return Delta {
                generation: self.graph.generation,
                whole: true,
                ..Delta::default()
            };
        }
        let mut altered: Vec<u32> = altered.into_iter().collect();
        altered.sort_unstable();
        for number in altered {
            if let Some(vertex) = self.vertices.get(&number) {
                self.dirty.remove(&number);
                delta.resources.push(self.shown(vertex));
            }
        }
        delta
    }
}

#[derive(Serialize)]
struct Batch<'a> {
    now: Milliseconds,
    resources: &'a [Changed<'a>],
}

#[derive(Serialize)]
struct Entries<'a> {
    entries: &'a [LogEntry],
}

/// Our own shapes have string keys and no other way to fail.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("our shapes can be JSON")
}
