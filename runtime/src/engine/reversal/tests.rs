//! Reversals with the real `file`, over several lives of an engine.

mod simulated;

use std::sync::Arc;

use mgmt_compiler::graph::ResourceGraph;
use mgmt_stdlib::resources::file as declared;
use mgmt_stdlib::value::Str;
use tempfile::TempDir;

use super::*;
use crate::engine::{Engine, EngineConfig, SubmitError, SubmitOptions};

/// A machine that outlives its engines.
struct Machine {
    directory: TempDir,
}

impl Machine {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self { directory }
    }

    fn services(&self) -> Services {
        Services::new("h1", "mgmt", self.directory.path().join("prefix"))
    }

    fn boot(&self) -> Life<'_> {
        self.boot_with(|_| {})
    }

    fn boot_with(&self, change: impl FnOnce(&mut EngineConfig)) -> Life<'_> {
        let mut config = EngineConfig::new(crate::resources::registry(), self.services());
        change(&mut config);
        Life {
            machine: self,
            engine: Engine::new(config),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }

    fn record(&self, name: &str) -> PathBuf {
        let path = self.path(name).to_string_lossy().into_owned();
        let prefix = self.directory.path().join("prefix");
        state_dir::vardir(&prefix, &Identity::new("file", path)).join(FILE)
    }

    /// A file with this content, or an absent one.
    fn file(&self, name: &str, content: Option<&str>, reverse: bool) -> Arc<Resource> {
        let params = declared::File {
            state: if content.is_some() {
                "exists"
            } else {
                "absent"
            }
            .to_owned(),
            content: content.map(Str::from),
            ..declared::File::default()
        };
        Arc::new(Resource {
            identity: Identity::new("file", self.path(name).to_string_lossy().into_owned()),
            params: Arc::new(params),
            meta: Meta {
                reverse: reverse.then_some(true),
                ..Meta::default()
            },
            receives: Vec::new(),
            span: None,
        })
    }
}

impl Machine {
    /// A file with another content than it had, or one that was not there.
    fn managed(&self, name: &str, was_there: bool) -> Arc<Resource> {
        let mut resource = Resource::clone(&self.file(name, Some("managed"), true));
        if was_there {
            // What undoes a file that has to exist is one that must not.
            resource.params = Arc::new(declared::File {
                content: Some(Str::from("managed")),
                ..declared::File::default()
            });
        }
        Arc::new(resource)
    }
}

struct Life<'m> {
    machine: &'m Machine,
    engine: Engine,
}

impl Life<'_> {
    /// Runs this graph until nobody has anything to do.
    async fn run(&self, resources: &[&Arc<Resource>]) {
        self.submit(resources).await.expect("a good graph");
        let mut status = self.engine.status();
        let idle = status.wait_for(|status| status.busy == 0 && !status.paused);
        idle.await.expect("the engine runs");
    }

    async fn submit(&self, resources: &[&Arc<Resource>]) -> Result<(), SubmitError> {
        let mut graph = ResourceGraph::default();
        for resource in resources {
            graph.add(Arc::clone(resource));
        }
        let report = self.engine.submit(graph, SubmitOptions::default()).await;
        report.map(|_| ())
    }

    fn vertices(&self) -> usize {
        self.engine.status().borrow().vertices
    }

    async fn end(self) -> &'static str {
        self.engine.shutdown(false).await.expect("an orderly end");
        let _ = self.machine;
        "ended"
    }
}

#[tokio::test]
async fn what_leaves_the_graph_is_undone_once() {
    let machine = Machine::new();
    let life = machine.boot();
    let (file, other) = (
        machine.file("a", Some("a"), true),
        machine.file("b", Some("b"), false),
    );
    life.run(&[&file, &other]).await;
    assert_eq!(machine.read("a").as_deref(), Some("a"));
    assert!(machine.record("a").exists() && !machine.record("b").exists());
    life.run(&[&other]).await;
    assert_eq!(machine.read("a"), None);
    assert_eq!(machine.read("b").as_deref(), Some("b"));
    assert!(!machine.record("a").exists());
    assert_eq!(life.vertices(), 2);
    life.run(&[&other]).await;
    assert_eq!(life.vertices(), 1, "it has done its work");
    life.end().await;
}

#[tokio::test]
async fn a_record_outlives_the_process_and_knows_the_first_state() {
    let machine = Machine::new();
    fs::write(machine.path("a"), "before").expect("it can be written");
    let gone = machine.file("a", None, true);
    for _ in 0..2 {
        let life = machine.boot();
        life.run(&[&gone]).await;
        assert_eq!(machine.read("a"), None);
        life.end().await;
    }
    let life = machine.boot();
    life.run(&[]).await;
    assert_eq!(machine.read("a").as_deref(), Some("before"));
    assert!(!machine.record("a").exists());
    life.end().await;
}

#[tokio::test]
async fn whoever_is_declared_again_is_not_undone() {
    let machine = Machine::new();
    let life = machine.boot();
    let file = machine.file("a", Some("a"), true);
    life.run(&[&file]).await;
    life.run(&[]).await;
    assert_eq!(machine.read("a"), None);
    life.run(&[&file]).await;
    assert_eq!(machine.read("a").as_deref(), Some("a"));
    let kept = machine.file("a", Some("kept"), false);
    life.run(&[&kept]).await;
    assert!(!machine.record("a").exists(), "it is switched off");
    life.run(&[]).await;
    assert_eq!(machine.read("a").as_deref(), Some("kept"));
    life.end().await;
}

