//! The worked timings of engine.md 3.5.5.

use std::num::NonZeroU32;
use std::time::Duration;

use super::fake::{Act, Graph, World, config, engine, idle, meta, pass, submit};
use crate::engine::{ConvergerConfig, Engine, EngineConfig, Exit};

fn converging(seconds: u64) -> EngineConfig {
    EngineConfig {
        converger: ConvergerConfig {
            timeout: Some(Duration::from_secs(seconds)),
            exit: true,
            ..ConvergerConfig::default()
        },
        ..config()
    }
}

fn slow(world: &World, names: &[&str], milliseconds: u64) {
    for name in names {
        world.set(name, |fake| {
            fake.latency = Duration::from_millis(milliseconds);
        });
    }
}

/// Runs the graph until the engine wants to exit, and says how long that took.
async fn run(world: &World, engine: Engine, graph: Graph) -> Duration {
    submit(&engine, graph).await;
    assert_eq!(engine.exit_requested().await, Exit::Converged);
    let elapsed = world.elapsed();
    engine.shutdown(false).await.expect("an orderly end");
    elapsed
}

#[tokio::test(start_paused = true)]
async fn a_chain_of_three_and_one_alone_take_as_long_as_the_chain() {
    let world = World::new();
    let names = ["a", "b", "c", "d"];
    slow(&world, &names, 10_000);
    let graph = Graph::new(&world)
        .fakes(&names)
        .edge("a", "b")
        .edge("b", "c");
    let elapsed = run(&world, Engine::new(converging(5)), graph).await;
    assert_eq!(elapsed.as_secs(), 35);
}

fn five_before_a_sixth(world: &std::sync::Arc<World>) -> Graph {
    let names = ["1", "2", "3", "4", "5", "6"];
    slow(world, &names, 2_000);
    let mut graph = Graph::new(world).fakes(&names);
    for name in &names[..5] {
        graph = graph.edge(name, "6");
    }
    graph
}

#[tokio::test(start_paused = true)]
async fn siblings_run_at_once() {
    let world = World::new();
    let graph = five_before_a_sixth(&world);
    let elapsed = run(&world, Engine::new(converging(1)), graph).await;
    assert_eq!(elapsed.as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_global_semaphore_of_two_makes_three_rounds() {
    let world = World::new();
    let graph = five_before_a_sixth(&world);
    let config = EngineConfig {
        sema: NonZeroU32::new(2),
        ..converging(1)
    };
    let elapsed = run(&world, Engine::new(config), graph).await;
    assert_eq!(elapsed.as_secs(), 9);
}

/// Two chains, of three times 1 s and of 4 s; the stop comes at 1.5 s. Gives the starts of the chain.
async fn stopped(fast: bool) -> (Duration, usize) {
    let world = World::new();
    slow(&world, &["a", "b", "c"], 1_000);
    slow(&world, &["z"], 4_000);
    let graph = Graph::new(&world)
        .fakes(&["a", "b", "c", "z"])
        .edge("a", "b")
        .edge("b", "c");
    let engine = engine();
    submit(&engine, graph).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    engine.shutdown(fast).await.expect("an orderly end");
    let calls = ["a", "b", "c"].iter().map(|name| world.checks(name)).sum();
    (world.elapsed(), calls)
}

#[tokio::test(start_paused = true)]
async fn a_normal_stop_lets_a_chain_run_to_its_end() {
    assert_eq!(stopped(false).await, (Duration::from_secs(4), 3));
}

#[tokio::test(start_paused = true)]
async fn a_fast_stop_ends_a_chain_after_the_present_call() {
    assert_eq!(stopped(true).await, (Duration::from_secs(4), 2));
}

#[tokio::test(start_paused = true)]
async fn an_event_is_served_at_once() {
    let world = World::new();
    let engine = engine();
    let graph = Graph::new(&world).fakes(&["a"]);
    submit(&engine, graph).await;
    idle(&engine).await;
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(
        world.starts("a"),
        [0],
        "nothing is checked without a reason"
    );
    world.break_it("a");
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(world.starts("a"), [0, 3_600_000]);
    engine.shutdown(false).await.expect("an orderly end");
}

/// T7: what happens to one part of the graph is nothing to the others.
#[tokio::test(start_paused = true)]
async fn a_slow_failing_neighbour_changes_nothing() {
    let mut traces = Vec::new();
    for neighbour in [false, true] {
        let world = World::new();
        slow(&world, &["a", "b", "c"], 700);
        slow(&world, &["x", "y"], 9_000);
        world.set("x", |fake| fake.script = [Act::Panic, Act::Fail].into());
        let mut graph = Graph::new(&world)
            .fakes(&["a", "b", "c"])
            .edge("a", "b")
            .notify("a", "c");
        if neighbour {
            let stubborn = meta(|meta| meta.retry = 1);
            graph = graph.fake("x", "", stubborn).fakes(&["y"]).edge("x", "y");
        }
        let engine = engine();
        submit(&engine, graph).await;
        pass(5_000).await;
        world.break_it("a");
        pass(5_000).await;
        engine.shutdown(true).await.expect("an orderly end");
        let mut trace = world.trace();
        // How long the end takes is another matter.
        trace.retain(|entry| entry.at < Duration::from_secs(10) && *entry.name <= *"c");
        traces.push(trace);
    }
    assert_eq!(traces[0], traces[1]);
}

#[tokio::test(start_paused = true)]
async fn an_hour_of_polling_takes_as_many_looks_as_it_should() {
    let world = World::new();
    let names: Vec<String> = (1..=40).map(|seconds| format!("every {seconds}")).collect();
    let mut graph = Graph::new(&world);
    for (seconds, name) in (1..).zip(&names) {
        graph = graph.fake(name, "", meta(|meta| meta.poll = seconds));
    }
    let engine = engine();
    submit(&engine, graph).await;
    pass(3_600_500).await;
    for (seconds, name) in (1..).zip(&names) {
        assert_eq!(world.checks(name), 1 + 3_600 / seconds, "{name}");
    }
    engine.shutdown(false).await.expect("an orderly end");
}
