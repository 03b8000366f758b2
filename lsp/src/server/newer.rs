//! What LSP 3.18 has and the types of the protocol do not have yet: texts that are no files. The messages are
//! looked at on their way, as JSON.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::{Request, Response};
use tower_lsp::ls_types::Uri;
use tower_lsp::{ExitedError, LanguageServer, LspService};
use tower_service::Service;

use super::ending::Ending;
use super::incoming;
use crate::analysis::library;

/// Asks for the text of an address that is no file's.
pub const TEXT_CONTENT: &str = "workspace/textDocumentContent";

/// The parameters of [`TEXT_CONTENT`].
#[derive(Debug, Deserialize, Serialize)]
pub struct TextContentParams {
    /// The address.
    pub uri: Uri,
}

/// The answer to [`TEXT_CONTENT`].
#[derive(Debug, Deserialize, Serialize)]
pub struct TextContent {
    /// What is there.
    pub text: String,
}

/// What a client can do of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Newer {
    /// Whether it asks for texts that are no files.
    pub opens_contents: bool,
}

/// What the client has said.
#[derive(Debug, Default)]
pub struct Said {
    opens_contents: AtomicBool,
}

impl Said {
    /// As far as it has said something.
    pub fn get(&self) -> Newer {
        Newer {
            opens_contents: self.opens_contents.load(Ordering::Acquire),
        }
    }

    fn read(&self, params: Option<&Value>) {
        let said = params.and_then(|it| it.pointer("/capabilities/workspace/textDocumentContent"));
        let opens_contents = said.is_some_and(Value::is_object);
        self.opens_contents.store(opens_contents, Ordering::Release);
    }
}

/// A service that also understands and offers what is newer. It notes the order to end as that comes: an `exit`
/// directly behind it overtakes the answer.
pub struct WithNewer<B> {
    inner: LspService<B>,
    said: Arc<Said>,
    ending: Arc<Ending>,
}

impl<B> WithNewer<B> {
    pub fn new(inner: LspService<B>, said: Arc<Said>, ending: Arc<Ending>) -> Self {
        Self {
            inner,
            said,
            ending,
        }
    }
}

impl<B: LanguageServer> Service<Request> for WithNewer<B> {
    type Response = Option<Response>;
    type Error = ExitedError;
    type Future = <LspService<B> as Service<Request>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if let Some(refusal) = incoming::refusal(&request) {
            return Box::pin(async { Ok(Some(refusal)) });
        }
        match request.method() {
            "initialize" => {}
            "shutdown" => {
                self.ending.order();
                return self.inner.call(request);
            }
            _ => return self.inner.call(request),
        }
        self.said.read(request.params());
        let newer = self.said.get();
        let answer = self.inner.call(request);
        Box::pin(async move { Ok(answer.await?.map(|response| offer(response, newer))) })
    }
}

/// Adds what is newer to what the server offers.
fn offer(response: Response, newer: Newer) -> Response {
    let (id, mut result) = response.into_parts();
    if newer.opens_contents
        && let Ok(result) = &mut result
        && let Some(workspace) = result.pointer_mut("/capabilities/workspace")
    {
        workspace["textDocumentContent"] = json!({ "schemes": [library::SCHEME] });
    }
    Response::from_parts(id, result)
}
