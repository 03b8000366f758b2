//! Work that resources share beyond their own lives (engine.md §2.10).

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{ResourceError, Services};

/// One worker for all resources of a kind, or of several kinds. It runs as long as the running graph has one
/// of them: it is ready before the first of their watches starts, and ends after the last of them.
#[async_trait]
pub trait Background: Send + Sync + 'static {
    /// Kinds whose workers have the same name share one.
    fn name(&self) -> &'static str;

    /// Works until `context.cancelled()`. It must call `context.ready()` once it can serve the resources: the
    /// commit of their graph waits for that.
    ///
    /// # Errors
    /// End the whole run; so does returning without being cancelled.
    async fn run(&self, context: &BackgroundContext) -> Result<(), ResourceError>;
}

/// For [`Background::run`].
#[derive(Debug)]
pub struct BackgroundContext {
    /// What all resources share.
    pub services: Services,
    cancel: CancellationToken,
    ready: Mutex<Option<oneshot::Sender<()>>>,
}

impl BackgroundContext {
    /// A context that ends with `cancel`, and tells `ready` when the worker is.
    pub fn new(services: Services, cancel: CancellationToken, ready: oneshot::Sender<()>) -> Self {
        Self {
            services,
            cancel,
            ready: Mutex::new(Some(ready)),
        }
    }

    /// The worker can serve resources from now on.
    pub fn ready(&self) {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = ready.take() {
            // Who waited may have given up.
            let _ = ready.send(());
        }
    }

    /// Completes when the worker is to end.
    pub async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }
}
