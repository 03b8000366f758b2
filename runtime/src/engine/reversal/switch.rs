//! Reversals at a graph switch: those that are due come in, and new ones are recorded before anything is
//! changed (engine.md §2.8).

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _};
use mgmt_compiler::diagnostic::Code;
use mgmt_compiler::graph::Resource;
use rustc_hash::FxHashSet;
use tracing::{info, warn};

use super::{Reversals, inverse};
use crate::engine::commit::Plan;
use crate::engine::core::describe;
use crate::engine::panic_error;
use crate::engine::prepare::{Overrides, Prepared, PreparedVertex, Problem};
use crate::resource::ResourceError;

/// How many are computed or recorded at once.
const CONCURRENT: usize = 64;

impl Reversals {
    /// Adds what undoes the resources that are no longer there. It has no edges.
    pub(crate) async fn add_due(&self, prepared: &mut Arc<Prepared>, overrides: Overrides) {
        if self.is_empty() {
            return;
        }
        let held: FxHashSet<_> = prepared.parts().map(|part| part.identity.clone()).collect();
        let reversals = self.clone();
        let find = move || Ok(reversals.due(&held));
        // It only fails at the end of the process.
        let due = self.0.services.blocking.run(find).await.unwrap_or_default();
        if due.is_empty() {
            return;
        }
        info!(
            "{} resources have left the graph and are reversed",
            due.len()
        );
        Arc::make_mut(prepared)
            .vertices
            .extend(due.iter().map(|inverse| PreparedVertex {
                reversal: true,
                ..PreparedVertex::new(overrides.apply(inverse))
            }));
    }

    /// Records what undoes the new resources that want it. A record that is there already stays, unless the kind
    /// wants the newest: it knows the machine from before the resource was first applied. Those who no longer
    /// want it lose theirs.
    ///
    /// # Errors
    /// What went wrong; nothing is recorded then.
    pub(crate) async fn record_new(
        &self,
        prepared: &Prepared,
        plan: &Plan,
    ) -> Result<(), Vec<Problem>> {
        let new = plan
            .added(prepared)
            .filter(|vertex| !vertex.reversal)
            // Who changes nothing has nothing to undo.
            .flat_map(PreparedVertex::applied);
        let (wanted, unwanted): (Vec<_>, Vec<_>) = new
            .cloned()
            .partition(|part| part.meta.reverse == Some(true));
        let computing: Vec<_> = wanted
            .into_iter()
            .filter(|part| self.overwrites(part) || !self.contains(&part.identity))
            .map(|part| self.clone().computed(part))
            .collect();
        let computed: Vec<_> = futures::stream::iter(computing)
            .buffered(CONCURRENT)
            .collect()
            .await;
        let mut problems = Vec::new();
        let mut inverses = Vec::new();
        for (part, inverse) in computed {
            match inverse {
                Ok(inverse) => inverses.extend(inverse.map(|inverse| (part, inverse))),
                Err(error) => problems.push(problem(&part, "find out", &error)),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let recording: Vec<_> = inverses
            .into_iter()
            .map(|(part, inverse)| self.clone().recorded_as(part, inverse))
            .collect();
        let records: Vec<_> = futures::stream::iter(recording)
            .buffered(CONCURRENT)
            .collect()
            .await;
        for (part, recorded) in &records {
            let error = recorded.as_ref().err();
            problems.extend(error.map(|error| problem(part, "record", error)));
        }
        if problems.is_empty() {
            for part in unwanted.iter().filter(|part| self.contains(&part.identity)) {
                self.restore(part, None).await;
            }
            return Ok(());
        }
        for (part, recorded) in records {
            if let Ok(former) = recorded {
                self.restore(&part, former).await;
            }
        }
        Err(problems)
    }

    /// A resource with what undoes it, if anything does.
    async fn computed(
        self,
        resource: Arc<Resource>,
    ) -> (Arc<Resource>, Result<Option<Resource>, ResourceError>) {
        let name = &resource.identity.name;
        let call = async {
            let (params, services) = (&*resource.params, &self.0.services);
            self.0.registry.reversed(name, params, services).await
        };
        let params = AssertUnwindSafe(call)
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(panic_error("reversed", &*panic)));
        let inverse = params.map(|params| params.map(|params| inverse(&resource, params)));
        (resource, inverse)
    }

    /// A resource with the outcome of recording what undoes it: what was recorded before.
    async fn recorded_as(
        self,
        resource: Arc<Resource>,
        inverse: Resource,
    ) -> (Arc<Resource>, Result<Option<Vec<u8>>, ResourceError>) {
        let former = self.recording(&inverse.identity).await;
        let recorded = self.record(&inverse).await;
        (resource, recorded.map(|()| former))
    }

    fn overwrites(&self, resource: &Resource) -> bool {
        let kind = &resource.identity.kind;
        self.0.registry.overwrites_reversal(kind)
    }

    /// Puts back what was recorded before, and erases what was not.
    async fn restore(&self, resource: &Resource, former: Option<Vec<u8>>) {
        let identity = &resource.identity;
        let restored = match former {
            Some(former) => self.write(identity, former).await,
            None => self.erase(identity).await,
        };
        if let Err(error) = restored {
            warn!(kind = %identity.kind, name = %identity.name, "{}", describe(&error));
        }
    }
}

fn problem(resource: &Resource, what: &str, error: &ResourceError) -> Problem {
    let message = format!("can't {what} what undoes it: {}", describe(error));
    Problem::new(resource, Code::INVALID_RESOURCE, message)
}
