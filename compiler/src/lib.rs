//! From syntax tree to a reactive program, and the evaluator that runs it.
//!
//! This crate is synchronous and deterministic: no clock, no network, no tasks. Text comes in through
//! [`files::Files`], the vocabulary through [`mgmt_stdlib::catalog::Catalog`]. What a user did wrong
//! comes out as a list of [`diagnostic::Diagnostic`]s, what a program means as a resource graph.

pub mod commands;
pub mod diagnostic;
pub mod evaluator;
pub mod files;
pub mod first;
pub mod graph;
pub mod hir;
pub mod infer;
pub mod input;
pub mod interpret;
pub mod load;
pub mod program;
pub mod render;
pub mod resolve;

use std::path::PathBuf;
use std::sync::Arc;

use diagnostic::{Diagnostic, Severity};
use files::{Files, Sources};
pub use input::Input;
use mgmt_stdlib::catalog::Catalog;
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
    let main = match loader.load_input(input) {
        Ok(main) => main,
        Err(error) => {
            let diagnostics = vec![error.into_diagnostic()];
            return Compilation {
                sources: loader.sources,
                diagnostics,
                program: None,
            };
        }
    };
    if !loader.diagnostics.is_empty() {
        return Compilation {
            diagnostics: sorted(loader.diagnostics),
            sources: loader.sources,
            program: None,
        };
    }
    let mut resolution = resolve::resolve(&main, &mut loader, catalog, &options.hostname);
    let mut diagnostics = std::mem::take(&mut loader.diagnostics);
    diagnostics.append(&mut resolution.diagnostics);
    let mut program = None;
    // Types mean little while definitions need themselves or files do not parse.
    let sound = diagnostics.iter().all(|diagnostic| {
        diagnostic.code != diagnostic::Code::RECURSION
            && diagnostic.stage > diagnostic::Stage::Parse
    });
    if sound {
        let (types, mut found) = infer::infer(&resolution, &loader.sources, catalog);
        // What is not known may be so because of a name that is not.
        if diagnostics.iter().any(Diagnostic::is_error) {
            found.retain(|diagnostic| diagnostic.code != diagnostic::Code::AMBIGUOUS_TYPE);
        }
        diagnostics.extend(found);
        if !diagnostics.iter().any(Diagnostic::is_error) {
            program = Some(Arc::new(Program {
                hir: resolution.hir,
                types,
            }));
        }
    }
    Compilation {
        sources: loader.sources,
        diagnostics: sorted(diagnostics),
        program,
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
    diagnostics.dedup();
    diagnostics
}
