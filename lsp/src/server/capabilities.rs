//! What the client can do, and what the server offers it.

use tower_lsp::ls_types::{
    CallHierarchyServerCapability, CodeActionKind, CodeActionOptions, CodeActionProviderCapability,
    CodeLensOptions, CompletionOptions, DeclarationCapability, DiagnosticOptions,
    DiagnosticServerCapabilities, DidChangeWatchedFilesRegistrationOptions, DocumentLinkOptions,
    DocumentOnTypeFormattingOptions, ExecuteCommandOptions, FileSystemWatcher,
    FoldingRangeProviderCapability, GlobPattern, HoverProviderCapability, InitializeParams,
    MarkupKind, OneOf, PositionEncodingKind, ReferenceOptions, Registration, RenameOptions,
    SelectionRangeProviderCapability, SemanticTokenModifier, SemanticTokenType,
    SemanticTokensFullOptions, SemanticTokensLegend, SemanticTokensOptions, ServerCapabilities,
    SignatureHelpOptions, TextDocumentClientCapabilities, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TypeDefinitionProviderCapability,
    WorkDoneProgressOptions, WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
    WorkspaceSymbolOptions,
};

use super::commands;
use super::convert::Encoding;
use super::newer::Newer;
use crate::analysis::highlight;

/// What the client can do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Client {
    /// How columns are counted.
    pub encoding: Encoding,
    /// Whether edits may say which version of a document they are for.
    pub versioned_edits: bool,
    /// Whether it can be asked to watch files.
    pub watches_files: bool,
    /// Whether a code is shown as a link.
    pub links_codes: bool,
    /// Whether it shows the other places of a diagnostic.
    pub related_places: bool,
    /// Whether text may be Markdown.
    pub markdown: bool,
    /// Whether completions may have places to fill in.
    pub snippets: bool,
    /// Whether places may be told with the part of the text that leads there.
    pub links: bool,
    /// Whether it asks for diagnostics itself.
    pub pulls: bool,
    /// Whether it can be asked to ask for diagnostics again.
    pub refreshes: bool,
    /// Whether it knows the command to show uses.
    pub shows_references: bool,
    /// Whether it can be asked for the user's settings.
    pub has_settings: bool,
    /// Whether it can be asked to tell when those change.
    pub tells_settings: bool,
    /// Whether it can be asked to ask for inlay hints again.
    pub refreshes_hints: bool,
    /// Whether it opens files and addresses when it is asked to.
    pub shows_documents: bool,
    /// Whether it shows how far work of the server's own is.
    pub shows_progress: bool,
    /// Whether it knows what to do if the texts have changed before there was an answer.
    pub knows_stale: bool,
    /// Whether it opens texts that are no files (LSP 3.18).
    pub opens_contents: bool,
}

impl Client {
    /// Reads what it says of itself; `newer` is what the types of the protocol do not have yet.
    pub fn of(params: &InitializeParams, newer: Newer) -> Self {
        let said = &params.capabilities;
        let encodings = said
            .general
            .as_ref()
            .and_then(|general| general.position_encodings.as_ref());
        let utf8 = encodings.is_some_and(|kinds| kinds.contains(&PositionEncodingKind::UTF8));
        let text = said.text_document.as_ref();
        let diagnostics = text.and_then(|text| text.publish_diagnostics.as_ref());
        let workspace = said.workspace.as_ref();
        Self {
            encoding: if utf8 {
                Encoding::Utf8
            } else {
                Encoding::Utf16
            },
            versioned_edits: workspace
                .and_then(|workspace| workspace.workspace_edit.as_ref()?.document_changes)
                .unwrap_or_default(),
            watches_files: workspace
                .and_then(|workspace| workspace.did_change_watched_files.as_ref())
                .and_then(|watching| watching.dynamic_registration)
                .unwrap_or_default(),
            links_codes: diagnostics
                .and_then(|diagnostics| diagnostics.code_description_support)
                .unwrap_or_default(),
            pulls: text.is_some_and(|text| text.diagnostic.is_some()),
            refreshes: workspace
                .and_then(|workspace| workspace.diagnostics.as_ref()?.refresh_support)
                .unwrap_or_default(),
            opens_contents: newer.opens_contents,
            has_settings: workspace
                .and_then(|workspace| workspace.configuration)
                .unwrap_or_default(),
            tells_settings: workspace
                .and_then(|workspace| workspace.did_change_configuration.as_ref())
                .and_then(|telling| telling.dynamic_registration)
                .unwrap_or_default(),
            refreshes_hints: workspace
                .and_then(|workspace| workspace.inlay_hint.as_ref()?.refresh_support)
                .unwrap_or_default(),
            shows_documents: said
                .window
                .as_ref()
                .and_then(|window| window.show_document.as_ref())
                .is_some_and(|showing| showing.support),
            shows_progress: said
                .window
                .as_ref()
                .and_then(|window| window.work_done_progress)
                .unwrap_or_default(),
            knows_stale: said
                .general
                .as_ref()
                .is_some_and(|general| general.stale_request_support.is_some()),
            shows_references: said
                .experimental
                .as_ref()
                .and_then(|it| it.get("commands")?.get("commands")?.as_array())
                .is_some_and(|known| known.iter().any(|it| it == commands::SHOW_REFERENCES)),
            markdown: hover_formats(text)
                .is_some_and(|formats| formats.contains(&MarkupKind::Markdown)),
            snippets: text
                .and_then(|text| {
                    text.completion
                        .as_ref()?
                        .completion_item
                        .as_ref()?
                        .snippet_support
                })
                .unwrap_or_default(),
            links: text
                .and_then(|text| text.definition.as_ref()?.link_support)
                .unwrap_or_default(),
            related_places: diagnostics
                .and_then(|diagnostics| diagnostics.related_information)
                .unwrap_or_default(),
        }
    }
}

