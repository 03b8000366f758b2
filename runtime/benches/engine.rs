//! What the engine itself costs: commit, memory, idle processor time, and the way from an event to
//! `check_apply`. The resources do nothing. Run with `cargo bench -p mgmt-runtime --bench engine [-- N...]`.
//!
//! Two cores of a shared virtual machine, Rust 1.95, without link-time optimisation:
//!
//! | resources | first graph runs after | all settled after | memory each | same graph again | event to check, median and 99 % |
//! |---|---|---|---|---|---|
//! | 1,000 | 8 ms | 9 ms | 2.8 kB | 0.5 ms | 30 µs, 68 µs |
//! | 10,000 | 39 ms | 112 ms | 2.7 kB | 6 ms | 5 µs, 45 µs |
//! | 100,000 | 338 ms | 783 ms | 2.6 kB | 100 ms | 19 µs, 57 µs |
//!
//! At rest the processor is not used at any size.

#![allow(clippy::print_stdout, missing_docs)]

use std::any::Any;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use mgmt_compiler::graph::{Identity, Resource as Declared, ResourceGraph};
use mgmt_runtime::engine::{Engine, EngineConfig, SubmitOptions};
use mgmt_runtime::resource::{
    CheckContext, Outcome, Registry, Resource, ResourceError, Services, WatchContext,
};
use mgmt_stdlib::resource::{
    Declare, Invalid, Meta, Params, ResourceDef, SetError, Traits, Validate,
};
use mgmt_stdlib::value::Value;
use tokio::sync::{Notify, mpsc};

/// What the measured resource shares with the measurement.
#[derive(Debug)]
struct Probe {
    touch: Notify,
    checked: mpsc::UnboundedSender<Instant>,
}

#[derive(Clone, Debug)]
struct Null {
    probe: Option<Arc<Probe>>,
}

impl Params for Null {
    fn kind(&self) -> &'static str {
        "null"
    }
    fn set(&mut self, param: &str, _: &Value) -> Result<(), SetError> {
        Err(SetError::Unknown(param.to_owned()))
    }
    fn get(&self, _: &str) -> Option<Value> {
        None
    }
    fn is_zero(&self, _: &str) -> bool {
        true
    }
    fn differs(&self, _: &dyn Params) -> Option<String> {
        None
    }
    fn clone_box(&self) -> Box<dyn Params> {
        Box::new(self.clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl Validate for Null {
    fn validate(&self, _: &str) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Declare for Null {
    fn declare() -> ResourceDef {
        ResourceDef {
            kind: "null",
            doc: "Does nothing.",
            params: Vec::new(),
            sends: Vec::new(),
            traits: Traits::default(),
            inside: None,
            new: || Box::new(Null { probe: None }),
        }
    }
}

struct Worker;

#[async_trait]
impl Resource for Worker {
    type Params = Null;

    fn new(_: &str, _: &Null) -> Self {
        Self
    }

    async fn watch(&self, params: &Null, context: &WatchContext) -> Result<(), ResourceError> {
        context.event().await?;
        let Some(probe) = &params.probe else {
            context.cancelled().await;
            return Ok(());
        };
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                () = probe.touch.notified() => context.event().await?,
            }
        }
    }

    async fn check_apply(&self, params: &Null, _: &CheckContext) -> Result<Outcome, ResourceError> {
        if let Some(probe) = &params.probe {
            let _ = probe.checked.send(Instant::now());
        }
        Ok(Outcome::Unchanged)
    }
}

/// Ten resources wide, each row before the next.
fn graph(size: usize, probe: &Arc<Probe>) -> ResourceGraph {
    let mut graph = ResourceGraph::default();
    let mut former = Vec::new();
    for at in 0..size {
        let node = graph.add(Arc::new(Declared {
            identity: Identity::new("null", format!("resource number {at}")),
            params: Arc::new(Null {
                probe: (at + 1 == size).then(|| probe.clone()),
            }),
            meta: Meta::default(),
            receives: Vec::new(),
            span: None,
        }));
        if at >= 10 {
            graph.connect(former[at - 10], node, false);
        }
        former.push(node);
    }
    graph
}

fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * 4096
}

fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: u64 = text
        .split(' ')
        .skip(13)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

async fn measure(size: usize) {
    let (checked, mut checks) = mpsc::unbounded_channel();
    let probe = Arc::new(Probe {
        touch: Notify::new(),
        checked,
    });
    let mut registry = Registry::default();
    registry.add::<Worker>();
    let services = Services::new("bench", "bench", Path::new("/nonexistent"));
    let engine = Engine::new(EngineConfig {
        durable_notifications: false,
        ..EngineConfig::new(registry, services)
    });
    let declared = graph(size, &probe);
    let before = resident();
    let start = Instant::now();
    let report = engine
        .submit(declared.clone(), SubmitOptions::default())
        .await
        .expect("a good graph");
    let submitted = start.elapsed();
    let mut status = engine.status();
    let _ = status.wait_for(|status| status.settled == size).await;
    let settled = start.elapsed();
    let memory = resident().saturating_sub(before) / size;
    let start = Instant::now();
    let again = engine
        .submit(declared, SubmitOptions::default())
        .await
        .expect("a good graph");
    let same = start.elapsed();
    assert_eq!(again.kept, size);

    let idle = processor_time();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = processor_time() - idle;

    while checks.try_recv().is_ok() {}
    let mut latencies = Vec::new();
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let start = Instant::now();
        probe.touch.notify_one();
        if let Some(at) = checks.recv().await {
            latencies.push(at - start);
        }
    }
    latencies.sort();
    let start = Instant::now();
    let _ = engine.shutdown(false).await;
    println!(
        "{size:>7} resources: submit {submitted:>8.1?} (paused {:>8.1?}), settled {settled:>8.1?}, {memory:>5} bytes each, \
         same graph {same:>8.1?} (paused {:>8.1?}), idle {idle:?} in 2 s, event to check {:.1?} (99 %: {:.1?}), shutdown {:.1?}",
        report.paused,
        again.paused,
        latencies[latencies.len() / 2],
        latencies[latencies.len() * 99 / 100],
        start.elapsed(),
    );
}

fn main() {
    let sizes: Vec<usize> = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .collect();
    let sizes = if sizes.is_empty() {
        vec![1_000, 10_000, 100_000]
    } else {
        sizes
    };
    for size in sizes {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(measure(size));
    }
}
