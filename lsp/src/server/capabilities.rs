//! What the client can do, and what the server offers it.

use tower_lsp::ls_types::{
    DidChangeWatchedFilesRegistrationOptions, FileSystemWatcher, GlobPattern, InitializeParams,
    OneOf, PositionEncodingKind, Registration, ServerCapabilities, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, WorkspaceFoldersServerCapabilities,
    WorkspaceServerCapabilities,
};

use super::convert::Encoding;

/// What the client can do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Client {
    /// How columns are counted.
    pub encoding: Encoding,
    /// Whether it can be asked to watch files.
    pub watches_files: bool,
    /// Whether a code is shown as a link.
    pub links_codes: bool,
    /// Whether it shows the other places of a diagnostic.
    pub related_places: bool,
}

impl Client {
    /// Reads what it says of itself.
    pub fn of(params: &InitializeParams) -> Self {
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
            watches_files: workspace
                .and_then(|workspace| workspace.did_change_watched_files.as_ref())
                .and_then(|watching| watching.dynamic_registration)
                .unwrap_or_default(),
            links_codes: diagnostics
                .and_then(|diagnostics| diagnostics.code_description_support)
                .unwrap_or_default(),
            related_places: diagnostics
                .and_then(|diagnostics| diagnostics.related_information)
                .unwrap_or_default(),
        }
    }
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
