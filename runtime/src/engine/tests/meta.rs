//! Meta parameters and convergence (engine.md §3.9 to §3.12, §5).

use std::time::Duration;

use super::fake::{Act, Graph, World, config, engine, idle, meta, pass, submit};
use crate::engine::{ConvergerConfig, Engine, EngineConfig, Exit};

#[tokio::test(start_paused = true)]
async fn noop_looks_and_never_touches() {
    let world = World::new();
    let engine = Engine::new(EngineConfig {
        noop: true,
        ..config()
    });
    let graph = Graph::new(&world).fakes(&["a", "b"]).notify("a", "b");
    submit(&engine, graph).await;
    idle(&engine).await;
    assert_eq!(world.story("a"), "init watch check? changed");
    assert_eq!(world.story("b"), "init watch check? changed");
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn hidden_resources_are_there_but_do_nothing() {
    let world = World::new();
    let engine = engine();
    let graph = Graph::new(&world)
        .fake("a", "invalid", meta(|meta| meta.hidden = true))
        .fakes(&["b"])
        .edge("a", "b");
    submit(&engine, graph).await;
    idle(&engine).await;
    assert_eq!(world.story("a"), "init");
    assert_eq!(world.story("b"), "init watch check changed");
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn polling_looks_at_intervals_without_a_watch() {
    let world = World::new();
    let engine = engine();
    let graph = Graph::new(&world)
        .fake("a", "", meta(|meta| meta.poll = 5))
        .fake("b", "", meta(|meta| meta.poll = -1));
    submit(&engine, graph).await;
    pass(12_000).await;
    assert_eq!(world.starts("a"), [0, 5_000, 10_000]);
    assert_eq!(world.starts("b"), [0]);
    engine.shutdown(false).await.expect("an orderly end");
    assert_eq!(
        world.count("a", |what| *what == super::fake::What::Watch),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn events_beyond_the_limit_wait_and_are_joined() {
    let world = World::new();
    let engine = engine();
    let limited = meta(|meta| {
        meta.limit = 1.0;
        meta.burst = 1;
    });
    submit(&engine, Graph::new(&world).fake("a", "", limited)).await;
    for _ in 0..5 {
        pass(10).await;
        world.touch("a");
    }
    pass(10_000).await;
    assert_eq!(world.starts("a"), [0, 1_000]);
    engine.shutdown(false).await.expect("an orderly end");
}

async fn converge(seconds: u64, graph: Graph, world: &World) -> Option<u64> {
    let engine = Engine::new(EngineConfig {
        converger: ConvergerConfig {
            timeout: Some(Duration::from_secs(seconds)),
            exit: true,
            ..ConvergerConfig::default()
        },
        ..config()
    });
    submit(&engine, graph).await;
    let hour = Duration::from_secs(3_600);
    let exit = tokio::time::timeout(hour, engine.exit_requested()).await;
    let elapsed = world.elapsed().as_secs();
    engine.shutdown(false).await.expect("an orderly end");
    exit.ok().map(|exit| {
        assert_eq!(exit, Exit::Converged);
        elapsed
    })
}

/// Ticks that were missed during a pause are one.
#[tokio::test(start_paused = true)]
async fn polling_rests_during_a_pause() {
    let world = World::new();
    let engine = engine();
    let graph = |others: &[&str]| {
        let graph = Graph::new(&world).fake("polled", "", meta(|meta| meta.poll = 1));
        graph.fakes(&["slow"]).fakes(others)
    };
    submit(&engine, graph(&[])).await;
    idle(&engine).await;
    world.set("slow", |fake| fake.latency = Duration::from_secs(5));
    pass(2_500).await;
    world.break_it("slow");
    pass(100).await;
    let report = submit(&engine, graph(&["another"])).await;
    assert_eq!((report.kept, report.added), (2, 1));
    let paused: Vec<_> = world
        .starts("polled")
        .into_iter()
        .filter(|start| (2_600..7_500).contains(start))
        .collect();
    assert_eq!(paused, [0; 0]);
    idle(&engine).await;
    assert_eq!(world.starts("polled"), [0, 1_000, 2_000, 7_500]);
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_finds_nothing_to_do_does_not_restart_the_idle_clock() {
    let world = World::new();
    let graph = Graph::new(&world).fake("a", "", meta(|meta| meta.poll = 2));
    assert_eq!(converge(5, graph, &world).await, Some(5));
}

#[tokio::test(start_paused = true)]
async fn noop_converges() {
    let world = World::new();
    let graph = Graph::new(&world).fake("a", "", meta(|meta| meta.noop = true));
    assert_eq!(converge(5, graph, &world).await, Some(5));
}

#[tokio::test(start_paused = true)]
async fn what_a_failure_blocks_counts_as_idle() {
    let world = World::new();
    world.set("a", |fake| fake.script = [Act::Fail].into());
    let graph = Graph::new(&world).fakes(&["a", "b"]).edge("a", "b");
    assert_eq!(converge(5, graph, &world).await, Some(5));
}

#[tokio::test(start_paused = true)]
async fn an_empty_graph_converges_after_the_timeout() {
    let world = World::new();
    assert_eq!(converge(5, Graph::new(&world), &world).await, Some(5));
}

#[tokio::test(start_paused = true)]
async fn who_tries_without_end_never_converges() {
    let world = World::new();
    world.set("a", |fake| fake.script = [Act::Fail; 9_999].into());
    let endless = meta(|meta| {
        meta.retry = -1;
        meta.delay = 1_000;
    });
    let graph = Graph::new(&world).fake("a", "", endless);
    assert_eq!(converge(0, graph, &world).await, None);
}

#[tokio::test(start_paused = true)]
async fn the_status_file_says_false_and_true_after_every_graph() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("status");
    let world = World::new();
    let engine = Engine::new(EngineConfig {
        converger: ConvergerConfig {
            timeout: Some(Duration::from_secs(2)),
            status_file: Some(path.clone()),
            ..ConvergerConfig::default()
        },
        ..config()
    });
    for _ in 0..2 {
        submit(&engine, Graph::new(&world).fakes(&["a"])).await;
        idle(&engine).await;
        pass(3_000).await;
    }
    world.break_it("a");
    pass(3_000).await;
    engine.shutdown(false).await.expect("an orderly end");
    let text = std::fs::read_to_string(path).expect("it was written");
    assert_eq!(text, "true\nfalse\ntrue\nfalse\ntrue\n");
}
