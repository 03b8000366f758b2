//! Random lives of whole engines, with their tasks: orderly ends, and kills at any instant.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tokio::task::yield_now;

use super::chance::cases;
use super::fake::{
    Act, Entry, Graph, What, World, config, idle, meta, pass, scratch, services, submit,
};
use crate::engine::{Engine, EngineConfig, SubmitError, SubmitOptions};
use crate::resource::Outcome;

/// What a test does to a running engine.
#[derive(Clone, Debug)]
enum Deed {
    /// Lets milliseconds pass.
    Wait(u64),
    Break(usize),
    /// Makes the next calls of one end like this.
    Spoil(usize, Act),
    SpoilWatch(usize, Act),
    /// What becomes of the resource from now on when it is made, and when it goes.
    SpoilEnds(usize, Option<Act>, Option<Act>),
    /// Submits a graph: for each resource whether it is there, and with which text.
    Switch(Vec<Option<bool>>),
}

const SIZE: usize = 6;

fn name(at: usize) -> String {
    format!("v{at}")
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![Just(Act::Fail), Just(Act::Panic), Just(Act::Stop)]
}

fn ends(probability: f64) -> impl Strategy<Value = Option<Act>> {
    prop::option::weighted(probability, prop_oneof![Just(Act::Fail), Just(Act::Panic)])
}

/// How a life comes to its end (engine.md §7.3).
#[derive(Clone, Copy, Debug)]
enum End {
    /// The first rung, fast or not.
    Stop { fast: bool },
    /// The first rung, and after milliseconds the second.
    Soft(u64),
    /// And at once the third.
    Hard(u64),
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        any::<bool>().prop_map(|fast| End::Stop { fast }),
        (0u64..200).prop_map(End::Soft),
        (0u64..200).prop_map(End::Hard),
    ]
}

/// Ends the engine. Errors are those of what was spoiled.
async fn leave(engine: &Engine, end: End) {
    let climb = async {
        match end {
            End::Stop { .. } => {}
            End::Soft(wait) => {
                pass(wait).await;
                engine.soft_interrupt();
            }
            End::Hard(wait) => {
                pass(wait).await;
                engine.soft_interrupt();
                engine.hard_interrupt();
            }
        }
    };
    let fast = matches!(end, End::Stop { fast: true });
    let (ended, ()) = tokio::join!(engine.shutdown(fast), climb);
    if let Err(errors) = ended {
        assert!(errors.to_string().contains("cleanup"), "{errors}");
    }
}

/// Files and sockets that this process has open.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

fn deed() -> impl Strategy<Value = Deed> {
    let members = prop::collection::vec(prop::option::weighted(0.7, any::<bool>()), SIZE);
    prop_oneof![
        (0u64..300).prop_map(Deed::Wait),
        (0..SIZE).prop_map(Deed::Break),
        (0..SIZE, act()).prop_map(|(at, act)| Deed::Spoil(at, act)),
        (0..SIZE, act()).prop_map(|(at, act)| Deed::SpoilWatch(at, act)),
        (0..SIZE, ends(0.1), ends(0.5))
            .prop_map(|(at, init, cleanup)| Deed::SpoilEnds(at, init, cleanup)),
        members.prop_map(Deed::Switch),
    ]
}

/// The members with every edge between `edges` that both ends have.
fn graph(world: &Arc<World>, members: &[Option<bool>], edges: &[(usize, usize, bool)]) -> Graph {
    let mut graph = Graph::new(world);
    for (at, member) in members.iter().enumerate() {
        if let Some(text) = member {
            let meta = meta(|meta| {
                meta.retry = at as i16 % 3;
                meta.delay = 20;
            });
            graph = graph.fake(&name(at), if *text { "p" } else { "q" }, meta);
        }
    }
    for (a, b, notify) in edges {
        let (from, to) = (*a.min(b), *a.max(b));
        if from != to && members[from].is_some() && members[to].is_some() {
            graph = if *notify {
                graph.notify(&name(from), &name(to))
            } else {
                graph.edge(&name(from), &name(to))
            };
        }
    }
    graph
}

fn edges() -> impl Strategy<Value = Vec<(usize, usize, bool)>> {
    prop::collection::vec((0..SIZE, 0..SIZE, any::<bool>()), 0..10)
}

pub(crate) fn on_paused_clock(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(test);
}

/// False if the engine is of no use any more.
async fn do_it(
    world: &Arc<World>,
    engine: &Engine,
    deed: &Deed,
    edges: &[(usize, usize, bool)],
) -> bool {
    match deed {
        Deed::Wait(milliseconds) => pass(*milliseconds).await,
        Deed::Break(at) => world.break_it(&name(*at)),
        Deed::Spoil(at, act) => world.set(&name(*at), |fake| fake.script.push_back(*act)),
        Deed::SpoilWatch(at, act) => {
            world.set(&name(*at), |fake| fake.watch_script.push_back(*act));
        }
        Deed::SpoilEnds(at, init, cleanup) => world.set(&name(*at), |fake| {
            fake.init = *init;
            fake.cleanup = *cleanup;
        }),
        Deed::Switch(members) => {
            let graph = graph(world, members, edges).graph;
            return match engine.submit(graph, SubmitOptions::default()).await {
                Ok(_) => true,
                Err(SubmitError::Fatal(reason)) => {
                    assert!(reason.contains("init"), "{reason}");
                    false
                }
                Err(other) => panic!("{other}"),
            };
        }
    }
    true
}

