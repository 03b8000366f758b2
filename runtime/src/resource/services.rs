//! What all resources of a process share.

use std::ffi::OsStr;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

use super::ManagedPaths;
use crate::atomic_write::AtomicWriter;
use crate::blocking::BlockingPool;
use crate::dbus::Buses;
use crate::http_responses::HttpResponses;
use crate::local_values::LocalValues;
use crate::path_locks::PathLocks;
use crate::path_watch::PathHub;
use crate::secrets::Secrets;
use crate::world::{SoloWorld, World};

/// What all resources of a process share. Cheap to clone, since every resource holds it: all clones are the same
/// until one is changed.
#[derive(Clone, Debug)]
pub struct Services(Arc<Shared>);

/// See [`Services`], which dereferences to it.
#[derive(Clone, Debug)]
pub struct Shared {
    /// This agent's identity.
    pub hostname: Arc<str>,
    /// The program's name and version.
    pub program: Arc<str>,
    /// Everything that lives on disk is below this directory.
    pub prefix: Arc<Path>,
    /// Watches paths.
    pub paths: PathHub,
    /// Where work that blocks is done.
    pub blocking: BlockingPool,
    /// Replaces files.
    pub writer: AtomicWriter,
    /// Asks the agent to end.
    pub exit: ExitRequests,
    /// The socket of the systemd journal.
    pub journal: Arc<Path>,
    /// Where programs are looked for; has the form of `PATH`.
    pub search_path: Arc<OsStr>,
    /// The values that resources bring back into the program.
    pub values: LocalValues,
    /// D-Bus.
    pub buses: Buses,
    /// Held by whoever works on the packages of the distribution.
    pub package_work: Arc<tokio::sync::Mutex<()>>,
    /// Who does that work, if it is not to be found out: `packagekit` or `apt`.
    pub package_backend: Option<Arc<str>>,
    /// What downloads have brought, for the program to look at.
    pub responses: HttpResponses,
    /// The state that is shared with peers.
    pub world: Arc<dyn World>,
    /// Held by whoever changes local accounts and groups.
    pub account_work: Arc<tokio::sync::Mutex<()>>,
    /// Held by whoever reads, changes and writes a file that others may change in part, too.
    pub file_work: PathLocks,
    /// The passwords that are not written to disk.
    pub secrets: Secrets,
    /// What `purge` has to spare.
    pub managed: ManagedPaths,
}

impl Services {
    /// The services of a process, with the usual limits and places, and with the `PATH` of this process.
    /// It touches nothing yet.
    pub fn new(
        hostname: impl Into<Arc<str>>,
        program: impl Into<Arc<str>>,
        prefix: impl Into<Arc<Path>>,
    ) -> Self {
        let prefix = prefix.into();
        let hostname = hostname.into();
        Self(Arc::new(Shared {
            world: Arc::new(SoloWorld::new(Arc::clone(&hostname), prefix.join("solo"))),
            responses: HttpResponses::default(),
            hostname,
            program: program.into(),
            values: LocalValues::new(prefix.join("local").join("value")),
            prefix,
            paths: PathHub::default(),
            blocking: BlockingPool::default(),
            writer: AtomicWriter::default(),
            exit: ExitRequests::default(),
            journal: Path::new("/run/systemd/journal/socket").into(),
            search_path: std::env::var_os("PATH").unwrap_or_default().into(),
            buses: Buses::from_env(),
            package_work: Arc::default(),
            package_backend: std::env::var("MGMT_PACKAGE_BACKEND").ok().map(Into::into),
            account_work: Arc::default(),
            file_work: PathLocks::default(),
            secrets: Secrets::default(),
            managed: ManagedPaths::default(),
        }))
    }
}

impl Deref for Services {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl DerefMut for Services {
    /// For this clone alone.
    fn deref_mut(&mut self) -> &mut Shared {
        Arc::make_mut(&mut self.0)
    }
}

/// Carries the wish of a resource that the agent shall end to whoever runs the agent.
#[derive(Clone, Debug, Default)]
pub struct ExitRequests(Arc<watch::Sender<Option<u8>>>);

impl ExitRequests {
    /// Asks for an orderly end with this exit code. The first request counts.
    pub fn request(&self, code: u8) {
        self.0.send_if_modified(|wanted| {
            let first = wanted.is_none();
            wanted.get_or_insert(code);
            first
        });
    }

    /// Completes with the exit code once somebody asked.
    pub async fn requested(&self) -> u8 {
        let mut wanted = self.0.subscribe();
        loop {
            if let Some(code) = *wanted.borrow_and_update() {
                return code;
            }
            if wanted.changed().await.is_err() {
                // `self` holds the sender, so this does not happen.
                std::future::pending::<()>().await;
            }
        }
    }
}
