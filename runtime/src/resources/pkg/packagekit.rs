//! Packages through PackageKit (resources-host.md §5.11).

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use mgmt_stdlib::resources::pkg::{Pkg, State};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use zbus::zvariant::OwnedObjectPath;

use super::apt::Apt;
use super::item::{Change, Found, Item, PkgError};
use crate::dbus::{Bus, DbusError, Object, SignalQueue, Signals, telling};
use crate::resource::ResourceError;

const SERVICE: &str = "org.freedesktop.PackageKit";
const PATH: &str = "/org/freedesktop/PackageKit";
const TRANSACTION: &str = "org.freedesktop.PackageKit.Transaction";

/// Whoever else works on packages is waited for so long.
const BUSY: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(500);

/// So long a transaction has to end after it was cancelled.
const CANCELLING: Duration = Duration::from_secs(10);

/// Filters of packages, as bits.
mod filter {
    pub(super) const NONE: u64 = 1 << 1;
    pub(super) const INSTALLED: u64 = 1 << 2;
    pub(super) const NOT_INSTALLED: u64 = 1 << 3;
    pub(super) const FREE: u64 = 1 << 8;
    pub(super) const SUPPORTED: u64 = 1 << 12;
    pub(super) const NEWEST: u64 = 1 << 16;
    pub(super) const ARCH: u64 = 1 << 18;
}

/// Flags of transactions, as bits.
mod flag {
    pub(super) const ONLY_TRUSTED: u64 = 1 << 1;
    pub(super) const SIMULATE: u64 = 1 << 2;
    pub(super) const ALLOW_DOWNGRADE: u64 = 1 << 6;
}

/// `exit` of a transaction that went well.
const SUCCESS: u32 = 1;

/// What PackageKit says of a package that is installed.
const INFO_INSTALLED: u32 = 1;

/// What it says of a package that would go.
const INFO_REMOVING: u32 = 13;

/// What it says of a package that would become older.
const INFO_DOWNGRADING: u32 = 20;

/// Error codes.
mod code {
    pub(super) const GPG_FAILURE: u32 = 5;
    pub(super) const NOT_FOUND: u32 = 8;
    pub(super) const ALREADY_INSTALLED: u32 = 9;
    pub(super) const CANNOT_GET_LOCK: u32 = 26;
    pub(super) const BAD_GPG_SIGNATURE: u32 = 30;
    pub(super) const MISSING_GPG_SIGNATURE: u32 = 31;
    pub(super) const NOT_AUTHORIZED: u32 = 48;
}

/// PackageKit has news of updates.
pub(super) fn updates_changed() -> Signals {
    Signals::new(SERVICE, SERVICE)
        .path(PATH)
        .member("UpdatesChanged")
}

/// PackageKit on this machine.
pub(super) struct PackageKit<'a> {
    bus: &'a Bus,
    cancel: &'a CancellationToken,
    /// What may be below it.
    apt: Apt<'a>,
}

/// A package as a transaction tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Package {
    info: u32,
    id: String,
}

impl Package {
    /// The parts of `name;version;architecture;data`.
    fn part(&self, number: usize) -> &str {
        self.id.split(';').nth(number).unwrap_or_default()
    }

    fn name(&self) -> &str {
        self.part(0)
    }

    fn version(&self) -> &str {
        self.part(1)
    }
}

impl<'a> PackageKit<'a> {
    pub(super) fn new(bus: &'a Bus, cancel: &'a CancellationToken, apt: Apt<'a>) -> Self {
        Self { bus, cancel, apt }
    }

