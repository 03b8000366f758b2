//! The compiler's diagnostics in the protocol's form.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mgmt_compiler::diagnostic::{Code, Diagnostic, Severity};
use mgmt_grammar::span::Span;
use tower_lsp::ls_types::{
    self as lsp, CodeDescription, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    DocumentChanges, DocumentDiagnosticReport, FullDocumentDiagnosticReport, NumberOrString, OneOf,
    OptionalVersionedTextDocumentIdentifier, RelatedFullDocumentDiagnosticReport,
    RelatedUnchangedDocumentDiagnosticReport, TextDocumentEdit, TextEdit,
    UnchangedDocumentDiagnosticReport, Uri, WorkspaceEdit,
};

use super::addresses::Addresses;
use super::capabilities::Client;
use super::convert::Text;
use super::state::Document;
use crate::analysis::world::Analysis;
use crate::analysis::{World, library};

/// Of one file in one program no more are shown: nobody reads them, and editors take long over them. What is worst
/// comes first.
const MAX_SHOWN: usize = 1000;

/// The diagnostics of several files.
pub type ByFile = BTreeMap<PathBuf, Vec<lsp::Diagnostic>>;

/// How diagnostics are shown to one client.
#[derive(Clone)]
pub struct Shown {
    /// What the client understands.
    pub client: Client,
    /// What it has open.
    pub documents: BTreeMap<PathBuf, Document>,
    /// Where it finds the texts of the library.
    pub addresses: Arc<Addresses>,
}

impl Shown {
    /// The diagnostics of one program. Files that have none are there, with an empty list.
    pub fn by_file(&self, analysis: &Analysis) -> ByFile {
        let mut found = ByFile::new();
        // Nobody has written the program that shows a text of the library.
        if library::is_in(&analysis.root) {
            return found;
        }
        for (_, source) in analysis.insight.sources.iter() {
            if let Some(path) = &source.path {
                found.entry(path.clone()).or_default();
            }
        }
        for diagnostic in analysis.insight.diagnostics() {
            let place = diagnostic.primary.as_ref().map(|label| label.span);
            let path = place
                .and_then(|span| analysis.insight.sources.get(span.source)?.path.clone())
                .unwrap_or_else(|| analysis.root.clone());
            let shown = found.entry(path).or_default();
            if shown.len() < MAX_SHOWN {
                shown.push(self.diagnostic(diagnostic, analysis));
            }
        }
        found
    }

    fn diagnostic(&self, diagnostic: &Diagnostic, analysis: &Analysis) -> lsp::Diagnostic {
        let mut message = diagnostic.message.clone();
        if let Some(label) = diagnostic
            .primary
            .as_ref()
            .filter(|label| !label.text.is_empty())
        {
            message.push_str(&format!("\n{}", label.text));
        }
        if let Some(help) = &diagnostic.help {
            message.push_str(&format!("\nhelp: {help}"));
        }
        let primary = diagnostic.primary.as_ref().map(|label| label.span);
        lsp::Diagnostic {
            range: primary
                .map(|span| self.range(span, analysis))
                .unwrap_or_default(),
            severity: Some(match diagnostic.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
            }),
            code: Some(NumberOrString::String(diagnostic.code.to_string())),
            code_description: self
                .client
                .links_codes
                .then(|| explanation(diagnostic.code))
                .flatten(),
            source: Some("mgmt".to_owned()),
            message,
            related_information: self.related(diagnostic, analysis),
            tags: diagnostic
                .code
                .is_unused()
                .then(|| vec![DiagnosticTag::UNNECESSARY]),
            data: None,
        }
    }

    fn related(
        &self,
        diagnostic: &Diagnostic,
        analysis: &Analysis,
    ) -> Option<Vec<DiagnosticRelatedInformation>> {
        if !self.client.related_places || diagnostic.labels.is_empty() {
            return None;
        }
        let labels = diagnostic.labels.iter().filter_map(|label| {
            let source = analysis.insight.sources.get(label.span.source)?;
            Some(DiagnosticRelatedInformation {
                location: lsp::Location {
                    uri: self.uri(&library::path_of(source)?)?,
                    range: self.range(label.span, analysis),
                },
                message: label.text.clone(),
            })
        });
        Some(labels.collect())
    }

    fn range(&self, span: Span, analysis: &Analysis) -> lsp::Range {
        match analysis.insight.sources.get(span.source) {
            Some(source) => Text::of(source, self.client.encoding).range(&(span.start..span.end)),
            None => lsp::Range::default(),
        }
    }

    /// Edits of several files. Where the client understands that, they are for the version that they were made for.
    pub fn workspace_edit(&self, changes: Vec<(PathBuf, Vec<TextEdit>)>) -> WorkspaceEdit {
        let changes = changes
            .into_iter()
            .filter_map(|(path, edits)| Some((self.uri(&path)?, path, edits)));
        if !self.client.versioned_edits {
            return WorkspaceEdit::new(changes.map(|(uri, _, edits)| (uri, edits)).collect());
        }
        let edits = changes.map(|(uri, path, edits)| TextDocumentEdit {
            text_document: OptionalVersionedTextDocumentIdentifier {
                uri,
                version: self.documents.get(&path).map(|it| it.version),
            },
            edits: edits.into_iter().map(OneOf::Left).collect(),
        });
        WorkspaceEdit {
            document_changes: Some(DocumentChanges::Edits(edits.collect())),
            ..WorkspaceEdit::default()
        }
    }

    /// As the client calls a file, or as it can open it.
    pub fn uri(&self, path: &Path) -> Option<Uri> {
        match self.documents.get(path) {
            Some(document) => Some(document.uri.clone()),
            None => self.addresses.uri(path, self.client.opens_contents),
        }
    }
}

