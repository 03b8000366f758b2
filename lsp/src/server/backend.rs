//! One method for each message. Each is a line or two; what it asks is in [`crate::analysis`].

mod ask;
mod scan;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mgmt_compiler::graph::GraphFormat;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types::*;
use tower_lsp::{Client, LanguageServer};

use super::addresses::Addresses;
use super::capabilities::{self, Client as Abilities};
use super::commands;
use super::convert::markup;
use super::diagnostics::{Programs, Shown, report};
use super::ending::{Ending, end_of};
use super::newer::{Said, TextContent, TextContentParams};
use super::progress::{self, Step};
use super::publisher::Publisher;
use super::question::Question;
use super::state::State;
use super::tokens::SentTokens;
use super::work::{AT_ONCE, Bound};
use crate::analysis::completion::document;
use crate::analysis::{
    self, World, calls, find, graph, highlight, inlay, library, navigate, outline, rename, uses,
};

/// The server of one client.
pub struct Backend {
    client: Client,
    state: Arc<Mutex<State>>,
    addresses: Arc<Addresses>,
    /// What the client has said that the types of the protocol do not have yet.
    newer: Arc<Said>,
    /// Tells the publisher of each new revision.
    changed: watch::Sender<u64>,
    tokens: Mutex<SentTokens>,
    tasks: TaskTracker,
    cancel: CancellationToken,
    /// For answers that are worked on.
    permits: Arc<Semaphore>,
    ending: Arc<Ending>,
}

