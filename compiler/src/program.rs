//! A compiled program, ready to be instantiated by the [`crate::evaluator`].

use std::sync::Arc;

use mgmt_grammar::span::{SourceId, Span};
use mgmt_stdlib::catalog::Site;

use crate::files::Sources;
use crate::hir::Hir;
use crate::infer::Types;

/// What an evaluator runs: definitions and statements with what is known of their types.
#[derive(Debug, Default)]
pub struct Program {
    pub(crate) hir: Hir,
    pub(crate) types: Types,
    /// Where the calls of each text stand, by its id.
    pub(crate) sites: Vec<Arc<Site>>,
    /// The texts, to quote them.
    pub(crate) sources: Sources,
}

impl Program {
    /// Where the calls of a text stand.
    pub(crate) fn site(&self, source: SourceId) -> Arc<Site> {
        let site = self.sites.get(source.0 as usize);
        site.cloned().unwrap_or_default()
    }

    /// What is written in a place, or `...` if that is too long for a line.
    pub(crate) fn quoted(&self, span: Span) -> &str {
        const MAX_BYTES: usize = 40;
        let text = self.sources.text(span);
        if text.is_empty() || text.len() > MAX_BYTES || text.contains('\n') {
            "..."
        } else {
            text
        }
    }
}
