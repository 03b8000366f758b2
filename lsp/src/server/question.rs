//! A question about a file, and how what the analysis answers is said in the protocol.

use std::collections::BTreeMap;
use std::path::Path;

use mgmt_grammar::span::LineIndex;
use tower_lsp::ls_types::{
    CallHierarchyItem, CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams,
    CodeActionResponse, CodeLens, Command, CompletionItem, CompletionItemKind, CompletionTextEdit,
    Diagnostic, DocumentHighlight, DocumentHighlightKind, DocumentSymbol, Documentation,
    FoldingRange, FoldingRangeKind, Hover, HoverContents, InlayHint, InlayHintKind, InlayHintLabel,
    InsertTextFormat, Location, LocationLink, MarkupContent, NumberOrString, ParameterInformation,
    ParameterLabel, Position, Range, SelectionRange, SemanticToken, SignatureHelp,
    SignatureInformation, SymbolInformation, SymbolKind, TextEdit, WorkspaceEdit,
};

use super::commands;
use super::convert::{Text, markup};
use super::diagnostics::Shown;
use crate::analysis::actions::{self, ActionKind};
use crate::analysis::calls::Caller;
use crate::analysis::completion::{Item, ItemKind};
use crate::analysis::find::Found;
use crate::analysis::highlight::Colour;
use crate::analysis::inlay::{Hint, HintKind};
use crate::analysis::outline::{Fold, Kind, Part};
use crate::analysis::rename::Edits;
use crate::analysis::{self, View, lens, signature};

