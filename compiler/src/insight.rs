//! A program as an editor looks at it: what is wrong with it, and whatever can be known of it all the same.

use std::sync::{Arc, OnceLock};

use mgmt_grammar::ast;
use mgmt_grammar::span::SourceId;
use mgmt_stdlib::catalog::Catalog;

use crate::diagnostic::Diagnostic;
use crate::files::{Files, Sources};
use crate::hir::Hir;
use crate::infer::TypeFacts;
use crate::load::{Loader, ParseCache};
use crate::resolve::Facts;
use crate::{Depth, Input, Named, Options, check_names, check_types};

/// What is known of a program, right or wrong. Its types are inferred when they are first asked for: what has to be
/// known between two keystrokes is mostly names.
pub struct Insight {
    /// The texts.
    pub sources: Sources,
    /// The trees, by [`SourceId`]; nothing for texts that are no program.
    trees: Vec<Option<Arc<ast::File>>>,
    named: Named,
    catalog: Arc<Catalog>,
    typed: OnceLock<Typed>,
}

/// What is known once types have been inferred.
struct Typed {
    diagnostics: Vec<Diagnostic>,
    types: Option<TypeFacts>,
}

impl Insight {
    /// The tree of a text.
    pub fn tree(&self, source: SourceId) -> Option<&Arc<ast::File>> {
        self.trees.get(source.0 as usize)?.as_ref()
    }

    /// Definitions and statements; nothing if the entry file can not be read.
    pub fn hir(&self) -> Option<&Hir> {
        let resolution = self.named.resolution.as_ref();
        resolution.map(|resolution| &resolution.hir)
    }

    /// Scopes and uses; nothing if the entry file can not be read.
    pub fn facts(&self) -> Option<&Facts> {
        self.named.resolution.as_ref()?.facts.as_ref()
    }

    /// Types; nothing while a definition needs itself.
    pub fn types(&self) -> Option<&TypeFacts> {
        self.typed().types.as_ref()
    }

    /// Exactly what [`crate::compile`] reports.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.typed().diagnostics
    }

    fn typed(&self) -> &Typed {
        self.typed.get_or_init(|| {
            let typed = check_types(&self.named, &self.sources, &self.catalog);
            Typed {
                diagnostics: typed.diagnostics,
                types: typed.inference.and_then(|inference| inference.facts),
            }
        })
    }
}

/// Looks at a program. Files that the cache knows are not parsed again. `is_wanted` is asked now and then;
/// nothing comes of it once that says no.
pub fn inspect(
    input: &Input,
    files: &dyn Files,
    catalog: &Arc<Catalog>,
    options: &Options,
    cache: &mut ParseCache,
    is_wanted: &dyn Fn() -> bool,
) -> Option<Insight> {
    let mut loader =
        Loader::new(files, options.module_path.clone()).with_cache(std::mem::take(cache));
    let depth = Depth::Insight(is_wanted);
    let named = check_names(input, &mut loader, catalog, options, depth);
    *cache = loader.take_cache(!named.cancelled);
    if named.cancelled {
        return None;
    }
    Some(Insight {
        sources: loader.sources,
        trees: loader.trees,
        named,
        catalog: catalog.clone(),
        typed: OnceLock::new(),
    })
}
