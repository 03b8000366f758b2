//! What undoes the resources that leave the graph (engine.md §2.8).
//!
//! Before a resource with `Meta:reverse` may change anything, its inverse is on disk, in the file `reverse`
//! of its private directory. A later graph without the resource, also one of a later life of this process,
//! gets the inverse as a vertex; once that has been applied, the record goes. So an inverse is applied at
//! least once, whatever ends the process in between.

mod switch;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mgmt_compiler::graph::{Identity, Resource};
use mgmt_stdlib::resource::{Meta, Params};
use rustc_hash::FxHashSet;
use tracing::warn;

use super::record::Record;
use super::state_dir;
use crate::atomic_write::stage_private;
use crate::resource::{Registry, ResourceError, Services};

const FILE: &str = "reverse";
/// What a record that can not be used is renamed to.
const BAD_FILE: &str = "reverse.bad";

/// The records of one engine. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Reversals(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    services: Services,
    registry: Registry,
    /// Whose records are on disk.
    recorded: Mutex<BTreeSet<Identity>>,
}

impl Reversals {
    /// Finds the records below the prefix. One that can not be understood is set aside, never fatal.
    pub(crate) fn open(services: Services, registry: Registry) -> Self {
        let mut recorded = BTreeSet::new();
        let directories = fs::read_dir(state_dir::state(&services.prefix))
            .into_iter()
            .flatten();
        for directory in directories.flatten() {
            let path = directory.path().join(FILE);
            match read(&path) {
                Ok(record) => {
                    let identity = record.identity();
                    if directory.file_name().to_str() == Some(&state_dir::unique_name(&identity)) {
                        recorded.insert(identity);
                    } else {
                        set_aside(&path, "it is in the directory of another resource");
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => set_aside(&path, &error.to_string()),
            }
        }
        Self(Arc::new(Shared {
            services,
            registry,
            recorded: Mutex::new(recorded),
        }))
    }

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.recorded().is_empty()
    }

    /// Whether a resource of that identity is to be undone when it leaves the graph.
    fn contains(&self, identity: &Identity) -> bool {
        let recorded = self.recorded();
        !recorded.is_empty() && recorded.contains(identity)
    }

    /// The inverses of those that the graph does not hold, in the order of their identities. It blocks.
    fn due(&self, held: &FxHashSet<Identity>) -> Vec<Arc<Resource>> {
        let recorded = self.recorded().clone();
        let mut inverses = Vec::new();
        for identity in recorded.into_iter().filter(|each| !held.contains(each)) {
            let path = self.path(&identity);
            let inverse = read(&path)
                .map_err(|error| error.to_string())
                .and_then(|record| record.into_resource(&self.0.registry));
            match inverse {
                Ok(inverse) => inverses.push(Arc::new(inverse)),
                Err(reason) => {
                    set_aside(&path, &reason);
                    self.recorded().remove(&identity);
                }
            }
        }
        inverses
    }

    /// Records the inverse of a resource; durable when this returns.
    ///
    /// # Errors
    /// If it can not be written; what was recorded before is then still there.
    async fn record(&self, inverse: &Resource) -> Result<(), ResourceError> {
        let record = Record::of(inverse, &self.0.registry)
            .and_then(|record| record.to_json())
            .map_err(ResourceError::message)?;
        self.write(&inverse.identity, record.into_bytes()).await
    }

    /// What is recorded for a resource, as it stands on the disk; nothing if it can not be read.
    async fn recording(&self, identity: &Identity) -> Option<Vec<u8>> {
        if !self.contains(identity) {
            return None;
        }
        let path = self.path(identity);
        let read = move || Ok(fs::read(&path).ok());
        self.0.services.blocking.run(read).await.ok().flatten()
    }

    async fn write(&self, identity: &Identity, record: Vec<u8>) -> Result<(), ResourceError> {
        let services = &self.0.services;
        let path = self.path(identity);
        let stage = move || {
            create_directory(&path)?;
            stage_private(&path, &[&record])
        };
        let staged = services.blocking.run(stage).await?;
        services.writer.commit(staged).await?;
        self.recorded().insert(identity.clone());
        Ok(())
    }

    /// Removes the record of a resource, if there is one; durable when this returns.
    ///
    /// # Errors
    /// If it can not be removed.
    pub(crate) async fn erase(&self, identity: &Identity) -> Result<(), ResourceError> {
        let path = self.path(identity);
        let remove = move || {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(ResourceError::path("remove", &path)(error));
                }
                _ => {}
            }
            path.parent().map_or(Ok(()), sync_directory)
        };
        self.0.services.blocking.run(remove).await?;
        self.recorded().remove(identity);
        Ok(())
    }

    fn recorded(&self) -> MutexGuard<'_, BTreeSet<Identity>> {
        self.0
            .recorded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, identity: &Identity) -> PathBuf {
        state_dir::vardir(&self.0.services.prefix, identity).join(FILE)
    }
}

/// What a resource has to be for the inverse to be one: as declared, but done once and never undone.
fn inverse(of: &Resource, params: Box<dyn Params>) -> Resource {
    Resource {
        identity: of.identity.clone(),
        params: params.into(),
        meta: Meta {
            reverse: Some(false),
            realize: false,
            export: Vec::new(),
            ..of.meta.clone()
        },
        receives: Vec::new(),
        span: None,
    }
}

fn read(path: &Path) -> io::Result<Record> {
    Record::parse(&fs::read(path)?).map_err(io::Error::other)
}

/// Keeps a bad record out of the way, for somebody to look at.
fn set_aside(path: &Path, reason: &str) {
    let aside = path.with_file_name(BAD_FILE);
    warn!(
        "can't use the record of what undoes a resource, `{}`: {reason}; it is moved to `{}`, and nothing is undone",
        path.display(),
        aside.display()
    );
    if let Err(error) = fs::rename(path, &aside) {
        warn!("can't move `{}`: {error}", path.display());
    }
}

/// The directory that a record is to be in, durably.
fn create_directory(path: &Path) -> Result<(), ResourceError> {
    let Some(directory) = path.parent().filter(|directory| !directory.exists()) else {
        return Ok(());
    };
    state_dir::create(directory).map_err(ResourceError::path("create", directory))?;
    directory.parent().map_or(Ok(()), sync_directory)
}

fn sync_directory(directory: &Path) -> Result<(), ResourceError> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })
        .map_err(ResourceError::path("sync", directory))
}
