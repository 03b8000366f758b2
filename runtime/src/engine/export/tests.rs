//! What others see is what the graph says (engine.md §12, T18).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mgmt_stdlib::catalog::{ExportFilter, Exported, WorldEvent, WorldView};
use mgmt_stdlib::resource::Meta;
use proptest::prelude::*;
use tokio::time::sleep;

use super::*;
use crate::engine::tests::chance::cases;
use crate::engine::tests::fake::{Graph, World as Fakes, config, idle, services, submit};
use crate::engine::tests::lives::on_paused_clock;
use crate::engine::{Engine, EngineConfig, SubmitError, SubmitOptions};
use crate::world::World;

type Entries = BTreeMap<Export, String>;

/// A world in memory that can be out of reach, and counts what is written.
#[derive(Debug, Default)]
struct Board {
    entries: Mutex<Entries>,
    writes: AtomicUsize,
    out_of_reach: AtomicBool,
}

impl Board {
    fn reach(&self) -> Result<MutexGuard<'_, Entries>, ResourceError> {
        if self.out_of_reach.load(Ordering::SeqCst) {
            return Err(ResourceError::message("out of reach"));
        }
        Ok(self.entries.lock().expect("nobody panics"))
    }

    fn seen(&self) -> Entries {
        self.entries.lock().expect("nobody panics").clone()
    }
}

impl WorldView for Board {
    fn string(&self, _: &str) -> Result<Option<String>, String> {
        Ok(None)
    }
    fn strings(&self, _: &str) -> Result<BTreeMap<String, String>, String> {
        Ok(BTreeMap::new())
    }
    fn scheduled(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
    fn exported(&self, _: &[ExportFilter]) -> Result<Vec<Exported>, String> {
        Ok(Vec::new())
    }
}

impl World for Board {
    fn set_string(&self, _: &str, _: Option<&str>) -> Result<bool, ResourceError> {
        Ok(false)
    }
    fn replace_string(
        &self,
        _: &str,
        _: Option<&str>,
        _: Option<&str>,
    ) -> Result<bool, ResourceError> {
        Ok(true)
    }
    fn set_own_string(&self, _: &str, _: Option<&str>) -> Result<bool, ResourceError> {
        Ok(false)
    }
    fn export(&self, export: &Export, data: &str) -> Result<bool, ResourceError> {
        let former = self.reach()?.insert(export.clone(), data.to_owned());
        self.writes.fetch_add(1, Ordering::SeqCst);
        Ok(former.as_deref() != Some(data))
    }
    fn withdraw(&self, export: &Export) -> Result<bool, ResourceError> {
        let former = self.reach()?.remove(export);
        self.writes.fetch_add(1, Ordering::SeqCst);
        Ok(former.is_some())
    }
    fn exports(&self) -> Result<Vec<Export>, ResourceError> {
        Ok(self.reach()?.keys().cloned().collect())
    }
    fn take_part(&self, _: &str, _: bool) -> Result<bool, ResourceError> {
        Ok(false)
    }
    fn watch(&self, _: &WorldEvent) -> watch::Receiver<()> {
        watch::channel(()).1
    }
}

fn engine(board: &Arc<Board>) -> Engine {
    let mut services = services(Path::new("/nonexistent"));
    services.world = Arc::clone(board) as Arc<dyn World>;
    Engine::new(EngineConfig {
        services,
        ..config()
    })
}

/// Lets pass what the next try of anything waits for at most, and all that comes of it.
async fn rest(engine: &Engine) {
    sleep(2 * LONGEST_PAUSE).await;
    idle(engine).await;
}

fn export(name: &str, to: &str) -> Export {
    Export {
        kind: "fake".to_owned(),
        name: name.to_owned(),
        to: to.to_owned(),
    }
}

fn to(hosts: &[&str]) -> Meta {
    Meta {
        export: hosts.iter().map(|host| (*host).to_owned()).collect(),
        retry: -1,
        delay: 300,
        ..Meta::default()
    }
}

/// A resource of a random graph.
#[derive(Clone, Debug)]
struct Declared {
    hosts: Vec<&'static str>,
    text: &'static str,
    hidden: bool,
    noop: bool,
    /// Runs as a part of the first resource, if that is there.
    part: bool,
}

/// Each is there or not.
type Members = Vec<Option<Declared>>;

#[derive(Clone, Debug)]
enum Deed {
    Graph(Members),
    /// Whether the world can be reached from now on.
    Reach(bool),
    Wait(u64),
}

fn members() -> impl Strategy<Value = Members> {
    let hosts = prop::sample::subsequence(vec!["*", "h2", "h3"], 0..3);
    let text = prop::sample::select(vec!["p", "q"]);
    let weighted = prop::bool::weighted;
    let one = (hosts, text, weighted(0.3), weighted(0.1), weighted(0.4)).prop_map(
        |(hosts, text, hidden, noop, part)| Declared {
            hosts,
            text,
            hidden,
            noop,
            part,
        },
    );
    prop::collection::vec(prop::option::weighted(0.7, one), 3)
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => members().prop_map(Deed::Graph),
        1 => any::<bool>().prop_map(Deed::Reach),
        1 => (0u64..1_000).prop_map(Deed::Wait),
    ]
}

