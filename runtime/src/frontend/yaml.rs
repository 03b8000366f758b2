//! The YAML front end: a graph that is written down as it is (engine.md §8.1).

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use mgmt_compiler::diagnostic::{Code, Diagnostic, Stage};
use mgmt_compiler::files::{Files, Source, Sources, reason};
use mgmt_compiler::graph::ResourceGraph;
use mgmt_compiler::render::Findings;
use mgmt_grammar::span::SourceId;
use mgmt_stdlib::catalog::Catalog;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::reload::SourceWatch;
use super::{GraphSource, Graphs, ProgramFailed, Report, SourcedGraph, runnable};
use crate::path_watch::PathHub;
use crate::resource::Registry;
use crate::yaml_graph;

/// A file with a graph.
#[derive(Clone)]
pub struct YamlFrontend {
    /// The file, as an absolute path.
    pub path: PathBuf,
    /// As it is shown in diagnostics.
    pub name: String,
    /// Everything it can name.
    pub catalog: Arc<Catalog>,
    /// The kinds that can run.
    pub registry: Registry,
    /// Where its text comes from.
    pub files: Arc<dyn Files + Send + Sync>,
    /// How files are watched.
    pub paths: PathHub,
    /// Tells people what is wrong.
    pub report: Report,
    /// Whether a change of the file leads to a new graph.
    pub watch: bool,
}

/// What a file gave.
pub struct Loaded {
    graph: Arc<ResourceGraph>,
    sources: Sources,
}

impl YamlFrontend {
    /// Reads the file, and reports what is wrong with it.
    ///
    /// # Errors
    /// The text, so that a better one can be waited for.
    pub fn load(&self) -> Result<Loaded, Sources> {
        let mut sources = Sources::default();
        let read = self.read(&mut sources);
        let diagnostics = match &read {
            Ok(read) => &read.warnings[..],
            Err(error) => std::slice::from_ref(&**error),
        };
        if !diagnostics.is_empty() {
            (self.report)(Findings {
                diagnostics,
                sources: &sources,
            });
        }
        match read {
            Err(_) => Err(sources),
            Ok(read) => {
                let graph = Arc::new(read.graph);
                match runnable::check(graph, &self.registry, &self.report, &sources) {
                    Ok(graph) => Ok(Loaded { graph, sources }),
                    Err(_) => Err(sources),
                }
            }
        }
    }

    fn read(&self, sources: &mut Sources) -> Result<yaml_graph::YamlGraph, Box<Diagnostic>> {
        let add = |sources: &mut Sources, text: Arc<str>| {
            sources.add(Source::new(
                self.name.clone(),
                Some(self.path.clone()),
                text,
            ))
        };
        let unreadable = |code, why: String| {
            let text = format!("can't read {}: {why}", self.name);
            Box::new(Diagnostic::error(code, Stage::Parse, text))
        };
        match self.files.read(&self.path) {
            Err(error) => {
                add(sources, Arc::from(""));
                Err(unreadable(Code::UNREADABLE_FILE, reason(&error)))
            }
            Ok(bytes) => match String::from_utf8(bytes) {
                Err(_) => {
                    add(sources, Arc::from(""));
                    Err(unreadable(Code::NOT_UTF8, "it is not UTF-8".to_owned()))
                }
                Ok(text) => {
                    let text: Arc<str> = text.into();
                    let source: SourceId = add(sources, Arc::clone(&text));
                    yaml_graph::read(&text, source, &self.catalog)
                }
            },
        }
    }
}

impl From<Loaded> for SourcedGraph {
    fn from(loaded: Loaded) -> Self {
        Self {
            graph: loaded.graph,
            sources: Arc::new(loaded.sources),
        }
    }
}

/// A YAML front end and the graph that its file gave at first.
pub struct YamlGraphs {
    /// The front end.
    pub frontend: YamlFrontend,
    /// What the file gave.
    pub first: Loaded,
}

#[async_trait]
impl GraphSource for YamlGraphs {
    fn report(&self) -> Option<Report> {
        Some(Arc::clone(&self.frontend.report))
    }

    async fn run(
        self: Box<Self>,
        graphs: Graphs,
        cancel: CancellationToken,
    ) -> Result<(), ProgramFailed> {
        let Self { frontend, first } = *self;
        let mut watch = SourceWatch::new(&frontend.paths, &first.sources, true).await;
        graphs.send_replace(Some(first.into()));
        if !frontend.watch {
            cancel.cancelled().await;
            return Ok(());
        }
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                () = watch.changed() => {}
            }
            let reader = frontend.clone();
            let loaded = tokio::task::spawn_blocking(move || reader.load()).await;
            let Ok(loaded) = loaded else { continue };
            let (sources, works) = match &loaded {
                Ok(loaded) => (&loaded.sources, true),
                Err(sources) => (sources, false),
            };
            watch = SourceWatch::after(&mut watch, &frontend.paths, sources, works).await;
            match loaded {
                Ok(loaded) => {
                    info!("the graph has changed");
                    graphs.send_replace(Some(loaded.into()));
                }
                Err(_) => info!("the graph has errors; the running one stays as it is"),
            }
        }
    }
}
