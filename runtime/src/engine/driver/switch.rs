//! The stop-the-world part of a graph switch (engine.md §2.3, steps 9 to 14; §2.4).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use mgmt_compiler::diagnostic::Code;
use mgmt_compiler::graph::{Identity, Resource};
use rustc_hash::FxHashSet;
use tokio::task::JoinError;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::{Done, Driver, Rung, Submission, Tasks};
use crate::engine::background::Wanted;
use crate::engine::commit::{NewObject, Plan, pairs};
use crate::engine::core::describe;
use crate::engine::metrics::Step;
use crate::engine::prepare::{Prepared, PreparedMember, PreparedVertex, Problem};
use crate::engine::refresh::Outstanding;
use crate::engine::scheduler::VertexId;
use crate::engine::status::EngineEvent;
use crate::engine::vertex::Vertex;
use crate::engine::{CommitReport, Exit, SubmitError, confine, export, task};
use crate::resource::{AnyResource, InitContext};
use crate::world::Export;

/// How many resources are initialised or cleaned up at once.
const CONCURRENT: usize = 64;

struct Added {
    object: NewObject,
    context: InitContext,
}

impl Driver {
    /// Replaces the running graph. Everybody is paused; events wait.
    pub(super) async fn switch(&mut self, submission: Submission) {
        let Submission {
            mut prepared,
            overrides,
            reply,
            ..
        } = submission;
        let paused = self.now();
        let metrics = Arc::clone(&self.core.metrics);
        metrics.step(Step::Pause, paused - self.pause_began);
        self.reversals.add_due(&mut prepared, overrides).await;
        let plan = self.core.plan(&prepared);
        let created = match self.create(&prepared, &plan) {
            Ok(added) => {
                let recorded = self.reversals.record_new(&prepared, &plan).await;
                recorded.map(|()| added)
            }
            Err(problems) => Err(problems),
        };
        metrics.step(Step::Compare, self.now() - paused);
        let result = match created {
            Err(problems) => {
                metrics.rejected();
                self.resume(false);
                Err(SubmitError::Rejected(problems))
            }
            Ok(added) => {
                // In noop, what others see stays as it is.
                let exports = (!overrides.noop).then(|| self.exports(&prepared, &plan));
                self.replace(prepared, plan, added, exports).await
            }
        };
        if let Err(SubmitError::Fatal(reason)) = &result {
            error!("{reason}");
            self.dead = Some(reason.clone());
            self.request_exit(Exit::Failed(reason.as_str().into()));
        }
        // Who submitted looks at the status next, unless it has given up waiting.
        self.publish();
        let _ = reply.send(result);
        for waiting in self.waiting.iter_mut() {
            waiting.gate.clear();
        }
        if let Some(reason) = self.dead.clone() {
            for waiting in self.waiting.drain(..) {
                let _ = waiting.reply.send(Err(SubmitError::Fatal(reason.clone())));
            }
        }
        self.compute_gate();
    }

