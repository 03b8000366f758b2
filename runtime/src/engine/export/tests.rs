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

/// Waits for what threads do, while the clock of the engine goes on.
async fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        sleep(Duration::from_millis(50)).await;
        std::thread::sleep(Duration::from_micros(200));
    }
    panic!("never happened: {what}");
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
    let one =
        (hosts, text, weighted(0.3), weighted(0.1)).prop_map(|(hosts, text, hidden, noop)| {
            Declared {
                hosts,
                text,
                hidden,
                noop,
            }
        });
    prop::collection::vec(prop::option::weighted(0.7, one), 4)
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
            graph = graph.fake(&format!("v{at}"), member.text, meta);
        }
    }
    graph
}

fn is_as_declared(board: &Board, members: &Members) -> bool {
    let mut seen = board.seen();
    for (at, member) in members.iter().enumerate() {
        for member in member.iter() {
            for host in &member.hosts {
                let data = seen.remove(&export(&format!("v{at}"), host));
                let text = format!("\"{}\"", member.text);
                // Of what is in noop there may be something of earlier times.
                if !member.noop && !data.is_some_and(|data| data.contains(&text)) {
                    return false;
                }
            }
        }
    }
    seen.is_empty()
}

proptest! {
    #![proptest_config(cases(200))]

    /// T18: whatever happened before, also in earlier lives that were killed.
    #[test]
    fn what_others_see_is_what_the_graph_says(
        lives in prop::collection::vec(prop::collection::vec(deed(), 0..6), 1..4),
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
            eventually("all is as declared", || is_as_declared(&board, &last)).await;
            idle(&engine).await;
            let writes = board.writes.load(Ordering::SeqCst);
            submit(&engine, graph(&fakes, &last)).await;
            fakes.touch("v0");
            sleep(Duration::from_secs(5)).await;
            idle(&engine).await;
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
    let new = |export: &Export| board.seen()[export].contains("\"two\"");
    eventually("the new value is seen", || new(&hidden) && new(&shown)).await;
    engine.shutdown(false).await.expect("an orderly end");
}

/// A member has no pass of its own (engine.md 1.12.5).
#[tokio::test]
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
    eventually("the owner has run again", || {
        fakes.checks("server") > checks
    })
    .await;
    idle(&engine).await;
    assert_eq!(board.writes.load(Ordering::SeqCst), writes);
    submit(&engine, graph("q", &["h2"])).await;
    idle(&engine).await;
    assert!(board.seen()[&part("h2")].contains("\"q\""));
    eventually("one host does not see it", || seen() == [part("h2")]).await;
    submit(&engine, Graph::new(&fakes).fakes(&["server"])).await;
    eventually("nobody sees it", || seen().is_empty()).await;
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
    eventually("it is tried again", || fakes.checks("a") > 2).await;
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
