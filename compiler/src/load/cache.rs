//! Remembers parsed files from one compilation to the next.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mgmt_grammar::ast;
use mgmt_grammar::span::SourceId;
use rustc_hash::FxHashMap;

use crate::diagnostic::Diagnostic;
use crate::files::Source;

/// The parsed files of an earlier compilation, for an editor: only what was changed is parsed again.
#[derive(Clone, Debug, Default)]
pub struct ParseCache {
    files: FxHashMap<PathBuf, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// Spans hold it, so that a tree is of use only under the same one.
    id: SourceId,
    parsed: Cached,
    used: bool,
}

/// What became of one text.
#[derive(Clone, Debug)]
pub(super) struct Cached {
    pub(super) source: Source,
    pub(super) tree: Arc<ast::File>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl ParseCache {
    pub(super) fn find(&mut self, path: &Path, id: SourceId, text: &str) -> Option<Cached> {
        let entry = self.files.get_mut(path)?;
        if entry.id != id || *entry.parsed.source.text != *text {
            return None;
        }
        entry.used = true;
        Some(entry.parsed.clone())
    }

    pub(super) fn insert(&mut self, path: PathBuf, id: SourceId, parsed: Cached) {
        let used = true;
        self.files.insert(path, Entry { id, parsed, used });
    }

    pub(super) fn forget_unused(&mut self) {
        self.files
            .retain(|_, entry| std::mem::replace(&mut entry.used, false));
    }
}
