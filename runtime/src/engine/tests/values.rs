//! Values and notifications that travel along edges (engine.md §3.4, §3.8).

use std::sync::Arc;

use super::fake::{
    Act, Graph, What, World, config, engine, idle, meta, pass, scratch, services, submit,
};
use crate::engine::{Engine, EngineConfig};

fn texts(world: &World, name: &str) -> Vec<(String, bool)> {
    world
        .trace()
        .into_iter()
        .filter(|entry| entry.name == name)
        .filter_map(|entry| match entry.what {
            What::Check { text, changed, .. } => Some((text, changed)),
            _ => None,
        })
        .collect()
}

fn sender_and_receiver(world: &Arc<World>) -> Graph {
    Graph::new(world)
        .fakes(&["s"])
        .receiver("r", "declared", meta(|_| {}), &["s"])
}

#[tokio::test(start_paused = true)]
async fn a_receiver_gets_what_its_sender_sent_last_and_knows_when_it_changed() {
    let world = World::new();
    world.set("s", |fake| fake.out = "one".to_owned());
    let engine = engine();
    submit(&engine, sender_and_receiver(&world)).await;
    idle(&engine).await;
    world.touch("s");
    pass(1).await;
    world.set("s", |fake| fake.out = "two".to_owned());
    world.touch("s");
    pass(1).await;
    world.touch("r");
    pass(1).await;
    let expected = [("one", true), ("two", true), ("two", false)];
    assert_eq!(
        texts(&world, "r"),
        expected.map(|(text, changed)| (text.to_owned(), changed))
    );
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_does_not_fit_fails_the_receiver_without_being_told() {
    let world = World::new();
    world.set("s", |fake| fake.out = "invalid".to_owned());
    let engine = engine();
    submit(&engine, sender_and_receiver(&world)).await;
    idle(&engine).await;
    let snapshot = engine.snapshot().await;
    let error = snapshot.iter().find_map(|each| each.error.as_deref());
    assert_eq!(
        error,
        Some(
            "can't receive `text` of fake[r]: the parameters are not valid with the value from \
             `out` of fake[s]"
        )
    );
    assert_eq!(world.checks("r"), 0);
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_the_wrong_thing_starts_anew_before_the_check() {
    let world = World::new();
    world.set("s", |fake| fake.out = "rewatch".to_owned());
    let engine = engine();
    submit(&engine, sender_and_receiver(&world)).await;
    idle(&engine).await;
    assert_eq!(world.story("r"), "init watch unwatch watch check changed");
    assert_eq!(texts(&world, "r"), [("rewatch".to_owned(), true)]);
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_kept_receiver_adopts_another_sender() {
    let world = World::new();
    for name in ["s", "t"] {
        world.set(name, |fake| fake.out = name.to_owned());
    }
    let engine = engine();
    for sender in ["s", "t"] {
        let graph =
            Graph::new(&world)
                .fakes(&["s", "t"])
                .receiver("r", "", meta(|_| {}), &[sender]);
        submit(&engine, graph).await;
        idle(&engine).await;
    }
    let expected = [("s".to_owned(), true), ("t".to_owned(), true)];
    assert_eq!(texts(&world, "r"), expected);
    assert_eq!(world.count("r", |what| *what == What::Init), 1);
    engine.shutdown(false).await.expect("an orderly end");
}

/// The receiver waits for somebody else when the value comes and the graph is replaced.
#[tokio::test(start_paused = true)]
async fn a_value_that_comes_before_a_switch_is_not_lost_on_who_has_no_watch() {
    let world = World::new();
    world.set("s", |fake| fake.out = "one".to_owned());
    let engine = engine();
    let graph = |more: &[&str]| {
        let patient = meta(|meta| (meta.retry, meta.delay) = (-1, 60_000));
        Graph::new(&world)
            .fakes(&["s"])
            .fake("p", "", patient)
            .receiver("r", "", meta(|meta| meta.poll = -1), &["s"])
            .edge("p", "r")
            .fakes(more)
    };
    submit(&engine, graph(&[])).await;
    idle(&engine).await;
    world.set("p", |fake| fake.script.push_back(Act::Fail));
    world.touch("p");
    pass(1).await;
    world.set("s", |fake| fake.out = "two".to_owned());
    world.touch("s");
    pass(1).await;
    let report = submit(&engine, graph(&["n"])).await;
    assert_eq!((report.kept, report.added), (3, 1));
    idle(&engine).await;
    let expected = [("one", true), ("two", true)];
    assert_eq!(
        texts(&world, "r"),
        expected.map(|(text, changed)| (text.to_owned(), changed))
    );
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_no_check_has_seen_outlives_another_sender() {
    let world = World::new();
    for name in ["s", "t"] {
        world.set(name, |fake| fake.out = "same".to_owned());
    }
    world.set("r", |fake| fake.script.push_back(Act::Fail));
    let engine = engine();
    for sender in ["s", "t"] {
        let patient = meta(|meta| (meta.retry, meta.delay) = (-1, 60_000));
        let graph = Graph::new(&world)
            .fakes(&["s", "t"])
            .receiver("r", "", patient, &[sender]);
        submit(&engine, graph).await;
        pass(1_000).await;
    }
    pass(120_000).await;
    let expected = [("same".to_owned(), true), ("same".to_owned(), true)];
    assert_eq!(texts(&world, "r"), expected);
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_kept_resource_that_no_longer_receives_is_as_declared() {
    let world = World::new();
    world.set("s", |fake| fake.out = "rewatch".to_owned());
    let engine = engine();
    submit(&engine, sender_and_receiver(&world)).await;
    idle(&engine).await;
    world.forget();
    let alone = Graph::new(&world)
        .fakes(&["s"])
        .fake("r", "declared", meta(|_| {}));
    submit(&engine, alone).await;
    idle(&engine).await;
    assert_eq!(texts(&world, "r"), [("declared".to_owned(), false)]);
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_change_notifies_once() {
    let world = World::new();
    let engine = engine();
    let graph = Graph::new(&world).fakes(&["a", "b"]).notify("a", "b");
    submit(&engine, graph).await;
    idle(&engine).await;
    assert_eq!(world.story("b"), "init watch check! changed");
    world.forget();
    world.touch("a");
    pass(1).await;
    assert_eq!(world.story("b"), "", "nothing was changed");
    world.break_it("a");
    pass(1).await;
    assert_eq!(world.story("b"), "check! changed");
    engine.shutdown(false).await.expect("an orderly end");
}

/// A and E have no common ancestor, and E is quiet.
#[tokio::test(start_paused = true)]
async fn a_notification_is_not_stranded_between_independent_parents() {
    let world = World::new();
    let engine = engine();
    let graph = Graph::new(&world)
        .fakes(&["a", "e", "d"])
        .notify("a", "d")
        .edge("e", "d");
    submit(&engine, graph).await;
    idle(&engine).await;
    world.forget();
    world.break_it("a");
    pass(1).await;
    assert_eq!(world.story("d"), "check! changed");
    assert_eq!(world.story("e"), "");
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test]
async fn a_notification_survives_the_end_of_the_process() {
    let prefix = tempfile::tempdir().expect("a temporary directory");
    let durable = || {
        Engine::new(EngineConfig {
            durable_notifications: true,
            services: services(prefix.path()),
            ..config()
        })
    };
    let world = World::new();
    let slow = |world: &World, seconds| {
        world.set("b", |fake| {
            fake.latency = std::time::Duration::from_secs(seconds);
        });
    };
    let graph = || Graph::new(&world).fakes(&["a", "b"]).notify("a", "b");
    slow(&world, 3_600);
    let engine = durable();
    let mut events = engine.events();
    submit(&engine, graph()).await;
    // Dies while the child is at it.
    loop {
        let event = events.recv().await.expect("it runs");
        if let crate::engine::EngineEvent::Started { identity } = event
            && identity.name == "b"
        {
            break;
        }
    }
    drop(engine);
    slow(&world, 0);
    world.forget();
    let engine = durable();
    submit(&engine, graph()).await;
    idle(&engine).await;
    assert_eq!(world.story("a"), "init watch check same");
    assert_eq!(world.story("b"), "init watch check! changed");
    engine.shutdown(false).await.expect("an orderly end");

    world.forget();
    let engine = durable();
    submit(&engine, graph()).await;
    idle(&engine).await;
    assert_eq!(world.story("b"), "init watch check same", "it was served");
    engine.shutdown(false).await.expect("an orderly end");
}

/// The agent need not guess what its own failed call has done: the next one tells.
#[tokio::test(start_paused = true)]
async fn a_switch_does_not_take_a_failed_call_for_a_change() {
    let prefix = scratch();
    let world = World::new();
    let engine = Engine::new(EngineConfig {
        durable_notifications: true,
        services: services(prefix.path()),
        ..config()
    });
    let graph = |more: &[&str]| {
        let patient = meta(|meta| (meta.retry, meta.delay) = (-1, 60_000));
        let graph = Graph::new(&world).fake("a", "", patient).fakes(&["b"]);
        graph.notify("a", "b").fakes(more)
    };
    submit(&engine, graph(&[])).await;
    idle(&engine).await;
    for (breaks, heard) in [(false, ""), (true, "check! changed")] {
        world.forget();
        world.set("a", |fake| fake.script.push_back(Act::Fail));
        world.touch("a");
        pass(1).await;
        let more: &[&str] = if breaks { &[] } else { &["more"] };
        let report = submit(&engine, graph(more)).await;
        assert_eq!(report.kept, 2);
        world.set("a", |fake| fake.broken = breaks);
        idle(&engine).await;
        let a = if breaks { "changed" } else { "same" };
        assert_eq!(world.story("a"), format!("check failed check {a}"));
        assert_eq!(world.story("b"), heard);
    }
    engine.shutdown(false).await.expect("an orderly end");
}
