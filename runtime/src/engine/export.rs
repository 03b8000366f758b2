//! Publishes the resources that are for other hosts, and takes back what is no longer declared (engine.md §6.2).
//!
//! A resource is published in its own pass, so that its prerequisites are there; what has left the graph is
//! withdrawn in the background, also if an earlier life of this agent has published it. What a graph does not
//! want is never published: both happen under one lock.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mgmt_compiler::graph::{Identity, Resource};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::core::describe;
use super::prepare::Prepared;
use super::record::Record;
use crate::resource::{Registry, ResourceError, Services};
use crate::world::Export;

/// The pause before the next try if the world can not be reached; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// What a graph that came just before the end may still take.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// What this engine exports. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Exporter(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    services: Services,
    registry: Registry,
    state: Mutex<State>,
    /// Tells that what is wanted has changed.
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    wanted: BTreeSet<Export>,
    /// What this life has published.
    published: BTreeMap<Export, Arc<str>>,
    /// Whether the world was looked at since the start: another life may have left something there.
    looked: bool,
}

/// The end of an exporter, also if its engine was dropped and a thread is still at work for it.
struct End(Exporter);

impl Drop for End {
    fn drop(&mut self) {
        self.0.state().wanted.clear();
    }
}

/// Where a resource is to be seen.
pub(crate) fn targets(resource: &Resource) -> impl Iterator<Item = Export> {
    let hosts: BTreeSet<_> = resource.meta.export.iter().collect();
    hosts.into_iter().map(|host| Export {
        kind: resource.identity.kind.to_string(),
        name: resource.identity.name.to_string(),
        to: host.clone(),
    })
}

/// All that a graph exports. What is in noop stays as it is.
pub(crate) fn wanted(prepared: &Prepared) -> BTreeSet<Export> {
    let parts = prepared.parts();
    parts.flat_map(|part| targets(part)).collect()
}

impl Exporter {
    pub(crate) fn new(services: Services, registry: Registry) -> Self {
        Self(Arc::new(Shared {
            services,
            registry,
            state: Mutex::default(),
            changed: watch::Sender::new(()),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.0.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    /// A graph takes over: what it does not want is withdrawn.
    pub(crate) fn take_over(&self, wanted: BTreeSet<Export>) {
        let mut state = self.state();
        let nothing_goes = state.looked && state.wanted.is_subset(&wanted);
        state.published.retain(|export, _| wanted.contains(export));
        state.wanted = wanted;
        if !nothing_goes {
            self.0.changed.send_replace(());
        }
    }

    /// Publishes resources, with the values that they have received. Whether anything was new.
    ///
    /// # Errors
    /// If one can not be written down, or the world can not be reached.
    pub(crate) async fn publish(&self, resources: Vec<Resource>) -> Result<bool, ResourceError> {
        if resources.is_empty() {
            return Ok(false);
        }
        let exporter = self.clone();
        let publish = move || {
            let mut changed = false;
            for resource in &resources {
                changed |= exporter.publish_one(resource)?;
            }
            Ok(changed)
        };
        self.0.services.blocking.run(publish).await
    }

    fn publish_one(&self, resource: &Resource) -> Result<bool, ResourceError> {
        let failed = |why: String| ResourceError::message(format!("can't export it: {why}"));
        let mut plain = resource.clone();
        // Whoever collects it does not export it in turn.
        plain.meta.export = Vec::new();
        let record = Record::of(&plain, &self.0.registry).map_err(failed)?;
        let data: Arc<str> = record.to_json().map_err(failed)?.into();
        let mut changed = false;
        for export in targets(resource) {
            let mut state = self.state();
            if !state.wanted.contains(&export) || state.published.get(&export) == Some(&data) {
                continue;
            }
            let world = &self.0.services.world;
            let written = world.export(&export, &data);
            changed |= written.map_err(|error| failed(describe(&error)))?;
            state.published.insert(export, Arc::clone(&data));
        }
        Ok(changed)
    }

    /// Withdraws what is no longer wanted whenever that changes, until it is stopped. When it has ended or was
    /// dropped, nothing is published any more, so that the next engine finds what this one has left.
    pub(crate) fn run(self, stop: CancellationToken) -> impl Future<Output = ()> {
        // From now on no graph is missed, also before this is polled for the first time.
        let changed = self.0.changed.subscribe();
        self.follow(changed, stop)
    }

    async fn follow(self, mut changed: watch::Receiver<()>, stop: CancellationToken) {
        let _end = End(self.clone());
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => {
                    if changed.has_changed().unwrap_or(false)
                        && !matches!(timeout(LAST_CHANCE, self.prune()).await, Ok(Ok(())))
                    {
                        warn!("some exports could not be withdrawn; the next start does it");
                    }
                    return;
                }
                _ = changed.changed() => {}
            }
            let mut pause = FIRST_PAUSE;
            while let Err(error) = self.prune().await {
                warn!(
                    "can't withdraw exports: {}; next try in {} seconds",
                    describe(&error),
                    pause.as_secs()
                );
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = sleep(pause) => pause = LONGEST_PAUSE.min(pause * 2),
                }
                changed.mark_unchanged();
            }
        }
    }

    async fn prune(&self) -> Result<(), ResourceError> {
        let exporter = self.clone();
        let prune = move || exporter.prune_now();
        self.0.services.blocking.run(prune).await
    }

    fn prune_now(&self) -> Result<(), ResourceError> {
        let world = &self.0.services.world;
        let mut withdrawn = 0;
        for export in world.exports()? {
            let state = self.state();
            if !state.wanted.contains(&export) && world.withdraw(&export)? {
                withdrawn += 1;
                let identity = Identity::new(export.kind.as_str(), export.name.as_str());
                debug!("{identity} is no longer exported to {}", export.to);
            }
        }
        self.state().looked = true;
        if withdrawn > 0 {
            info!("{withdrawn} exports are withdrawn");
        }
        Ok(())
    }
}
