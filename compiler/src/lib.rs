//! From syntax tree to a reactive program, and the evaluator that runs it.
//!
//! This crate is synchronous and deterministic: no clock, no network, no tasks. Text comes in through
//! [`files::Files`], the vocabulary through [`mgmt_stdlib::catalog::Catalog`]. What a user did wrong
//! comes out as a list of [`diagnostic::Diagnostic`]s, what a program means as a resource graph.

pub mod commands;
pub mod diagnostic;
pub mod files;
pub mod graph;

pub mod evaluator;
pub mod first;
pub mod input;
pub mod program;
pub mod render;

use std::path::PathBuf;
use std::sync::Arc;

use diagnostic::Diagnostic;
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
pub fn compile(
    input: &Input,
    files: &dyn Files,
    catalog: &Catalog,
    options: &Options,
) -> Compilation {
    let _ = (input, files, catalog, options);
    Compilation {
        sources: Sources::default(),
        diagnostics: Vec::new(),
        program: None,
    }
}
