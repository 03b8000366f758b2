//! What a resource does: the one trait through which the engine knows it (engine.md §1).
//!
//! A kind implements [`Resource`] in one file under `resources/`, for the parameters that it declares
//! in `mgmt_stdlib::resources`, and is entered in [`crate::resources::registry`].

mod background;
mod cause;
mod change;
mod context;
mod error;
mod frequency;
#[cfg(test)]
pub(crate) mod harness;
mod managed;
mod member;
mod reach;
mod registry;
mod services;

use std::sync::Arc;

use async_trait::async_trait;
use mgmt_compiler::graph;
use mgmt_stdlib::resource::{AutoEdges, Declare, Params};

pub use background::{Background, BackgroundContext};
pub use change::{Change, Changes, Excerpt, LARGEST_EXCERPT};
pub use context::{CheckContext, InitContext, Received, SentValues, WatchContext};
pub(crate) use context::{WatchEvent, WatchId};
pub use error::ResourceError;
pub(crate) use frequency::{Frequency, OFTEN};
pub use managed::{Managed, ManagedPaths};
pub use member::{CheckMember, Group, Member};
pub use reach::{Reach, Scope};
pub(crate) use registry::not_implemented;
pub use registry::{AnyResource, Registry};
pub use services::{ExitRequests, Services, Shared};

/// A resource at work. One object serves one declared resource from the commit of its graph to its
/// removal.
///
/// `watch` and `check_apply` of one object run at the same time, hence the shared references; the
/// parameters are handed to each call, since received values change them between calls. The engine
/// guarantees that at most one `watch` and at most one `check_apply` of an object run, that
/// `check_apply` never starts before the current `watch` has sent its first event, and that `init`
/// and `cleanup` run at most once (engine.md §1.3, L1-L10).
#[async_trait]
pub trait Resource: Sized + Send + Sync + 'static {
    /// What is declared in the program.
    type Params: Declare + Params;

    /// Whether what undoes a newer declaration takes the place of what is to undo an older one and has not been
    /// applied yet. Otherwise the oldest stays: it knows the machine from before the first change.
    const OVERWRITES_REVERSAL: bool = false;

    /// A resource that has not touched anything yet. `name` is the name in the program.
    fn new(name: &str, params: &Self::Params) -> Self;

    /// The absolute paths that a resource with these parameters wants to be there, which a `purge` of
    /// another resource must therefore spare; a trailing slash means a directory.
    fn managed_paths(name: &str, params: &Self::Params) -> Vec<String> {
        let _ = (name, params);
        Vec::new()
    }

    /// What a check looks at and what a change touches, for those who want to know beforehand what the change of one
    /// resource may mean for another. Subjects that no other resource has need no mention.
    fn reach(name: &str, params: &Self::Params) -> Reach {
        Reach::own(Self::managed_paths(name, params))
    }

    /// The parameters whose values not everybody may see who may see that there is such a resource, besides
    /// those that are declared to be secret.
    fn private_params(params: &Self::Params) -> Vec<&'static str> {
        let _ = params;
        Vec::new()
    }

    /// What this resource provides, and what it wants to run before or after (engine.md §4.1): what the
    /// declaration says, unless the machine knows more. It is asked while the graph is only proposed: it
    /// may look at the machine, but not change it, and the resource may never come to run.
    ///
    /// # Errors
    /// Reject the graph.
    async fn auto_edges(
        name: &str,
        params: &Self::Params,
        services: &Services,
    ) -> Result<AutoEdges, ResourceError> {
        let _ = services;
        Ok(params.auto_edges(name))
    }

    /// With which others of its kind this resource may run together as one vertex (engine.md §4.2);
    /// nothing means that it runs alone. One of them, the owner, then works for all: it finds the others
    /// in `context.members()`, and an error of one is an error of all.
    fn group(name: &str, params: &Self::Params) -> Option<Group> {
        let _ = (name, params);
        None
    }

    /// Whether a resource of another kind, whose first word is the same, may run as a part of this one.
    fn may_own(name: &str, params: &Self::Params, member: &graph::Resource) -> bool {
        let _ = (name, params, member);
        false
    }

    /// A worker that all resources of the kind share (engine.md §2.10).
    fn background() -> Option<Arc<dyn Background>> {
        None
    }

    /// What undoes this resource once it leaves the graph, as parameters of the same kind and name
    /// (engine.md §2.8): computed from the state of the machine before the resource changes anything.
    /// Nothing if there is nothing to undo.
    ///
    /// # Errors
    /// Reject the graph.
    async fn reversed(
        name: &str,
        params: &Self::Params,
        services: &Services,
    ) -> Result<Option<Self::Params>, ResourceError> {
        let _ = (name, params, services);
        Ok(None)
    }

    /// Prepares private state. Must not do long work.
    ///
    /// # Errors
    /// Ends the commit of the graph.
    async fn init(
        &self,
        params: &Self::Params,
        context: &InitContext,
    ) -> Result<(), ResourceError> {
        let _ = (params, context);
        Ok(())
    }

    /// Waits for events until `context.cancelled()`. It installs all its event sources first, then
    /// calls `context.event()` once, which means "listening now"; from then on it calls it whenever
    /// the subject may have changed. Too many events are harmless, a lost one is a defect. With
    /// `Meta:poll` and `Meta:hidden` it is never called.
    ///
    /// Returning without being cancelled counts as a failure.
    ///
    /// # Errors
    /// Lead to a retry as the meta parameters say.
    async fn watch(
        &self,
        params: &Self::Params,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        let _ = params;
        context.event().await?;
        context.cancelled().await;
        Ok(())
    }

    /// Whether a running `watch` watches the wrong thing once `old` has become `new` by a received
    /// value.
    fn must_rewatch(&self, old: &Self::Params, new: &Self::Params) -> bool {
        let _ = (old, new);
        false
    }

    /// Compares the subject with the parameters and, if `context.apply()`, brings it there, in one call.
    /// It must return soon after `context.cancelled()`, and must publish what it sends on every
    /// successful return.
    ///
    /// # Errors
    /// Lead to a retry as the meta parameters say.
    async fn check_apply(
        &self,
        params: &Self::Params,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError>;

    /// Unblocks a `check_apply` that its cancellation does not reach. Called at most once; must not
    /// block; may leave the subject half changed.
    fn interrupt(&self) {}

    /// Releases what `init` created; must not undo what was applied.
    ///
    /// # Errors
    /// Are logged.
    async fn cleanup(&self) -> Result<(), ResourceError> {
        Ok(())
    }
}

/// What a successful `check_apply` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The subject was as it should be.
    Unchanged,
    /// The subject was changed or, without `apply`, would have been.
    Changed,
}

impl Outcome {
    /// `Changed` if either is.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == Self::Changed { self } else { other }
    }
}
