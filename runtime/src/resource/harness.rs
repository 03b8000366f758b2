//! Drives one resource as the engine would, for the tests of the kinds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mgmt_compiler::graph::Identity;
use mgmt_stdlib::resource::{Params, Validate};
use mgmt_stdlib::value::Value;
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{
    CheckContext, InitContext, Outcome, Received, Resource, ResourceError, SentValues, Services,
    WatchContext,
};

/// Far longer than anything takes; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the resources of one test live.
pub(crate) struct Scratch {
    dir: Arc<TempDir>,
    pub(crate) services: Services,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("there is a directory for temporary files");
        let prefix: Arc<Path> = dir.path().join("prefix").into();
        Self {
            dir: Arc::new(dir),
            services: Services::new("test-host", "mgmt 0", prefix),
        }
    }

    /// A path for the test to use.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// The same as text.
    pub(crate) fn text(&self, path: &str) -> String {
        self.path(path).to_string_lossy().into_owned()
    }

    /// A resource; it must be valid.
    pub(crate) fn resource<R: Resource>(&self, name: &str, params: R::Params) -> Subject<R> {
        params.validate(name).expect("the parameters are valid");
        let identity = Identity::new(params.kind(), name);
        Subject {
            resource: Arc::new(R::new(name, &params)),
            params: Arc::new(params),
            init: InitContext::new(self.services.clone(), identity),
            cancel: CancellationToken::new(),
        }
    }
}

/// One resource.
pub(crate) struct Subject<R: Resource> {
    pub(crate) resource: Arc<R>,
    pub(crate) params: Arc<R::Params>,
    init: InitContext,
    pub(crate) cancel: CancellationToken,
}

impl<R: Resource> Subject<R> {
    fn context(&self, apply: bool, refresh: bool, received: &[&str]) -> CheckContext {
        let received = received
            .iter()
            .map(|param| Received {
                param: (*param).to_owned(),
                changed: true,
            })
            .collect();
        let cancel = self.cancel.child_token();
        CheckContext::new(self.init.clone(), cancel, apply, refresh, received)
    }

    /// For a test that calls the resource itself, and lets it change things.
    pub(crate) fn check_context(&self) -> CheckContext {
        self.context(true, false, &[])
    }

    async fn run(&self, context: &CheckContext) -> Result<Outcome, ResourceError> {
        timeout(PATIENCE, self.resource.check_apply(&self.params, context))
            .await
            .expect("the check ends")
    }

    /// Checks without changing anything.
    pub(crate) async fn noop(&self) -> Result<Outcome, ResourceError> {
        self.run(&self.context(false, false, &[])).await
    }

    /// Checks and changes.
    pub(crate) async fn apply(&self) -> Result<Outcome, ResourceError> {
        self.run(&self.context(true, false, &[])).await
    }

    /// Serves a notification.
    pub(crate) async fn refresh(&self) -> Result<Outcome, ResourceError> {
        self.run(&self.context(true, true, &[])).await
    }

    /// Checks and changes; these parameters were received anew.
    pub(crate) async fn receive(&self, params: &[&str]) -> Result<Outcome, ResourceError> {
        self.run(&self.context(true, false, params)).await
    }

    /// Checks and changes, and gives what was sent.
    pub(crate) async fn send(&self) -> Result<(Outcome, Option<SentValues>), ResourceError> {
        let context = self.context(true, false, &[]);
        let outcome = self.run(&context).await?;
        Ok((outcome, context.take_sent()))
    }

    /// Applies twice: the first time something changes, the second time nothing.
    pub(crate) async fn converges(&self) {
        assert_eq!(self.noop().await.expect("noop"), Outcome::Changed);
        assert_eq!(self.noop().await.expect("noop"), Outcome::Changed);
        assert_eq!(self.apply().await.expect("apply"), Outcome::Changed);
        self.is_settled().await;
    }

    /// Nothing is left to do.
    pub(crate) async fn is_settled(&self) {
        assert_eq!(self.apply().await.expect("apply"), Outcome::Unchanged);
        assert_eq!(self.noop().await.expect("noop"), Outcome::Unchanged);
    }

    /// Starts to watch and waits until it listens.
    pub(crate) async fn watch(&self) -> Watching {
        let mut watching = self.start_watch();
        watching.event().await;
        watching
    }

    /// Starts to watch.
    pub(crate) fn start_watch(&self) -> Watching {
        let (sender, events) = mpsc::channel(1);
        let cancel = self.cancel.child_token();
        let context = WatchContext::new(self.init.clone(), cancel.clone(), sender);
        let (resource, params) = (self.resource.clone(), self.params.clone());
        let task = tokio::spawn(async move { resource.watch(&params, &context).await });
        Watching {
            events,
            task,
            cancel,
        }
    }

    /// The private directory.
    pub(crate) fn vardir(&self) -> PathBuf {
        self.init.vardir().expect("it can be made")
    }
}

/// The value that was sent under a key.
pub(crate) fn sent(values: &Option<SentValues>, key: &str) -> Option<Value> {
    let values = values.as_ref().expect("something was sent");
    let (_, value) = values
        .iter()
        .find(|(name, _)| *name == key)
        .expect("the key was sent");
    value.clone()
}

/// A running `watch`.
pub(crate) struct Watching {
    events: mpsc::Receiver<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), ResourceError>>,
    cancel: CancellationToken,
}

impl Watching {
    /// Waits for an event.
    pub(crate) async fn event(&mut self) {
        let event = timeout(PATIENCE, self.events.recv())
            .await
            .expect("an event arrives");
        match event {
            Some(taken) => acknowledge(taken),
            None => panic!("the watch has ended: {:?}", (&mut self.task).await),
        }
    }

    /// Takes the events that are there.
    pub(crate) fn drain(&mut self) {
        while let Ok(taken) = self.events.try_recv() {
            acknowledge(taken);
        }
    }

    /// Waits until the watch fails.
    pub(crate) async fn failure(mut self) -> ResourceError {
        let task = timeout(PATIENCE, async {
            loop {
                tokio::select! {
                    Some(taken) = self.events.recv() => acknowledge(taken),
                    result = &mut self.task => return result,
                }
            }
        });
        task.await
            .expect("the watch ends")
            .expect("without a panic")
            .expect_err("with an error")
    }

    /// Cancels the watch and waits for its end, which must be clean.
    pub(crate) async fn end(self) {
        self.cancel.cancel();
        let result = timeout(PATIENCE, self.task)
            .await
            .expect("the watch ends")
            .expect("without a panic");
        assert!(
            matches!(result, Ok(()) | Err(ResourceError::Cancelled)),
            "{result:?}"
        );
    }
}

fn acknowledge(taken: oneshot::Sender<()>) {
    // The watch may have been cancelled since.
    let _ = taken.send(());
}
