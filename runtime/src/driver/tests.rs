use async_trait::async_trait;
use mgmt_compiler::files::Sources;
use mgmt_compiler::graph::{Identity, Resource as Declared, ResourceGraph};
use mgmt_stdlib::resource::{AutoEdges, Meta};
use mgmt_stdlib::resources::noop::Noop;
use tokio::time::{Instant, sleep};

use super::*;
use crate::engine::EngineConfig;
use crate::resource::{CheckContext, Outcome, Registry, Resource, ResourceError};
use crate::runner::log_findings;

/// Takes its time to say what it is ordered with.
struct Slow;

const PREPARATION: Duration = Duration::from_secs(1);

#[async_trait]
impl Resource for Slow {
    type Params = Noop;

    fn new(_: &str, _: &Noop) -> Self {
        Self
    }

    async fn auto_edges(_: &str, _: &Noop, _: &Services) -> Result<AutoEdges, ResourceError> {
        sleep(PREPARATION).await;
        Ok(AutoEdges::default())
    }

    async fn check_apply(&self, _: &Noop, _: &CheckContext) -> Result<Outcome, ResourceError> {
        Ok(Outcome::Unchanged)
    }
}

fn graph(name: String) -> SourcedGraph {
    let mut graph = ResourceGraph::default();
    graph.add(Arc::new(Declared {
        identity: Identity::new("noop", name),
        params: Arc::new(Noop::default()),
        meta: Meta::default(),
        receives: Vec::new(),
        span: None,
    }));
    SourcedGraph {
        graph: Arc::new(graph),
        sources: Arc::new(Sources::default()),
        ..SourcedGraph::default()
    }
}

/// Otherwise the machine would be brought to one state after the other that nobody wants any more (engine.md 2.2.10).
#[tokio::test(start_paused = true)]
async fn graphs_that_come_faster_than_they_can_be_looked_at_are_skipped() {
    let directory = tempfile::tempdir().unwrap();
    let mut registry = Registry::default();
    registry.add::<Slow>();
    let services = Services::new("h1", "mgmt", directory.path());
    let engine = Arc::new(Engine::new(EngineConfig::new(registry, services)));
    let (graphs, newest) = watch::channel(None);
    let (_rung, rung) = watch::channel(Rung::Run);
    let mut frontend = JoinSet::new();
    frontend.spawn(pending());
    let mut conductor = Conductor {
        engine: Arc::clone(&engine),
        frontend,
        newest,
        turn: Arc::new(Semaphore::new(1)),
        submissions: JoinSet::new(),
        rung,
        report_failures: false,
        teller: Teller::new(Arc::new(log_findings)),
        draws: false,
        committed: false,
    };
    let feed = async {
        for n in 1..=100 {
            graphs.send_replace(Some(graph(n.to_string())));
            sleep(PREPARATION / 10).await;
        }
        let fed = Instant::now();
        let is_last = |running: RunningGraph| {
            let mut vertices = running.vertices.iter();
            vertices.any(|vertex| vertex.declared.identity.name.as_str() == "100")
        };
        while !engine.running_graph().await.is_some_and(is_last) {
            sleep(PREPARATION / 10).await;
        }
        fed.elapsed()
    };
    let late = tokio::select! {
        result = conductor.conduct(&|_, _| {}) => panic!("{result:?}"),
        late = feed => late,
    };
    assert!(late < PREPARATION * 5, "{late:?}");
    engine.shutdown(false).await.expect("an orderly end");
}