    /// Everything that can fail without the removals having happened.
    fn create(&self, prepared: &Prepared, plan: &Plan) -> Result<Vec<Added>, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut added = Vec::new();
        for vertex in plan.added(prepared) {
            let new = &vertex.declared;
            let identity = &new.identity;
            let created = confine("new", || self.registry.create(&identity.name, &*new.params));
            let resource: Arc<dyn AnyResource> = match created {
                Ok(Ok(resource)) => resource.into(),
                Ok(Err(error)) => {
                    problems.push(Problem::new(new, Code::INVALID_RESOURCE, describe(&error)));
                    continue;
                }
                Err(panic) => {
                    problems.push(Problem::new(new, Code::INVALID_RESOURCE, panic.to_string()));
                    continue;
                }
            };
            let traits = self.registry.traits(&identity.kind).unwrap_or_default();
            added.push(Added {
                object: NewObject {
                    resource,
                    refreshable: traits.refreshable,
                },
                context: InitContext::new(self.services.clone(), identity.clone())
                    .with_members(vertex.members.iter().map(PreparedMember::view).collect()),
            });
        }
        if problems.is_empty() {
            Ok(added)
        } else {
            Err(problems)
        }
    }

    /// What the graph publishes. Hardly any does.
    fn exports(&self, prepared: &Prepared, plan: &Plan) -> BTreeSet<Export> {
        let mut come = plan.added(prepared).flat_map(PreparedVertex::parts);
        if self.core.exporting == 0 && come.all(|part| part.meta.export.is_empty()) {
            return BTreeSet::new();
        }
        export::wanted(prepared)
    }

    async fn replace(
        &mut self,
        prepared: Arc<Prepared>,
        plan: Plan,
        added: Vec<Added>,
        exports: Option<BTreeSet<Export>>,
    ) -> Result<CommitReport, SubmitError> {
        let began = self.now();
        // All removals end before the first init, so that two lives of one identity never overlap.
        self.tear_down(&plan.removed).await;
        let removed = self.now();
        self.exchange_managed_paths(&prepared, &plan);
        let workers = self.workers(&prepared, &plan);
        let ready = match init_all(&prepared, &plan, &added).await {
            Ok(()) => self.start_workers(&workers, &prepared, &plan, &added).await,
            failed => failed,
        };
        if let Err(reason) = ready {
            self.core.forget(&plan.removed);
            self.core.scheduler.connect(&[]);
            return Err(SubmitError::Fatal(reason));
        }
        let initialised = self.now();
        let open = self.open_intents(&plan);
        let outstanding = self
            .log
            .as_ref()
            .map(|log| log.outstanding_but(&open))
            .unwrap_or_default();
        self.prune_log(&prepared, &outstanding, &open);
        let (vertices, edges) = (prepared.vertices.len(), prepared.edges.len());
        let (objects, contexts): (Vec<_>, Vec<_>) = added
            .into_iter()
            .map(|added| (added.object, added.context))
            .unzip();
        for vertex in &plan.removed {
            if let Some(slot) = self.by_vertex.get_mut(vertex.index as usize) {
                *slot = None;
            }
        }
        let warnings = prepared.warnings.clone();
        let ids = self
            .core
            .commit(&prepared, &plan, objects, |parent, child| {
                !outstanding.is_empty()
                    && parent.parts().any(|parent| {
                        let (mut children, parent) = (child.parts(), &parent.identity);
                        children.any(|child| outstanding.contains(parent, &child.identity))
                    })
            });
        // So that whoever prepares the next graph need not copy this one.
        drop(prepared);
        for (vertex, context) in ids.iter().zip(contexts) {
            let index = vertex.index as usize;
            if self.by_vertex.len() <= index {
                self.by_vertex.resize_with(index + 1, || None);
            }
            self.by_vertex[index] = Some(Tasks {
                context,
                watch: CancellationToken::new(),
                watching: false,
                check: None,
            });
        }
        let report = CommitReport {
            generation: self.core.generation,
            kept: vertices - ids.len(),
            added: ids.len(),
            removed: plan.removed.len(),
            paused: self.now() - self.pause_began,
            warnings,
        };
        if let Some(exports) = exports {
            self.exporter.take_over(exports);
        }
        self.resume(true);
        self.background.retain(&workers);
        info!("graph: Vertices({vertices}), Edges({edges})");
        let metrics = &self.core.metrics;
        metrics.switched(edges);
        for (step, elapsed) in [
            (Step::Remove, removed - began),
            (Step::Init, initialised - removed),
            (Step::Commit, self.now() - initialised),
        ] {
            metrics.step(step, elapsed);
        }
        debug!(
            "the switch took {:?} to pause, {:?} to remove, {:?} to initialise, {:?} to connect",
            began - self.pause_began,
            removed - began,
            initialised - removed,
            self.now() - initialised
        );
        let _ = self.broadcast.send(EngineEvent::Committed {
            generation: report.generation,
            vertices,
            edges,
            kept: report.kept,
            added: report.added,
            removed: report.removed,
        });
        Ok(report)
    }

    /// What is kept manages the same paths as before.
    fn exchange_managed_paths(&self, prepared: &Prepared, plan: &Plan) {
        let paths = |resource: &Resource| {
            let name = &resource.identity.name;
            let paths = || self.registry.managed_paths(name, &*resource.params);
            confine("managed_paths", paths).unwrap_or_default()
        };
        let gone = plan.removed.iter().filter_map(|old| self.core.vertex(*old));
        let come = plan.added(prepared).flat_map(PreparedVertex::parts);
        self.services.managed.exchange(
            gone.flat_map(Vertex::parts).flat_map(|it| paths(it)),
            come.flat_map(|it| paths(it)),
        );
    }

    /// The workers that the resources of the graph to come share.
    fn workers(&self, prepared: &Prepared, plan: &Plan) -> Wanted {
        let worker = |kind| confine("background", || self.registry.background(kind)).ok()?;
        let served = self.registry.kinds();
        let served = served.filter_map(|kind| Some((kind, worker(kind)?)));
        let wanted = served.filter(|(kind, _)| {
            let of_kind = |identity: &&Identity| identity.kind == *kind;
            let gone = plan.removed.iter().filter_map(|old| self.core.vertex(*old));
            let gone = gone.flat_map(Vertex::managed).filter(of_kind).count();
            let come = plan.added(prepared).flat_map(PreparedVertex::managed);
            let come = come.filter(of_kind).count();
            self.core.metrics.managed(kind) + come > gone
        });
        wanted.map(|(_, worker)| (worker.name(), worker)).collect()
    }

    /// Starts the workers that do not run yet; if one can not, the new resources are cleaned up again.
    async fn start_workers(
        &mut self,
        workers: &Wanted,
        prepared: &Prepared,
        plan: &Plan,
        added: &[Added],
    ) -> Result<(), String> {
        let mut rung = self.rung.clone();
        let started = tokio::select! {
            started = self.background.start(workers) => started,
            Ok(_) = rung.wait_for(|rung| *rung > Rung::Run) => {
                Err("interrupted while background workers started".to_owned())
            }
        };
        if started.is_err() {
            for (new, added) in plan.added(prepared).zip(added) {
                clean_up(&new.declared, &*added.object.resource).await;
            }
        }
        started
    }

    /// Those who go on after a call that failed: their next one tells whether they notify.
    fn open_intents(&self, plan: &Plan) -> BTreeSet<Identity> {
        if self.log.is_none() {
            return BTreeSet::new();
        }
        let kept = plan.kept().filter_map(|vertex| self.core.vertex(vertex));
        let parts = kept.filter(|state| state.intent).flat_map(Vertex::parts);
        parts.map(|part| part.identity.clone()).collect()
    }

    /// Records of notifications that no edge carries any more are dropped. An empty graph says nothing
    /// about them: it is what runs while the real one is not there yet.
    fn prune_log(&self, prepared: &Prepared, outstanding: &Outstanding, open: &BTreeSet<Identity>) {
        let Some(log) = &self.log else {
            return;
        };
        if outstanding.is_empty() || prepared.vertices.is_empty() {
            return;
        }
        let pairs: BTreeSet<(Identity, Identity)> = prepared
            .edges
            .iter()
            .filter(|edge| edge.notify)
            .flat_map(|edge| {
                let parts = |at: usize| -> Vec<Identity> {
                    let parts = prepared.vertices[at].parts();
                    parts.map(|part| part.identity.clone()).collect()
                };
                pairs(&parts(edge.from), &parts(edge.to))
            })
            .collect();
        log.retain(&pairs, open);
    }

    /// Stops the watches of the vertices, joins them, and cleans the resources up, all at once. Returns
    /// what went wrong; it never stops half-way.
    pub(super) async fn tear_down(&mut self, vertices: &[VertexId]) -> Vec<String> {
        let mut open: FxHashSet<VertexId> = FxHashSet::default();
        for vertex in vertices {
            self.core.watch_no_more(*vertex);
            if let Some(tasks) = self.tasks_of(*vertex) {
                tasks.watch.cancel();
                if tasks.watching {
                    open.insert(*vertex);
                }
            }
        }
        let gone: FxHashSet<VertexId> = vertices.iter().copied().collect();
        self.held
            .retain(|event| !gone.contains(&event.watch.vertex));
        self.join_watches(open).await;
        let objects = vertices.iter().filter_map(|vertex| {
            let state = self.core.vertex(*vertex)?;
            Some((state.declared.identity.clone(), state.resource.clone()))
        });
        let cleanups = objects.map(|(identity, resource)| async move {
            let result = task::cleanup(&*resource).await;
            (identity, result)
        });
        let mut errors = Vec::new();
        let mut results =
            futures::stream::iter(cleanups.collect::<Vec<_>>()).buffer_unordered(CONCURRENT);
        while let Some((identity, result)) = results.next().await {
            if let Err(error) = result {
                let message = describe(&error);
                error!(kind = %identity.kind, name = %identity.name, "can't clean up: {message}");
                errors.push(format!("{identity}: can't clean up: {message}"));
            }
        }
        errors
    }

    /// Waits for watches that were told to end. What else ends meanwhile is kept for later.
    async fn join_watches(&mut self, mut open: FxHashSet<VertexId>) {
        let mut others: Vec<Result<Done, JoinError>> = Vec::new();
        let mut patience = Duration::from_secs(1);
        let mut complain_at = Some(Instant::now() + patience);
        let mut complained = false;
        let mut rung = self.rung.clone();
        let mut aborted = false;
        while !open.is_empty() {
            tokio::select! {
                // Nothing is applied now, so that nothing is left half done. Who has gone this far wants
                // the end, whatever happens to the watches that would have stayed.
                Ok(_) = rung.wait_for(|rung| *rung == Rung::Hard), if complained && !aborted => {
                    aborted = true;
                    self.tasks.abort_all();
                }
                done = self.tasks.join_next() => match done {
                    Some(Ok(Done::Watch { watch, .. })) if open.remove(&watch.vertex) => {}
                    Some(Err(error)) if error.is_cancelled() => {}
                    Some(other) => others.push(other),
                    // No task is left, so nobody is waited for.
                    None => break,
                },
                () = sleep_until(complain_at.unwrap_or_else(Instant::now)), if complain_at.is_some() => {
                    complained = true;
                    for identity in self.core.identities(&open.iter().copied().collect::<Vec<_>>()) {
                        warn!(kind = %identity.kind, name = %identity.name, "blocked: its watch does not end");
                    }
                    patience *= 2;
                    complain_at = (patience <= Duration::from_secs(4)).then(|| Instant::now() + patience);
                }
            }
        }
        if complained {
            info!("exited: all watches have ended");
        }
        for other in others {
            self.finished(other);
        }
    }
}

