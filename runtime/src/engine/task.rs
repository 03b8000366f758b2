//! What runs outside the state machine: the calls into resources, each in a task of its own. A panic of a
//! resource is an error of its vertex (engine.md §1.3, L9).

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use mgmt_compiler::graph::Identity;
use mgmt_stdlib::resource::Params;
use tokio::time::{sleep, timeout};
use tracing::{Span, info, info_span, warn};

use super::core::{CheckRequest, CheckResult, describe};
use super::export::Exporter;
use super::panic_error;
use super::refresh::RefreshLog;
use super::reversal::Reversals;
use super::scheduler::VertexId;
use crate::resource::{
    AnyResource, CheckContext, CheckMember, InitContext, Outcome, ResourceError, WatchContext,
    WatchId,
};

/// How a task ended.
#[derive(Debug)]
pub(crate) enum Done {
    Watch {
        watch: WatchId,
        result: Result<(), ResourceError>,
    },
    Check {
        vertex: VertexId,
        result: CheckResult,
    },
}

/// Says in log lines which resource is speaking. A watch, of which there are as many as resources, goes
/// without: a span takes more memory than the watch of a file.
pub(crate) fn span(identity: &Identity) -> Span {
    info_span!("resource", kind = %identity.kind, name = %identity.name)
}

/// Runs one watch to its end.
pub(crate) async fn watch(
    watch: WatchId,
    resource: Arc<dyn AnyResource>,
    params: Arc<dyn Params>,
    context: WatchContext,
) -> Done {
    let call = async { resource.watch(&*params, &context).await };
    let result = AssertUnwindSafe(call)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(panic_error("watch", &*panic)));
    Done::Watch { watch, result }
}

/// Whose `check_apply` is called, and what is to be kept on disk around it.
pub(crate) struct Job {
    pub(crate) vertex: VertexId,
    pub(crate) identity: Identity,
    pub(crate) resource: Arc<dyn AnyResource>,
    /// Where is noted first, and for which parts, that it may be about to notify others (engine.md 3.4.14).
    pub(crate) intent: Option<(RefreshLog, Vec<Identity>)>,
    /// Has a record that goes once this has been applied.
    pub(crate) undone: Option<Reversals>,
    pub(crate) exporter: Exporter,
}

/// Runs one `check_apply` to its end.
pub(crate) async fn check(job: Job, mut request: CheckRequest, context: CheckContext) -> Done {
    let Job {
        vertex,
        identity,
        resource,
        intent,
        undone,
        exporter,
    } = job;
    if let Some((log, parts)) = intent {
        log.intend(&parts).await;
    }
    let exports = std::mem::take(&mut request.exports);
    let call = async {
        if !request.call {
            return Ok(Outcome::Unchanged);
        }
        resource.check_apply(&*request.params, &context).await
    };
    let call = AssertUnwindSafe(call)
        .catch_unwind()
        .map(|result| result.unwrap_or_else(|panic| Err(panic_error("check_apply", &*panic))));
    let call = async {
        match request.timeout {
            None => call.await,
            Some(limit) => within(limit, &identity, &context, call).await,
        }
    };
    let (outcome, exported) = tokio::join!(call, exporter.publish(exports));
    let owes = exported.is_err() && matches!(outcome, Ok(Outcome::Changed));
    let (outcome, exported) = match (outcome, exported) {
        (Ok(_), Err(error)) => (Err(error), false),
        (outcome, exported) => (outcome, exported.unwrap_or(false)),
    };
    if outcome.is_ok()
        && let Some(reversals) = undone
    {
        match reversals.erase(&identity).await {
            Ok(()) => info!("reversed"),
            // It is done once more by the next graph.
            Err(error) => warn!("{}", describe(&error)),
        }
    }
    let members = context.members().iter();
    let changes_of_members = members.map(CheckMember::take_changes).collect();
    let (mut sent, mut sent_by_members) = (None, Vec::new());
    if outcome.is_ok() {
        sent = context.take_sent();
        let members = context.members().iter();
        sent_by_members = members.map(CheckMember::take_sent).collect();
    }
    Done::Check {
        vertex,
        result: CheckResult {
            outcome,
            sent,
            sent_by_members,
            changes: context.changes().take(),
            changes_of_members,
            exported,
            owes,
        },
    }
}

/// Cancels the call when its time is over, and waits for it: dropping it could leave half a change.
async fn within(
    limit: Duration,
    identity: &Identity,
    context: &CheckContext,
    call: impl Future<Output = Result<Outcome, ResourceError>>,
) -> Result<Outcome, ResourceError> {
    let mut call = std::pin::pin!(call);
    tokio::select! {
        biased;
        result = &mut call => return result,
        () = sleep(limit) => context.token().cancel(),
    }
    let mut patience = Duration::from_secs(1);
    let mut overrun = Duration::ZERO;
    let result = loop {
        match timeout(patience, &mut call).await {
            Ok(result) => break result,
            Err(_) => {
                overrun += patience;
                patience *= 2;
                warn!(kind = %identity.kind, name = %identity.name,
                    "still running {} seconds after its timeout", overrun.as_secs());
            }
        }
    };
    result.map_err(|error| {
        let seconds = limit.as_secs_f64();
        ResourceError::message(match error {
            ResourceError::Cancelled => format!("timeout after {seconds} seconds"),
            other => format!("timeout after {seconds} seconds: {}", describe(&other)),
        })
    })
}

/// Initialises a resource.
pub(crate) async fn init(
    resource: &dyn AnyResource,
    params: &dyn Params,
    context: &InitContext,
) -> Result<(), ResourceError> {
    let call = async { resource.init(params, context).await };
    AssertUnwindSafe(call)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(panic_error("init", &*panic)))
}

/// Cleans a resource up.
pub(crate) async fn cleanup(resource: &dyn AnyResource) -> Result<(), ResourceError> {
    let call = async { resource.cleanup().await };
    AssertUnwindSafe(call)
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| Err(panic_error("cleanup", &*panic)))
}