    /// Whether it runs, or would be started if it was called.
    pub(super) async fn is_there(&self) -> Result<bool, ResourceError> {
        let bus = Object {
            bus: self.bus.clone(),
            service: "org.freedesktop.DBus",
            path: "/org/freedesktop/DBus".to_owned(),
            interface: "org.freedesktop.DBus",
        };
        for method in ["ListActivatableNames", "ListNames"] {
            let names = bus.call::<_, Vec<String>>("list the services of the bus", method, &());
            let names = self.unless_cancelled(names).await?;
            if names.is_ok_and(|names| names.iter().any(|name| name == SERVICE)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) async fn look(&self, items: &[Item<'_>]) -> Result<Vec<Found>, ResourceError> {
        let names: Vec<_> = items.iter().map(|item| item.name).collect();
        let installed = self
            .resolve(filter::INSTALLED | filter::ARCH, &names)
            .await?;
        let installed = installed
            .iter()
            .filter(|package| package.info == INFO_INSTALLED);
        let installed: HashMap<_, _> = installed.map(|package| (package.name(), package)).collect();
        let newest = |item: &&Item<'_>| item.params.wanted_state() == State::Newest;
        let updates = if items.iter().any(|item| newest(&item)) {
            self.run("look for updates", "GetUpdates", &(filter::NONE,))
                .await?
        } else {
            Vec::new()
        };
        let found = |item: &Item<'_>| {
            let installed = installed
                .get(item.name)
                .map(|package| package.version().to_owned());
            let update = || updates.iter().find(|package| package.name() == item.name);
            Found {
                newer: newest(&item)
                    .then(update)
                    .flatten()
                    .map(|package| package.version().to_owned()),
                installed,
            }
        };
        Ok(items.iter().map(found).collect())
    }

    pub(super) async fn change(
        &self,
        params: &Pkg,
        due: &[(&Item<'_>, Change)],
    ) -> Result<(), ResourceError> {
        let names = |wanted: fn(&Change) -> bool| -> Vec<_> {
            let due = due.iter().filter(|(_, change)| wanted(change));
            due.map(|(item, _)| item.name).collect()
        };
        let removed = names(|change| *change == Change::Remove);
        if !removed.is_empty() {
            self.remove(&removed).await?;
        }
        let upgraded = names(|change| *change == Change::Upgrade);
        if !upgraded.is_empty() {
            let updates = self
                .run("look for updates", "GetUpdates", &(filter::NONE,))
                .await?;
            let ids = updates
                .into_iter()
                .filter(|package| upgraded.contains(&package.name()));
            let ids: Vec<_> = ids.map(|package| package.id).collect();
            let operation = format!("upgrade {}", upgraded.join(", "));
            self.simulate(&operation, "UpdatePackages", params, &ids)
                .await?;
            self.run(&operation, "UpdatePackages", &(flags(params), ids))
                .await?;
        }
        let new: Vec<_> = due
            .iter()
            .filter(|(_, change)| matches!(change, Change::Install | Change::InstallVersion(_)))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let refreshed = self
            .run("refresh the list of packages", "RefreshCache", &(false,))
            .await;
        let stale = refreshed.is_err();
        if let Err(error) = refreshed {
            // A repository that is away is no harm if the others have all that is wanted.
            tracing::warn!("{}", ResourceError::from(error));
        }
        let ids = self.candidates(params, &new, stale).await?;
        let names: Vec<_> = new.iter().map(|(item, _)| item.name).collect();
        let operation = format!("install {}", names.join(", "));
        let simulated = self
            .simulate(&operation, "InstallPackages", params, &ids)
            .await?;
        let one_version = new.iter().any(|(_, change)| *change != Change::Install);
        if one_version && !params.allowdowngrade {
            // Not every back end asks for the permission.
            let older = simulated
                .iter()
                .find(|package| package.info == INFO_DOWNGRADING);
            if let Some(package) = older {
                return Err(PkgError::Downgrade(package.name().to_owned()).into());
            }
        }
        self.run(&operation, "InstallPackages", &(flags(params), ids))
            .await?;
        Ok(())
    }

    /// What would be done; an error if that were the removal of what nobody has asked for.
    async fn simulate(
        &self,
        operation: &str,
        method: &str,
        params: &Pkg,
        ids: &[String],
    ) -> Result<Vec<Package>, ResourceError> {
        let arguments = (flags(params) | flag::SIMULATE, ids);
        let changed = self.run(operation, method, &arguments).await?;
        self.refuse_held(operation, &changed).await?;
        let others: BTreeSet<_> = changed
            .iter()
            .filter(|package| package.info == INFO_REMOVING)
            .map(Package::name)
            .collect();
        if others.is_empty() {
            return Ok(changed);
        }
        Err(PkgError::WouldRemove {
            operation: operation.to_owned(),
            others: others.into_iter().collect::<Vec<_>>().join(", "),
        }
        .into())
    }

    /// An error if packages are held back that would be changed: PackageKit does not ask.
    async fn refuse_held(&self, operation: &str, changed: &[Package]) -> Result<(), ResourceError> {
        let held = self.apt.held(changed.iter().map(Package::name)).await?;
        if held.is_empty() {
            return Ok(());
        }
        let (operation, packages) = (operation.to_owned(), held.join(" "));
        Err(PkgError::Held {
            operation,
            packages,
        }
        .into())
    }

    async fn remove(&self, names: &[&str]) -> Result<(), ResourceError> {
        let installed = self
            .resolve(filter::INSTALLED | filter::ARCH, names)
            .await?;
        let ids: Vec<_> = installed.into_iter().map(|package| package.id).collect();
        let operation = format!("remove {}", names.join(", "));
        let remove = async |flags: u64| {
            self.run(
                &operation,
                "RemovePackages",
                &(flags, ids.clone(), true, false),
            )
            .await
        };
        let along = remove(flag::SIMULATE).await?;
        let named = ids.iter().map(|id| Package {
            info: INFO_REMOVING,
            id: id.clone(),
        });
        let all: Vec<_> = along.iter().cloned().chain(named).collect();
        self.refuse_held(&operation, &all).await?;
        let along: BTreeSet<_> = along
            .iter()
            .map(Package::name)
            .filter(|name| !names.contains(name))
            .collect();
        if !along.is_empty() {
            let along: Vec<_> = along.into_iter().collect();
            tracing::info!("what depends on it is removed, too: {}", along.join(", "));
        }
        remove(0).await?;
        Ok(())
    }

    /// The ids of the packages to install, in one look as far as possible.
    async fn candidates(
        &self,
        params: &Pkg,
        new: &[&(&Item<'_>, Change)],
        stale: bool,
    ) -> Result<Vec<String>, ResourceError> {
        let names: Vec<_> = new
            .iter()
            .filter(|(_, change)| *change == Change::Install)
            .map(|(item, _)| item.name)
            .collect();
        let found = match names.as_slice() {
            [] | [_] => Vec::new(),
            names => {
                let filters = candidate_filters(params.allownonfree, params.allowunsupported);
                self.resolve(filters, names).await?
            }
        };
        let mut found: HashMap<_, _> = found
            .into_iter()
            .map(|package| (package.name().to_owned(), package.id))
            .collect();
        let mut ids = Vec::new();
        for (item, change) in new {
            ids.push(match found.remove(item.name) {
                Some(id) => id,
                None => self.candidate(item, change, stale).await?.id,
            });
        }
        Ok(ids)
    }

    /// The package to install.
    async fn candidate(
        &self,
        item: &Item<'_>,
        change: &Change,
        stale: bool,
    ) -> Result<Package, ResourceError> {
        let Pkg {
            allownonfree,
            allowunsupported,
            ..
        } = *item.params;
        let version = match change {
            Change::InstallVersion(version) => Some(version),
            Change::Install | Change::Upgrade | Change::Remove => None,
        };
        let find = async |nonfree: bool, unsupported: bool| -> Result<Vec<Package>, Failure> {
            let mut filters = candidate_filters(nonfree, unsupported);
            if version.is_some() {
                filters &= !(filter::NOT_INSTALLED | filter::NEWEST);
            }
            self.resolve(filters, &[item.name]).await
        };
        let found = find(allownonfree, allowunsupported).await?;
        let name = item.name.to_owned();
        let suits = |package: &Package| version.is_none_or(|version| package.version() == version);
        if let Some(package) = found.iter().find(|package| suits(package)) {
            return Ok(package.clone());
        }
        // By name, the back end for apt tells of one version only; of another one by its whole id.
        if let (Some(version), Some(other)) = (version, found.first()) {
            let id = format!("{name};{version};{};", other.part(2));
            let exact = self.resolve(filter::ARCH, &[&id]).await?;
            return match exact.into_iter().find(suits) {
                Some(package) => Ok(package),
                None => {
                    let version = version.clone();
                    Err(PkgError::NoVersion { name, version }.into())
                }
            };
        }
        let switch = if find(true, allowunsupported).await?.iter().any(suits) {
            "allownonfree"
        } else if find(allownonfree, true).await?.iter().any(suits) {
            "allowunsupported"
        } else if find(true, true).await?.iter().any(suits) {
            "allownonfree => true, allowunsupported"
        } else {
            let providers = self.apt.providers(item.name).await?;
            return Err(PkgError::not_found(item.name, &providers, stale).into());
        };
        let hint = format!(" unless `{switch} => true`");
        Err(PkgError::NotFound { name, hint }.into())
    }

    async fn resolve(&self, filters: u64, names: &[&str]) -> Result<Vec<Package>, Failure> {
        let operation = format!("look for {}", names.join(", "));
        match self.run(&operation, "Resolve", &(filters, names)).await {
            Err(Failure::Code {
                code: code::NOT_FOUND,
                ..
            }) => Ok(Vec::new()),
            result => result,
        }
    }

    /// Runs a transaction to its end and gives the packages that it tells of.
    async fn run<A>(
        &self,
        operation: &str,
        method: &str,
        arguments: &A,
    ) -> Result<Vec<Package>, Failure>
    where
        A: serde::Serialize + zbus::zvariant::DynamicType + Sync,
    {
        let start = tokio::time::Instant::now();
        loop {
            let result = self.run_once(operation, method, arguments).await;
            let again = match &result {
                Err(Failure::Code { code, .. }) => *code == code::CANNOT_GET_LOCK,
                // It has ended because it was idle, at just the wrong moment.
                Err(Failure::Dbus(error)) => error.is_lost(),
                _ => false,
            };
            if !again || start.elapsed() > BUSY {
                return result;
            }
            tracing::debug!("can't {operation} yet; once more");
            tokio::select! {
                () = self.cancel.cancelled() => return Err(Failure::Cancelled),
                () = sleep(RETRY) => {}
            }
            // Its back end for apt does not say what the matter is, nor does it repair it.
            if let Err(error) = self.apt.complete_interrupted().await {
                tracing::warn!("{error}");
            }
        }
    }

    async fn run_once<A>(
        &self,
        operation: &str,
        method: &str,
        arguments: &A,
    ) -> Result<Vec<Package>, Failure>
    where
        A: serde::Serialize + zbus::zvariant::DynamicType + Sync,
    {
        let object = |path: String, interface| Object {
            bus: self.bus.clone(),
            service: SERVICE,
            path,
            interface,
        };
        let create = object(PATH.to_owned(), SERVICE);
        let created = create.call(operation, "CreateTransaction", &());
        let path: OwnedObjectPath = self.unless_cancelled(created).await??;
        // Before the call, so that nothing is missed.
        let signals = vec![
            Signals::new(SERVICE, TRANSACTION).path(path.as_str()),
            Signals::owner_of(SERVICE),
        ];
        let mut queue = self.unless_cancelled(self.bus.queue(signals)).await??;
        let transaction = object(path.to_string(), TRANSACTION);
        let mut ended = Box::pin(async {
            let () = transaction.call(operation, method, arguments).await?;
            let tell = || tracing::info!("still waiting for PackageKit to {operation}");
            telling(follow(&mut queue, operation), tell).await
        });
        tokio::select! {
            ended = &mut ended => return ended,
            () = self.cancel.cancelled() => {}
        }
        let cancel = async {
            let cancelled: Result<(), _> = transaction.call("cancel", "Cancel", &()).await;
            if let Err(error) = cancelled {
                tracing::debug!("{error}");
            }
        };
        // Whatever it could not be kept from is completed.
        let _ = timeout(CANCELLING, async { tokio::join!(cancel, ended) }).await;
        Err(Failure::Cancelled)
    }

    /// For what leaves nothing half done.
    async fn unless_cancelled<F: Future>(&self, work: F) -> Result<F::Output, Failure> {
        let done = self.cancel.run_until_cancelled(work).await;
        done.ok_or(Failure::Cancelled)
    }
}

/// Of what is to be installed in any version.
fn candidate_filters(nonfree: bool, unsupported: bool) -> u64 {
    let mut filters = filter::ARCH | filter::NOT_INSTALLED | filter::NEWEST;
    if !nonfree {
        filters |= filter::FREE;
    }
    if !unsupported {
        filters |= filter::SUPPORTED;
    }
    filters
}

fn flags(params: &Pkg) -> u64 {
    let mut flags = 0;
    if !params.allowuntrusted {
        flags |= flag::ONLY_TRUSTED;
    }
    if params.allowdowngrade && matches!(params.wanted_state(), State::Version(_)) {
        flags |= flag::ALLOW_DOWNGRADE;
    }
    flags
}

async fn follow(queue: &mut SignalQueue, operation: &str) -> Result<Vec<Package>, Failure> {
    let mut packages = Vec::new();
    let mut failure = None;
    loop {
        let message = queue.next().await?;
        let header = message.header();
        let body = message.body();
        match header.member().map_or("", |member| member.as_str()) {
            "Package" => {
                if let Ok((info, id, _summary)) = body.deserialize::<(u32, String, String)>() {
                    packages.push(Package { info, id });
                }
            }
            "ErrorCode" => failure = body.deserialize::<(u32, String)>().ok(),
            "Finished" => {
                let exit = body.deserialize::<(u32, u32)>().map_or(0, |(exit, _)| exit);
                if exit == SUCCESS && failure.is_none() {
                    return Ok(packages);
                }
                let (code, details) = failure.unwrap_or_default();
                let operation = operation.to_owned();
                return Err(Failure::Code {
                    code,
                    operation,
                    details,
                });
            }
            // PackageKit has gone; nothing more will come.
            "NameOwnerChanged" => return Err(DbusError::Lost.into()),
            _ => {}
        }
    }
}

/// How a transaction fails.
#[derive(Debug)]
enum Failure {
    Cancelled,
    Dbus(DbusError),
    Code {
        code: u32,
        operation: String,
        details: String,
    },
}

impl From<DbusError> for Failure {
    fn from(error: DbusError) -> Self {
        Self::Dbus(error)
    }
}

impl From<Failure> for ResourceError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Cancelled => Self::Cancelled,
            Failure::Dbus(error) => error.into(),
            Failure::Code {
                code,
                operation,
                details,
            } => match code {
                code::GPG_FAILURE | code::BAD_GPG_SIGNATURE | code::MISSING_GPG_SIGNATURE => {
                    PkgError::Untrusted(format!("can't {operation}"))
                }
                code::ALREADY_INSTALLED => PkgError::Downgrade(operation),
                code::NOT_AUTHORIZED => {
                    let details =
                        format!("{details}; that takes root, or a polkit rule that permits it");
                    PkgError::Failed { operation, details }
                }
                _ => PkgError::Failed { operation, details },
            }
            .into(),
        }
    }
}
