//! A file as a part of a program: what most questions are asked of.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mgmt_compiler::files::Source;
use mgmt_compiler::hir::Hir;
use mgmt_compiler::infer::TypeFacts;
use mgmt_compiler::resolve::Facts;
use mgmt_grammar::ast;
use mgmt_grammar::span::{SourceId, Span};
use mgmt_stdlib::catalog::Catalog;

use super::world::{Analysis, World};
use super::{Location, Range, library};

/// A file as a part of a program.
#[derive(Clone)]
pub struct View {
    /// The moment.
    pub world: Arc<World>,
    /// The program.
    pub analysis: Arc<Analysis>,
    /// The file.
    pub source: SourceId,
    /// Where that is.
    pub path: PathBuf,
}

impl View {
    /// The text of the file.
    pub fn text(&self) -> &str {
        self.file().map_or("", |file| &file.text)
    }

    /// The file with its lines.
    pub fn file(&self) -> Option<&Source> {
        self.analysis.insight.sources.get(self.source)
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The tree of the file.
    pub fn tree(&self) -> Option<&ast::File> {
        self.analysis.insight.tree(self.source).map(|tree| &**tree)
    }

    /// Definitions and statements of the program.
    pub fn hir(&self) -> Option<&Hir> {
        self.analysis.insight.hir()
    }

    /// Scopes and uses of the program.
    pub fn facts(&self) -> Option<&Facts> {
        self.analysis.insight.facts()
    }

    /// Types of the program, which may have to be inferred first.
    pub fn types(&self) -> Option<&TypeFacts> {
        self.analysis.insight.types()
    }

    /// Everything that a program can name.
    pub fn catalog(&self) -> &Catalog {
        &self.world.shared.catalog
    }

    /// The text that a span covers, in whichever file.
    pub fn text_of(&self, span: Span) -> &str {
        self.analysis.insight.sources.text(span)
    }

    /// A span as a part of a file, or of a text of the library; nothing for other texts that are no files.
    pub fn location(&self, span: Span) -> Option<Location> {
        let source = self.analysis.insight.sources.get(span.source)?;
        Some(Location {
            path: library::path_of(source)?,
            range: range(span),
        })
    }
}

/// The byte range of a span.
pub fn range(span: Span) -> Range {
    span.start..span.end
}
