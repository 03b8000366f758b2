//! `mgmt run --ui`: the running graph in a browser, and what it is made of (docs/ui.md).
//!
//! A small HTTP server that only ever tells: [`api`] what an [`Observer`] has seen, as JSON and as events;
//! `page` the files of the page, which are part of the binary. [`guard`](mod@guard) keeps other web sites from
//! asking. [`address`] is how `mgmt status` finds an agent.

pub mod address;
mod api;
pub mod client;
mod guard;
mod page;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{info, warn};

use crate::engine::Engine;
use crate::frontend::SourcedGraph;
use crate::http::{HttpServer, ListenAddress, ListenError};
use crate::observe::{About, Observer, View};
use crate::vocabulary::Vocabulary;
use address::AddressFile;
use guard::Guard;

/// Where the page is, unless the operator says otherwise.
pub const USUAL_ADDRESS: &str = "127.0.0.1:9234";

/// A page that has its address, and is not shown yet.
#[derive(Debug)]
pub struct Ui {
    server: HttpServer,
    about: About,
    file: Option<AddressFile>,
}

/// A page that is shown.
#[derive(Debug)]
pub struct RunningUi {
    observer: Observer,
    stop: CancellationToken,
    serving: AbortOnDropHandle<()>,
    _file: Option<AddressFile>,
}

impl Ui {
    /// Takes the address, and writes it down below `prefix`.
    ///
    /// # Errors
    /// If somebody else has the address, or it is none of this machine.
    pub async fn bind(
        listen: &ListenAddress,
        about: About,
        prefix: &Path,
    ) -> Result<Self, ListenError> {
        let server = HttpServer::bind(listen).await?;
        let address = server.address();
        let file = AddressFile::write(prefix, address)
            .inspect_err(|error| warn!("`mgmt status` has to be told the address: {error}"))
            .ok();
        info!("look at http://{address}/");
        if !address.ip().is_loopback() {
            warn!("everybody who can reach {address} can see what this machine is made of");
        }
        Ok(Self {
            server,
            about,
            file,
        })
    }

    /// Looks on while the engine runs, and shows it.
    pub fn start(self, engine: Arc<Engine>, vocabulary: Vocabulary) -> RunningUi {
        let guard = Guard::new(&self.about.hostname);
        let observer = Observer::start(engine, vocabulary.registry, vocabulary.catalog, self.about);
        let stop = CancellationToken::new();
        let router = router(observer.view().clone(), stop.clone(), guard);
        RunningUi {
            observer,
            serving: AbortOnDropHandle::new(tokio::spawn(self.server.serve(router, stop.clone()))),
            stop,
            _file: self.file,
        }
    }
}

impl RunningUi {
    /// This graph was committed.
    pub fn declared(&self, graph: SourcedGraph) {
        self.observer.declared(graph);
    }

    /// Tells the last news, and ends.
    pub async fn finish(self) {
        self.observer.finish().await;
        self.stop.cancel();
        // It was not aborted, and what panics there has been reported.
        let _ = self.serving.await;
    }
}

fn router(view: View, stop: CancellationToken, guard: Guard) -> Router {
    Router::new()
        .merge(page::router())
        .nest("/api/v1", api::router(view, stop))
        .layer(from_fn_with_state(Arc::new(guard), guard::check))
}
