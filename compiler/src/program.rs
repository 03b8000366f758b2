//! A compiled program, ready to be instantiated by the [`crate::evaluator`].

use std::sync::Arc;

use mgmt_grammar::span::SourceId;
use mgmt_stdlib::catalog::Site;

use crate::hir::Hir;
use crate::infer::Types;

/// What an evaluator runs: definitions and statements with what is known of their types.
#[derive(Debug, Default)]
pub struct Program {
    pub(crate) hir: Hir,
    pub(crate) types: Types,
    /// Where the calls of each text stand, by its id.
    pub(crate) sites: Vec<Arc<Site>>,
}

impl Program {
    /// Where the calls of a text stand.
    pub(crate) fn site(&self, source: SourceId) -> Arc<Site> {
        let site = self.sites.get(source.0 as usize);
        site.cloned().unwrap_or_default()
    }
}