/// What is wrong in the programs of one world, each looked at once.
pub struct Programs<'a> {
    world: &'a World,
    shown: &'a Shown,
    is_wanted: &'a dyn Fn() -> bool,
    by_root: BTreeMap<PathBuf, ByFile>,
}

impl<'a> Programs<'a> {
    /// None has been looked at.
    pub fn new(world: &'a World, shown: &'a Shown, is_wanted: &'a dyn Fn() -> bool) -> Self {
        Self {
            world,
            shown,
            is_wanted,
            by_root: BTreeMap::new(),
        }
    }

    /// What is wrong in the program that begins with a file; nothing if that was not wanted any more.
    pub fn of(&mut self, root: &Path) -> Option<&ByFile> {
        if !self.by_root.contains_key(root) {
            let analysis = self.world.analysis(root, self.is_wanted)?;
            self.by_root
                .insert(root.to_owned(), self.shown.by_file(&analysis));
        }
        self.by_root.get(root)
    }

    /// What is wrong in a file, in all programs that it is part of; nothing if that was not wanted any more. A client that
    /// is told and one that asks learn the same.
    pub fn in_file(&mut self, path: &Path) -> Option<Vec<lsp::Diagnostic>> {
        let mut found = None;
        for root in self.world.imports.roots(path) {
            if let Some(diagnostics) = self.of(&root)?.get(path) {
                merge(found.get_or_insert_default(), diagnostics);
            }
        }
        // Its importers may not reach it, because their import is not right yet.
        match found {
            Some(found) => Some(found),
            None => Some(self.of(path)?.get(path).cloned().unwrap_or_default()),
        }
    }

    /// Which have been looked at.
    pub fn roots(&self) -> impl Iterator<Item = &PathBuf> {
        self.by_root.keys()
    }

    /// What is wrong in files that are not open, in all programs that have been looked at. Those without diagnostics are
    /// there, with an empty list.
    pub fn elsewhere(&self) -> ByFile {
        let mut all = ByFile::new();
        let files = self.by_root.values().flatten();
        for (path, diagnostics) in files {
            if !self.shown.documents.contains_key(path) {
                merge(all.entry(path.clone()).or_default(), diagnostics);
            }
        }
        all
    }
}

/// Adds the diagnostics of another program. What two programs say of one place is said once, in the graver
/// way.
fn merge(known: &mut Vec<lsp::Diagnostic>, more: &[lsp::Diagnostic]) {
    for diagnostic in more {
        let same = known
            .iter_mut()
            .find(|one| one.range == diagnostic.range && one.code == diagnostic.code);
        match same {
            Some(one) if one.severity > diagnostic.severity => one.clone_from(diagnostic),
            Some(_) => {}
            None => known.push(diagnostic.clone()),
        }
    }
}

/// The answer to who asks for the diagnostics of a file, and may have had the same before.
pub fn report(items: Vec<lsp::Diagnostic>, previous: Option<&str>) -> DocumentDiagnosticReport {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(&items).ok().hash(&mut hasher);
    let id = format!("{:016x}", hasher.finish());
    if previous == Some(&id) {
        return DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport {
                result_id: id,
            },
        });
    }
    DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
        related_documents: None,
        full_document_diagnostic_report: FullDocumentDiagnosticReport {
            result_id: Some(id),
            items,
        },
    })
}

/// The page that explains a code.
fn explanation(code: Code) -> Option<CodeDescription> {
    let pages = "blob/master/compiler/src/diagnostic/codes";
    let page = format!("{}/{pages}/{code}.md", env!("CARGO_PKG_REPOSITORY"));
    Some(CodeDescription {
        href: page.parse().ok()?,
    })
}
