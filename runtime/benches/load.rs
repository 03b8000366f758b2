//! What a large graph costs before it runs: checks, automatic edges, grouping, and the comparison with the running
//! graph. Files in directories, each before a noop of its own, with `--noop` in force, so that nothing is written.
//! Run with `cargo bench -p mgmt-runtime --bench load [-- N...]`.

#![allow(clippy::print_stdout, missing_docs)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mgmt_runtime::engine::{CommitReport, Engine, EngineConfig, SubmitOptions};
use mgmt_runtime::graph::{Resource, ResourceGraph};
use mgmt_runtime::resource::Services;
use mgmt_runtime::resources::registry;
use mgmt_stdlib::resources::{file, noop};
use mgmt_stdlib::value::Str;

/// So many files lie in one directory.
const PER_DIRECTORY: usize = 100;
/// How often a small change is made.
const REPEATED: usize = 20;

struct Resources {
    directory: String,
    files: Vec<Arc<Resource>>,
    noops: Vec<Arc<Resource>>,
}

impl Resources {
    /// `size` resources: directories, files in them, and as many noops as files.
    fn new(directory: &Path, size: usize) -> Self {
        let directory = directory.display().to_string();
        let file = |path: String, content: Option<&str>| {
            let params = file::File {
                state: "exists".to_owned(),
                content: content.map(Str::from),
                ..file::File::default()
            };
            Arc::new(Resource::new(path, params))
        };
        let mut files = Vec::new();
        for at in 0..size / 2 {
            files.push(if at % PER_DIRECTORY == 0 {
                file(format!("{directory}/d{}/", at / PER_DIRECTORY), None)
            } else {
                let path = format!("{directory}/d{}/file number {at}", at / PER_DIRECTORY);
                file(path, Some("text"))
            });
        }
        let noops = (0..size / 2)
            .map(|at| Arc::new(Resource::new(format!("n{at}"), noop::Noop::default())))
            .collect();
        Self {
            directory,
            files,
            noops,
        }
    }

    /// Changes one file.
    fn change(&mut self, content: &str) {
        let params = file::File {
            state: "exists".to_owned(),
            content: Some(Str::from(content)),
            ..file::File::default()
        };
        let path = format!("{}/d0/file number 1", self.directory);
        self.files[1] = Arc::new(Resource::new(path, params));
    }

    /// Another file in the first directory.
    fn one_more(&self) -> Arc<Resource> {
        let params = file::File {
            state: "exists".to_owned(),
            content: Some(Str::from("text")),
            ..file::File::default()
        };
        Arc::new(Resource::new(
            format!("{}/d0/one more", self.directory),
            params,
        ))
    }

    fn graph(&self) -> ResourceGraph {
        let mut graph = ResourceGraph::default();
        for (file, noop) in self.files.iter().zip(&self.noops) {
            let file = graph.add(file.clone());
            let noop = graph.add(noop.clone());
            graph.connect(file, noop, false);
        }
        graph
    }
}

/// How long it took, and what came of it.
type Took = (Duration, CommitReport);

async fn timed(engine: &Engine, graph: ResourceGraph) -> Took {
    let began = Instant::now();
    let report = engine
        .submit(graph, SubmitOptions::default())
        .await
        .expect("a good graph");
    (began.elapsed(), report)
}

async fn submit(engine: &Engine, graph: ResourceGraph, what: &str) {
    let (elapsed, report) = timed(engine, graph).await;
    println!(
        "{what:>32}: {elapsed:>9.1?}, of which paused {:>9.1?}; kept {}, added {}",
        report.paused, report.kept, report.added
    );
}

/// What was repeated, from the fastest to the slowest.
fn tell(mut took: Vec<Took>, what: &str) {
    took.sort_by_key(|(elapsed, _)| *elapsed);
    let elapsed = |at: usize| took[at].0;
    let (_, report) = &took[took.len() / 2];
    println!(
        "{what:>32}: {:>9.1?} {:>9.1?} {:>9.1?} (best, median, worst), of which paused {:>9.1?}; kept {}, added {}",
        elapsed(0),
        elapsed(took.len() / 2),
        elapsed(took.len() - 1),
        report.paused,
        report.kept,
        report.added
    );
}

async fn measure(size: usize) {
    let scratch = tempfile::tempdir().expect("a temporary directory");
    let mut resources = Resources::new(scratch.path(), size);
    for (autoedges, autogroup) in [(false, false), (true, false), (true, true)] {
        println!("{size} resources, automatic edges: {autoedges}, grouping: {autogroup}");
        let services = Services::new("bench", "bench", scratch.path().join("prefix"));
        let engine = Engine::new(EngineConfig {
            noop: true,
            autoedges,
            autogroup,
            ..EngineConfig::new(registry(), services)
        });
        submit(&engine, resources.graph(), "load").await;
        let mut status = engine.status();
        let idle = status.wait_for(|status| status.busy == 0 && status.vertices > 0);
        let _ = idle.await;
        submit(&engine, resources.graph(), "the same graph").await;
        let mut took = Vec::new();
        for at in 0..REPEATED {
            resources.change(&format!("text {autoedges} {autogroup} {at}"));
            took.push(timed(&engine, resources.graph()).await);
        }
        tell(took, "one resource has changed");
        let mut graph = resources.graph();
        let (mut come, mut gone) = (Vec::new(), Vec::new());
        for _ in 0..REPEATED {
            let one = graph.add(resources.one_more());
            come.push(timed(&engine, graph.clone()).await);
            graph.remove(one);
            gone.push(timed(&engine, graph.clone()).await);
        }
        tell(come, "one resource has come");
        tell(gone, "one resource has gone");
        let _ = engine.shutdown(false).await;
    }
}

fn main() {
    let sizes: Vec<usize> = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .collect();
    let sizes = if sizes.is_empty() {
        vec![10_000, 100_000]
    } else {
        sizes
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for size in sizes {
        runtime.block_on(measure(size));
    }
}
