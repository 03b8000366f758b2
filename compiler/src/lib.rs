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
use mgmt_grammar::span::SourceId;
use mgmt_stdlib::catalog::{Catalog, DiskTree};
use program::Program;
use rustc_hash::FxHashSet;

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
    let named = check_names(input, &mut loader, catalog, options, Depth::Program);
    let typed = check_types(&named, &loader.sources, catalog);
    let program = match (named.resolution, typed.inference) {
        (Some(resolution), Some(inference))
            if !typed.diagnostics.iter().any(Diagnostic::is_error) =>
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
        diagnostics: typed.diagnostics,
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

/// The first half of a check: from text to names.
#[derive(Debug, Default)]
struct Named {
    /// What is wrong with the text of the entry file, or else with the names of the program.
    diagnostics: Vec<Diagnostic>,
    resolution: Option<resolve::Resolution>,
    /// Whether there is something that has types.
    has_types: bool,
    /// Whether it is worth telling what is wrong with them.
    is_sound: bool,
    /// The texts that nobody can act on a warning in.
    shipped: FxHashSet<SourceId>,
    cancelled: bool,
}

/// The second half: a program that has been checked.
struct Typed {
    /// All that is wrong.
    diagnostics: Vec<Diagnostic>,
    inference: Option<infer::Inference>,
}

/// The way from text to names. Both depths report the same.
fn check_names(
    input: &Input,
    loader: &mut load::Loader<'_>,
    catalog: &Catalog,
    options: &Options,
    depth: Depth<'_>,
) -> Named {
    let mut named = Named::default();
    let main = match loader.load_input(input) {
        Ok(main) => main,
        Err(error) => {
            named.diagnostics.push(error.into_diagnostic());
            return named;
        }
    };
    named.diagnostics = std::mem::take(&mut loader.diagnostics);
    let parses = named.diagnostics.is_empty();
    if !parses && matches!(depth, Depth::Program) {
        return named;
    }
    let is_wanted = || match depth {
        Depth::Program => true,
        Depth::Insight(is_wanted) => is_wanted(),
    };
    if !is_wanted() {
        named.cancelled = true;
        return named;
    }
    let with_facts = matches!(depth, Depth::Insight(_));
    let mut resolution = resolve::resolve(&main, loader, catalog, &options.hostname, with_facts);
    let mut diagnostics = std::mem::take(&mut loader.diagnostics);
    diagnostics.append(&mut resolution.diagnostics);
    // Types mean little while definitions need themselves or files do not parse.
    let is_recursive = diagnostics
        .iter()
        .any(|diagnostic| diagnostic.code == diagnostic::Code::RECURSION);
    let all_parse = parses
        && diagnostics
            .iter()
            .all(|diagnostic| diagnostic.stage > diagnostic::Stage::Parse);
    if parses {
        named.diagnostics = diagnostics;
    }
    named.is_sound = all_parse && !is_recursive;
    named.has_types = !is_recursive && (all_parse || with_facts);
    named.shipped = loader.shipped();
    named.resolution = Some(resolution);
    named.cancelled = !is_wanted();
    named
}

/// The way from names to types.
fn check_types(named: &Named, sources: &Sources, catalog: &Catalog) -> Typed {
    let mut diagnostics = named.diagnostics.clone();
    let resolution = named.resolution.as_ref().filter(|_| named.has_types);
    let mut inference = resolution.map(|resolution| infer::infer(resolution, sources, catalog));
    if let Some(inference) = &mut inference
        && named.is_sound
    {
        let mut found = std::mem::take(&mut inference.diagnostics);
        // What is not known may be so because of a name that is not.
        if diagnostics.iter().any(Diagnostic::is_error) {
            found.retain(|diagnostic| diagnostic.code != diagnostic::Code::AMBIGUOUS_TYPE);
        }
        diagnostics.extend(found);
    }
    diagnostics.retain(|diagnostic| {
        let place = diagnostic.primary.as_ref();
        diagnostic.is_error() || !place.is_some_and(|it| named.shipped.contains(&it.span.source))
    });
    Typed {
        diagnostics: sorted(diagnostics),
        inference,
    }
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
        let hidden = |diagnostic: &Diagnostic| {
            diagnostic.primary.as_ref().is_some_and(|label| {
                places.iter().any(|place| {
                    place.source == label.span.source
                        && (place.touches(label.span.start) || label.span.touches(place.start))
                })
            })
        };
        diagnostics.retain(|diagnostic| {
            diagnostic.is_error() || !(diagnostic.code.is_unused() || hidden(diagnostic))
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
