//! What is unrelated does not disturb each other (engine.md §12, T7).

use std::time::Duration;

use mgmt_stdlib::resource::Meta;
use proptest::prelude::*;

use super::fake::{Act, Entry, Graph, What, World, engine, meta, pass, submit};

/// One half of a graph; the vertices are ordered by their numbers.
#[derive(Clone, Debug)]
struct Half {
    /// Milliseconds that a call takes.
    latencies: Vec<u64>,
    edges: Vec<(usize, usize, bool)>,
    /// Milliseconds between the events, each with its vertex.
    events: Vec<(u64, usize)>,
}

/// What goes wrong in the other half.
#[derive(Clone, Debug)]
struct Fault {
    vertex: usize,
    latency: u64,
    acts: Vec<Act>,
    retry: i16,
}

/// No event is at the instant at which a call ends: it may then lead to one call more, or not.
fn halves() -> impl Strategy<Value = Half> {
    let latency = (0u64..40).prop_map(|tens| tens * 10);
    let gap = (0u64..90).prop_map(|tens| tens * 10 + 1);
    prop::collection::vec(latency, 1..5).prop_flat_map(move |latencies| {
        let count = latencies.len();
        let edges = prop::collection::vec((0..count, 0..count, any::<bool>()), 0..8);
        let events = prop::collection::vec((gap.clone(), 0..count), 0..4);
        (Just(latencies), edges, events).prop_map(|(latencies, edges, events)| Half {
            latencies,
            edges: edges
                .into_iter()
                .filter(|(from, to, _)| from < to)
                .collect(),
            events,
        })
    })
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let act = prop_oneof![Just(Act::Fail), Just(Act::Panic), Just(Act::Normal)];
    let fault = (
        0usize..7,
        0u64..5_000,
        prop::collection::vec(act, 0..5),
        -1i16..3,
    )
        .prop_map(|(vertex, latency, acts, retry)| Fault {
            vertex,
            latency,
            acts,
            retry,
        });
    prop::collection::vec(fault, 1..5)
}

impl Half {
    fn names(&self, half: &str) -> Vec<String> {
        (0..self.latencies.len())
            .map(|at| format!("{half}{at}"))
            .collect()
    }

    fn add(&self, mut graph: Graph, half: &str, meta: impl Fn(usize) -> Meta) -> Graph {
        let names = self.names(half);
        for (at, name) in names.iter().enumerate() {
            graph = graph.fake(name, "", meta(at));
        }
        for (from, to, notify) in &self.edges {
            let (from, to) = (&names[*from], &names[*to]);
            graph = if *notify {
                graph.notify(from, to)
            } else {
                graph.edge(from, to)
            };
        }
        graph
    }

    fn set_latencies(&self, world: &World, half: &str) {
        for (name, latency) in self.names(half).iter().zip(&self.latencies) {
            world.set(name, |fake| fake.latency = Duration::from_millis(*latency));
        }
    }

    /// Adds it with what goes wrong in it.
    fn add_faulty(&self, graph: Graph, world: &World, faults: &[Fault]) -> Graph {
        self.set_latencies(world, "a");
        let count = self.latencies.len();
        for fault in faults {
            world.set(&format!("a{}", fault.vertex % count), |fake| {
                fake.latency += Duration::from_millis(fault.latency);
                fake.script.extend(&fault.acts);
            });
        }
        self.add(graph, "a", |at| {
            let fault = faults.iter().find(|fault| fault.vertex % count == at);
            meta(|meta| meta.retry = fault.map_or(0, |fault| fault.retry))
        })
    }

    /// The longest way through, in milliseconds.
    fn critical_path(&self) -> u64 {
        let mut ends: Vec<u64> = Vec::new();
        for (at, latency) in self.latencies.iter().enumerate() {
            let parents = self.edges.iter().filter(|(_, to, _)| *to == at);
            let start = parents.map(|(from, ..)| ends[*from]).max().unwrap_or(0);
            ends.push(start + latency);
        }
        ends.into_iter().max().unwrap_or(0)
    }
}

/// What happens in the second half, alone or while this happens in the first one.
fn story(first: Option<(&Half, &[Fault])>, second: &Half) -> Vec<Entry> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let world = World::new();
        second.set_latencies(&world, "b");
        let mut graph = Graph::new(&world);
        if let Some((first, faults)) = first {
            graph = first.add_faulty(graph, &world, faults);
        }
        let graph = second.add(graph, "b", |_| Meta::default());
        let engine = engine();
        submit(&engine, graph).await;
        pass(second.critical_path() + 1).await;
        for (wait, vertex) in &second.events {
            pass(*wait).await;
            world.break_it(&format!("b{vertex}"));
        }
        pass(20_000).await;
        let mut story = world.trace();
        story.retain(|entry| entry.name.starts_with('b'));
        // Tasks that are ready at the same instant run in any order.
        story.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
        engine.shutdown(true).await.expect("an orderly end");
        story
    })
}

proptest! {
    #![proptest_config(crate::engine::tests::chance::cases(2_000))]

    /// T7.
    #[test]
    fn delays_and_failures_elsewhere_change_nothing(
        first in halves(),
        second in halves(),
        faults in faults(),
    ) {
        let calm = story(None, &second);
        let disturbed = story(Some((&first, &faults)), &second);
        prop_assert_eq!(&calm, &disturbed);
        let path = Duration::from_millis(second.critical_path());
        let first_round = calm.iter().filter(|entry| entry.at <= path);
        let last = first_round
            .filter(|entry| matches!(entry.what, What::Checked(_)))
            .map(|entry| entry.at)
            .max();
        prop_assert_eq!(last, Some(path), "the makespan is the critical path");
        let done = second.names("b").iter().all(|name| {
            let mut of = calm.iter().filter(|entry| entry.name == *name && entry.at <= path);
            of.any(|entry| matches!(entry.what, What::Checked(_)))
        });
        prop_assert!(done, "everybody has run once by then");
    }
}