fn graph(fakes: &Arc<Fakes>, members: &Members) -> Graph {
    let mut graph = Graph::new(fakes);
    for (at, member) in members.iter().enumerate() {
        if let Some(member) = member {
            let meta = Meta {
                hidden: member.hidden,
                noop: member.noop,
                ..to(&member.hosts)
            };
            let name = format!("v{at}");
            graph = if member.part && at > 0 {
                graph.part(&name, "v0", member.text, meta)
            } else {
                graph.fake(&name, member.text, meta)
            };
        }
    }
    graph
}

fn is_as_declared(board: &Board, members: &Members) -> bool {
    let mut seen = board.seen();
    for (at, member) in members.iter().enumerate() {
        for member in member.iter() {
            for host in &member.hosts {
                let part = member.part && at > 0;
                let kind = if part { "fake:part" } else { "fake" };
                let data = seen.remove(&Export {
                    kind: kind.to_owned(),
                    ..export(&format!("v{at}"), host)
                });
                let text = format!("\"{}\"", member.text);
                let owner = members[0].as_ref();
                let owner = owner.filter(|it| part && !it.hidden && !member.hidden);
                let noop = member.noop || owner.is_some_and(|it| it.noop);
                // Of what is in noop there may be something of earlier times.
                if !noop && !data.is_some_and(|data| data.contains(&text)) {
                    return false;
                }
            }
        }
    }
    seen.is_empty()
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// T18: whatever happened before, also in earlier lives that were killed.
    #[test]
    fn what_others_see_is_what_the_graph_says(
        lives in prop::collection::vec(prop::collection::vec(deed(), 0..5), 1..3),
        last in members(),
    ) {
        on_paused_clock(async {
            let (board, fakes) = (Arc::new(Board::default()), Fakes::new());
            for deeds in &lives {
                let engine = engine(&board);
                for deed in deeds {
                    match deed {
                        Deed::Graph(members) => {
                            submit(&engine, graph(&fakes, members)).await;
                        }
                        Deed::Reach(reach) => board.out_of_reach.store(!reach, Ordering::SeqCst),
                        Deed::Wait(milliseconds) => sleep(Duration::from_millis(*milliseconds)).await,
                    }
                }
            }
            board.out_of_reach.store(false, Ordering::SeqCst);
            let engine = engine(&board);
            submit(&engine, graph(&fakes, &last)).await;
            rest(&engine).await;
            assert!(is_as_declared(&board, &last), "{:?}", board.seen());
            let writes = board.writes.load(Ordering::SeqCst);
            submit(&engine, graph(&fakes, &last)).await;
            fakes.touch("v0");
            rest(&engine).await;
            engine.shutdown(false).await.expect("an orderly end");
            assert_eq!(board.writes.load(Ordering::SeqCst), writes, "nothing is written twice");
            assert!(is_as_declared(&board, &last), "an end withdraws nothing");
        });
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_exported_holds_what_was_received_also_if_it_is_hidden() {
    let (board, fakes) = (Arc::new(Board::default()), Fakes::new());
    fakes.set("sender", |fake| fake.out = "one".to_owned());
    let engine = engine(&board);
    let meta = Meta {
        hidden: true,
        ..to(&["*"])
    };
    let graph = Graph::new(&fakes)
        .fakes(&["sender"])
        .receiver("hidden", "", meta, &["sender"])
        .receiver("shown", "", to(&["h2"]), &["sender"]);
    submit(&engine, graph).await;
    idle(&engine).await;
    let (hidden, shown) = (export("hidden", "*"), export("shown", "h2"));
    assert!(board.seen()[&hidden].contains("\"one\""));
    assert!(board.seen()[&shown].contains("\"one\""));
    assert_eq!(fakes.checks("hidden"), 0);
    fakes.set("sender", |fake| fake.out = "two".to_owned());
    fakes.break_it("sender");
    rest(&engine).await;
    assert!(board.seen()[&hidden].contains("\"two\""));
    assert!(board.seen()[&shown].contains("\"two\""));
    engine.shutdown(false).await.expect("an orderly end");
}

/// A member has no pass of its own (engine.md 1.12.5).
#[tokio::test(start_paused = true)]
async fn a_member_is_published_and_withdrawn_under_its_own_name() {
    let (board, fakes) = (Arc::new(Board::default()), Fakes::new());
    let engine = engine(&board);
    let part = |to: &str| Export {
        kind: "fake:part".to_owned(),
        ..export("part", to)
    };
    let graph = |text: &str, hosts: &[&str]| {
        let meta = Meta {
            export: to(hosts).export,
            ..Meta::default()
        };
        let graph = Graph::new(&fakes).fakes(&["server"]);
        graph.part("part", "server", text, meta)
    };
    let seen = || board.seen().into_keys().collect::<Vec<_>>();
    submit(&engine, graph("p", &["*", "h2"])).await;
    idle(&engine).await;
    assert_eq!(engine.status().borrow().vertices, 1);
    assert_eq!(seen(), [part("*"), part("h2")]);
    // A pass that has nothing new to tell writes nothing.
    let writes = board.writes.load(Ordering::SeqCst);
    let checks = fakes.checks("server");
    fakes.break_it("server");
    rest(&engine).await;
    assert!(fakes.checks("server") > checks);
    assert_eq!(board.writes.load(Ordering::SeqCst), writes);
    submit(&engine, graph("q", &["h2"])).await;
    rest(&engine).await;
    assert!(board.seen()[&part("h2")].contains("\"q\""));
    assert_eq!(seen(), [part("h2")]);
    submit(&engine, Graph::new(&fakes).fakes(&["server"])).await;
    rest(&engine).await;
    assert_eq!(seen(), []);
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_member_in_noop_or_of_an_owner_in_noop_is_not_published() {
    for (owner, part, published) in [(false, false, 1), (false, true, 0), (true, false, 0)] {
        let (board, fakes) = (Arc::new(Board::default()), Fakes::new());
        let engine = engine(&board);
        let with = |noop: bool, hosts: &[&str]| Meta { noop, ..to(hosts) };
        let graph = Graph::new(&fakes)
            .fake("server", "", with(owner, &[]))
            .part("part", "server", "", with(part, &["*"]));
        submit(&engine, graph).await;
        idle(&engine).await;
        assert_eq!(engine.status().borrow().vertices, 1);
        assert_eq!(board.seen().len(), published, "{owner} {part}");
        engine.shutdown(false).await.expect("an orderly end");
    }
}

/// Another life may have ended in any way, and have published what nobody wants any more.
#[tokio::test(start_paused = true)]
async fn what_an_earlier_life_left_is_withdrawn() {
    let (board, fakes) = (Arc::new(Board::default()), Fakes::new());
    let earlier = engine(&board);
    let graph = Graph::new(&fakes).fake("kept", "", to(&["*", "h2"]));
    submit(&earlier, graph.fake("gone", "", to(&["h2"]))).await;
    rest(&earlier).await;
    drop(earlier);
    let seen = || board.seen().into_keys().collect::<Vec<_>>();
    assert_eq!(
        seen(),
        [
            export("gone", "h2"),
            export("kept", "*"),
            export("kept", "h2")
        ]
    );
    let engine = engine(&board);
    submit(
        &engine,
        Graph::new(&fakes).fake("kept", "", to(&["*", "h3"])),
    )
    .await;
    rest(&engine).await;
    assert_eq!(seen(), [export("kept", "*"), export("kept", "h3")]);
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_could_not_be_exported_at_once_is_told_of_later() {
    let (board, fakes) = (Arc::new(Board::default()), Fakes::new());
    board.out_of_reach.store(true, Ordering::SeqCst);
    let engine = engine(&board);
    let graph = Graph::new(&fakes)
        .fake("a", "", to(&["*"]))
        .fakes(&["b"])
        .notify("a", "b");
    submit(&engine, graph).await;
    sleep(Duration::from_secs(5)).await;
    assert!(fakes.checks("a") > 2, "it is tried again");
    assert_eq!(fakes.checks("b"), 0, "it has not succeeded yet");
    board.out_of_reach.store(false, Ordering::SeqCst);
    idle(&engine).await;
    assert_eq!(fakes.story("b"), "init watch check! changed");
    engine.shutdown(false).await.expect("an orderly end");
}

#[tokio::test(start_paused = true)]
async fn what_is_exported_twice_is_one_thing() {
    let (board, fakes) = (Arc::new(Board::default()), Fakes::new());
    let engine = engine(&board);
    let twice = |text: &str, host: &str| {
        let hidden = |host: &str| Meta {
            hidden: true,
            ..to(&[host])
        };
        let graph = Graph::new(&fakes).fake("a", "p", hidden("*"));
        graph.fake("a", text, hidden(host)).graph
    };
    for (text, host, good) in [("p", "*", true), ("q", "h2", true), ("q", "*", false)] {
        let result = engine
            .submit(twice(text, host), SubmitOptions::default())
            .await;
        let refused = matches!(result, Err(SubmitError::Rejected(_)));
        assert_eq!(refused, !good, "{text} {host}: {result:?}");
    }
    engine.shutdown(false).await.expect("an orderly end");
}
