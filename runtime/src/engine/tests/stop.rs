//! The three rungs to the end (engine.md §7.3), and that nothing is left over (T20).

use std::time::Duration;

use super::fake::{Graph, World, engine, meta, pass, submit};

#[tokio::test(start_paused = true)]
async fn the_second_rung_cancels_what_runs_without_counting_it_as_a_failure() {
    let world = World::new();
    world.set("a", |fake| fake.latency = Duration::from_secs(3_600));
    let engine = engine();
    let graph = Graph::new(&world).fakes(&["a", "b"]).edge("a", "b");
    submit(&engine, graph).await;
    pass(1_000).await;
    let (ended, ()) = tokio::join!(engine.shutdown(false), async {
        pass(1_000).await;
        engine.soft_interrupt();
    });
    ended.expect("an orderly end");
    assert_eq!(world.elapsed().as_secs(), 2);
    assert_eq!(world.story("a"), "init watch check failed unwatch cleanup");
    assert_eq!(world.story("b"), "init watch unwatch cleanup");
    assert_eq!(engine.status().borrow().failed, 0);
}

#[tokio::test(start_paused = true)]
async fn the_third_rung_interrupts_what_does_not_listen() {
    let world = World::new();
    world.set("a", |fake| {
        fake.latency = Duration::from_secs(30);
        fake.obedient = false;
    });
    let engine = engine();
    submit(&engine, Graph::new(&world).fakes(&["a"])).await;
    pass(1_000).await;
    engine.soft_interrupt();
    engine.hard_interrupt();
    engine.hard_interrupt();
    engine.shutdown(false).await.expect("an orderly end");
    assert_eq!(world.elapsed().as_secs(), 30);
    assert_eq!(
        world.story("a"),
        "init watch check interrupt changed unwatch cleanup"
    );
}

#[tokio::test(start_paused = true)]
async fn the_third_rung_gives_up_on_watches_that_do_not_end() {
    let world = World::new();
    world.set("a", |fake| fake.obedient = false);
    let engine = engine();
    submit(&engine, Graph::new(&world).fakes(&["a", "b"])).await;
    world.touch("a");
    pass(1_000).await;
    let (ended, ()) = tokio::join!(engine.shutdown(false), async {
        pass(60_000).await;
        engine.hard_interrupt();
    });
    ended.expect("an orderly end");
    assert_eq!(world.elapsed().as_secs(), 61);
    assert!(world.story("a").ends_with("cleanup"));
    assert!(world.story("b").ends_with("unwatch cleanup"));
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_retries_or_limits() {
    let world = World::new();
    world.set("a", |fake| fake.script = [super::fake::Act::Fail; 9].into());
    let engine = engine();
    let patient = meta(|meta| {
        meta.retry = -1;
        meta.delay = 3_600_000;
    });
    let limited = meta(|meta| {
        meta.limit = 0.001;
        meta.burst = 1;
    });
    let graph = Graph::new(&world)
        .fake("a", "", patient)
        .fake("b", "", limited);
    submit(&engine, graph).await;
    pass(10).await;
    world.touch("b");
    pass(10).await;
    engine.shutdown(false).await.expect("an orderly end");
    assert_eq!(world.elapsed().as_millis(), 20);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_when_the_engine_is_dropped_or_has_ended() {
    let world = World::new();
    let names: Vec<String> = (0..50).map(|at| format!("v{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    for orderly in [true, false] {
        let engine = engine();
        submit(&engine, Graph::new(&world).fakes(&names)).await;
        pass(1).await;
        assert!(tasks() > before + 50);
        if orderly {
            engine.shutdown(false).await.expect("an orderly end");
        }
        drop(engine);
        pass(1).await;
        assert_eq!(tasks(), before);
    }
}
