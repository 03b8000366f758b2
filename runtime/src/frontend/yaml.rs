//! The YAML front end: a graph that is written down as it is (engine.md §8.1).

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use mgmt_compiler::diagnostic::{Code, Diagnostic, Stage};
use mgmt_compiler::files::{Disk, Files, Source, Sources, clean, reason};
use mgmt_compiler::graph::ResourceGraph;
use mgmt_compiler::render::Findings;
use mgmt_grammar::span::SourceId;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::reload::SourceWatch;
use super::{
    Frontend, FrontendContext, FrontendError, GraphSource, Graphs, ProgramFailed, SourcedGraph,
    runnable,
};
use crate::resource::Services;
use crate::yaml_graph;

/// The front end `yaml`: files with graphs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Yaml;

impl Frontend for Yaml {
    fn name(&self) -> &'static str {
        "yaml"
    }

    /// The payload is the path of the file.
    fn load(
        &self,
        payload: &str,
        context: &FrontendContext,
    ) -> Result<Box<dyn GraphSource>, FrontendError> {
        let file = YamlFile {
            path: clean(&context.directory.join(payload)),
            name: payload.to_owned(),
            context: context.clone(),
            files: Arc::new(Disk),
        };
        match file.load() {
            Ok(first) => Ok(Box::new(YamlGraphs { file, first })),
            Err(_) => Err(FrontendError::Reported),
        }
    }
}

/// A file with a graph.
#[derive(Clone)]
struct YamlFile {
    /// The file, as an absolute path.
    path: PathBuf,
    /// As it is shown in diagnostics.
    name: String,
    context: FrontendContext,
    /// Where its text comes from.
    files: Arc<dyn Files + Send + Sync>,
}

/// What a file gave.
struct Loaded {
    graph: Arc<ResourceGraph>,
    sources: Sources,
}

impl YamlFile {
    /// Reads the file, and reports what is wrong with it.
    ///
    /// # Errors
    /// The text, so that a better one can be waited for.
    fn load(&self) -> Result<Loaded, Sources> {
        let mut sources = Sources::default();
        let read = self.read(&mut sources);
        let diagnostics = match &read {
            Ok(read) => &read.warnings[..],
            Err(error) => std::slice::from_ref(&**error),
        };
        if !diagnostics.is_empty() {
            (self.context.report)(Findings {
                diagnostics,
                sources: &sources,
            });
        }
        match read {
            Err(_) => Err(sources),
            Ok(read) => {
                let graph = Arc::new(read.graph);
                let registry = &self.context.vocabulary.registry;
                match runnable::check(graph, registry, &self.context.report, &sources) {
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
                    yaml_graph::read(&text, source, &self.context.vocabulary.catalog)
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
            ..Self::default()
        }
    }
}

/// A file and the graph that it gave at first.
struct YamlGraphs {
    file: YamlFile,
    first: Loaded,
}

#[async_trait]
impl GraphSource for YamlGraphs {
    fn shown(&self) -> String {
        self.file.name.clone()
    }

    async fn run(
        self: Box<Self>,
        services: Services,
        graphs: Graphs,
        cancel: CancellationToken,
    ) -> Result<(), ProgramFailed> {
        let Self { file, first } = *self;
        let paths = &services.paths;
        let mut watch = SourceWatch::new(paths, &first.sources, true).await;
        graphs.send_replace(Some(first.into()));
        if !file.context.watch {
            cancel.cancelled().await;
            return Ok(());
        }
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                () = watch.changed() => {}
            }
            let reader = file.clone();
            let loaded = tokio::task::spawn_blocking(move || reader.load()).await;
            let Ok(loaded) = loaded else { continue };
            let (sources, works) = match &loaded {
                Ok(loaded) => (&loaded.sources, true),
                Err(sources) => (sources, false),
            };
            watch = SourceWatch::after(&mut watch, paths, sources, works).await;
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
