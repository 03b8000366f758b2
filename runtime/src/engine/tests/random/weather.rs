//! Which graphs there are, and what happens to them.

use std::time::Duration;

use mgmt_compiler::graph::{Identity, ResourceGraph};
use mgmt_stdlib::resource::Meta;
use proptest::prelude::*;

use super::simulation::{Happening, SEMAPHORES, Simulation};
use crate::engine::tests::fake::Graph;

impl Simulation {
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.random.random_range(0..100) < percent
    }

    pub(super) fn pick(&mut self, below: usize) -> usize {
        self.random.random_range(0..below)
    }

    pub(super) fn later(&mut self, most: u64, happening: Happening) {
        let wait = self.random.random_range(0..=most);
        self.schedule(Duration::from_millis(wait), happening);
    }

    /// A first graph, and what is to come.
    pub(super) fn storm(&mut self) {
        self.happen(Happening::Switch);
        let storm = [3, 12, 200][self.pick(3)];
        for _ in 0..self.pick(storm) {
            self.later(3_000, Happening::Outside);
        }
        for _ in 0..self.pick(4) {
            self.later(2_000, Happening::Switch);
        }
    }

    pub(super) fn graph(&mut self) -> ResourceGraph {
        if let Some(last) = &self.last {
            let last = last.clone();
            if self.chance(15) {
                return last;
            }
        }
        let count = 1 + self.pick(9);
        let mut graph = Graph::new(&self.world);
        let names: Vec<String> = (0..count).map(|at| format!("v{at}")).collect();
        let mut edges = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let meta = self.meta();
            let text = ["p", "q"][usize::from(self.chance(20))];
            let mut senders = Vec::new();
            for former in &names[..at] {
                if self.chance(25) {
                    edges.push((former.clone(), name.clone(), self.chance(40)));
                    let hidden = graph
                        .graph
                        .find(&Identity::new("fake", former.as_str()))
                        .is_none();
                    if senders.is_empty() && !hidden && self.chance(40) {
                        senders.push(former.as_str());
                    }
                }
            }
            graph = graph.receiver(name, text, meta, &senders);
        }
        for (from, to, notify) in edges {
            graph = if notify {
                graph.notify(&from, &to)
            } else {
                graph.edge(&from, &to)
            };
        }
        graph.graph
    }

    fn meta(&mut self) -> Meta {
        let mut meta = Meta::default();
        if self.chance(60) {
            meta.retry = [-1, 1, 2][self.pick(3)];
            meta.delay = [0, 5, 50][self.pick(3)];
        }
        meta.retryreset = self.chance(20);
        meta.reset = self.chance(10);
        meta.noop = self.chance(5);
        meta.hidden = self.chance(5);
        meta.rewatch = self.chance(10);
        if self.chance(20) {
            meta.limit = 10.0;
            meta.burst = 2;
        }
        if self.chance(5) {
            meta.poll = -1;
        }
        for (id, _) in SEMAPHORES {
            if self.chance(15) {
                meta.sema.push(id.to_owned());
            }
        }
        meta
    }
}