impl Backend {
    pub fn new(
        client: Client,
        world: World,
        addresses: Arc<Addresses>,
        newer: Arc<Said>,
        ending: Arc<Ending>,
    ) -> Self {
        Self {
            client,
            state: Arc::new(Mutex::new(State::new(world, addresses.clone()))),
            addresses,
            newer,
            changed: watch::Sender::new(0),
            tokens: Mutex::default(),
            tasks: TaskTracker::new(),
            cancel: CancellationToken::new(),
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            ending,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and has the diagnostics looked at again.
    fn edit(&self, change: impl FnOnce(&mut State)) {
        let (before, revision) = {
            let mut state = self.state();
            let before = state.world.clone();
            change(&mut state);
            (before, state.world.revision)
        };
        self.changed.send_replace(revision);
        // It takes a while until all that was known is gone. Nobody waits for that.
        self.tasks.spawn(async move { drop(before) });
    }

    fn tokens(&self) -> MutexGuard<'_, SentTokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path that a text is known by.
    fn path(&self, uri: &Uri) -> PathBuf {
        self.addresses.path(uri)
    }

    /// The text of an address that is no file's: what belongs to the library.
    pub async fn text_document_content(&self, params: TextContentParams) -> Result<TextContent> {
        let path = self.path(&params.uri);
        let text = self
            .ask_world(Bound::Nothing, move |world, _, _| {
                library::is_in(&path).then(|| world.text(&path))
            })
            .await?;
        match text.flatten() {
            Some(text) => Ok(TextContent { text }),
            None => Err(refusal(format!(
                "there is nothing at `{}`",
                params.uri.as_str()
            ))),
        }
    }

    /// Asks for the user's settings, if the client answers that, and has what they change shown anew.
    async fn ask_for_settings(&self) {
        let abilities = self.state().client;
        if !abilities.has_settings {
            return;
        }
        let item = ConfigurationItem {
            scope_uri: None,
            section: Some("mgmt".to_owned()),
        };
        let Ok(said) = self.client.configuration(vec![item]).await else {
            return;
        };
        let has_changed = {
            let mut state = self.state();
            let before = state.settings;
            said.iter().for_each(|said| state.settings.read(said));
            state.settings != before
        };
        if has_changed && abilities.refreshes_hints {
            let _ = self.client.inlay_hint_refresh().await;
        }
    }

    /// Has a drawing of a program opened, and gives its address.
    async fn show_drawing(&self, program: &Path, svg: &str) -> Result<LSPAny> {
        let uri = self
            .addresses
            .drawing(program, svg)
            .map_err(|error| refusal(format!("the drawing can't be written: {error}")))?;
        if self.state().client.shows_documents {
            let show = ShowDocumentParams {
                uri: uri.clone(),
                external: Some(true),
                take_focus: None,
                selection: None,
            };
            self.client.show_document(show).await?;
        }
        Ok(LSPAny::String(uri.as_str().to_owned()))
    }

    /// The present world, and how to speak of it.
    fn now(&self) -> (Arc<World>, Shown) {
        let state = self.state();
        (state.world.clone(), state.shown())
    }

    /// Answers where to go from a place.
    async fn go(
        &self,
        at: TextDocumentPositionParams,
        find: fn(&analysis::View, u32) -> Vec<analysis::Location>,
    ) -> Result<Option<GotoDefinitionResponse>> {
        self.ask(&at.text_document.uri, move |question| {
            let offset = question.offset(at.position)?;
            let found = find(&question.view, offset);
            if found.is_empty() {
                return None;
            }
            if !question.shown.client.links {
                return Some(GotoDefinitionResponse::Array(question.locations(&found)));
            }
            let here = question.view.mention_at(offset);
            let from = here.and_then(|it| question.range(&analysis::view::range(it.span)));
            Some(GotoDefinitionResponse::Link(question.links(from, &found)))
        })
        .await
    }

    /// Ends with the editor, even if that does not close what the server reads from.
    fn end_with(&self, process: u32) {
        let (ending, cancel) = (self.ending.clone(), self.cancel.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                Ok(()) = end_of(process) => ending.orphan(),
                () = cancel.cancelled() => {}
            }
        });
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let abilities = Abilities::of(&params, self.newer.get());
        if let Some(process) = params.process_id {
            self.end_with(process);
        }
        let mut state = self.state();
        state.client = abilities;
        if let Some(options) = &params.initialization_options {
            state.settings.read(options);
        }
        state.folders = match &params.workspace_folders {
            Some(folders) => folders
                .iter()
                .map(|folder| self.path(&folder.uri))
                .collect(),
            #[expect(deprecated, reason = "older clients say it this way")]
            None => params.root_uri.iter().map(|uri| self.path(uri)).collect(),
        };
        Ok(InitializeResult {
            capabilities: capabilities::offer(abilities),
            server_info: Some(ServerInfo {
                name: "mgmt-lsp".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            offset_encoding: None,
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        let publisher = Publisher::new(self.client.clone(), self.state.clone());
        let changes = self.changed.subscribe();
        self.tasks
            .spawn(publisher.run(changes, self.cancel.clone()));
        self.scan();
        let abilities = self.state().client;
        let wanted = [
            abilities.watches_files.then(capabilities::watching),
            abilities.tells_settings.then(capabilities::settings),
        ];
        let wanted: Vec<Registration> = wanted.into_iter().flatten().collect();
        if !wanted.is_empty() {
            let _ = self.client.register_capability(wanted).await;
        }
        self.ask_for_settings().await;
    }

    async fn shutdown(&self) -> Result<()> {
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        self.edit(|state| state.open(document.uri, document.version, document.text));
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let document = params.text_document;
        self.edit(|state| state.change(&document.uri, document.version, params.content_changes));
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.tokens().forget(&self.path(&params.text_document.uri));
        self.edit(|state| state.close(&params.text_document.uri));
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        let paths = params.changes.iter().map(|change| self.path(&change.uri));
        let paths: Vec<PathBuf> = paths
            .filter(|path| {
                path.extension()
                    .is_some_and(|it| it == "mcl" || it == "yaml")
            })
            .collect();
        if !paths.is_empty() {
            self.edit(|state| state.look_at(paths));
        }
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let paths = |folders: Vec<WorkspaceFolder>| -> Vec<PathBuf> {
            folders.iter().map(|it| self.path(&it.uri)).collect()
        };
        let (added, removed) = (paths(params.event.added), paths(params.event.removed));
        self.edit(|state| state.change_folders(added, &removed));
        self.scan();
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        self.ask_whole(&params.text_document.uri, |question| {
            let edits = analysis::format::document(question.view.text())?;
            question.edits(&edits)
        })
        .await
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let at = params.text_document_position_params;
        self.ask(&at.text_document.uri, move |question| {
            question.hover(at.position)
        })
        .await
    }

    async fn goto_definition(
        &self,
        params: GotoDefinitionParams,
    ) -> Result<Option<GotoDefinitionResponse>> {
        self.go(params.text_document_position_params, navigate::definition)
            .await
    }

    async fn goto_declaration(
        &self,
        params: GotoDefinitionParams,
    ) -> Result<Option<GotoDefinitionResponse>> {
        self.go(params.text_document_position_params, navigate::declaration)
            .await
    }

    async fn goto_type_definition(
        &self,
        params: GotoDefinitionParams,
    ) -> Result<Option<GotoDefinitionResponse>> {
        self.go(
            params.text_document_position_params,
            navigate::type_definition,
        )
        .await
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        let at = params.text_document_position;
        let with_definition = params.context.include_declaration;
        let path = self.path(&at.text_document.uri);
        let (steps, progress) = watch::channel(Step::default());
        let finding = self.ask_world(Bound::Places(path.clone()), move |world, shown, wanted| {
            let view = world.view_while(&path, &|| wanted.holds())?;
            let shown = shown.clone();
            let question = Question { view, shown };
            let found = uses::everywhere(
                &question.view,
                question.offset(at.position)?,
                &|done, total| {
                    steps.send_replace(Step { done, total });
                    wanted.holds()
                },
            )?;
            let wanted = found
                .into_iter()
                .filter(|it| with_definition || !it.is_definition);
            let places: Vec<_> = wanted.map(|it| it.location).collect();
            Some(question.locations(&places))
        });
        let token = params.work_done_progress_params.work_done_token;
        progress::follow(&self.client, token, "Finding uses", progress, finding).await
    }

    async fn document_highlight(
        &self,
        params: DocumentHighlightParams,
    ) -> Result<Option<Vec<DocumentHighlight>>> {
        let at = params.text_document_position_params;
        self.ask(&at.text_document.uri, move |question| {
            question.highlights(at.position)
        })
        .await
    }

    async fn document_symbol(
        &self,
        params: DocumentSymbolParams,
    ) -> Result<Option<DocumentSymbolResponse>> {
        self.ask_whole(&params.text_document.uri, |question| {
            Some(DocumentSymbolResponse::Nested(question.symbols()?))
        })
        .await
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        self.ask_whole(&params.text_document.uri, Question::folds)
            .await
    }

    async fn selection_range(
        &self,
        params: SelectionRangeParams,
    ) -> Result<Option<Vec<SelectionRange>>> {
        self.ask(&params.text_document.uri, move |question| {
            params
                .positions
                .iter()
                .map(|at| question.selection(*at))
                .collect()
        })
        .await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.ask_whole(&params.text_document.uri, |question| {
            let links = outline::links(&question.view).into_iter();
            let links = links.filter_map(|(range, path)| {
                Some(DocumentLink {
                    range: question.range(&range)?,
                    target: question.shown.uri(&path),
                    tooltip: None,
                    data: None,
                })
            });
            Some(links.collect())
        })
        .await
    }

    async fn semantic_tokens_full(
        &self,
        params: SemanticTokensParams,
    ) -> Result<Option<SemanticTokensResult>> {
        let path = self.path(&params.text_document.uri);
        let data = self
            .ask_whole(&params.text_document.uri, |question| {
                question.tokens(&highlight::colours(&question.view, None))
            })
            .await?;
        let Some(data) = data else { return Ok(None) };
        Ok(Some(SemanticTokensResult::Tokens(
            self.tokens().full(path, data),
        )))
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokensRangeResult>> {
        self.ask(&params.text_document.uri, move |question| {
            let range = question.text()?.offsets(params.range);
            let data = question.tokens(&highlight::colours(&question.view, Some(range)))?;
            Some(SemanticTokensRangeResult::Tokens(SemanticTokens {
                result_id: None,
                data,
            }))
        })
        .await
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        let wanted = self.state().settings.inlay;
        self.ask(&params.text_document.uri, move |question| {
            let range = question.text()?.offsets(params.range);
            let hints = inlay::hints(&question.view, &range, wanted);
            Some(
                hints
                    .iter()
                    .filter_map(|hint| question.hint(hint))
                    .collect(),
            )
        })
        .await
    }

    async fn signature_help(&self, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
        let at = params.text_document_position_params;
        self.ask(&at.text_document.uri, move |question| {
            question.signature(at.position)
        })
        .await
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        let at = params.text_document_position;
        self.ask(&at.text_document.uri, move |question| {
            // Functions of packages that are not imported are found as their names are typed.
            Some(CompletionResponse::List(CompletionList {
                is_incomplete: true,
                items: question.completion(at.position)?,
            }))
        })
        .await
    }

    async fn completion_resolve(&self, mut item: CompletionItem) -> Result<CompletionItem> {
        let state = self.state();
        if let Some(doc) = item.data.as_ref().and_then(|data| data.as_str())
            && let Some(text) = document(&state.world.shared.catalog, doc)
        {
            item.documentation = Some(Documentation::MarkupContent(markup(
                text,
                state.client.markdown,
            )));
        }
        Ok(item)
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        if params.settings.is_null() {
            // It does not send them, but can be asked.
            return self.ask_for_settings().await;
        }
        self.state().settings.read(&params.settings);
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let uri = params.text_document.uri.clone();
        self.ask(&uri, move |question| question.actions(&params))
            .await
    }

    async fn prepare_rename(
        &self,
        params: TextDocumentPositionParams,
    ) -> Result<Option<PrepareRenameResponse>> {
        let prepared = self
            .ask(&params.text_document.uri, move |question| {
                let offset = question.offset(params.position)?;
                let (range, placeholder) = match rename::prepare(&question.view, offset) {
                    Ok(prepared) => prepared,
                    Err(reason) => return Some(Err(reason)),
                };
                let range = question.range(&range)?;
                Some(Ok(PrepareRenameResponse::RangeWithPlaceholder {
                    range,
                    placeholder,
                }))
            })
            .await?;
        prepared.transpose().map_err(refusal)
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        let at = params.text_document_position;
        let renamed = self
            .ask(&at.text_document.uri, move |question| {
                let offset = question.offset(at.position)?;
                let edits = rename::rename(&question.view, offset, &params.new_name);
                Some(edits.map(|edits| question.workspace_edit(&edits)))
            })
            .await?;
        renamed.transpose().map_err(refusal)
    }

    async fn symbol(
        &self,
        params: WorkspaceSymbolParams,
    ) -> Result<Option<WorkspaceSymbolResponse>> {
        let (steps, progress) = watch::channel(Step::default());
        let finding = self.ask_world(Bound::Nothing, move |world, shown, wanted| {
            let found = find::find(world, &params.query, &|done, total| {
                steps.send_replace(Step { done, total });
                wanted.holds()
            })?;
            let symbols: Vec<SymbolInformation> =
                found.iter().filter_map(|it| shown.symbol(it)).collect();
            Some(WorkspaceSymbolResponse::Flat(symbols))
        });
        let token = params.work_done_progress_params.work_done_token;
        progress::follow(&self.client, token, "Searching", progress, finding).await
    }

    async fn prepare_call_hierarchy(
        &self,
        params: CallHierarchyPrepareParams,
    ) -> Result<Option<Vec<CallHierarchyItem>>> {
        let at = params.text_document_position_params;
        self.ask(&at.text_document.uri, move |question| {
            let item = calls::item(&question.view, question.offset(at.position)?)?;
            Some(vec![question.caller(&item)?])
        })
        .await
    }

    async fn incoming_calls(
        &self,
        params: CallHierarchyIncomingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyIncomingCall>>> {
        let item = params.item;
        self.ask(&item.uri, move |question| {
            let found =
                calls::incoming(&question.view, question.offset(item.selection_range.start)?);
            let found = found.iter().filter_map(|(caller, places)| {
                Some(CallHierarchyIncomingCall {
                    from_ranges: question.ranges_in(&caller.location.path, places)?,
                    from: question.caller(caller)?,
                })
            });
            Some(found.collect())
        })
        .await
    }

    async fn outgoing_calls(
        &self,
        params: CallHierarchyOutgoingCallsParams,
    ) -> Result<Option<Vec<CallHierarchyOutgoingCall>>> {
        let item = params.item;
        self.ask(&item.uri, move |question| {
            let found =
                calls::outgoing(&question.view, question.offset(item.selection_range.start)?);
            let found = found.iter().filter_map(|(callee, places)| {
                Some(CallHierarchyOutgoingCall {
                    from_ranges: question.ranges_in(question.view.path(), places)?,
                    to: question.caller(callee)?,
                })
            });
            Some(found.collect())
        })
        .await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.ask_whole(&params.text_document.uri, Question::lenses)
            .await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        let Some(wanted) = commands::wanted(&params) else {
            return Err(Error::invalid_params(format!(
                "there is no command `{}`",
                params.command
            )));
        };
        let path = commands::address(&params).map(|uri| self.path(&uri));
        let path = path.ok_or_else(|| {
            Error::invalid_params("the first argument must be the address of a file")
        })?;
        let shape = match wanted {
            commands::Wanted::Text(shape) => shape,
            commands::Wanted::Shown => GraphFormat::Svg,
        };
        let (program, state_dir) = (path.clone(), self.addresses.state_dir());
        let drawn = self
            .ask_world(Bound::Nothing, move |world, _, _| {
                Some(graph::graph(world, &program, shape, state_dir.clone()))
            })
            .await?;
        let text = match drawn {
            Some(Ok(text)) => text,
            Some(Err(reason)) => return Err(refusal(format!("there is no graph: {reason}"))),
            None => return Ok(None),
        };
        match wanted {
            commands::Wanted::Text(_) => Ok(Some(LSPAny::String(text))),
            commands::Wanted::Shown => self.show_drawing(&path, &text).await.map(Some),
        }
    }

    async fn range_formatting(
        &self,
        params: DocumentRangeFormattingParams,
    ) -> Result<Option<Vec<TextEdit>>> {
        self.ask(&params.text_document.uri, move |question| {
            let range = question.text()?.offsets(params.range);
            question.edits(&analysis::format::part(question.view.text(), &range)?)
        })
        .await
    }

    async fn on_type_formatting(
        &self,
        params: DocumentOnTypeFormattingParams,
    ) -> Result<Option<Vec<TextEdit>>> {
        let at = params.text_document_position;
        self.ask(&at.text_document.uri, move |question| {
            let edit =
                analysis::format::typed(question.view.text(), question.offset(at.position)?)?;
            question.edits(&[edit])
        })
        .await
    }

    async fn diagnostic(
        &self,
        params: DocumentDiagnosticParams,
    ) -> Result<DocumentDiagnosticReportResult> {
        let path = self.path(&params.text_document.uri);
        let items = self
            .ask_world(Bound::Nothing, move |world, shown, wanted| {
                Programs::new(world, shown, &|| wanted.holds()).in_file(&path)
            })
            .await?;
        let items = items.unwrap_or_default();
        Ok(report(items, params.previous_result_id.as_deref()).into())
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: SemanticTokensDeltaParams,
    ) -> Result<Option<SemanticTokensFullDeltaResult>> {
        let path = self.path(&params.text_document.uri);
        let data = self
            .ask_whole(&params.text_document.uri, |question| {
                question.tokens(&highlight::colours(&question.view, None))
            })
            .await?;
        let Some(data) = data else { return Ok(None) };
        Ok(Some(self.tokens().delta(
            path,
            &params.previous_result_id,
            data,
        )))
    }
}

/// A request that can not be granted, with the reason.
fn refusal(reason: String) -> Error {
    Error {
        code: ErrorCode::ServerError(REQUEST_FAILED),
        message: reason.into(),
        data: None,
    }
}

/// The request was right, but it could not be done.
const REQUEST_FAILED: i64 = -32803;