#[tokio::test]
async fn noop_undoes_nothing_and_forgets_nothing() {
    let machine = Machine::new();
    let file = machine.file("a", Some("a"), true);
    let life = machine.boot();
    life.run(&[&file]).await;
    life.end().await;
    let life = machine.boot_with(|config| config.noop = true);
    life.run(&[]).await;
    let off = machine.file("a", Some("a"), false);
    life.run(&[&off]).await;
    assert_eq!(machine.read("a").as_deref(), Some("a"));
    life.end().await;
    assert!(machine.record("a").exists());

    let other = machine.file("b", Some("b"), true);
    let life = machine.boot_with(|config| config.noop = true);
    life.run(&[&other]).await;
    life.end().await;
    assert!(!machine.record("b").exists());
}

#[tokio::test]
async fn bad_records_are_set_aside() {
    let machine = Machine::new();
    let file = machine.file("a", Some("a"), true);
    let life = machine.boot();
    life.run(&[&file]).await;
    life.end().await;
    let record = machine.record("a");
    let good = fs::read_to_string(&record).expect("there is one");
    let aside = record.with_file_name(BAD_FILE);
    for bad in [
        String::new(),
        good[..good.len() / 2].to_owned(),
        good.replace("\"version\": 1", "\"version\": 9"),
        good.replace("\"kind\": \"file\"", "\"kind\": \"nothing\""),
        good.replace("\"absent\"", "\"unheard of\""),
    ] {
        fs::write(&record, &bad).expect("it can be written");
        let life = machine.boot();
        life.run(&[]).await;
        life.end().await;
        assert!(!record.exists(), "{bad}");
        assert_eq!(fs::read_to_string(&aside).expect("it was kept"), bad);
        assert_eq!(machine.read("a").as_deref(), Some("a"));
    }
}

#[tokio::test]
async fn what_can_not_be_undone_is_refused_before_anything_happens() {
    let machine = Machine::new();
    let life = machine.boot();
    let first = machine.file("a", Some("a"), false);
    life.run(&[&first]).await;
    let good = machine.file("good", Some("x"), true);
    let bad = machine.file("d/", None, true);
    let refused = life.submit(&[&good, &bad]).await;
    assert!(matches!(refused, Err(SubmitError::Rejected(problems)) if problems.len() == 1));
    assert!(!machine.record("good").exists());
    assert_eq!(life.vertices(), 1, "the former graph runs on");
    life.end().await;
}

/// What one life of the agent is told: for each graph which files it has, and for how many milliseconds it
/// runs before the next one, or before the kill.
type Lives = Vec<Vec<([bool; 3], u64)>>;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Lives one life, which ends by a kill at its last instant: nothing is told to end, but what the disk was
/// doing still happens.
fn live_and_be_killed(machine: &Machine, before: [bool; 3], graphs: &[([bool; 3], u64)]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let life = machine.boot();
        for (held, milliseconds) in graphs {
            let files = [0, 1, 2].map(|at| machine.managed(NAMES[at], before[at]));
            let held = files.iter().zip(held).filter(|(_, held)| **held);
            let held: Vec<_> = held.map(|(file, _)| file).collect();
            // The kill may come in the middle of the switch.
            let limit = std::time::Duration::from_millis(*milliseconds);
            let submit = tokio::time::timeout(limit, life.submit(&held)).await;
            if let Ok(result) = submit {
                result.expect("a good graph");
                tokio::time::sleep(limit).await;
            }
        }
    });
}

proptest::proptest! {
    #![proptest_config(crate::engine::tests::chance::cases(100))]

    /// T19: what is changed has a record, at whatever instant one looks; and in the end all is as before.
    #[test]
    fn no_reversal_is_forgotten_whenever_the_agent_is_killed(
        before in proptest::array::uniform3(proptest::bool::ANY),
        lives in proptest::collection::vec(
            proptest::collection::vec((proptest::array::uniform3(proptest::bool::ANY), 0u64..12), 1..4),
            1..4,
        ),
    ) {
        let machine = Machine::new();
        let original = |at: usize| before[at].then(|| format!("before {at}"));
        for (at, name) in NAMES.iter().enumerate() {
            if let Some(text) = original(at) {
                fs::write(machine.path(name), text).expect("it can be written");
            }
        }
        let lives: Lives = lives;
        for graphs in &lives {
            live_and_be_killed(&machine, before, graphs);
            for (at, name) in NAMES.iter().enumerate() {
                let changed = machine.read(name) != original(at);
                assert!(!changed || machine.record(name).exists(), "{name} is changed for ever");
            }
        }
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let life = machine.boot();
            life.run(&[]).await;
            life.end().await;
        });
        for (at, name) in NAMES.iter().enumerate() {
            assert_eq!(machine.read(name), original(at), "{name}");
            assert!(!machine.record(name).exists(), "{name} has been undone");
        }
    }
}
