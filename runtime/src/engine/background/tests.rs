//! A kind whose resources share a worker that notes its life in a file.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use async_trait::async_trait;
use mgmt_compiler::graph::{Identity, Resource as Declared, ResourceGraph};
use mgmt_stdlib::resource::Meta;
use mgmt_stdlib::resources::{noop, test};
use tempfile::TempDir;

use super::*;
use crate::engine::{Engine, EngineConfig, Exit, SubmitError, SubmitOptions};
use crate::resource::{CheckContext, InitContext, Outcome, Registry, Resource, WatchContext};

fn note(services: &Services, line: &str) {
    let path = services.prefix.join("life");
    let mut file = OpenOptions::new().create(true).append(true).open(path);
    let file = file.as_mut().expect("the file can be written");
    writeln!(file, "{line}").expect("the file can be written");
}

struct Worker;

#[async_trait]
impl Background for Worker {
    fn name(&self) -> &'static str {
        "shared"
    }

    async fn run(&self, context: &BackgroundContext) -> Result<(), ResourceError> {
        let services = &context.services;
        let mode = |mode: &str| services.prefix.join(mode).exists();
        if mode("fails early") {
            return Err(ResourceError::message("no luck"));
        }
        if mode("panics") {
            panic!("no luck at all");
        }
        note(services, "ready");
        context.ready();
        let fails = async {
            while !mode("fails late") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            () = context.cancelled() => {}
            () = fails => return Err(ResourceError::message("lost it")),
        }
        note(services, "ended");
        Ok(())
    }
}

/// Two kinds, whose resources note the lives of their watches.
macro_rules! served {
    ($name:ident, $params:ty) => {
        struct $name;

        #[async_trait]
        impl Resource for $name {
            type Params = $params;

            fn new(_: &str, _: &$params) -> Self {
                Self
            }

            fn background() -> Option<Arc<dyn Background>> {
                Some(Arc::new(Worker))
            }

            async fn init(&self, _: &$params, context: &InitContext) -> Result<(), ResourceError> {
                note(&context.services, "init");
                Ok(())
            }

            async fn watch(
                &self,
                _: &$params,
                context: &WatchContext,
            ) -> Result<(), ResourceError> {
                note(&context.services, "watch");
                context.event().await?;
                context.cancelled().await;
                Ok(())
            }

            async fn check_apply(
                &self,
                _: &$params,
                _: &CheckContext,
            ) -> Result<Outcome, ResourceError> {
                Ok(Outcome::Unchanged)
            }

            async fn cleanup(&self) -> Result<(), ResourceError> {
                Ok(())
            }
        }
    };
}

served!(First, noop::Noop);
served!(Second, test::Test);

struct Machine {
    directory: TempDir,
    engine: Engine,
}

impl Machine {
    fn new(modes: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        for mode in modes {
            fs::write(directory.path().join(mode), "").expect("it can be written");
        }
        let mut registry = Registry::default();
        registry.add::<First>();
        registry.add::<Second>();
        let services = Services::new("h1", "mgmt", directory.path());
        let engine = Engine::new(EngineConfig::new(registry, services));
        Self { directory, engine }
    }

    async fn submit(&self, kinds: &[&str], meta: &Meta) -> Result<(), SubmitError> {
        let mut graph = ResourceGraph::default();
        for kind in kinds {
            graph.add(Arc::new(Declared {
                identity: Identity::new(*kind, "a"),
                params: match *kind {
                    "noop" => Arc::new(noop::Noop::default()),
                    _ => Arc::new(test::Test::default()),
                },
                meta: meta.clone(),
                receives: Vec::new(),
                span: None,
            }));
        }
        let options = SubmitOptions::default();
        self.engine.submit(graph, options).await.map(|_| ())
    }

    async fn run(&self, kinds: &[&str]) {
        let submitted = self.submit(kinds, &Meta::default()).await;
        submitted.expect("a good graph");
        let mut status = self.engine.status();
        let idle = status.wait_for(|status| status.busy == 0 && !status.paused);
        idle.await.expect("the engine runs");
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn life(&self) -> String {
        let text = fs::read_to_string(self.path().join("life"));
        text.unwrap_or_default().replace('\n', " ")
    }
}

#[tokio::test]
async fn one_worker_serves_all_from_the_first_to_the_last() {
    let machine = Machine::new(&[]);
    machine.run(&[]).await;
    assert_eq!(machine.life(), "");
    machine.run(&["noop"]).await;
    assert_eq!(machine.life(), "init ready watch ");
    // Another kind shares it, and the first may leave.
    machine.run(&["noop", "test"]).await;
    machine.run(&["test"]).await;
    assert_eq!(machine.life(), "init ready watch init watch ");
    machine.run(&[]).await;
    machine.run(&["noop"]).await;
    let life = machine.life();
    assert!(life.starts_with("init ready watch init watch "), "{life}");
    // It was told to end, and a new one waits for that.
    let rest: Vec<_> = life.split(' ').skip(5).collect();
    assert!(
        ["ended init ready watch ", "init ended ready watch "].contains(&&*rest.join(" ")),
        "{life}"
    );
    machine
        .engine
        .shutdown(false)
        .await
        .expect("an orderly end");
    assert!(
        machine.life().ends_with("watch ended "),
        "{}",
        machine.life()
    );
}

#[tokio::test]
async fn hidden_resources_need_no_worker() {
    let machine = Machine::new(&[]);
    let hidden = Meta {
        hidden: true,
        ..Meta::default()
    };
    machine
        .submit(&["noop"], &hidden)
        .await
        .expect("a good graph");
    machine
        .engine
        .shutdown(false)
        .await
        .expect("an orderly end");
    assert!(!machine.life().contains("ready"));
}

#[tokio::test]
async fn a_worker_that_is_never_ready_ends_the_commit_with_its_reason() {
    for (mode, reason) in [
        ("fails early", "background(shared): no luck"),
        (
            "panics",
            "background(shared): panic in background: no luck at all",
        ),
    ] {
        let machine = Machine::new(&[mode]);
        let refused = machine.submit(&["noop"], &Meta::default()).await;
        match refused {
            Err(SubmitError::Fatal(why)) => assert_eq!(why, reason),
            other => panic!("{other:?}"),
        }
        assert_eq!(machine.life(), "init ", "no watch was started");
        let exit = machine.engine.exit_requested().await;
        assert_eq!(exit, Exit::Failed(reason.into()));
        machine
            .engine
            .shutdown(false)
            .await
            .expect("an orderly end");
    }
}

#[tokio::test]
async fn a_worker_that_fails_ends_the_run() {
    let machine = Machine::new(&[]);
    machine.run(&["noop"]).await;
    fs::write(machine.path().join("fails late"), "").expect("it can be written");
    let exit = machine.engine.exit_requested().await;
    assert_eq!(exit, Exit::Failed("background(shared): lost it".into()));
    machine
        .engine
        .shutdown(false)
        .await
        .expect("an orderly end");
}
