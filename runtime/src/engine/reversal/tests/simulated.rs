//! Reversals on a simulated clock, where an agent can be killed between any two steps (engine.md §12, T19).

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use mgmt_stdlib::resource::{Invalid, Validate};
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::task::yield_now;
use tokio::time::sleep;

use super::*;
use crate::engine::tests::chance::cases;
use crate::engine::tests::fake::{scratch, services};
use crate::engine::tests::lives::on_paused_clock;
use crate::resource::{CheckContext, Outcome, Resource as Kind};

/// Holds a text, or is not there.
#[derive(Clone, Debug, Default, PartialEq, mgmt_stdlib::resource::Params)]
#[resource(kind = "thing", reversible)]
struct Thing {
    /// What it holds; undefined if it is not to be there.
    content: Option<String>,
}

impl Validate for Thing {
    fn validate(&self, _: &str) -> Result<(), Invalid> {
        Ok(())
    }
}

fn place(services: &Services, name: &str) -> PathBuf {
    services.prefix.join(format!("thing-{name}"))
}

fn held(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

fn hold(path: &Path, content: Option<&str>) {
    let done = match content {
        Some(content) => fs::write(path, content),
        None => fs::remove_file(path),
    };
    done.expect("it can be changed");
}

/// While this is there a thing can not be changed.
fn obstacle(thing: &Path) -> PathBuf {
    thing.with_extension("stuck")
}

/// Whether it wants the newest record.
struct Keeper<const OVERWRITES: bool>(String);

#[async_trait]
impl<const OVERWRITES: bool> Kind for Keeper<OVERWRITES> {
    type Params = Thing;

    const OVERWRITES_REVERSAL: bool = OVERWRITES;

    fn new(name: &str, _: &Thing) -> Self {
        Self(name.to_owned())
    }

    async fn reversed(
        name: &str,
        _: &Thing,
        services: &Services,
    ) -> Result<Option<Thing>, ResourceError> {
        let content = held(&place(services, name));
        Ok(Some(Thing { content }))
    }

    async fn check_apply(
        &self,
        params: &Thing,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let path = place(&context.services, &self.0);
        yield_now().await;
        if held(&path) == params.content {
            return Ok(Outcome::Unchanged);
        }
        if obstacle(&path).exists() {
            return Err(ResourceError::message("it is stuck"));
        }
        if context.apply() {
            sleep(Duration::from_millis(1)).await;
            hold(&path, params.content.as_deref());
            yield_now().await;
        }
        Ok(Outcome::Changed)
    }
}

/// What outlives the agents.
struct Machine(TempDir);

impl Machine {
    fn boot(&self) -> Engine {
        self.boot_with::<false>()
    }

    fn boot_with<const OVERWRITES: bool>(&self) -> Engine {
        let mut registry = Registry::default();
        registry.add::<Keeper<OVERWRITES>>();
        Engine::new(EngineConfig {
            durable_notifications: false,
            ..EngineConfig::new(registry, services(self.0.path()))
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(format!("thing-{name}"))
    }

    fn record(&self, name: &str) -> PathBuf {
        let identity = Identity::new("thing", name);
        state_dir::vardir(self.0.path(), &identity).join(FILE)
    }

    fn has_record(&self, name: &str) -> bool {
        self.record(name).exists()
    }

    fn obstruct(&self, name: &str, stuck: bool) {
        let path = obstacle(&self.path(name));
        if stuck != path.exists() {
            hold(&path, stuck.then_some(""));
        }
    }
}

/// Each of the things is declared to be absent, or to hold a text; or it is not declared.
type Declared = [Option<Option<&'static str>>; 2];

const NAMES: [&str; 2] = ["a", "b"];

async fn submit(engine: &Engine, declared: &Declared) {
    try_submit(engine, declared).await.expect("a good graph");
}

async fn try_submit(engine: &Engine, declared: &Declared) -> Result<(), SubmitError> {
    let mut graph = ResourceGraph::default();
    for (name, content) in NAMES.iter().zip(declared) {
        if let Some(content) = content {
            let content = content.map(str::to_owned);
            let mut resource = Resource::new(*name, Thing { content });
            resource.meta.reverse = Some(true);
            graph.add(Arc::new(resource));
        }
    }
    let report = engine.submit(graph, SubmitOptions::default()).await;
    report.map(|_| ())
}

async fn idle(engine: &Engine) {
    let mut status = engine.status();
    let idle = status.wait_for(|status| status.busy == 0 && !status.paused);
    idle.await.expect("the engine runs");
}

fn declared() -> impl Strategy<Value = Declared> {
    let content = prop::sample::select(vec![None, Some("p"), Some("q")]);
    prop::array::uniform2(prop::option::weighted(0.6, content))
}

/// The graphs of one life, each for milliseconds and then for some turns of the tasks, and what is stuck.
#[derive(Clone, Debug)]
struct Life {
    graphs: Vec<(Declared, u64, usize)>,
    stuck: [bool; 2],
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let graphs = prop::collection::vec((declared(), 0u64..4, 0usize..60), 1..4);
    let stuck = prop::array::uniform2(prop::bool::weighted(0.2));
    let life = (graphs, stuck).prop_map(|(graphs, stuck)| Life { graphs, stuck });
    prop::collection::vec(life, 1..3)
}

/// Lives it, up to a kill: nothing is told to end.
async fn live(machine: &Machine, life: &Life) {
    for (name, stuck) in NAMES.iter().zip(life.stuck) {
        machine.obstruct(name, stuck);
    }
    let engine = machine.boot();
    for (declared, milliseconds, turns) in &life.graphs {
        // The next one, or the kill, may come in the middle of the switch.
        let submitted = async {
            submit(&engine, declared).await;
            std::future::pending::<()>().await;
        };
        let passed = async {
            sleep(Duration::from_millis(*milliseconds)).await;
            for _ in 0..*turns {
                yield_now().await;
            }
        };
        tokio::select! {
            () = submitted => {}
            () = passed => {}
        }
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// T19: what is changed has a record, at whatever instant one looks; and in the end all is as before.
    #[test]
    fn whatever_fails_and_whenever_the_agent_is_killed_all_is_undone(
        before in prop::array::uniform2(any::<bool>()),
        lives in lives(),
    ) {
        on_paused_clock(async {
            let machine = Machine(scratch());
            let original = |at: usize| before[at].then(|| "before".to_owned());
            for (at, name) in NAMES.iter().enumerate().filter(|(at, _)| before[*at]) {
                hold(&machine.path(name), original(at).as_deref());
            }
            for life in &lives {
                live(&machine, life).await;
                yield_now().await;
                for (at, name) in NAMES.iter().enumerate() {
                    let changed = held(&machine.path(name)) != original(at);
                    assert!(!changed || machine.has_record(name), "{name} is changed for ever");
                }
            }
            NAMES.iter().for_each(|name| machine.obstruct(name, false));
            let engine = machine.boot();
            submit(&engine, &[None; 2]).await;
            idle(&engine).await;
            engine.shutdown(false).await.expect("an orderly end");
            for (at, name) in NAMES.iter().enumerate() {
                assert_eq!(held(&machine.path(name)), original(at), "{name}");
                assert!(!machine.has_record(name), "{name} has been undone");
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn an_inverse_that_fails_is_tried_again_by_the_next_life() {
    let machine = Machine(scratch());
    let engine = machine.boot();
    submit(&engine, &[Some(Some("p")), None]).await;
    idle(&engine).await;
    machine.obstruct("a", true);
    submit(&engine, &[None; 2]).await;
    idle(&engine).await;
    assert_eq!(engine.status().borrow().failed, 1);
    assert!(machine.has_record("a"), "it is not undone");
    engine.shutdown(false).await.expect("an orderly end");
    assert!(machine.has_record("a"), "it is not undone");
    machine.obstruct("a", false);
    let engine = machine.boot();
    submit(&engine, &[None; 2]).await;
    idle(&engine).await;
    assert_eq!(held(&machine.path("a")), None);
    assert!(!machine.has_record("a"));
    engine.shutdown(false).await.expect("an orderly end");
}

/// What is left of a thing that held one text, then another, and is then not declared any more.
async fn left_after_two<const OVERWRITES: bool>() -> Option<String> {
    let machine = Machine(scratch());
    let engine = machine.boot_with::<OVERWRITES>();
    for content in [Some(Some("p")), Some(Some("q")), None] {
        submit(&engine, &[content, None]).await;
        idle(&engine).await;
    }
    engine.shutdown(false).await.expect("an orderly end");
    held(&machine.path("a"))
}

#[tokio::test(start_paused = true)]
async fn the_oldest_record_counts_unless_the_kind_overwrites_it() {
    assert_eq!(left_after_two::<false>().await, None);
    assert_eq!(left_after_two::<true>().await.as_deref(), Some("p"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_graph_overwrites_no_record() {
    let machine = Machine(scratch());
    let engine = machine.boot_with::<true>();
    submit(&engine, &[Some(Some("p")), None]).await;
    idle(&engine).await;
    let record = || fs::read_to_string(machine.record("a")).expect("there is one");
    let before = record();
    // Where the other's record is to be something else stands.
    fs::create_dir_all(machine.record("b")).expect("it can be made");
    let refused = try_submit(&engine, &[Some(Some("q")), Some(None)]).await;
    assert!(matches!(refused, Err(SubmitError::Rejected(problems)) if problems.len() == 1));
    assert_eq!(record(), before);
    submit(&engine, &[None; 2]).await;
    idle(&engine).await;
    assert_eq!(held(&machine.path("a")), None);
    engine.shutdown(false).await.expect("an orderly end");
}
