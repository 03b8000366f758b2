//! Notifications that survive a crash (engine.md 3.4.14).
//!
//! Before a resource that notifies others may change anything, the *intent* is on disk. When it did change
//! something, one *pending* record per notified child takes the intent's place, and goes when the child
//! has served it. Whoever finds records after a crash notifies again: at least once, never not at all.
//!
//! The file holds what is outstanding now, which is little, and is replaced as a whole. Writes that come
//! together share one replacement.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mgmt_compiler::graph::Identity;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::atomic_write::{Attributes, Slot, Staged};
use crate::resource::{ResourceError, Services};

const FILE: &str = "pending.json";
const VERSION: u32 = 1;
/// The pause before what could not be written is tried again, if nothing changes before.
const RETRY: Duration = Duration::from_secs(10);

/// The outstanding notifications of one engine.
#[derive(Clone, Debug)]
pub(crate) struct RefreshLog(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    directory: PathBuf,
    records: Mutex<Records>,
    changed: Notify,
    /// The version that was written last.
    durable: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Records {
    intents: BTreeSet<Identity>,
    pending: BTreeSet<(Identity, Identity)>,
    version: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct File {
    version: u32,
    intents: Vec<(String, String)>,
    pending: Vec<((String, String), (String, String))>,
}

impl RefreshLog {
    /// Opens the log in `directory`. A file that can not be understood is set aside, never fatal.
    pub(crate) fn open(directory: PathBuf) -> Self {
        let path = directory.join(FILE);
        let records = match read(&path) {
            Ok(records) => records,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Records::default(),
            Err(error) => {
                let aside = directory.join(format!("{FILE}.bad"));
                warn!(
                    "can't use `{}`: {error}; it is moved to `{}`, and notifications that were pending may be lost",
                    path.display(),
                    aside.display()
                );
                if let Err(error) = std::fs::rename(&path, &aside) {
                    warn!("can't move `{}`: {error}", path.display());
                }
                Records::default()
            }
        };
        Self(Arc::new(Shared {
            directory,
            records: Mutex::new(records),
            changed: Notify::new(),
            durable: watch::Sender::new(0),
        }))
    }

    /// Records that these parts of a parent may be about to notify, and waits until that is on disk.
    ///
    /// If it can not be written the notification is only as safe as this process; that is logged, and
    /// nobody waits.
    pub(crate) async fn intend(&self, parents: &[Identity]) {
        let version = self.change(|records| {
            let before = records.intents.len();
            records.intents.extend(parents.iter().cloned());
            before != records.intents.len()
        });
        let mut durable = self.0.durable.subscribe();
        // The sender lives in `self`.
        let _ = durable.wait_for(|durable| *durable >= version).await;
    }

    /// Puts records of all pairs of a part of the parent and of a notified child in the place of the intent; none if
    /// nothing changed.
    pub(crate) fn resolve(&self, parents: &[Identity], children: &[Identity]) {
        self.change(|records| {
            let mut changed = false;
            for parent in parents {
                changed |= records.intents.remove(parent);
                for child in children {
                    changed |= records.pending.insert((parent.clone(), child.clone()));
                }
            }
            changed
        });
    }

    /// The child has served the notifications of these parents.
    pub(crate) fn serve(&self, parents: Vec<Identity>, child: &Identity) {
        self.change(|records| {
            let mut changed = false;
            for parent in parents {
                changed |= records.pending.remove(&(parent, child.clone()));
            }
            changed
        });
    }

    /// Which notifications may be outstanding, apart from the intents of those in `open`.
    pub(crate) fn outstanding_but(&self, open: &BTreeSet<Identity>) -> Outstanding {
        let records = self.lock();
        Outstanding {
            intents: records.intents.difference(open).cloned().collect(),
            pending: records.pending.clone(),
        }
    }

    /// Drops the records of other pairs than these, and turns intents into records of these pairs, apart from the
    /// intents of those in `open`, which stay.
    pub(crate) fn retain(&self, pairs: &BTreeSet<(Identity, Identity)>, open: &BTreeSet<Identity>) {
        self.change(|records| {
            let before = (records.intents.len(), records.pending.len());
            for (parent, child) in pairs {
                if records.intents.contains(parent) && !open.contains(parent) {
                    records.pending.insert((parent.clone(), child.clone()));
                }
            }
            records.intents.retain(|parent| open.contains(parent));
            records.pending.retain(|pair| pairs.contains(pair));
            before != (records.intents.len(), records.pending.len())
        });
    }

    /// Writes the changes until `stop`, and what is left then.
    pub(crate) async fn run(self, services: Services, stop: CancellationToken) {
        let mut failed = false;
        loop {
            let (version, file) = self.file();
            if failed || version > *self.0.durable.borrow() {
                let written = self.write(&services, file).await;
                match (&written, failed) {
                    (Err(error), false) => warn!(
                        "pending notifications can't be recorded, and a crash may lose some: {error}"
                    ),
                    (Ok(()), true) => info!("pending notifications are recorded again"),
                    (Err(_), true) | (Ok(()), false) => {}
                }
                self.0.durable.send_replace(version);
                failed = written.is_err();
                if !failed {
                    continue;
                }
            }
            if stop.is_cancelled() {
                return;
            }
            tokio::select! {
                () = self.0.changed.notified() => {}
                () = sleep(RETRY), if failed => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn write(&self, services: &Services, file: File) -> Result<(), ResourceError> {
        let directory = self.0.directory.clone();
        let staged = services
            .blocking
            .run(move || stage(&directory, &file))
            .await?;
        services.writer.commit(staged).await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Records> {
        self.0
            .records
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the version that holds the change.
    fn change(&self, change: impl FnOnce(&mut Records) -> bool) -> u64 {
        let mut records = self.lock();
        if change(&mut records) {
            records.version += 1;
            self.0.changed.notify_one();
        }
        records.version
    }

    fn file(&self) -> (u64, File) {
        let pair = |identity: &Identity| (identity.kind.to_string(), identity.name.to_string());
        let records = self.lock();
        let file = File {
            version: VERSION,
            intents: records.intents.iter().map(pair).collect(),
            pending: records
                .pending
                .iter()
                .map(|(parent, child)| (pair(parent), pair(child)))
                .collect(),
        };
        (records.version, file)
    }
}

/// What was outstanding at one instant.
#[derive(Debug, Default)]
pub(crate) struct Outstanding {
    intents: BTreeSet<Identity>,
    pending: BTreeSet<(Identity, Identity)>,
}

impl Outstanding {
    pub(crate) fn is_empty(&self) -> bool {
        self.intents.is_empty() && self.pending.is_empty()
    }

    /// Whether the child has to be notified.
    pub(crate) fn contains(&self, parent: &Identity, child: &Identity) -> bool {
        !self.is_empty()
            && (self.intents.contains(parent)
                || self.pending.contains(&(parent.clone(), child.clone())))
    }
}

fn read(path: &Path) -> io::Result<Records> {
    let text = std::fs::read(path)?;
    let file: File = serde_json::from_slice(&text)?;
    if file.version != VERSION {
        return Err(io::Error::other(format!(
            "its format {} is unknown",
            file.version
        )));
    }
    let identity = |(kind, name): (String, String)| Identity::new(kind, name);
    Ok(Records {
        intents: file.intents.into_iter().map(identity).collect(),
        pending: file
            .pending
            .into_iter()
            .map(|(parent, child)| (identity(parent), identity(child)))
            .collect(),
        version: 0,
    })
}

fn stage(directory: &Path, file: &File) -> Result<Staged, ResourceError> {
    let path = directory.join(FILE);
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(ResourceError::path("create", directory))?;
    Staged::write(Slot::unlimited(), &path, &Attributes::default(), |aside| {
        serde_json::to_writer(&mut *aside, file)
            .map_err(io::Error::from)
            .and_then(|()| aside.flush())
            .map_err(ResourceError::path("write", &path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(name: &str) -> Identity {
        Identity::new("fake", name)
    }

    /// Runs `act` on a log in `directory` and lets everything be written.
    async fn with_log(directory: &Path, act: impl AsyncFnOnce(&RefreshLog)) {
        let log = RefreshLog::open(directory.join("refresh"));
        let services = Services::new("h1", "mgmt", directory);
        let stop = CancellationToken::new();
        let writer = tokio::spawn(log.clone().run(services, stop.clone()));
        act(&log).await;
        stop.cancel();
        writer.await.expect("it ends");
    }

    fn outstanding(directory: &Path) -> Outstanding {
        RefreshLog::open(directory.join("refresh")).outstanding_but(&BTreeSet::new())
    }

    #[tokio::test]
    async fn an_intent_is_on_disk_before_it_returns() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        with_log(directory.path(), async |log| {
            log.intend(&[identity("p")]).await;
            assert!(outstanding(directory.path()).contains(&identity("p"), &identity("c")));
        })
        .await;
    }

    #[tokio::test]
    async fn what_was_served_or_came_to_nothing_is_gone() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let [p, q, c, d] = ["p", "q", "c", "d"].map(identity);
        with_log(directory.path(), async |log| {
            log.intend(std::slice::from_ref(&p)).await;
            log.intend(std::slice::from_ref(&q)).await;
            log.resolve(std::slice::from_ref(&p), &[c.clone(), d.clone()]);
            log.resolve(std::slice::from_ref(&q), &[]);
            log.serve(vec![p.clone()], &c);
        })
        .await;
        let left = outstanding(directory.path());
        assert!(left.contains(&p, &d) && !left.contains(&p, &c) && !left.contains(&q, &c));
    }

    #[tokio::test]
    async fn records_of_pairs_that_are_gone_are_dropped_and_intents_become_pairs() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let [p, q, c] = ["p", "q", "c"].map(identity);
        with_log(directory.path(), async |log| {
            log.intend(std::slice::from_ref(&p)).await;
            log.intend(std::slice::from_ref(&q)).await;
            log.retain(&[(p.clone(), c.clone())].into(), &BTreeSet::new());
        })
        .await;
        let left = outstanding(directory.path());
        assert!(left.contains(&p, &c) && !left.contains(&q, &c));
        assert!(left.intents.is_empty());
    }

    /// As after a disk was full.
    #[tokio::test(start_paused = true)]
    async fn what_could_not_be_written_is_written_when_it_can_be() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let home = directory.path().join("refresh");
        std::fs::write(&home, "in the way").expect("it can be written");
        with_log(directory.path(), async |log| {
            log.intend(&[identity("p")]).await;
            std::fs::remove_file(&home).expect("it is there");
            let recorded = async {
                while !home.join(FILE).exists() {
                    sleep(RETRY / 10).await;
                }
            };
            let patience = RETRY * 100;
            let recorded = tokio::time::timeout(patience, recorded).await;
            recorded.expect("it is written");
            assert!(outstanding(directory.path()).contains(&identity("p"), &identity("c")));
        })
        .await;
    }

    #[test]
    fn a_bad_file_is_set_aside() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let home = directory.path().join("refresh");
        std::fs::create_dir(&home).expect("it is new");
        for bad in [
            "",
            "{\"version\":1,\"intents\":[[\"fi",
            "{\"version\":9,\"intents\":[],\"pending\":[]}",
        ] {
            std::fs::write(home.join(FILE), bad).expect("it can be written");
            assert!(outstanding(directory.path()).is_empty());
            assert!(!home.join(FILE).exists());
            let aside = std::fs::read_to_string(home.join("pending.json.bad"));
            assert_eq!(aside.expect("it was kept"), bad);
        }
    }
}