/// Initialises all new resources. If one fails, those that succeeded are cleaned up.
async fn init_all(prepared: &Prepared, plan: &Plan, added: &[Added]) -> Result<(), String> {
    let new = plan.added(prepared).map(|new| &new.declared);
    let inits: Vec<_> = new
        .zip(added)
        .map(|(new, added)| async move {
            let resource = &*added.object.resource;
            let result = task::init(resource, &*new.params, &added.context).await;
            (new, resource, result)
        })
        .collect();
    let results: Vec<_> = futures::stream::iter(inits)
        .buffer_unordered(CONCURRENT)
        .collect()
        .await;
    let mut failures = Vec::new();
    let mut succeeded = Vec::new();
    for (new, resource, result) in results {
        match result {
            Ok(()) => succeeded.push((new, resource)),
            Err(error) => failures.push(format!("{}: {}", new.identity, describe(&error))),
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    for (new, resource) in succeeded {
        clean_up(new, resource).await;
    }
    Err(format!("can't initialise {}", failures.join("; ")))
}

async fn clean_up(new: &Resource, resource: &dyn AnyResource) {
    if let Err(error) = task::cleanup(resource).await {
        error!(kind = %new.identity.kind, name = %new.identity.name, "can't clean up: {}", describe(&error));
    }
}
