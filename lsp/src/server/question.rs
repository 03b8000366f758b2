//! A question about a file, and how what the analysis answers is said in the protocol.

use tower_lsp::ls_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, DocumentHighlight,
    DocumentHighlightKind, DocumentSymbol, Documentation, FoldingRange, FoldingRangeKind, Hover,
    HoverContents, InlayHint, InlayHintKind, InlayHintLabel, InsertTextFormat, Location,
    LocationLink, MarkupContent, MarkupKind, ParameterInformation, ParameterLabel, Position, Range,
    SelectionRange, SemanticToken, SignatureHelp, SignatureInformation, SymbolKind, TextEdit,
};

use super::convert::Text;
use super::diagnostics::Shown;
use crate::analysis::completion::{Item, ItemKind};
use crate::analysis::highlight::Colour;
use crate::analysis::inlay::{Hint, HintKind};
use crate::analysis::outline::{Fold, Kind, Part};
use crate::analysis::{self, View, signature};

/// A question about a file, with what is needed to speak of the answer.
pub struct Question {
    pub view: View,
    pub shown: Shown,
}

impl Question {
    pub fn text(&self) -> Option<Text<'_>> {
        let file = self.view.file()?;
        Some(Text::of(file, self.shown.client.encoding))
    }

    pub fn offset(&self, position: Position) -> Option<u32> {
        Some(self.text()?.offset(position))
    }

    pub fn range(&self, range: &analysis::Range) -> Option<Range> {
        Some(self.text()?.range(range))
    }

    /// A place in any file of the program, or in one that is not part of it.
    pub fn location(&self, location: &analysis::Location) -> Option<Location> {
        let uri = self.shown.uri(&location.path)?;
        let source = self.view.analysis.source_of(&location.path)?;
        let source = self.view.analysis.insight.sources.get(source)?;
        let range = Text::of(source, self.shown.client.encoding).range(&location.range);
        Some(Location::new(uri, range))
    }

    pub fn locations(&self, locations: &[analysis::Location]) -> Vec<Location> {
        locations
            .iter()
            .filter_map(|it| self.location(it))
            .collect()
    }

    /// Places, with the part of this file that leads there if the client shows it.
    pub fn links(
        &self,
        from: Option<Range>,
        locations: &[analysis::Location],
    ) -> Vec<LocationLink> {
        let targets = self.locations(locations).into_iter();
        targets
            .map(|target| LocationLink {
                origin_selection_range: from,
                target_uri: target.uri,
                target_range: target.range,
                target_selection_range: target.range,
            })
            .collect()
    }

    /// Edits of the file in question.
    pub fn edits(&self, edits: &[analysis::TextEdit]) -> Option<Vec<TextEdit>> {
        let text = self.text()?;
        let edits = edits.iter();
        Some(
            edits
                .map(|edit| TextEdit::new(text.range(&edit.range), edit.text.clone()))
                .collect(),
        )
    }

    pub fn hover(&self, position: Position) -> Option<Hover> {
        let (range, text) = analysis::hover::hover(&self.view, self.offset(position)?)?;
        Some(Hover {
            contents: HoverContents::Markup(self.markup(text)),
            range: self.range(&range),
        })
    }

    fn markup(&self, text: String) -> MarkupContent {
        MarkupContent {
            kind: if self.shown.client.markdown {
                MarkupKind::Markdown
            } else {
                MarkupKind::PlainText
            },
            value: text,
        }
    }

    pub fn documentation(&self, text: String) -> Documentation {
        Documentation::MarkupContent(self.markup(text))
    }

    pub fn highlights(&self, position: Position) -> Option<Vec<DocumentHighlight>> {
        let found = analysis::navigate::highlights(&self.view, self.offset(position)?);
        let found = found.into_iter().filter_map(|(range, is_definition)| {
            Some(DocumentHighlight {
                range: self.range(&range)?,
                kind: Some(if is_definition {
                    DocumentHighlightKind::WRITE
                } else {
                    DocumentHighlightKind::READ
                }),
            })
        });
        Some(found.collect())
    }

    pub fn symbols(&self) -> Option<Vec<DocumentSymbol>> {
        let parts = analysis::outline::symbols(&self.view);
        Some(parts.iter().filter_map(|part| self.symbol(part)).collect())
    }

    #[expect(deprecated, reason = "the field must be given")]
    fn symbol(&self, part: &Part) -> Option<DocumentSymbol> {
        let children: Vec<_> = part
            .children
            .iter()
            .filter_map(|it| self.symbol(it))
            .collect();
        Some(DocumentSymbol {
            name: part.name.clone(),
            detail: Some(part.detail.clone()).filter(|detail| !detail.is_empty()),
            kind: symbol_kind(part.kind),
            tags: None,
            deprecated: None,
            range: self.range(&part.range)?,
            selection_range: self.range(&part.name_range)?,
            children: Some(children).filter(|children| !children.is_empty()),
        })
    }

    pub fn folds(&self) -> Option<Vec<FoldingRange>> {
        let text = self.text()?;
        let folds = analysis::outline::folds(self.view.text()).into_iter();
        let lines = folds.map(|(range, kind)| {
            let range = text.range(&range);
            // The line of the closing bracket stays.
            let last = match kind {
                Fold::Region => range.end.line.saturating_sub(1).max(range.start.line),
                Fold::Comment | Fold::Imports => range.end.line,
            };
            FoldingRange {
                start_line: range.start.line,
                end_line: last,
                kind: match kind {
                    Fold::Region => None,
                    Fold::Comment => Some(FoldingRangeKind::Comment),
                    Fold::Imports => Some(FoldingRangeKind::Imports),
                },
                ..FoldingRange::default()
            }
        });
        Some(
            lines
                .filter(|fold| fold.start_line < fold.end_line)
                .collect(),
        )
    }

    pub fn selection(&self, position: Position) -> Option<SelectionRange> {
        let chain = analysis::outline::selections(&self.view, self.offset(position)?);
        let mut selection: Option<SelectionRange> = None;
        for range in chain.iter().rev() {
            selection = Some(SelectionRange {
                range: self.range(range)?,
                parent: selection.map(Box::new),
            });
        }
        selection.or(Some(SelectionRange {
            range: Range::new(position, position),
            parent: None,
        }))
    }

    pub fn hint(&self, hint: &Hint) -> Option<InlayHint> {
        let position = self.text()?.position(hint.offset);
        let is_type = hint.kind == HintKind::Type;
        Some(InlayHint {
            position,
            label: InlayHintLabel::String(hint.text.clone()),
            kind: Some(if is_type {
                InlayHintKind::TYPE
            } else {
                InlayHintKind::PARAMETER
            }),
            // What is inferred can be written down.
            text_edits: is_type.then(|| {
                let range = Range::new(position, position);
                vec![TextEdit::new(range, format!(" {}", hint.text))]
            }),
            tooltip: None,
            padding_left: Some(is_type),
            padding_right: Some(!is_type),
            data: None,
        })
    }

    pub fn signature(&self, position: Position) -> Option<SignatureHelp> {
        let help = signature::help(&self.view, self.offset(position)?)?;
        let text = self.text()?;
        let signatures = help.calls.iter().map(|call| SignatureInformation {
            label: call.label.clone(),
            documentation: Some(&help.doc)
                .filter(|doc| !doc.is_empty())
                .map(|doc| self.documentation(doc.clone())),
            parameters: Some(
                call.params
                    .iter()
                    .map(|param| ParameterInformation {
                        label: ParameterLabel::LabelOffsets([
                            text.width(&call.label[..param.start]),
                            text.width(&call.label[..param.end]),
                        ]),
                        documentation: None,
                    })
                    .collect(),
            ),
            active_parameter: None,
        });
        Some(SignatureHelp {
            signatures: signatures.collect(),
            active_signature: Some(help.active as u32),
            active_parameter: Some(help.argument as u32),
        })
    }

    pub fn completion(&self, position: Position) -> Option<Vec<CompletionItem>> {
        let items = analysis::completion::complete(&self.view, self.offset(position)?);
        let text = self.text()?;
        Some(
            items
                .into_iter()
                .map(|item| self.item(&text, item))
                .collect(),
        )
    }

    fn item(&self, text: &Text<'_>, item: Item) -> CompletionItem {
        let snippet = item.snippet.filter(|_| self.shown.client.snippets);
        let is_snippet = snippet.is_some();
        let insert = snippet.unwrap_or(item.insert);
        let extra: Vec<_> = item
            .extra
            .iter()
            .map(|edit| TextEdit::new(text.range(&edit.range), edit.text.clone()))
            .collect();
        CompletionItem {
            kind: Some(item_kind(item.kind)),
            detail: Some(item.detail).filter(|detail| !detail.is_empty()),
            sort_text: Some(format!("{}{}", item.rank, item.label)),
            insert_text_format: is_snippet.then_some(InsertTextFormat::SNIPPET),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(
                text.range(&item.replace),
                insert,
            ))),
            additional_text_edits: Some(extra).filter(|extra| !extra.is_empty()),
            data: item.doc.map(serde_json::Value::String),
            label: item.label,
            ..CompletionItem::default()
        }
    }

    /// Tokens as the protocol counts them: each from the one before.
    pub fn tokens(&self, colours: &[Colour]) -> Option<Vec<SemanticToken>> {
        let text = self.text()?;
        let mut last = Position::default();
        let mut tokens = Vec::with_capacity(colours.len());
        for colour in colours {
            let range = text.range(&colour.range);
            let delta_line = range.start.line - last.line;
            let from = if delta_line == 0 { last.character } else { 0 };
            tokens.push(SemanticToken {
                delta_line,
                // Of what overlaps, which broken strings may, the first counts.
                delta_start: range.start.character.checked_sub(from)?,
                length: range.end.character.saturating_sub(range.start.character),
                token_type: colour.class as u32,
                token_modifiers_bitset: colour.traits.bits(),
            });
            last = range.start;
        }
        Some(tokens)
    }
}

