//! From syntax tree to a reactive program, and the evaluator that runs it.
//!
//! This crate is synchronous and deterministic: no clock, no network, no tasks. Text comes in through
//! [`files::Files`], the vocabulary through [`mgmt_stdlib::catalog::Catalog`]. What a user did wrong
//! comes out as a list of [`diagnostic::Diagnostic`]s, what a program means as a resource graph.

pub mod commands;
pub mod constant;
pub mod diagnostic;
pub mod evaluator;
pub mod files;
pub mod first;
pub mod graph;
pub mod hir;
pub mod infer;
pub mod input;
pub mod insight;
pub mod interpret;
pub mod load;
pub mod program;
pub mod redact;
pub mod render;
pub mod resolve;

use std::path::PathBuf;
use std::sync::Arc;

use diagnostic::{Diagnostic, Severity};
use files::{Files, Sources};
pub use input::Input;
use mgmt_stdlib::catalog::{Catalog, DiskTree};
use program::Program;

/// How it is to be compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The value of `$hostname`.
    pub hostname: String,
    /// Where remote modules live; absolute.
    pub module_path: Option<PathBuf>,
}

/// What came of a compilation.
#[derive(Debug)]
pub struct Compilation {
    /// The texts that were read, also after an error: what a live reload watches.
    pub sources: Sources,
    /// What is wrong, errors before warnings, each in source order.
    pub diagnostics: Vec<Diagnostic>,
    /// The program, unless there is an error.
    pub program: Option<Arc<Program>>,
    /// The files that the program came with.
    pub tree: DiskTree,
}

impl Compilation {
    /// Adds a warning for each statement of the first graph that no agent will run.
    pub fn foretell(&mut self, graph: &graph::ResourceGraph) {
        for refusal in interpret::refused_runs(graph) {
            let warning = Diagnostic {
                severity: diagnostic::Severity::Warning,
                ..refusal
            };
            self.diagnostics.push(warning);
        }
    }

    /// Adds the error that ended the first evaluation. A warning that foretold it becomes that error.
    pub fn fail(&mut self, error: Diagnostic) {
        self.program = None;
        let told = self.diagnostics.iter().position(|diagnostic| {
            diagnostic.code == error.code && diagnostic.primary == error.primary
        });
        let error = match told.map(|index| self.diagnostics.remove(index)) {
            Some(told) => Diagnostic {
                severity: error.severity,
                stage: error.stage,
                ..told
            },
            None => error,
        };
        self.diagnostics.insert(0, error);
    }
}

/// Compiles a program, reading what it imports.
///
/// Each stage reports all that it finds. Names are resolved and types inferred also where another
/// stage found something wrong, as far as that makes sense; a file that does not parse ends it.
pub fn compile(
    input: &Input,
    files: &dyn Files,
    catalog: &Catalog,
    options: &Options,
) -> Compilation {
    let mut loader = load::Loader::new(files, options.module_path.clone());
    let mut checked = check(input, &mut loader, catalog, options, Depth::Program);
    let program = match (checked.resolution.take(), checked.inference.take()) {
        (Some(resolution), Some(inference))
            if !checked.diagnostics.iter().any(Diagnostic::is_error) =>
        {
            Some(Arc::new(Program {
                hir: resolution.hir,
                types: inference.types,
                sites: loader.sites(),
                sources: loader.sources.clone(),
            }))
        }
        _ => None,
    };
    Compilation {
        sources: loader.sources,
        diagnostics: checked.diagnostics,
        program,
        tree: loader.tree,
    }
}

/// What a program is checked for.
#[derive(Clone, Copy)]
enum Depth<'a> {
    /// To run it: what is wrong with the text ends it.
    Program,
    /// To show it: what can be known is found out, whatever is wrong, until it is of no use any more.
    Insight(&'a dyn Fn() -> bool),
}

#[derive(Default)]
struct Checked {
    diagnostics: Vec<Diagnostic>,
    resolution: Option<resolve::Resolution>,
    inference: Option<infer::Inference>,
    cancelled: bool,
}

