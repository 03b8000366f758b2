//! Errors, retries, panics and timeouts (engine.md §3.2, §3.6, §3.13).

use super::fake::{Act, Graph, World, engine, idle, meta, pass, submit};
use crate::engine::VertexState;

#[tokio::test(start_paused = true)]
async fn an_error_is_tried_again_as_often_as_retry_says() {
    let world = World::new();
    world.set("a", |fake| fake.script = [Act::Fail; 9].into());
    let engine = engine();
    let stubborn = meta(|meta| {
        meta.retry = 2;
        meta.delay = 500;
    });
    submit(&engine, Graph::new(&world).fake("a", "", stubborn)).await;
    idle(&engine).await;
    pass(10_000).await;
    assert_eq!(world.starts("a"), [0, 500, 1_000]);
    let snapshot = engine.snapshot().await;
    assert_eq!(snapshot[0].state, VertexState::Failed);
    assert_eq!(snapshot[0].error.as_deref(), Some("apply failed"));
    engine.shutdown(false).await.expect("an orderly end");
    assert!(world.story("a").ends_with("unwatch cleanup"));
}

#[tokio::test(start_paused = true)]
async fn a_failed_resource_keeps_its_descendants_from_running_and_nobody_else() {
    let world = World::new();
    world.set("a", |fake| fake.script = [Act::Fail].into());
    let engine = engine();
    let graph = Graph::new(&world)
        .fakes(&["a", "b", "c", "z"])
        .edge("a", "b")
        .edge("b", "c");
    submit(&engine, graph).await;
    idle(&engine).await;
    let checks: Vec<_> = ["a", "b", "c", "z"].map(|name| world.checks(name)).into();
    assert_eq!(checks, [1, 0, 0, 1]);
    let status = *engine.status().borrow();
    assert_eq!((status.failed, status.blocked), (1, 2));
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_of_its_resource_alone() {
    let world = World::new();
    world.set("a", |fake| fake.script = [Act::Panic].into());
    world.set("b", |fake| fake.watch_script = [Act::Panic].into());
    let engine = engine();
    submit(&engine, Graph::new(&world).fakes(&["a", "b", "c"])).await;
    idle(&engine).await;
    let mut snapshot = engine.snapshot().await;
    snapshot.sort_by(|a, b| a.identity.cmp(&b.identity));
    let errors: Vec<_> = snapshot.iter().map(|each| each.error.as_deref()).collect();
    assert_eq!(
        errors,
        [
            Some("panic in check_apply: apply panicked"),
            Some("watch failed: panic in watch: watch panicked"),
            None
        ]
    );
    engine.shutdown(false).await.expect("an orderly end");
    for name in ["a", "b", "c"] {
        assert!(world.story(name).ends_with("cleanup"));
    }
}

#[tokio::test(start_paused = true)]
async fn endless_retries_without_delay_leave_the_processor_to_others_and_can_be_paused() {
    let world = World::new();
    world.set("a", |fake| fake.script = [Act::Fail; 100_000].into());
    let engine = engine();
    let endless = meta(|meta| meta.retry = -1);
    submit(&engine, Graph::new(&world).fake("a", "", endless)).await;
    pass(1_000).await;
    assert!(world.checks("a") <= 101, "{}", world.checks("a"));
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_fails_before_its_parents_are_done_costs_no_retry() {
    let world = World::new();
    world.set("a", |fake| fake.latency = std::time::Duration::from_secs(3));
    world.set("b", |fake| fake.watch_script = [Act::Fail].into());
    let engine = engine();
    submit(
        &engine,
        Graph::new(&world).fakes(&["a", "b"]).edge("a", "b"),
    )
    .await;
    idle(&engine).await;
    assert_eq!(world.story("b"), "init watch watch check changed");
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_by_itself_has_failed() {
    let world = World::new();
    world.set("a", |fake| {
        fake.watch_script = [Act::Stop, Act::Stop].into()
    });
    let engine = engine();
    let twice = meta(|meta| meta.retry = 1);
    submit(&engine, Graph::new(&world).fake("a", "", twice)).await;
    idle(&engine).await;
    let snapshot = engine.snapshot().await;
    assert_eq!(
        snapshot[0].error.as_deref(),
        Some("watch ended unexpectedly")
    );
    assert_eq!(world.story("a"), "init watch watch");
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_told_to_return() {
    let world = World::new();
    world.set("a", |fake| {
        fake.latency = std::time::Duration::from_secs(60)
    });
    let engine = engine();
    let hasty = meta(|meta| meta.timeout = 1_500);
    submit(&engine, Graph::new(&world).fake("a", "", hasty)).await;
    idle(&engine).await;
    assert_eq!(world.elapsed().as_millis(), 1_500);
    let snapshot = engine.snapshot().await;
    assert_eq!(
        snapshot[0].error.as_deref(),
        Some("timeout after 1.5 seconds")
    );
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn success_refills_the_retries_if_asked_to() {
    let world = World::new();
    let rounds = [Act::Fail, Act::Normal, Act::Fail, Act::Normal];
    for (name, retryreset) in [("with", true), ("without", false)] {
        world.set(name, |fake| fake.script = rounds.into());
        let engine = engine();
        let once = meta(|meta| {
            meta.retry = 1;
            meta.retryreset = retryreset;
        });
        submit(&engine, Graph::new(&world).fake(name, "", once)).await;
        idle(&engine).await;
        world.break_it(name);
        pass(1).await;
        idle(&engine).await;
        let failed = engine.status().borrow().failed;
        assert_eq!(failed, usize::from(!retryreset), "{name}");
        engine.shutdown(false).await.expect("an orderly end");
    }
}
