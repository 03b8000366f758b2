//! The engine as a library: a graph is built in Rust, run, watched, and replaced by another one.
//!
//!     cargo run -p mgmt-runtime --example embed
//!
//! No language and no command line take part. A program of your own would also register kinds of its own
//! (see `runtime/src/resource.rs`) and run until somebody stops it.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use mgmt_runtime::engine::{Engine, EngineConfig, EngineEvent, SubmitOptions};
use mgmt_runtime::graph::{Identity, Resource, ResourceGraph};
use mgmt_runtime::resource::{Outcome, Services};
use mgmt_runtime::resources::registry;
use mgmt_stdlib::resources::{file, noop};
use mgmt_stdlib::value::Str;
use tokio::sync::broadcast::error::RecvError;

/// A file with that content, which notifies a noop when it was changed.
fn graph(directory: &Path, content: &str) -> ResourceGraph {
    let greeting = file::File {
        state: "exists".to_owned(),
        content: Some(Str::from(content)),
        ..file::File::default()
    };
    let path = directory.join("greeting").display().to_string();
    let mut graph = ResourceGraph::default();
    let file = graph.add(Arc::new(Resource::new(path, greeting)));
    let told = graph.add(Arc::new(Resource::new("told", noop::Noop::default())));
    graph.connect(file, told, true);
    graph
}

/// Holds two graphs one after the other. Returns the resources that had to be changed, in order.
///
/// # Errors
/// If a graph is refused, or the engine does not end well.
pub async fn run(directory: &Path) -> Result<Vec<Identity>, Box<dyn Error>> {
    let services = Services::new("this-host", "embed 1", directory.join("state"));
    let engine = Engine::new(EngineConfig::new(registry(), services));
    // Subscribe first, so that nothing is missed.
    let mut events = engine.events();
    let mut changed = Vec::new();
    for content in ["hello\n", "goodbye\n"] {
        let graph = graph(directory, content);
        let report = engine.submit(graph, SubmitOptions::default()).await?;
        let mut status = engine.status();
        status
            .wait_for(|status| {
                status.generation == report.generation && status.settled == status.vertices
            })
            .await?;
    }
    engine.shutdown(false).await?;
    drop(engine);
    loop {
        match events.recv().await {
            Ok(EngineEvent::Checked {
                identity,
                outcome: Some(Outcome::Changed),
                ..
            }) => changed.push(identity),
            Ok(_) => {}
            Err(RecvError::Lagged(missed)) => eprintln!("{missed} events were missed"),
            Err(RecvError::Closed) => return Ok(changed),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::temp_dir().join("mgmt-embed");
    for identity in run(&directory).await? {
        eprintln!("changed {identity}");
    }
    Ok(())
}
