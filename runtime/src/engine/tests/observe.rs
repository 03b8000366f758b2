//! What somebody sees who looks on is what is.

use std::collections::BTreeMap;

use super::fake::{Act, Graph, World, config, idle, meta, pass, submit};
use crate::engine::{Engine, EngineConfig, VertexStatus};

/// Somebody who looks on.
#[derive(Default)]
struct Onlooker {
    generation: u64,
    seen: BTreeMap<u32, String>,
}

/// Everything about a vertex that can be compared.
fn shown(status: &VertexStatus) -> String {
    format!("{status:?}")
}

impl Onlooker {
    /// Looks, and compares with what is. Returns how many vertices had to be looked at.
    async fn look(&mut self, engine: &Engine) -> usize {
        let seen = engine.observe(self.generation).await.unwrap();
        if let Some(graph) = seen.graph {
            self.generation = graph.generation;
            self.seen.clear();
        }
        let looked_at = seen.vertices.len();
        for status in seen.vertices {
            self.seen.insert(status.number, shown(&status));
        }
        let present = engine.snapshot().await;
        let present: BTreeMap<u32, String> = present
            .iter()
            .map(|status| (status.number, shown(status)))
            .collect();
        assert_eq!(self.seen, present);
        looked_at
    }
}

fn observed() -> Engine {
    Engine::new(EngineConfig {
        observed: true,
        ..config()
    })
}

#[tokio::test(start_paused = true)]
async fn an_onlooker_sees_everything_and_is_told_only_what_has_changed() {
    let world = World::new();
    let engine = observed();
    let mut onlooker = Onlooker::default();
    let spoilt = meta(|meta| {
        meta.retry = 2;
        meta.delay = 100;
    });
    let limited = meta(|meta| {
        meta.limit = 1.0;
        meta.burst = 1;
    });
    let graph = || {
        Graph::new(&world)
            .fakes(&["a", "b", "c"])
            .fake("spoilt", "", spoilt.clone())
            .fake("after", "", meta(|_| {}))
            .fake("limited", "", limited.clone())
            .notify("a", "b")
            .edge("b", "c")
            .edge("spoilt", "after")
    };
    world.set("spoilt", |fake| {
        fake.script.extend([Act::Fail, Act::Fail, Act::Fail]);
    });
    submit(&engine, graph()).await;
    for _ in 0..80 {
        pass(7).await;
        onlooker.look(&engine).await;
    }
    idle(&engine).await;
    onlooker.look(&engine).await;
    assert_eq!(onlooker.look(&engine).await, 0, "nothing has happened");
    world.break_it("limited");
    world.break_it("a");
    for _ in 0..80 {
        pass(29).await;
        onlooker.look(&engine).await;
    }
    idle(&engine).await;
    onlooker.look(&engine).await;
    // What was looked at unasked has left its mark.
    engine.touched().await;
    world.break_it("c");
    engine.touched().await;
    idle(&engine).await;
    assert_eq!(onlooker.look(&engine).await, 1, "only `c` was touched");
    submit(&engine, graph().fakes(&["new"])).await;
    onlooker.look(&engine).await;
    engine.shutdown(false).await.unwrap();
    assert!(engine.observe(0).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_for_nobody() {
    let world = World::new();
    let engine = Engine::new(config());
    submit(&engine, Graph::new(&world).fakes(&["a"])).await;
    idle(&engine).await;
    let seen = engine.observe(1).await.unwrap();
    assert!(seen.graph.is_none() && seen.vertices.is_empty());
}