/// T2, T11: the life of every object is `init`, then watches and calls, then `cleanup`.
fn check_lives(trace: &[Entry]) {
    for at in 0..SIZE {
        let (mut alive, mut calling) = (false, false);
        for entry in trace.iter().filter(|entry| entry.name == name(at)) {
            match entry.what {
                What::Init => assert!(!std::mem::replace(&mut alive, true), "{trace:?}"),
                What::Cleanup => {
                    assert!(
                        !calling && std::mem::replace(&mut alive, false),
                        "{trace:?}"
                    );
                }
                What::Check { .. } => {
                    assert!(alive && !std::mem::replace(&mut calling, true), "{trace:?}");
                }
                What::Checked(_) => {
                    assert!(alive && std::mem::replace(&mut calling, false), "{trace:?}");
                }
                What::Watch | What::Repaired | What::Unwatch | What::Interrupt => {
                    assert!(alive, "{trace:?}");
                }
            }
        }
        assert!(!alive, "{} was not cleaned up: {trace:?}", name(at));
    }
}

/// One life: how many milliseconds each event comes after the former, and with whom, and how many turns the
/// tasks have before the kill, which may thus come between two steps of one thing.
type Life = (Vec<(u64, usize)>, usize);

fn life() -> impl Strategy<Value = Life> {
    let events = prop::collection::vec((0u64..60, 0..SIZE), 0..4);
    (events, 0usize..60)
}

/// T5: every change of a parent, also by a call that was killed, is followed by a call of the child that serves
/// it, to its end.
fn check_notifications(trace: &[Entry], edges: &[(usize, usize, bool)]) {
    let is = |entry: &Entry, at: usize| entry.name == name(at);
    for (a, b, notify) in edges {
        let (parent, child) = (*a.min(b), *a.max(b));
        if !notify || parent == child {
            continue;
        }
        let changed = [What::Repaired, What::Checked(Some(Outcome::Changed))];
        let Some(raised) = trace
            .iter()
            .rposition(|entry| is(entry, parent) && changed.contains(&entry.what))
        else {
            continue;
        };
        let heard: Vec<_> = trace[raised..]
            .iter()
            .filter(|entry| is(entry, child) && entry.what != What::Repaired)
            .map(|entry| &entry.what)
            .collect();
        let served = heard.windows(2).any(|pair| {
            matches!(
                pair,
                [What::Check { refresh: true, .. }, What::Checked(Some(_))]
            )
        });
        assert!(
            served,
            "{} did not hear of {}: {trace:?}",
            name(child),
            name(parent)
        );
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// T2, T11, T20.
    #[test]
    fn objects_live_in_order_whatever_fails(
        deeds in prop::collection::vec(deed(), 1..15),
        edges in edges(),
        latencies in prop::collection::vec(0u64..100, SIZE),
        end in end(),
    ) {
        on_paused_clock(async {
            let world = World::new();
            for (at, latency) in latencies.iter().enumerate() {
                world.set(&name(at), |fake| fake.latency = Duration::from_millis(*latency));
            }
            let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
            let before = tasks();
            let engine = Engine::new(config());
            for deed in &deeds {
                if !do_it(&world, &engine, deed, &edges).await {
                    break;
                }
            }
            leave(&engine, end).await;
            check_lives(&world.trace());
            drop(engine);
            pass(1).await;
            assert_eq!(tasks(), before, "T20");
        });
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// T5: at whatever instant the agent is killed.
    #[test]
    fn notifications_survive_kills(
        lives in prop::collection::vec(life(), 1..3),
        size in 2usize..5,
        mut edges in edges(),
    ) {
        edges.retain(|(a, b, _)| *a.max(b) < size);
        on_paused_clock(async {
            let world = World::new();
            for at in 0..size {
                world.set(&name(at), |fake| {
                    fake.latency = Duration::from_millis(10);
                    fake.aftermath = Duration::from_millis(10);
                });
            }
            let prefix = scratch();
            let engine = || Engine::new(EngineConfig {
                durable_notifications: true,
                services: services(prefix.path()),
                ..config()
            });
            let all = &[Some(true); SIZE][..size];
            for (events, turns) in &lives {
                let engine = engine();
                submit(&engine, graph(&world, all, &edges)).await;
                for (milliseconds, at) in events {
                    pass(*milliseconds).await;
                    world.break_it(&name(*at));
                }
                for _ in 0..*turns {
                    yield_now().await;
                }
                // Killed: nothing is told to end.
                drop(engine);
                pass(1).await;
            }
            let engine = engine();
            submit(&engine, graph(&world, all, &edges)).await;
            idle(&engine).await;
            engine.shutdown(false).await.expect("an orderly end");
            check_notifications(&world.trace(), &edges);
        });
    }
}

/// T20: many lives leave as many descriptors as there were.
#[test]
fn lives_leave_no_descriptors() {
    let live = || {
        on_paused_clock(async {
            let prefix = tempfile::tempdir().expect("a temporary directory");
            let world = World::new();
            let engine = Engine::new(EngineConfig {
                durable_notifications: true,
                services: services(prefix.path()),
                ..config()
            });
            let all = [Some(true); SIZE];
            let edges: Vec<_> = (1..SIZE).map(|at| (at - 1, at, true)).collect();
            submit(&engine, graph(&world, &all, &edges)).await;
            idle(&engine).await;
            engine.shutdown(false).await.expect("an orderly end");
        });
    };
    live();
    let before = descriptors();
    (0..50).for_each(|_| live());
    // Other tests of this process open and close their own.
    let most = before + 40;
    let after = descriptors();
    assert!(after < most, "{before} before, {after} after");
}
