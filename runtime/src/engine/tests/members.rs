//! Resources that run as parts of resources of other kinds: what counts of them, and what does not (engine.md
//! §1.8, 1.12.5, §4.2).

use std::collections::BTreeSet;
use std::time::Duration;

use mgmt_compiler::diagnostic::{Code, Severity};
use mgmt_stdlib::resource::Meta;

use super::fake::{Act, Graph, What, World, config, engine, idle, meta, submit};
use crate::engine::{Engine, EngineConfig, Problem, SubmitError, SubmitOptions};

async fn refused(engine: &Engine, graph: Graph) -> Vec<Problem> {
    let result = engine.submit(graph.graph, SubmitOptions::default()).await;
    match result {
        Err(SubmitError::Rejected(problems)) => problems,
        other => panic!("not rejected: {other:?}"),
    }
}

fn vertices(engine: &Engine) -> usize {
    engine.status().borrow().vertices
}

/// The calls that a fake got: `check`, and `check?` if it may not change anything.
fn calls(world: &World, name: &str) -> Vec<&'static str> {
    let trace = world.trace().into_iter();
    let calls = trace.filter(|entry| entry.name == name);
    calls
        .filter_map(|entry| match entry.what {
            What::Check { apply: true, .. } => Some("check"),
            What::Check { apply: false, .. } => Some("check?"),
            _ => None,
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_part_can_not_be_reversed() {
    let world = World::new();
    let engine = engine();
    submit(&engine, Graph::new(&world).fakes(&["server"])).await;
    idle(&engine).await;
    world.forget();
    let reversed = meta(|meta| meta.reverse = Some(true));
    let graph = Graph::new(&world).fakes(&["server"]);
    let graph = graph.part("part", "server", "", reversed);
    let problems = refused(&engine, graph).await;
    let [problem] = &problems[..] else {
        panic!("not one: {problems:?}")
    };
    assert_eq!(problem.identity.to_string(), "fake:part[part]");
    let shown = problem.error();
    assert_eq!(shown.code, Code::REVERSED_PART);
    assert_eq!(shown.severity, Severity::Error);
    let said = "fake:part[part]: can't be reversed, since it is a part of fake[server]";
    assert_eq!(shown.message, said);
    assert!(shown.help.is_some_and(|it| it.contains("Meta:reverse")));
    let place = shown.primary.expect("the place of the part").span;
    assert_eq!((place.start, place.end), (1, 2));
    assert_eq!(world.trace(), [], "the former graph runs on");
    assert_eq!(vertices(&engine), 1);
    engine.shutdown(false).await.expect("an orderly end");
}

/// Whoever is a vertex may be reversed, whatever its kind.
#[tokio::test(start_paused = true)]
async fn what_could_be_a_part_and_runs_alone_can_be_reversed() {
    let world = World::new();
    let reversed = meta(|meta| meta.reverse = Some(true));
    let alone = meta(|meta| {
        meta.reverse = Some(true);
        meta.autogroup = Some(false);
    });
    for (autogroup, owner, meta) in [
        (false, "server", &reversed),
        (true, "another", &reversed),
        (true, "server", &alone),
    ] {
        let engine = Engine::new(EngineConfig {
            autogroup,
            ..config()
        });
        let graph = Graph::new(&world).fakes(&["server"]);
        submit(&engine, graph.part("part", owner, "", meta.clone())).await;
        assert_eq!(vertices(&engine), 2);
        engine.shutdown(false).await.expect("an orderly end");
    }
}

/// A part may change something if everybody may whose part it is.
#[tokio::test(start_paused = true)]
async fn noop_is_that_of_the_part_and_of_its_owners() {
    for case in 0..8 {
        let noop = [case & 1 > 0, case & 2 > 0, case & 4 > 0];
        let with = |at: usize| meta(|meta| meta.noop = noop[at]);
        let world = World::new();
        let engine = engine();
        let graph = Graph::new(&world)
            .fake("server", "", with(0))
            .part("part", "server", "", with(1))
            .piece("piece", "part", "", with(2));
        let report = submit(&engine, graph).await;
        idle(&engine).await;
        assert_eq!(vertices(&engine), 1);
        assert_eq!(report.warnings, [], "{noop:?}");
        for (at, name) in ["server", "part", "piece"].into_iter().enumerate() {
            let forbidden = noop[..=at].contains(&true);
            let wanted = if forbidden { "check?" } else { "check" };
            assert_eq!(calls(&world, name), [wanted], "{name} {noop:?}");
        }
        engine.shutdown(false).await.expect("an orderly end");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hidden_resource_is_no_part_and_has_none() {
    let hidden = || meta(|meta| meta.hidden = true);
    let world = World::new();
    let engine = engine();
    let graph = Graph::new(&world)
        .fakes(&["server"])
        .part("hidden part", "server", "", hidden())
        .fake("hidden server", "", hidden())
        .part("part", "hidden server", "", Meta::default());
    submit(&engine, graph).await;
    idle(&engine).await;
    assert_eq!(vertices(&engine), 4);
    for (name, times) in [
        ("server", 1),
        ("hidden part", 0),
        ("hidden server", 0),
        ("part", 1),
    ] {
        assert_eq!(calls(&world, name).len(), times, "{name}");
    }
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn how_a_part_is_to_run_has_no_effect_and_a_warning_says_so() {
    let world = World::new();
    let engine = engine();
    let graph = |others: &[&str]| {
        let hurried = meta(|meta| {
            meta.retry = 3;
            meta.timeout = 7;
        });
        // What counts of a part, or is the same for all.
        let honoured = meta(|meta| {
            meta.delay = 5;
            meta.noop = true;
            meta.sema = vec!["s".to_owned()];
        });
        Graph::new(&world)
            .fake("server", "", meta(|meta| meta.delay = 5))
            .part("hurried", "server", "", hurried)
            .part("honoured", "server", "", honoured)
            .piece("piece", "hurried", "", meta(|meta| meta.poll = 9))
            .fakes(others)
    };
    world.set("server", |fake| fake.script.push_back(Act::Fail));
    let report = submit(&engine, graph(&[])).await;
    let told: BTreeSet<_> = report.warnings.iter().map(ToString::to_string).collect();
    let why =
        "since it runs as a part of fake[server] (say it of fake[server], for all of its parts)";
    assert_eq!(
        told,
        BTreeSet::from([
            format!("fake:part:piece[piece]: `Meta:poll` has no effect, {why}"),
            format!("fake:part[hurried]: `Meta:retry` and `Meta:timeout` have no effect, {why}"),
        ])
    );
    for warning in &report.warnings {
        let shown = warning.warning();
        assert_eq!(shown.code, Code::IGNORED_META);
        assert_eq!(shown.severity, Severity::Warning);
        assert!(shown.primary.is_some());
    }
    idle(&engine).await;
    assert_eq!(engine.status().borrow().failed, 1);
    assert_eq!(calls(&world, "server").len(), 1, "it is not tried again");
    // The same holds for a graph that differs elsewhere, of which only the difference is looked at.
    let again = submit(&engine, graph(&["other"])).await;
    assert_eq!(again.warnings, report.warnings);
    let without = Graph::new(&world).fakes(&["server"]);
    assert_eq!(submit(&engine, without).await.warnings, []);
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn parts_are_validated_like_their_owners_and_once_for_each_graph() {
    let world = World::new();
    let engine = engine();
    let graph = |text: &str| {
        Graph::new(&world)
            .fakes(&["server"])
            .part("part", "server", text, Meta::default())
    };
    for times in 1..3 {
        submit(&engine, graph("")).await;
        idle(&engine).await;
        world.touch("server");
        idle(&engine).await;
        for name in ["server", "part"] {
            assert_eq!(world.validations(name), times, "{name}");
        }
    }
    world.forget();
    for (text, why) in [("invalid", "must not be"), ("panic", "panic in validate")] {
        let problems = refused(&engine, graph(text)).await;
        let [problem] = &problems[..] else {
            panic!("not one: {problems:?}")
        };
        let shown = problem.error();
        assert_eq!(shown.code, Code::INVALID_RESOURCE);
        assert!(shown.message.starts_with("fake:part[part]: "), "{shown:?}");
        assert!(shown.message.contains(why), "{shown:?}");
    }
    assert_eq!(world.trace(), [], "the former graph runs on");
    engine.shutdown(false).await.expect("an orderly end");
}

/// The order of the checks (engine.md §1.8).
#[tokio::test(start_paused = true)]
async fn the_first_error_of_a_resource_is_told() {
    let world = World::new();
    let engine = engine();
    let bad = || meta(|meta| meta.retry = -2);
    let hidden = || meta(|meta| meta.hidden = true);
    for (name, meta, code) in [
        ("", bad(), Some(Code::EMPTY_NAME)),
        ("$x", bad(), Some(Code::INVALID_META)),
        ("$x", hidden(), Some(Code::DOLLAR_NAME)),
        ("x", Meta::default(), Some(Code::INVALID_RESOURCE)),
        ("x", hidden(), None),
    ] {
        let graph = Graph::new(&world).part(name, "", "invalid", meta);
        let Some(code) = code else {
            submit(&engine, graph).await;
            continue;
        };
        let problems = refused(&engine, graph).await;
        let codes: Vec<_> = problems.iter().map(|it| it.code).collect();
        assert_eq!(codes, [code], "{name}");
    }
    assert_eq!(world.validations("x"), 1, "a hidden one is not asked");
    engine.shutdown(false).await.expect("an orderly end");
}

/// A graph that waits is held on to if somebody is to be realized in it; a part is nobody who could be.
#[tokio::test(start_paused = true)]
async fn realize_of_a_part_has_no_effect() {
    let world = World::new();
    let engine = engine();
    let realize = || meta(|meta| meta.realize = true);
    world.set("slow", |fake| fake.latency = Duration::from_millis(100));
    submit(&engine, Graph::new(&world).fake("slow", "", realize())).await;
    // Both wait for the slow one.
    let older = Graph::new(&world).fakes(&["server"]);
    let older = older.part("part", "server", "", realize());
    let newer = Graph::new(&world).fakes(&["server"]);
    let options = SubmitOptions::default();
    let (older, newer) = tokio::join!(
        engine.submit(older.graph, options),
        engine.submit(newer.graph, options)
    );
    assert!(matches!(older, Err(SubmitError::Superseded)), "{older:?}");
    assert_eq!(newer.expect("a good graph").generation, 2);
    engine.shutdown(false).await.expect("an orderly end");
}