pub fn symbol_kind(kind: Kind) -> SymbolKind {
    match kind {
        Kind::Import | Kind::Include => SymbolKind::MODULE,
        Kind::Variable => SymbolKind::VARIABLE,
        Kind::Function => SymbolKind::FUNCTION,
        Kind::Class => SymbolKind::CLASS,
        Kind::Resource => SymbolKind::OBJECT,
        Kind::Condition => SymbolKind::BOOLEAN,
        Kind::Loop => SymbolKind::ARRAY,
    }
}

fn item_kind(kind: ItemKind) -> CompletionItemKind {
    match kind {
        ItemKind::ResourceKind => CompletionItemKind::STRUCT,
        ItemKind::Param | ItemKind::Meta => CompletionItemKind::PROPERTY,
        ItemKind::Variable => CompletionItemKind::VARIABLE,
        ItemKind::Constant => CompletionItemKind::CONSTANT,
        ItemKind::Function => CompletionItemKind::FUNCTION,
        ItemKind::Class => CompletionItemKind::CLASS,
        ItemKind::Module => CompletionItemKind::MODULE,
        ItemKind::Keyword => CompletionItemKind::KEYWORD,
        ItemKind::Value => CompletionItemKind::VALUE,
        ItemKind::Resource => CompletionItemKind::REFERENCE,
        ItemKind::File => CompletionItemKind::FILE,
        ItemKind::Folder => CompletionItemKind::FOLDER,
        ItemKind::Field => CompletionItemKind::FIELD,
        ItemKind::Type => CompletionItemKind::TYPE_PARAMETER,
    }
}
