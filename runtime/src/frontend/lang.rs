//! The language front end: from the text of a program to a stream of resource graphs.
//!
//! It evaluates the program, feeds it with what the machine says, and compiles it anew when one of its
//! files changes. A program that does not compile, or that fails before its first graph, is reported and
//! leaves the running one alone.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use mgmt_compiler::commands::compile_shown;
use mgmt_compiler::diagnostic::Diagnostic;
use mgmt_compiler::files::{Disk, Files, MemoryFiles, Sources};
use mgmt_compiler::render::Findings;
use mgmt_compiler::{Compilation, Input, Options};
use mgmt_stdlib::catalog::{FileTree, SystemHost};
use mgmt_stdlib::value::Value;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::evaluation::{Evaluation, Machine, Output};
use super::host::RunningHost;
use super::reload::{self, SourceWatch, Watching};
use super::sources::EventSources;
use super::{
    Frontend, FrontendContext, FrontendError, GraphSource, Graphs, ProgramFailed, SourcedGraph,
    runnable,
};
use crate::path_watch::PathHub;
use crate::resource::Services;

/// The front end `lang`: programs in mcl.
#[derive(Clone)]
pub struct Lang {
    /// Where imported modules from other places are; absolute.
    pub module_path: Option<PathBuf>,
    /// Where texts come from.
    pub files: Arc<dyn Files + Send + Sync>,
}

impl Default for Lang {
    fn default() -> Self {
        Self {
            module_path: None,
            files: Arc::new(Disk),
        }
    }
}

impl Frontend for Lang {
    fn name(&self) -> &'static str {
        "lang"
    }

    /// The payload is a path, `-` for standard input, or the program itself (language.md §5.6).
    fn load(
        &self,
        payload: &str,
        context: &FrontendContext,
    ) -> Result<Box<dyn GraphSource>, FrontendError> {
        let directory = &context.directory;
        let input = Input::from_argument(payload, directory, &Disk, &mut io::stdin().lock())
            .map_err(|diagnostic| FrontendError::Unusable(diagnostic.message))?;
        let shown = match payload {
            "-" => "(standard input)",
            path if directory.join(path).exists() => path,
            _ => "(a program)",
        };
        let program = LangProgram {
            input,
            options: Options {
                hostname: context.hostname.clone(),
                module_path: self.module_path.clone(),
            },
            shown: shown.to_owned(),
            context: context.clone(),
            files: Arc::clone(&self.files),
            tree: None,
            given: Given::default(),
        };
        program.compiled()
    }
}

/// What the entry point gives its program, by the full names of the functions that ask for it
/// ([`FunctionDef::option`](mgmt_stdlib::catalog::FunctionDef::option)).
pub type Given = BTreeMap<String, Value>;

/// A program, and what it is compiled and run with.
#[derive(Clone)]
pub struct LangProgram {
    input: Input,
    options: Options,
    /// See [`GraphSource::shown`].
    shown: String,
    context: FrontendContext,
    files: Arc<dyn Files + Send + Sync>,
    /// The files that it comes with, if not those around it on disk. They never change.
    tree: Option<Arc<MemoryFiles>>,
    given: Given,
}

/// A program that was compiled without errors.
struct LangGraphs {
    program: LangProgram,
    first: Compilation,
}

#[async_trait]
impl GraphSource for LangGraphs {
    fn shown(&self) -> String {
        self.program.shown.clone()
    }

    async fn run(
        self: Box<Self>,
        services: Services,
        graphs: Graphs,
        cancel: CancellationToken,
    ) -> Result<(), ProgramFailed> {
        let Self { program, first } = *self;
        let machine = program.machine(&services, &first);
        program.run(machine, first, graphs, cancel).await
    }
}

impl LangProgram {
    /// The program whose root these files are: that has `metadata.yaml` or `main.mcl` there. They are part of the
    /// binary, so nothing else on disk is looked at for it.
    pub fn embedded(
        name: &str,
        files: Arc<MemoryFiles>,
        given: Given,
        context: &FrontendContext,
    ) -> Self {
        Self {
            input: Input::Path(PathBuf::from("/")),
            options: Options {
                hostname: context.hostname.clone(),
                module_path: None,
            },
            shown: name.to_owned(),
            context: FrontendContext {
                directory: PathBuf::from("/"),
                ..context.clone()
            },
            files: Arc::clone(&files) as Arc<dyn Files + Send + Sync>,
            tree: Some(files),
            given,
        }
    }

