//! What a running resource receives becomes another (engine.md 3.8.5, 3.8.8).

use std::sync::Arc;

use mgmt_stdlib::resource::Meta;

use super::fake::{Graph, What, World, engine, idle, meta, pass, submit};

/// Graphs of a receiver with these mappings, one after the other. What its last call saw.
async fn mapped_as(mappings: &[&[(&str, &str)]]) -> Option<(String, bool)> {
    let world = World::new();
    for name in ["s", "t"] {
        world.set(name, |fake| fake.out = name.to_owned());
    }
    let engine = engine();
    for mapping in mappings {
        let graph = Graph::new(&world).fakes(&["s", "t"]);
        submit(&engine, graph.mapped("r", "", Meta::default(), mapping)).await;
        idle(&engine).await;
    }
    assert_eq!(
        world.count("r", |what| *what == What::Init),
        1,
        "it is kept"
    );
    engine.shutdown(false).await.expect("an orderly end");
    world.texts("r").pop()
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_is_no_longer_received_is_as_declared() {
    let last = mapped_as(&[&[("text", "s"), ("note", "t")], &[("text", "s")]]).await;
    assert_eq!(last, Some(("s".to_owned(), false)));
}

#[tokio::test(start_paused = true)]
async fn a_mapping_that_was_said_twice_hides_no_other() {
    let last = mapped_as(&[
        &[("text", "s"), ("text", "s")],
        &[("text", "s"), ("note", "t")],
    ])
    .await;
    assert_eq!(last, Some(("st".to_owned(), false)));
}

#[tokio::test(start_paused = true)]
async fn a_part_that_gets_the_same_from_another_sender_gets_nothing_new() {
    let world = World::new();
    for name in ["s", "t"] {
        world.set(name, |fake| fake.out = "same".to_owned());
    }
    let engine = engine();
    for sender in ["s", "t"] {
        let graph = Graph::new(&world).fakes(&["s", "t", "server"]);
        submit(&engine, graph.receiving_part("part", "server", sender)).await;
        idle(&engine).await;
    }
    let expected = [("same".to_owned(), true), ("same".to_owned(), false)];
    assert_eq!(world.texts("part"), expected);
    engine.shutdown(false).await.expect("an orderly end");
}

/// The owner gets what makes its watch the wrong one in a pass that fails for the sake of a part.
#[tokio::test(start_paused = true)]
async fn a_watch_of_the_wrong_thing_starts_anew_also_after_a_failed_pass() {
    let world: Arc<World> = World::new();
    world.set("s", |fake| fake.out = "rewatch".to_owned());
    world.set("t", |fake| fake.out = "invalid".to_owned());
    let engine = engine();
    let patient = meta(|meta| (meta.retry, meta.delay) = (-1, 1_000));
    let graph = Graph::new(&world)
        .fakes(&["s", "t"])
        .receiver("server", "", patient, &["s"])
        .receiving_part("part", "server", "t");
    submit(&engine, graph).await;
    pass(10).await;
    assert_eq!(world.checks("server"), 0);
    world.set("t", |fake| fake.out = "fine".to_owned());
    world.touch("t");
    idle(&engine).await;
    assert_eq!(
        world.story("server"),
        "init watch unwatch watch check changed"
    );
    assert_eq!(world.texts("server"), [("rewatch".to_owned(), true)]);
    engine.shutdown(false).await.expect("an orderly end");
}