/// The way from text to types. Both depths report the same.
fn check(
    input: &Input,
    loader: &mut load::Loader<'_>,
    catalog: &Catalog,
    options: &Options,
    depth: Depth<'_>,
) -> Checked {
    let main = match loader.load_input(input) {
        Ok(main) => main,
        Err(error) => {
            return Checked {
                diagnostics: vec![error.into_diagnostic()],
                ..Checked::default()
            };
        }
    };
    let mut checked = Checked::default();
    let syntax_errors = std::mem::take(&mut loader.diagnostics);
    let parses = syntax_errors.is_empty();
    if !parses {
        checked.diagnostics = sorted(syntax_errors);
        if matches!(depth, Depth::Program) {
            return checked;
        }
    }
    let is_wanted = || match depth {
        Depth::Program => true,
        Depth::Insight(is_wanted) => is_wanted(),
    };
    if !is_wanted() {
        checked.cancelled = true;
        return checked;
    }
    let with_facts = matches!(depth, Depth::Insight(_));
    let mut resolution = resolve::resolve(&main, loader, catalog, &options.hostname, with_facts);
    let mut diagnostics = std::mem::take(&mut loader.diagnostics);
    diagnostics.append(&mut resolution.diagnostics);
    // Types mean little while definitions need themselves or files do not parse.
    let recursive = diagnostics
        .iter()
        .any(|diagnostic| diagnostic.code == diagnostic::Code::RECURSION);
    let sound = !recursive
        && diagnostics
            .iter()
            .all(|diagnostic| diagnostic.stage > diagnostic::Stage::Parse);
    if !is_wanted() {
        checked.cancelled = true;
        return checked;
    }
    if sound || (with_facts && !recursive) {
        let mut inference = infer::infer(&resolution, &loader.sources, catalog);
        if sound {
            let mut found = std::mem::take(&mut inference.diagnostics);
            // What is not known may be so because of a name that is not.
            if diagnostics.iter().any(Diagnostic::is_error) {
                found.retain(|diagnostic| diagnostic.code != diagnostic::Code::AMBIGUOUS_TYPE);
            }
            diagnostics.extend(found);
        }
        checked.inference = Some(inference);
    }
    diagnostics.retain(|diagnostic| {
        let place = diagnostic.primary.as_ref();
        diagnostic.is_error() || !place.is_some_and(|it| loader.is_shipped(it.span.source))
    });
    checked.resolution = Some(resolution);
    if parses {
        checked.diagnostics = sorted(diagnostics);
    }
    checked
}

/// Errors before warnings, earlier stages before later ones, and in the order of the text. What is only
/// unused because something else is wrong is not worth telling, nor is a warning where an error stands.
fn sorted(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let places: Vec<_> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .filter_map(|diagnostic| diagnostic.primary.as_ref().map(|label| label.span))
        .collect();
    if diagnostics.iter().any(Diagnostic::is_error) {
        diagnostics.retain(|diagnostic| {
            let hidden = diagnostic.primary.as_ref().is_some_and(|label| {
                places.iter().any(|place| {
                    place.source == label.span.source
                        && (place.touches(label.span.start) || label.span.touches(place.start))
                })
            });
            diagnostic.is_error() || !(diagnostic.code.is_unused() || hidden)
        });
    }
    diagnostics.sort_by_cached_key(|diagnostic| {
        let stage = (diagnostic.severity == Severity::Error).then_some(diagnostic.stage);
        (diagnostic.severity, stage, diagnostic.sort_key())
    });
    // What is wrong in a function or a class is found for each of its uses.
    diagnostics.dedup_by(|next, first| {
        next.stage == diagnostic::Stage::Unify
            && next.code == first.code
            && next.primary.is_some()
            && next.primary == first.primary
            && next.message == first.message
    });
    diagnostics.dedup();
    diagnostics
}