    /// Compiles it and reports what is wrong with it.
    ///
    /// # Errors
    /// If there are errors.
    pub fn compiled(self) -> Result<Box<dyn GraphSource>, FrontendError> {
        let first = self.compile();
        if !first.diagnostics.is_empty() {
            (self.context.report)(first.findings());
        }
        match first.program {
            Some(_) => Ok(Box::new(LangGraphs {
                program: self,
                first,
            })),
            None => Err(FrontendError::Reported),
        }
    }

    fn compile(&self) -> Compilation {
        compile_shown(
            &self.input,
            &*self.files,
            &self.context.vocabulary.catalog,
            &self.options,
            &self.context.directory,
        )
    }

    /// What the program sees of what the resources share, with the files that belong to it.
    fn machine(&self, services: &Services, compilation: &Compilation) -> Machine {
        let files: Arc<dyn FileTree> = match &self.tree {
            Some(tree) => Arc::clone(tree) as Arc<dyn FileTree>,
            None => Arc::new(compilation.tree.clone()),
        };
        let host = RunningHost {
            system: SystemHost {
                hostname: services.hostname.to_string(),
                ..SystemHost::default()
            },
            files,
            given: self.given.clone(),
            state_dir: Arc::clone(&services.prefix),
            values: services.values.clone(),
            responses: services.responses.clone(),
            world: Arc::clone(&services.world),
            system_bus: services.buses.system.clone(),
        };
        Machine {
            host: Arc::new(host),
            sources: EventSources::from(services),
        }
    }

    /// Runs a program that was compiled from the input, and those that it is replaced by, until it is
    /// cancelled.
    ///
    /// # Errors
    /// If the running program fails.
    async fn run(
        self,
        machine: Machine,
        first: Compilation,
        graphs: Graphs,
        cancel: CancellationToken,
    ) -> Result<(), ProgramFailed> {
        let Some(program) = first.program.clone() else {
            return Ok(());
        };
        let mut sources = Arc::new(first.sources);
        let context = &self.context;
        let (registry, report) = (&context.vocabulary.registry, &context.report);
        let paths = &machine.sources.paths;
        let reloads = context.watch && self.tree.is_none();
        let mut watch = reloads.then(|| Watching::begin(paths.clone(), Arc::clone(&sources)));
        let mut current = Evaluation::start(&machine, program);
        // A program that was saved and has not given a graph yet, with its texts.
        let mut next: Option<(Evaluation, Arc<Sources>)> = None;
        let result = loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => break Ok(()),
                output = current.output() => match output {
                    Output::Graph(graph) => {
                        match runnable::check(graph, registry, report, &sources) {
                            Ok(graph) => graphs.send_replace(Some(SourcedGraph { graph, sources: Arc::clone(&sources), ..SourcedGraph::default() })),
                            Err(failed) if graphs.borrow().is_none() => break Err(failed),
                            Err(_) => {
                                info!("the running graph stays as it is");
                                continue;
                            }
                        };
                        if !context.watch {
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
                        Output::Graph(graph) => match runnable::check(graph, registry, report, &texts) {
                            Ok(graph) => {
                                std::mem::replace(&mut current, evaluation).stop().await;
                                sources = texts;
                                let sources = Arc::clone(&sources);
                                graphs.send_replace(Some(SourcedGraph { graph, sources, ..SourcedGraph::default() }));
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
                    let Some(compilation) = self.recompile(watch.as_mut(), paths).await else { continue };
                    if let Some((superseded, _)) = next.take() {
                        superseded.stop().await;
                    }
                    next = compilation
                        .program
                        .map(|program| (Evaluation::start(&machine, program), Arc::new(compilation.sources)));
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
    async fn recompile(
        &self,
        watch: Option<&mut Watching>,
        paths: &PathHub,
    ) -> Option<Compilation> {
        let watch = watch?.begun().await;
        let this = self.clone();
        let known = watch.texts().clone();
        let compiled = tokio::task::spawn_blocking(move || {
            let compilation = this.compile();
            (reload::texts(&compilation.sources) != known).then_some(compilation)
        });
        let compilation = compiled.await.ok()??;
        let works = compilation.program.is_some();
        *watch = SourceWatch::after(watch, paths, &compilation.sources, works).await;
        if !compilation.diagnostics.is_empty() {
            (self.context.report)(compilation.findings());
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
        (self.context.report)(Findings {
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
