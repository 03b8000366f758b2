//! A program as an editor looks at it: what is wrong with it, and whatever can be known of it all the same.

use std::sync::Arc;

use mgmt_grammar::ast;
use mgmt_grammar::span::SourceId;
use mgmt_stdlib::catalog::Catalog;

use crate::diagnostic::Diagnostic;
use crate::files::{Files, Sources};
use crate::hir::Hir;
use crate::infer::TypeFacts;
use crate::load::{Loader, ParseCache};
use crate::resolve::Facts;
use crate::{Depth, Input, Options, check};

/// What is known of a program, right or wrong.
#[derive(Debug)]
pub struct Insight {
    /// The texts.
    pub sources: Sources,
    /// Exactly what [`crate::compile`] reports.
    pub diagnostics: Vec<Diagnostic>,
    /// The trees, by [`SourceId`]; nothing for texts that are no program.
    trees: Vec<Option<Arc<ast::File>>>,
    /// Definitions and statements; nothing if the entry file can not be read.
    pub names: Option<Names>,
    /// Types; nothing while a definition needs itself.
    pub types: Option<TypeFacts>,
}

/// What resolving came to.
#[derive(Debug)]
pub struct Names {
    /// Definitions and statements.
    pub hir: Hir,
    /// Scopes and uses.
    pub facts: Facts,
}

impl Insight {
    /// The tree of a text.
    pub fn tree(&self, source: SourceId) -> Option<&Arc<ast::File>> {
        self.trees.get(source.0 as usize)?.as_ref()
    }
}

/// Looks at a program. Files that the cache knows are not parsed again. `is_wanted` is asked now and then;
/// nothing comes of it once that says no.
pub fn inspect(
    input: &Input,
    files: &dyn Files,
    catalog: &Catalog,
    options: &Options,
    cache: &mut ParseCache,
    is_wanted: &dyn Fn() -> bool,
) -> Option<Insight> {
    let mut loader =
        Loader::new(files, options.module_path.clone()).with_cache(std::mem::take(cache));
    let checked = check(
        input,
        &mut loader,
        catalog,
        options,
        Depth::Insight(is_wanted),
    );
    *cache = loader.take_cache(!checked.cancelled);
    if checked.cancelled {
        return None;
    }
    let names = checked.resolution.and_then(|resolution| {
        Some(Names {
            hir: resolution.hir,
            facts: resolution.facts?,
        })
    });
    Some(Insight {
        sources: loader.sources,
        diagnostics: checked.diagnostics,
        trees: loader.trees,
        names,
        types: checked.inference.and_then(|inference| inference.facts),
    })
}
