//! Errors, retries, panics and timeouts (engine.md §3.2, §3.6, §3.13).

use std::panic::resume_unwind;
use std::time::Duration;

use super::fake::{Act, Graph, World, config, engine, idle, meta, pass, submit};
use crate::engine::{Engine, Exit, StateFn, VertexState};

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

/// The notification that led to the failed call is gone when it is tried again.
#[tokio::test(start_paused = true)]
async fn what_failed_is_looked_at_again_whatever_it_was_called_for() {
    let world = World::new();
    let engine = engine();
    let patient = || meta(|meta| (meta.retry, meta.delay) = (-1, 60_000));
    let graph = || {
        Graph::new(&world)
            .fakes(&["parent"])
            .fake("a", "", patient())
    };
    submit(&engine, graph().notify("parent", "a")).await;
    idle(&engine).await;
    world.forget();
    world.set("a", |fake| fake.script.push_back(Act::Fail));
    world.break_it("parent");
    pass(1).await;
    submit(&engine, graph().edge("parent", "a")).await;
    idle(&engine).await;
    assert_eq!(world.story("a"), "check! failed check same");
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn tries_are_refilled_by_a_pass_that_need_not_call() {
    let world = World::new();
    let out = |out: &str| {
        world.set("s", |fake| fake.out = out.to_owned());
        world.touch("s");
    };
    out("one");
    let engine = engine();
    let refilled = meta(|meta| (meta.retry, meta.delay, meta.retryreset) = (1, 1_000, true));
    let graph = Graph::new(&world).fakes(&["s"]);
    submit(&engine, graph.receiver("a", "", refilled, &["s"])).await;
    idle(&engine).await;
    for _ in 0..3 {
        out("invalid");
        pass(1).await;
        out("one");
        idle(&engine).await;
    }
    assert_eq!(engine.status().borrow().failed, 0);
    assert_eq!(world.checks("a"), 1);
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_parameters_are_read_is_an_error_of_their_resource() {
    let world = World::new();
    let engine = engine();
    let exported = meta(|meta| meta.export = vec!["*".to_owned()]);
    let graph = Graph::new(&world)
        .fakes(&["s", "z"])
        .receiver("receiver", "unreadable", meta(|_| {}), &["s"])
        .fake("exported", "unreadable", exported);
    submit(&engine, graph).await;
    idle(&engine).await;
    let snapshot = engine.snapshot().await;
    for each in &snapshot {
        let panicked = each
            .error
            .as_ref()
            .is_some_and(|it| it.contains("panic in"));
        let bad = ["receiver", "exported"].contains(&each.identity.name.as_str());
        assert_eq!(panicked, bad, "{each:?}");
    }
    world.break_it("z");
    pass(1).await;
    assert_eq!(world.checks("z"), 2);
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_state_function_ends_the_run_in_order() {
    let world = World::new();
    let mut config = config();
    config.converger.timeout = Some(Duration::from_secs(1));
    let function: StateFn = Box::new(|_| resume_unwind(Box::new("asked for")));
    config
        .converger
        .state_functions
        .insert("bad".to_owned(), function);
    let engine = Engine::new(config);
    submit(&engine, Graph::new(&world).fakes(&["a"])).await;
    let exit = engine.exit_requested().await;
    let reason = "bad: panic in state function: asked for";
    assert_eq!(exit, Exit::Failed(reason.into()));
    engine.shutdown(false).await.expect("an orderly end");
    assert!(world.story("a").ends_with("unwatch cleanup"));
}