/// What is nested deeper is left out of an answer: many clients read no JSON of more than 128 levels.
const MAX_NESTED: usize = 50;

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
        self.locations(std::slice::from_ref(location)).pop()
    }

    /// Places in any files.
    pub fn locations(&self, locations: &[analysis::Location]) -> Vec<Location> {
        // Those of other programs are read once.
        let mut others: BTreeMap<&Path, (String, LineIndex)> = BTreeMap::new();
        let mut found = Vec::with_capacity(locations.len());
        for location in locations {
            let Some(uri) = self.shown.uri(&location.path) else {
                continue;
            };
            let source = self.view.analysis.source_of(&location.path);
            let source = source.and_then(|it| self.view.analysis.insight.sources.get(it));
            let range = match source {
                Some(source) => Text::of(source, self.shown.client.encoding).range(&location.range),
                None => {
                    let (text, lines) = others.entry(&location.path).or_insert_with(|| {
                        let text = self.view.world.text(&location.path).unwrap_or_default();
                        let lines = LineIndex::new(&text);
                        (text, lines)
                    });
                    Text::new(text, lines, self.shown.client.encoding).range(&location.range)
                }
            };
            found.push(Location::new(uri, range));
        }
        found
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
        markup(text, self.shown.client.markdown)
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
        let symbols = parts.iter().filter_map(|part| self.symbol(part, 1));
        Some(symbols.collect())
    }

    #[expect(deprecated, reason = "the field must be given")]
    fn symbol(&self, part: &Part, level: usize) -> Option<DocumentSymbol> {
        let children: Vec<_> = match level {
            MAX_NESTED.. => Vec::new(),
            _ => part
                .children
                .iter()
                .filter_map(|it| self.symbol(it, level + 1))
                .collect(),
        };
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
        for range in chain.iter().take(MAX_NESTED).rev() {
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
            sort_text: Some(format!("{}{:03}{}", item.rank, item.order, item.label)),
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

    pub fn actions(&self, params: &CodeActionParams) -> Option<CodeActionResponse> {
        let range = self.text()?.offsets(params.range);
        let wanted = params.context.only.as_ref();
        let found = actions::actions(&self.view, &range)
            .into_iter()
            .filter_map(|action| {
                let kind = action_kind(action.kind);
                // `quickfix` asks for all that begin with it.
                let is_wanted = wanted.is_none_or(|wanted| {
                    wanted.iter().any(|it| {
                        let rest = kind.as_str().strip_prefix(it.as_str());
                        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                    })
                });
                // What concerns the whole file is not offered at each place unless it is asked for.
                let is_source = kind.as_str().starts_with("source");
                if !is_wanted || (is_source && wanted.is_none()) {
                    return None;
                }
                let mended = action.mends.as_ref().and_then(|(place, code)| {
                    let place = self.range(place)?;
                    let code = NumberOrString::String(code.clone());
                    let same =
                        |it: &&Diagnostic| it.range == place && it.code.as_ref() == Some(&code);
                    params.context.diagnostics.iter().find(same).cloned()
                });
                Some(CodeActionOrCommand::CodeAction(CodeAction {
                    title: action.title,
                    is_preferred: action.mends.is_some().then_some(true),
                    kind: Some(kind),
                    diagnostics: mended.map(|it| vec![it]),
                    edit: Some(self.shown.workspace_edit(vec![(
                        self.view.path().to_owned(),
                        self.edits(&action.edits)?,
                    )])),
                    ..CodeAction::default()
                }))
            });
        Some(found.collect())
    }

    pub fn workspace_edit(&self, edits: &Edits) -> WorkspaceEdit {
        let changes = edits.iter().filter_map(|(path, edits)| {
            let source = self.view.analysis.source_of(path);
            let text = source.and_then(|it| self.view.analysis.insight.sources.get(it));
            let convert = |text: Text<'_>| -> Vec<TextEdit> {
                let edits = edits.iter();
                edits
                    .map(|edit| TextEdit::new(text.range(&edit.range), edit.text.clone()))
                    .collect()
            };
            let edits = match text {
                Some(source) => convert(Text::of(source, self.shown.client.encoding)),
                // A file of another program.
                None => {
                    let text = self.view.world.text(path)?;
                    let lines = LineIndex::new(&text);
                    convert(Text::new(&text, &lines, self.shown.client.encoding))
                }
            };
            Some((path.clone(), edits))
        });
        self.shown.workspace_edit(changes.collect())
    }

    /// Ranges in a file of the program.
    pub fn ranges_in(&self, path: &Path, ranges: &[analysis::Range]) -> Option<Vec<Range>> {
        let source = self.view.analysis.source_of(path)?;
        let source = self.view.analysis.insight.sources.get(source)?;
        let text = Text::of(source, self.shown.client.encoding);
        Some(ranges.iter().map(|range| text.range(range)).collect())
    }

    pub fn caller(&self, caller: &Caller) -> Option<CallHierarchyItem> {
        let whole = self.location(&caller.location)?;
        let name = self.ranges_in(
            &caller.location.path,
            std::slice::from_ref(&caller.name_range),
        )?;
        Some(CallHierarchyItem {
            name: caller.name.clone(),
            kind: match (caller.is_file, caller.is_class) {
                (true, _) => SymbolKind::FILE,
                (_, true) => SymbolKind::CLASS,
                _ => SymbolKind::FUNCTION,
            },
            tags: None,
            detail: None,
            uri: whole.uri,
            range: whole.range,
            selection_range: *name.first()?,
            data: None,
        })
    }

    pub fn lenses(&self) -> Option<Vec<CodeLens>> {
        let uri = self.shown.uri(self.view.path())?;
        let top = Range::default();
        // Our own extensions draw it themselves; others only open what is drawn.
        let client = self.shown.client;
        let draw = if client.shows_documents && !client.shows_references {
            Command {
                title: "show graph".to_owned(),
                command: commands::SHOW_GRAPH.to_owned(),
                arguments: Some(vec![uri.as_str().into()]),
            }
        } else {
            Command {
                title: "show graph".to_owned(),
                command: commands::GRAPH.to_owned(),
                arguments: Some(vec![uri.as_str().into(), "mermaid".into()]),
            }
        };
        let mut found = vec![CodeLens {
            range: top,
            command: Some(draw),
            data: None,
        }];
        for lens in lens::lenses(&self.view) {
            let range = self.range(&lens.range)?;
            let places = self.locations(&lens.uses);
            let title = match places.len() {
                1 => "1 use".to_owned(),
                n => format!("{n} uses"),
            };
            // Without a command it is only text.
            let can = self.shown.client.shows_references && !places.is_empty();
            found.push(CodeLens {
                range,
                command: Some(Command {
                    title,
                    command: if can {
                        commands::SHOW_REFERENCES.to_owned()
                    } else {
                        String::new()
                    },
                    arguments: can.then(|| {
                        let position = serde_json::to_value(range.start).unwrap_or_default();
                        let places = serde_json::to_value(&places).unwrap_or_default();
                        vec![uri.as_str().into(), position, places]
                    }),
                }),
                data: None,
            });
        }
        Some(found)
    }
}

fn action_kind(kind: ActionKind) -> CodeActionKind {
    match kind {
        ActionKind::Fix => CodeActionKind::QUICKFIX,
        ActionKind::Extract => CodeActionKind::REFACTOR_EXTRACT,
        ActionKind::Inline => CodeActionKind::REFACTOR_INLINE,
        ActionKind::Rewrite => CodeActionKind::REFACTOR_REWRITE,
        ActionKind::FixAll => CodeActionKind::SOURCE_FIX_ALL,
        ActionKind::OrganizeImports => CodeActionKind::SOURCE_ORGANIZE_IMPORTS,
    }
}

impl Shown {
    #[expect(deprecated, reason = "the field must be given")]
    pub fn symbol(&self, found: &Found) -> Option<SymbolInformation> {
        let lines = LineIndex::new(&found.text);
        let text = Text::new(&found.text, &lines, self.client.encoding);
        Some(SymbolInformation {
            name: found.name.clone(),
            kind: symbol_kind(found.kind),
            tags: None,
            deprecated: None,
            location: Location::new(
                self.uri(&found.location.path)?,
                text.range(&found.location.range),
            ),
            container_name: found.container.clone(),
        })
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