fn hover_formats(text: Option<&TextDocumentClientCapabilities>) -> Option<&Vec<MarkupKind>> {
    text?.hover.as_ref()?.content_format.as_ref()
}

/// Asks the client to tell of files that change on disk.
pub fn watching() -> Registration {
    let watchers = ["**/*.mcl", "**/metadata.yaml"].map(|pattern| FileSystemWatcher {
        glob_pattern: GlobPattern::String(pattern.to_owned()),
        kind: None,
    });
    let options = DidChangeWatchedFilesRegistrationOptions {
        watchers: watchers.into(),
    };
    Registration {
        id: "files".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: serde_json::to_value(options).ok(),
    }
}

/// Asks the client to tell when the user's settings change.
pub fn settings() -> Registration {
    Registration {
        id: "settings".to_owned(),
        method: "workspace/didChangeConfiguration".to_owned(),
        register_options: Some(serde_json::json!({ "section": "mgmt" })),
    }
}

/// What the server offers.
pub fn offer(client: Client) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(match client.encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Options(
            TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::INCREMENTAL),
                ..TextDocumentSyncOptions::default()
            },
        )),
        document_formatting_provider: Some(OneOf::Left(true)),
        document_range_formatting_provider: Some(OneOf::Left(true)),
        document_on_type_formatting_provider: Some(DocumentOnTypeFormattingOptions {
            first_trigger_character: "\n".to_owned(),
            more_trigger_character: characters(&["}", "]", ")"]),
        }),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![
                CodeActionKind::QUICKFIX,
                CodeActionKind::REFACTOR_EXTRACT,
                CodeActionKind::REFACTOR_INLINE,
                CodeActionKind::REFACTOR_REWRITE,
                CodeActionKind::SOURCE_FIX_ALL,
                CodeActionKind::SOURCE_ORGANIZE_IMPORTS,
            ]),
            ..CodeActionOptions::default()
        })),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        workspace_symbol_provider: Some(OneOf::Right(WorkspaceSymbolOptions {
            work_done_progress_options: progress(),
            resolve_provider: None,
        })),
        call_hierarchy_provider: Some(CallHierarchyServerCapability::Simple(true)),
        code_lens_provider: Some(CodeLensOptions {
            resolve_provider: Some(false),
        }),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: [commands::GRAPH, commands::SHOW_GRAPH]
                .map(str::to_owned)
                .into(),
            ..ExecuteCommandOptions::default()
        }),
        diagnostic_provider: client.pulls.then(|| {
            DiagnosticServerCapabilities::Options(DiagnosticOptions {
                identifier: Some("mgmt".to_owned()),
                inter_file_dependencies: true,
                ..DiagnosticOptions::default()
            })
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        declaration_provider: Some(DeclarationCapability::Simple(true)),
        type_definition_provider: Some(TypeDefinitionProviderCapability::Simple(true)),
        references_provider: Some(OneOf::Right(ReferenceOptions {
            work_done_progress_options: progress(),
        })),
        document_highlight_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
        selection_range_provider: Some(SelectionRangeProviderCapability::Simple(true)),
        document_link_provider: Some(DocumentLinkOptions {
            resolve_provider: Some(false),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        }),
        inlay_hint_provider: Some(OneOf::Left(true)),
        signature_help_provider: Some(SignatureHelpOptions {
            trigger_characters: characters(&["(", ","]),
            ..SignatureHelpOptions::default()
        }),
        completion_provider: Some(CompletionOptions {
            resolve_provider: Some(true),
            trigger_characters: characters(&["$", ".", ":", "\"", "/", "[", ">"]),
            ..CompletionOptions::default()
        }),
        semantic_tokens_provider: Some(
            SemanticTokensOptions {
                legend: SemanticTokensLegend {
                    token_types: highlight::Class::NAMES.map(SemanticTokenType::new).into(),
                    token_modifiers: highlight::Traits::NAMES
                        .map(SemanticTokenModifier::new)
                        .into(),
                },
                range: Some(true),
                full: Some(SemanticTokensFullOptions::Delta { delta: Some(true) }),
                ..SemanticTokensOptions::default()
            }
            .into(),
        ),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            ..WorkspaceServerCapabilities::default()
        }),
        ..ServerCapabilities::default()
    }
}

/// For what may take long.
fn progress() -> WorkDoneProgressOptions {
    WorkDoneProgressOptions {
        work_done_progress: Some(true),
    }
}

fn characters(all: &[&str]) -> Option<Vec<String>> {
    Some(all.iter().map(|it| (*it).to_owned()).collect())
}
