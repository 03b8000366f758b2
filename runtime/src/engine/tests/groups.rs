//! Resources that run together as one (engine.md §1.12, §4.2.5).

use std::time::Duration;

use mgmt_stdlib::resource::Meta;

use super::fake::{
    Act, Graph, What, World, config, engine, idle, meta, pass, scratch, services, submit,
};
use crate::engine::{Engine, EngineConfig, SubmitOptions};

#[tokio::test(start_paused = true)]
async fn a_member_receives_and_sends_under_its_own_name() {
    let world = World::new();
    let engine = engine();
    world.set("sender", |fake| fake.out = "one".to_owned());
    world.set("member", |fake| fake.out = "from the member".to_owned());
    let graph = Graph::new(&world)
        .fakes(&["sender"])
        .receiver("member", "grouped", Meta::default(), &["sender"])
        .fake("owner", "grouped", Meta::default())
        .receiver("receiver", "", Meta::default(), &["member"]);
    submit(&engine, graph).await;
    idle(&engine).await;
    assert_eq!(engine.status().borrow().vertices, 3);
    assert_eq!(world.count("member", |what| *what == What::Init), 0);
    assert_eq!(world.texts("member"), [("one".to_owned(), true)]);
    let received = ("from the member".to_owned(), true);
    assert_eq!(world.texts("receiver"), [received]);

    world.forget();
    world.set("sender", |fake| fake.out = "two".to_owned());
    world.break_it("sender");
    pass(1).await;
    idle(&engine).await;
    assert_eq!(world.texts("member"), [("two".to_owned(), true)]);
    world.forget();
    world.touch("owner");
    pass(1).await;
    idle(&engine).await;
    assert_eq!(world.texts("member"), [("two".to_owned(), false)]);
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_group_is_replaced_only_if_it_differs() {
    let world = World::new();
    let engine = engine();
    let group = |names: &[&str]| {
        let graph = Graph::new(&world);
        let add = |graph: Graph, name: &&str| graph.fake(name, "grouped", Meta::default());
        names.iter().fold(graph, add)
    };
    submit(&engine, group(&["a", "b", "c"])).await;
    let report = submit(&engine, group(&["c", "a", "b"])).await;
    assert_eq!((report.kept, report.added), (1, 0));
    let report = submit(&engine, group(&["c", "a"])).await;
    assert_eq!((report.kept, report.added), (0, 1));
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn grouping_can_be_switched_off() {
    let world = World::new();
    let graph = || {
        let off = meta(|meta| meta.autogroup = Some(false));
        Graph::new(&world)
            .fake("a", "grouped", Meta::default())
            .fake("b", "grouped", Meta::default())
            .fake("c", "grouped", off)
    };
    for (autogroup, vertices) in [(true, 2), (false, 3)] {
        let engine = Engine::new(EngineConfig {
            autogroup,
            ..config()
        });
        submit(&engine, graph()).await;
        assert_eq!(engine.status().borrow().vertices, vertices);
        engine.shutdown(false).await.expect("an orderly end");
    }
}

#[tokio::test(start_paused = true)]
async fn a_notification_goes_on_when_its_receiver_joins_a_group() {
    let world = World::new();
    let engine = engine();
    world.set("p", |fake| fake.latency = Duration::from_millis(100));
    let graph = |names: &[&str]| {
        let graph = Graph::new(&world).fakes(&["p"]);
        let add = |graph: Graph, name: &&str| graph.fake(name, "grouped", Meta::default());
        names.iter().fold(graph, add).notify("p", "a")
    };
    submit(&engine, graph(&["a"])).await;
    pass(50).await;
    // A fast switch: `p` still changes, but `a` is not told before it becomes a part of `z`.
    let fast = SubmitOptions {
        fast: true,
        ..SubmitOptions::default()
    };
    let next = graph(&["a", "z"]).graph;
    engine.submit(next, fast).await.expect("a good graph");
    idle(&engine).await;
    assert_eq!(world.story("p"), "init watch check changed");
    assert_eq!(world.story("z"), "init watch check! changed");
    engine.shutdown(false).await.expect("an orderly end");
}

/// A group is notified of and dissolved before its child could serve that, and then the agent is killed.
#[tokio::test(start_paused = true)]
async fn the_notification_of_a_member_outlives_its_group_and_the_process() {
    let prefix = scratch();
    let durable = || {
        Engine::new(EngineConfig {
            durable_notifications: true,
            services: services(prefix.path()),
            ..config()
        })
    };
    let world = World::new();
    let graph = |grouped: &[&str]| {
        let patient = meta(|meta| (meta.retry, meta.delay) = (-1, 60_000));
        let mut graph = Graph::new(&world).fake("slow", "", patient).fakes(&["c"]);
        for name in grouped {
            graph = graph.fake(name, "grouped", Meta::default());
        }
        graph.notify("a", "c").edge("slow", "c")
    };
    world.set("slow", |fake| fake.script.push_back(Act::Fail));
    // Only the owner has something to repair.
    world.set("a", |fake| fake.broken = false);
    let engine = durable();
    submit(&engine, graph(&["a", "b"])).await;
    pass(1).await;
    assert_eq!(engine.status().borrow().vertices, 3);
    assert_eq!((world.checks("b"), world.checks("c")), (1, 0));
    submit(&engine, graph(&["a"])).await;
    pass(1).await;
    assert_eq!(world.checks("c"), 0);
    drop(engine);
    pass(1).await;

    world.forget();
    let engine = durable();
    submit(&engine, graph(&["a"])).await;
    idle(&engine).await;
    assert_eq!(world.story("c"), "init watch check! changed");
    engine.shutdown(false).await.expect("an orderly end");
}
