//! `pkg` is woken by the package database and by PackageKit. It compares which version of a package is
//! installed with what is wanted, and installs, upgrades or removes through PackageKit or else apt. Packages
//! that want the same are looked at and changed together, in one transaction. It leaves configuration
//! files alone.

mod apt;
mod dpkg;
mod item;
mod packagekit;

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use mgmt_stdlib::resources::pkg as declared;
use tokio::time::sleep;

use crate::process::{Runner, find_program};
use crate::resource::{
    Change as Reported, CheckContext, Group, Outcome, Reach, Resource, ResourceError, Scope,
    Services, WatchContext,
};
use apt::Apt;
use item::{Change, Found, Item, PkgError};
use mgmt_stdlib::resource::{AutoEdges, Params, Subject};
use packagekit::PackageKit;

/// What changes with every change of a package; which of them is there depends on the distribution.
const DATABASES: [&str; 3] = [
    "/var/lib/dpkg/status",
    "/var/lib/rpm",
    "/usr/lib/sysimage/rpm",
];

/// What changes with the knowledge of newer packages.
const LISTS: &str = "/var/lib/apt/lists";

/// A transaction writes many times. So long after a change the next one counts as another.
const QUIET: Duration = Duration::from_secs(1);

/// See [`declared::Pkg`].
pub(super) struct Pkg {
    name: String,
    runner: Runner,
}

/// Who does the work.
enum Backend<'a> {
    PackageKit(PackageKit<'a>),
    Apt(Apt<'a>),
}

#[async_trait]
impl Resource for Pkg {
    type Params = declared::Pkg;

    fn new(name: &str, _params: &declared::Pkg) -> Self {
        Self {
            name: name.to_owned(),
            runner: Runner::default(),
        }
    }

    async fn auto_edges(
        name: &str,
        params: &declared::Pkg,
        services: &Services,
    ) -> Result<AutoEdges, ResourceError> {
        let package = name.to_owned();
        let files = move || Ok(dpkg::files(&package));
        let files = services.blocking.run(files).await?;
        let units = files.iter().filter_map(|path| {
            let unit = path.strip_prefix("/usr/lib/systemd/system/")?;
            unit.strip_suffix(".service")
        });
        let units: Vec<_> = units.map(|unit| Subject::service(unit, false)).collect();
        let mut edges = params.auto_edges(name);
        for path in &files {
            edges = edges.provides(Subject::packaged_file(path.as_str()));
        }
        Ok(edges.before_each(units).before_files(files))
    }

    fn reach(_name: &str, _params: &declared::Pkg) -> Reach {
        Reach {
            reads: Scope::NOTHING,
            writes: Scope::Anything,
        }
    }

    fn group(_name: &str, params: &declared::Pkg) -> Option<Group> {
        let one_version = matches!(params.wanted_state(), declared::State::Version(_));
        // A version is one package's; everything else must be the same for all.
        (!one_version).then(|| Group::with(format!("{params:?}")))
    }

    async fn watch(
        &self,
        params: &declared::Pkg,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        tokio::select! {
            () = context.cancelled() => Ok(()),
            result = follow(params, context) => result,
        }
    }

    async fn check_apply(
        &self,
        params: &declared::Pkg,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let mut items = vec![Item {
            name: &self.name,
            params,
            apply: context.apply(),
        }];
        items.extend(context.members().iter().filter_map(|member| {
            Some(Item {
                name: &member.identity.name,
                params: member.params()?,
                apply: member.apply(),
            })
        }));
        let _alone = tokio::select! {
            () = context.cancelled() => return Err(ResourceError::Cancelled),
            alone = context.services.package_work.lock() => alone,
        };
        let backend = self.backend(context).await?;
        let found = backend.look(&items).await?;
        let changes: Vec<_> = items
            .iter()
            .zip(&found)
            .filter_map(|(item, found)| Some((item, found, item.change(found)?)))
            .collect();
        if changes.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        for (item, found, change) in &changes {
            let step = || Reported::Step(change.in_words(item.name, found));
            let mut members = context.members().iter();
            match members.find(|member| member.identity.name == item.name) {
                Some(member) => member.report(step),
                None => context.report(step),
            }
        }
        let due: Vec<_> = changes
            .into_iter()
            .filter(|(item, ..)| item.apply)
            .map(|(item, _, change)| (item, change))
            .collect();
        if !due.is_empty() {
            self.apt(context).complete_interrupted().await?;
            backend.change(params, &due).await?;
            for (item, change) in due {
                tracing::info!(kind = "pkg", name = item.name, "{change}");
            }
        }
        Ok(Outcome::Changed)
    }

    fn interrupt(&self) {
        self.runner.interrupt();
    }
}

async fn follow(params: &declared::Pkg, context: &WatchContext) -> Result<(), ResourceError> {
    let newest = params.wanted_state() == declared::State::Newest;
    let paths = DATABASES.into_iter().chain(newest.then_some(LISTS));
    let paths = paths.map(|path| (PathBuf::from(path), false)).collect();
    let mut paths = context.services.paths.watch_all(paths).await?;
    let signals = vec![packagekit::updates_changed()];
    let signals = match context.services.buses.system.watch(signals).await {
        Ok(signals) => Some(signals),
        Err(error) => {
            tracing::debug!("{error}; watching the package database only");
            None
        }
    };
    let signalled = async || match &signals {
        Some(signals) => signals.changed().await,
        None => std::future::pending().await,
    };
    context.event().await?;
    loop {
        tokio::select! {
            changed = paths.changed() => changed?,
            () = signalled() => {}
        }
        // What follows within this time is seen by the same check.
        sleep(QUIET).await;
        context.event().await?;
    }
}

impl Pkg {
    fn apt<'a>(&'a self, context: &'a CheckContext) -> Apt<'a> {
        Apt {
            services: &context.services,
            runner: &self.runner,
            cancel: context.token(),
        }
    }

    /// Who does the work on this machine (resources-host.md §5.12).
    async fn backend<'a>(
        &'a self,
        context: &'a CheckContext,
    ) -> Result<Backend<'a>, ResourceError> {
        let services = &context.services;
        let forced = services.package_backend.as_deref();
        let apt = self.apt(context);
        let packagekit = PackageKit::new(&services.buses.system, context.token(), apt);
        match forced {
            Some("packagekit") => Ok(Backend::PackageKit(packagekit)),
            Some("apt") => Ok(Backend::Apt(apt)),
            Some(other) => Err(PkgError::UnknownBackend(other.to_owned()).into()),
            None if packagekit.is_there().await? => Ok(Backend::PackageKit(packagekit)),
            None if find_program("apt-get", &services.search_path).is_some() => {
                Ok(Backend::Apt(apt))
            }
            None => Err(PkgError::NoBackend.into()),
        }
    }
}

impl Backend<'_> {
    /// What is there of each, in the same order.
    async fn look(&self, items: &[Item<'_>]) -> Result<Vec<Found>, ResourceError> {
        match self {
            Self::PackageKit(packagekit) => packagekit.look(items).await,
            Self::Apt(apt) => apt.look(items).await,
        }
    }

    /// Changes all together. All of them want the same state, or there is only one.
    async fn change(
        &self,
        params: &declared::Pkg,
        due: &[(&Item<'_>, Change)],
    ) -> Result<(), ResourceError> {
        match self {
            Self::PackageKit(packagekit) => packagekit.change(params, due).await,
            Self::Apt(apt) => apt.change(params, due).await,
        }
    }
}
