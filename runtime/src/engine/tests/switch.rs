//! From one graph to the next (engine.md §2).

use std::sync::Arc;
use std::time::Duration;

use super::fake::{Act, Graph, World, engine, idle, meta, pass, submit};
use crate::engine::{Engine, SubmitError, SubmitOptions};

async fn rejected(engine: &Engine, graph: Graph) -> String {
    match engine.submit(graph.graph, SubmitOptions::default()).await {
        Err(error @ SubmitError::Rejected(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

fn abc(world: &Arc<World>) -> Graph {
    Graph::new(world)
        .fakes(&["a", "b", "c"])
        .edge("a", "b")
        .notify("b", "c")
}

#[tokio::test(start_paused = true)]
async fn an_equal_graph_changes_nothing() {
    let world = World::new();
    let engine = engine();
    submit(&engine, abc(&world)).await;
    idle(&engine).await;
    world.forget();
    let report = submit(&engine, abc(&world)).await;
    assert_eq!((report.kept, report.added, report.removed), (3, 0, 0));
    idle(&engine).await;
    pass(1_000).await;
    assert_eq!(world.trace(), []);
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn only_what_differs_is_replaced() {
    let world = World::new();
    let engine = engine();
    submit(&engine, abc(&world)).await;
    idle(&engine).await;
    world.forget();
    let graph = Graph::new(&world)
        .fakes(&["a"])
        .fake("b", "other", meta(|_| {}))
        .fakes(&["d"])
        .edge("a", "b");
    let report = submit(&engine, graph).await;
    assert_eq!((report.kept, report.added, report.removed), (1, 2, 2));
    idle(&engine).await;
    assert_eq!(world.story("a"), "");
    assert_eq!(world.story("b"), "unwatch cleanup init watch check same");
    assert_eq!(world.story("c"), "unwatch cleanup");
    assert_eq!(world.story("d"), "init watch check changed");
    let trace = world.trace();
    let last = |word: &str| {
        trace
            .iter()
            .rposition(|each| format!("{:?}", each.what) == word)
    };
    let first = |word: &str| {
        trace
            .iter()
            .position(|each| format!("{:?}", each.what) == word)
    };
    assert!(last("Cleanup") < first("Init"), "all removals come first");
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_bad_graph_never_harms_a_good_one() {
    let world = World::new();
    let engine = engine();
    submit(&engine, abc(&world)).await;
    idle(&engine).await;
    world.forget();
    let none = || meta(|_| {});
    let bad = Graph::new(&world)
        .fake("a", "invalid", none())
        .fake("b", "panic", none())
        .fake("$c", "", none());
    assert_eq!(
        rejected(&engine, bad).await,
        "the graph is rejected: fake[a]: `text` must not be `invalid`; \
         fake[b]: panic in validate: asked for; \
         fake[$c]: the name begins with `$` (set `Meta:dollar` if that is what you mean)"
    );
    let cyclic = Graph::new(&world)
        .fakes(&["x", "y", "z"])
        .edge("x", "y")
        .edge("y", "z")
        .edge("z", "y");
    let message = rejected(&engine, cyclic).await;
    assert!(
        message.contains("fake[y] -> fake[z] -> fake[y]"),
        "{message}"
    );
    let twice = Graph::new(&world).fakes(&["x", "x"]);
    assert!(rejected(&engine, twice).await.contains("is declared twice"));
    let orphan = Graph::new(&world).receiver("x", "", none(), &["nobody"]);
    assert!(
        rejected(&engine, orphan)
            .await
            .contains("fake[nobody], which is not in the graph")
    );
    assert_eq!(world.trace(), []);
    world.break_it("a");
    pass(1).await;
    assert_eq!(world.story("a"), "check changed");
    engine.shutdown(false).await.expect("an orderly end");
}

/// What was to be done stays undone: the edges that said when are gone.
#[tokio::test(start_paused = true)]
async fn nothing_runs_out_of_order_after_a_failed_init() {
    let world = World::new();
    world.set("bad", |fake| fake.init = Some(Act::Fail));
    world.set("a", |fake| fake.script.push_back(Act::Fail));
    let engine = engine();
    let graph = |more: &[&str]| {
        let patient = meta(|meta| (meta.retry, meta.delay) = (-1, 60_000));
        let graph = Graph::new(&world).fake("a", "", patient).fakes(&["b"]);
        graph.edge("a", "b").fakes(more)
    };
    submit(&engine, graph(&[])).await;
    pass(1).await;
    assert_eq!((world.checks("a"), world.checks("b")), (1, 0));
    let bad = graph(&["bad"]);
    let result = engine.submit(bad.graph, SubmitOptions::default()).await;
    assert!(matches!(result, Err(SubmitError::Fatal(_))), "{result:?}");
    engine.shutdown(false).await.expect("an orderly end");
    assert_eq!(world.story("a"), "init watch check failed unwatch cleanup");
    assert_eq!(world.story("b"), "init watch unwatch cleanup");
}

#[tokio::test(start_paused = true)]
async fn a_failed_init_ends_the_engine_in_order() {
    let world = World::new();
    world.set("bad", |fake| fake.init = Some(Act::Panic));
    let engine = engine();
    submit(&engine, abc(&world)).await;
    idle(&engine).await;
    world.forget();
    let graph = Graph::new(&world).fakes(&["a", "new", "bad"]);
    let result = engine.submit(graph.graph, SubmitOptions::default()).await;
    let message = result.expect_err("it can not be initialised").to_string();
    assert_eq!(
        message,
        "can't initialise fake[bad]: panic in init: init panicked"
    );
    assert_eq!(world.story("b"), "unwatch cleanup");
    assert_eq!(world.story("new"), "init cleanup");
    let again = engine
        .submit(abc(&world).graph, SubmitOptions::default())
        .await;
    assert!(matches!(again, Err(SubmitError::Fatal(_))));
    engine.shutdown(false).await.expect("an orderly end");
    assert_eq!(world.story("a"), "unwatch cleanup");
}

#[tokio::test(start_paused = true)]
async fn a_running_call_completes_before_the_switch() {
    let world = World::new();
    world.set("a", |fake| fake.latency = Duration::from_secs(5));
    let engine = engine();
    submit(&engine, Graph::new(&world).fakes(&["a"])).await;
    pass(1_000).await;
    submit(&engine, Graph::new(&world).fakes(&["b"])).await;
    assert_eq!(world.elapsed().as_secs(), 5);
    assert_eq!(world.story("a"), "init watch check changed unwatch cleanup");
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_semaphore_does_not_hold_up_a_pause() {
    let world = World::new();
    let engine = engine();
    let mut graph = Graph::new(&world);
    for at in 0..100 {
        let name = format!("v{at}");
        world.set(&name, |fake| fake.latency = Duration::from_secs(10));
        graph = graph.fake(&name, "", meta(|meta| meta.sema = vec!["one".to_owned()]));
    }
    submit(&engine, graph).await;
    pass(15_000).await;
    engine.shutdown(false).await.expect("an orderly end");
    assert_eq!(world.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_failed_resource_is_revived_by_a_change_or_by_rewatch() {
    let world = World::new();
    let engine = engine();
    let declared = |rewatch: bool, text: &'static str| {
        Graph::new(&world).fake("a", text, meta(|meta| meta.rewatch = rewatch))
    };
    for (rewatch, text, revived) in [(false, "", false), (false, "new", true), (true, "", true)] {
        world.set("a", |fake| fake.script = [Act::Fail].into());
        submit(&engine, declared(rewatch, "")).await;
        idle(&engine).await;
        world.forget();
        submit(&engine, declared(rewatch, text)).await;
        idle(&engine).await;
        assert_eq!(world.checks("a") > 0, revived, "{rewatch} {text}");
        submit(&engine, Graph::new(&world)).await;
    }
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn used_up_retries_outlive_replacement_unless_retry_or_reset_says_otherwise() {
    for (retry, reset, tries) in [(2, false, 1), (3, false, 4), (2, true, 3)] {
        let world = World::new();
        world.set("a", |fake| fake.script = [Act::Fail; 99].into());
        let engine = engine();
        let declared = |retry, reset, text| {
            let meta = meta(|meta| {
                meta.retry = retry;
                meta.reset = reset;
            });
            Graph::new(&world).fake("a", text, meta)
        };
        submit(&engine, declared(2, false, "")).await;
        idle(&engine).await;
        assert_eq!(world.checks("a"), 3);
        world.forget();
        submit(&engine, declared(retry, reset, "new")).await;
        idle(&engine).await;
        assert_eq!(world.checks("a"), tries);
        engine.shutdown(false).await.expect("an orderly end");
    }
}

#[tokio::test(start_paused = true)]
async fn a_realized_resource_settles_once_before_it_goes() {
    let world = World::new();
    world.set("a", |fake| fake.latency = Duration::from_secs(2));
    world.set("b", |fake| fake.latency = Duration::from_secs(2));
    let engine = engine();
    let graph = Graph::new(&world)
        .fakes(&["a"])
        .fake("b", "", meta(|meta| meta.realize = true))
        .edge("a", "b");
    submit(&engine, graph).await;
    let options = SubmitOptions {
        fast: true,
        ..SubmitOptions::default()
    };
    let empty = Graph::new(&world).graph;
    engine.submit(empty, options).await.expect("a good graph");
    assert_eq!(world.elapsed().as_secs(), 4);
    assert_eq!(world.story("b"), "init watch check changed unwatch cleanup");
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn newer_graphs_win() {
    let world = World::new();
    world.set("a", |fake| fake.latency = Duration::from_secs(2));
    let engine = Arc::new(engine());
    submit(&engine, Graph::new(&world).fakes(&["a"])).await;
    pass(1).await;
    let submit_later = |name: &str| {
        let (engine, graph) = (engine.clone(), Graph::new(&world).fakes(&[name]).graph);
        async move { engine.submit(graph, SubmitOptions::default()).await }
    };
    // The first is being switched to already; the second gives way to the third.
    let (first, second, third) =
        tokio::join!(submit_later("1"), submit_later("2"), submit_later("3"));
    assert!(first.is_ok() && third.is_ok());
    assert!(matches!(second, Err(SubmitError::Superseded)));
    assert_eq!(world.checks("2"), 0);
    engine.shutdown(false).await.expect("an orderly end");
}

/// One whose watch is to be tried again leaves, another one takes long to leave, and the watch of one that stays fails
/// meanwhile.
#[tokio::test(start_paused = true)]
async fn the_watch_of_who_leaves_does_not_start_again() {
    let world = World::new();
    let stubborn = |delay| meta(|meta| (meta.retry, meta.delay) = (-1, delay));
    let graph = Graph::new(&world)
        .fake("leaves", "", stubborn(2_000))
        .fake("lingers", "", meta(|_| {}))
        .fake("stays", "", stubborn(1_000));
    world.set("leaves", |fake| fake.watch_script = [Act::Fail].into());
    world.set("lingers", |fake| {
        fake.watch_lingers = Duration::from_secs(5);
    });
    let engine = engine();
    submit(&engine, graph).await;
    pass(1_000).await;
    let stays = Graph::new(&world).fake("stays", "", stubborn(1_000));
    let watch_fails = async {
        pass(500).await;
        world.set("stays", |fake| fake.watch_breaks = true);
        world.touch("stays");
    };
    tokio::join!(submit(&engine, stays), watch_fails);
    world.set("stays", |fake| fake.watch_breaks = false);
    pass(10_000).await;
    assert_eq!(world.story("leaves"), "init watch cleanup");
    assert!(world.story("stays").ends_with("watch check same"));
    engine.shutdown(false).await.expect("an orderly end");
}
