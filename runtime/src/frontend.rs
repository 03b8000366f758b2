//! The language front end: from the text of a program to a stream of resource graphs.
//!
//! It evaluates the program, feeds it with what the machine says, and compiles it anew when one of its
//! files changes. A program that does not compile, or that fails before its first graph, is reported and
//! leaves the running one alone.

mod call;
mod evaluation;
mod firmware;
mod host;
mod lines;
mod reload;
mod runnable;
mod sources;
mod yaml;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use mgmt_compiler::commands::compile_shown;
use mgmt_compiler::diagnostic::Diagnostic;
use mgmt_compiler::files::{Files, Sources};
use mgmt_compiler::graph::ResourceGraph;
use mgmt_compiler::render::Findings;
use mgmt_compiler::{Compilation, Input, Options};
use mgmt_stdlib::catalog::{Catalog, Host};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::resource::Registry;
use evaluation::{Evaluation, Output};
use reload::{SourceWatch, Watching};

/// Tells people what is wrong with a program.
pub type Report = Arc<dyn Fn(Findings<'_>) + Send + Sync>;

pub use host::RunningHost;
pub use sources::EventSources;
pub use yaml::{Loaded, YamlFrontend, YamlGraphs};

/// What a front end works with.
#[derive(Clone)]
pub struct Frontend {
    /// The program.
    pub input: Input,
    /// How it is compiled.
    pub options: Options,
    /// From where its files are seen, in diagnostics.
    pub directory: PathBuf,
    /// Everything it can name.
    pub catalog: Arc<Catalog>,
    /// The kinds that can run.
    pub registry: Registry,
    /// Where its text comes from.
    pub files: Arc<dyn Files + Send + Sync>,
    /// The machine that its functions look at.
    pub host: Arc<dyn Host>,
    /// What wakes its functions.
    pub sources: EventSources,
    /// Tells people what is wrong.
    pub report: Report,
    /// Whether a change of the program's files, or of what it looks at, leads to a new graph.
    pub watch: bool,
}

/// A graph, and the texts that its places are in.
#[derive(Clone, Debug)]
pub struct SourcedGraph {
    /// The graph.
    pub graph: Arc<ResourceGraph>,
    /// The texts.
    pub sources: Arc<Sources>,
}

/// The newest graph, if there is one yet.
pub type Graphs = watch::Sender<Option<SourcedGraph>>;

/// The program failed while it ran; its diagnostic was reported.
#[derive(Debug, thiserror::Error)]
#[error("the program failed: {0}")]
pub struct ProgramFailed(pub String);

/// Where resource graphs come from.
#[async_trait]
pub trait GraphSource: Send {
    /// Gives graphs until it is cancelled.
    ///
    /// # Errors
    /// If it can not go on.
    async fn run(
        self: Box<Self>,
        graphs: Graphs,
        cancel: CancellationToken,
    ) -> Result<(), ProgramFailed>;

    /// Who tells people what is wrong with a graph; without it the log does.
    fn report(&self) -> Option<Report> {
        None
    }
}

/// A program that was compiled without errors, and the front end that runs it.
pub struct LangGraphs {
    /// The front end.
    pub frontend: Frontend,
    /// The program.
    pub first: Compilation,
}

#[async_trait]
impl GraphSource for LangGraphs {
    async fn run(
        self: Box<Self>,
        graphs: Graphs,
        cancel: CancellationToken,
    ) -> Result<(), ProgramFailed> {
        self.frontend.run(self.first, graphs, cancel).await
    }

    fn report(&self) -> Option<Report> {
        Some(Arc::clone(&self.frontend.report))
    }
}

impl Frontend {
    /// Compiles the program and reports what is wrong with it.
    pub fn compile(&self) -> Compilation {
        let compilation = compile_shown(
            &self.input,
            &*self.files,
            &self.catalog,
            &self.options,
            &self.directory,
        );
        if !compilation.diagnostics.is_empty() {
            (self.report)(compilation.findings());
        }
        compilation
    }

    /// Runs a program that was compiled from the input, and those that it is replaced by, until it is
    /// cancelled.
    ///
    /// # Errors
    /// If the running program fails.
    pub async fn run(
        self,
        first: Compilation,
        graphs: Graphs,
        cancel: CancellationToken,
    ) -> Result<(), ProgramFailed> {
        let Some(program) = first.program.clone() else {
            return Ok(());
        };
        let mut sources = Arc::new(first.sources);
        let paths = &self.sources.paths;
        let mut watch = self
            .watch
            .then(|| Watching::begin(paths.clone(), Arc::clone(&sources)));
        let mut current = Evaluation::start(&self, program);
        // A program that was saved and has not given a graph yet, with its texts.
        let mut next: Option<(Evaluation, Arc<Sources>)> = None;
        let result = loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => break Ok(()),
                output = current.output() => match output {
                    Output::Graph(graph) => {
                        match runnable::check(graph, &self.registry, &self.report, &sources) {
                            Ok(graph) => graphs.send_replace(Some(SourcedGraph { graph, sources: Arc::clone(&sources) })),
                            Err(failed) if graphs.borrow().is_none() => break Err(failed),
                            Err(_) => {
                                info!("the running graph stays as it is");
                                continue;
                            }
                        };
                        if !self.watch {
                            cancel.cancelled().await;
                            break Ok(());
                        }
                    }
                    Output::Failed(diagnostic) => {
                        break Err(self.fail(*diagnostic, &sources));
                    }
                },
                output = output_of(&mut next) => {
                    let Some((evaluation, texts)) = next.take() else { continue };
                    match output {
                        Output::Graph(graph) => match runnable::check(graph, &self.registry, &self.report, &texts) {
                            Ok(graph) => {
                                std::mem::replace(&mut current, evaluation).stop().await;
                                sources = texts;
                                let sources = Arc::clone(&sources);
                                graphs.send_replace(Some(SourcedGraph { graph, sources }));
                            }
                            Err(_) => {
                                info!("the running program stays as it is");
                                evaluation.stop().await;
                            }
                        },
                        Output::Failed(diagnostic) => {
                            self.fail(*diagnostic, &texts);
                            info!("the running program stays as it is");
                            evaluation.stop().await;
                        }
                    }
                }
                () = changed(&mut watch) => {
                    let Some(compilation) = self.recompile(watch.as_mut()).await else { continue };
                    if let Some((superseded, _)) = next.take() {
                        superseded.stop().await;
                    }
                    next = compilation
                        .program
                        .map(|program| (Evaluation::start(&self, program), Arc::new(compilation.sources)));
                }
            }
        };
        current.stop().await;
        if let Some((next, _)) = next {
            next.stop().await;
        }
        result
    }

    /// Compiles the program anew; nothing if its text is the same as before.
    async fn recompile(&self, watch: Option<&mut Watching>) -> Option<Compilation> {
        let watch = watch?.begun().await;
        let this = self.clone();
        let known = watch.texts().clone();
        let compiled = tokio::task::spawn_blocking(move || {
            let compilation = compile_shown(
                &this.input,
                &*this.files,
                &this.catalog,
                &this.options,
                &this.directory,
            );
            (reload::texts(&compilation.sources) != known).then_some(compilation)
        });
        let compilation = compiled.await.ok()??;
        let works = compilation.program.is_some();
        let (paths, sources) = (&self.sources.paths, &compilation.sources);
        *watch = SourceWatch::after(watch, paths, sources, works).await;
        if !compilation.diagnostics.is_empty() {
            (self.report)(compilation.findings());
        }
        if works {
            info!("the program has changed");
        } else {
            info!("the program has changed and has errors; the running one stays as it is");
        }
        Some(compilation)
    }

    fn fail(&self, diagnostic: Diagnostic, sources: &Sources) -> ProgramFailed {
        let failed = ProgramFailed(diagnostic.message.clone());
        (self.report)(Findings {
            diagnostics: &[diagnostic],
            sources,
        });
        failed
    }
}

async fn output_of(next: &mut Option<(Evaluation, Arc<Sources>)>) -> Output {
    match next {
        Some((evaluation, _)) => evaluation.output().await,
        None => std::future::pending().await,
    }
}

async fn changed(watch: &mut Option<Watching>) {
    match watch {
        Some(watch) => watch.begun().await.changed().await,
        None => std::future::pending().await,
    }
}
