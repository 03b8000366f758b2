//! `svc` is woken by systemd, when the unit changes or unit files are read again, and by the places where its
//! unit file can be. It compares what the unit is doing and whether it is enabled, changes only these, and
//! serves a notification by a reload, or by a restart of what can not be reloaded.
//!
//! It never loads a unit on an event about units being loaded or forgotten: that would be its own echo.

mod startup;
mod why;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use async_trait::async_trait;
use mgmt_compiler::resolve::closest;
use mgmt_stdlib::resources::svc as declared;

use crate::dbus::systemd::{JobResult, Systemd, Unit, Verb};
use crate::dbus::{DbusError, explain};
use crate::resource::{
    Change, CheckContext, Outcome, Reach, Resource, ResourceError, Scope, Services, WatchContext,
};
use mgmt_stdlib::resource::AutoEdges;
use startup::{Startup, startup};

/// How often a check begins anew because the connection was lost.
const ATTEMPTS: usize = 5;

/// See [`declared::Svc`].
pub(super) struct Svc {
    unit: String,
}

/// Why a unit is not as it shall be.
#[derive(Debug, thiserror::Error)]
enum SvcError {
    #[error("there is no unit `{unit}`{}", hint(.near))]
    NoSuchUnit { unit: String, near: Option<String> },
    #[error(
        "the unit `{0}` is masked, so that it can not be started; `systemctl unmask {0}` undoes that"
    )]
    Masked(String),
    #[error(
        "the file of the unit `{unit}` can not be used ({problem}); `systemd-analyze verify {unit}` tells why"
    )]
    BadUnit { unit: String, problem: String },
    #[error("can't enable `{unit}`: {why}")]
    NotEnableable { unit: String, why: &'static str },
    #[error("can't {verb} `{unit}`: {why}; `journalctl -u {unit}` may tell more")]
    Job {
        verb: Verb,
        unit: String,
        why: String,
    },
    #[error(
        "`{unit}` did not stay running: it is {active} because {why}; `journalctl -u {unit}` may tell more"
    )]
    Died {
        unit: String,
        active: String,
        why: String,
    },
}

fn hint(near: &Option<String>) -> String {
    near.as_ref()
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default()
}

#[async_trait]
impl Resource for Svc {
    type Params = declared::Svc;

    fn new(name: &str, _params: &declared::Svc) -> Self {
        Self {
            unit: declared::Svc::unit(name).into_owned(),
        }
    }

    async fn auto_edges(
        name: &str,
        params: &declared::Svc,
        _services: &Services,
    ) -> Result<AutoEdges, ResourceError> {
        Ok(params.edges_in(name, &directories(params.session)))
    }

    fn reach(_name: &str, _params: &declared::Svc) -> Reach {
        Reach {
            reads: Scope::NOTHING,
            writes: Scope::Anything,
        }
    }

    async fn watch(
        &self,
        params: &declared::Svc,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        tokio::select! {
            () = context.cancelled() => Ok(()),
            result = self.follow(params, context) => result,
        }
    }

    async fn check_apply(
        &self,
        params: &declared::Svc,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let systemd = Systemd::new(&context.services.buses, params.session);
        let acted = AtomicBool::new(false);
        let check = async {
            let mut attempts = 1..ATTEMPTS;
            loop {
                let work = Work {
                    systemd: &systemd,
                    name: &self.unit,
                    params,
                    context,
                    acted: &acted,
                };
                match work.check_apply().await {
                    // What was done before the connection was lost is done.
                    Ok(Outcome::Unchanged) if acted.load(Relaxed) => return Ok(Outcome::Changed),
                    Err(Failure::Dbus(error)) if error.is_lost() && attempts.next().is_some() => {
                        tracing::debug!("{error}; once more");
                    }
                    result => return Ok(result?),
                }
            }
        };
        tokio::select! {
            () = context.cancelled() => Err(ResourceError::Cancelled),
            result = check => result,
        }
    }
}

impl Svc {
    async fn follow(
        &self,
        params: &declared::Svc,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        let systemd = Systemd::new(&context.services.buses, params.session);
        let unit_files = systemd.watch_unit_files().await?;
        let template = declared::Svc::template(&self.unit);
        let names = || std::iter::once(&self.unit).chain(&template);
        let paths = directories(params.session);
        let paths = paths
            .iter()
            .flat_map(|directory| names().map(move |name| format!("{directory}/{name}")))
            .map(|path| (path.into(), false))
            .collect();
        let mut paths = context.services.paths.watch_all(paths).await?;
        loop {
            // By an alias that was changed, the name may mean another unit from now on.
            let unit = systemd.unit(&self.unit).await?;
            let states = systemd.watch_unit(&unit).await?;
            loop {
                context.event().await?;
                tokio::select! {
                    () = states.changed() => {}
                    () = unit_files.changed() => break,
                    changed = paths.changed() => {
                        changed?;
                        break;
                    }
                }
            }
        }
    }
}

fn directories(session: bool) -> Vec<String> {
    if !session {
        return declared::SYSTEM_DIRECTORIES.map(str::to_owned).to_vec();
    }
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid())
        .ok()
        .flatten();
    let home = user.map(|user| user.dir.display().to_string());
    let own = home.map(|home| format!("{home}/.config/systemd/user"));
    own.into_iter()
        .chain(declared::SESSION_DIRECTORIES.map(str::to_owned))
        .collect()
}

/// What goes wrong in one check; a lost connection is a reason to begin anew.
#[derive(Debug)]
enum Failure {
    Dbus(DbusError),
    Svc(SvcError),
}

impl From<DbusError> for Failure {
    fn from(error: DbusError) -> Self {
        Self::Dbus(error)
    }
}

impl From<SvcError> for Failure {
    fn from(error: SvcError) -> Self {
        Self::Svc(error)
    }
}

impl From<Failure> for ResourceError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Dbus(error) => error.into(),
            Failure::Svc(error) => Self::Other(Box::new(error)),
        }
    }
}

/// One check.
struct Work<'a> {
    systemd: &'a Systemd,
    name: &'a str,
    params: &'a declared::Svc,
    context: &'a CheckContext,
    /// Whether systemd was told to change anything, by this check or an earlier one.
    acted: &'a AtomicBool,
}

impl Work<'_> {
    async fn check_apply(&self) -> Result<Outcome, Failure> {
        let Some(mut unit) = self.unit().await? else {
            return self.without_unit().await;
        };
        if self.context.apply() && (self.wanted().is_some() || self.context.refresh()) {
            unit = self.after_jobs(unit).await?;
        }
        let startup = self.startup(&unit).await?;
        let verb = self.wanted().filter(|verb| !satisfies(&unit.active, *verb));
        if verb == Some(Verb::Start) && unit.load == "masked" {
            return Err(SvcError::Masked(unit.id).into());
        }
        let refresh = self.context.refresh() && is_up(&unit.active);
        if startup.is_fine(self.context.apply()) && verb.is_none() && !refresh {
            return Ok(Outcome::Unchanged);
        }
        self.report(&unit, startup, verb.is_some());
        if !self.context.apply() {
            return Ok(Outcome::Changed);
        }
        self.warn_of_ourselves(&unit, verb);
        let interface = "org.freedesktop.systemd1.Unit";
        if self
            .systemd
            .property(&unit, interface, "NeedDaemonReload")
            .await?
        {
            self.systemd.reload().await?;
        }
        let mut outcome = self.apply_startup(&unit, startup).await?;
        match verb {
            Some(verb) => {
                self.run(verb, &unit).await?;
                outcome = Outcome::Changed;
            }
            // A start or stop serves the notification, too.
            None if refresh => {
                self.run(Verb::Reload, &unit).await?;
                outcome = Outcome::Changed;
            }
            None => {}
        }
        Ok(outcome)
    }

    /// Says what is to be done.
    fn report(&self, unit: &Unit, startup: Startup, changes_state: bool) {
        let step = match startup {
            Startup::Enable => Some("enable"),
            Startup::Disable => Some("disable"),
            Startup::Fine | Startup::EnableAgain => None,
        };
        if let Some(verb) = step {
            self.context
                .report(|| Change::Step(format!("{verb} `{}`", unit.id)));
        }
        if changes_state {
            self.context.report(|| Change::Property {
                name: "state",
                old: unit.active.clone(),
                new: self.params.state.clone(),
            });
        } else if self.context.refresh() {
            self.context
                .report(|| Change::Step(format!("reload `{}`", unit.id)));
        }
    }

    /// What `state` asks for.
    fn wanted(&self) -> Option<Verb> {
        match self.params.state.as_str() {
            "running" => Some(Verb::Start),
            "stopped" => Some(Verb::Stop),
            _ => None,
        }
    }

    /// The unit, if it is there; one whose file has only just appeared is found, too.
    async fn unit(&self) -> Result<Option<Unit>, Failure> {
        let mut unit = self.systemd.unit(self.name).await?;
        if unit.load == "not-found" {
            match self.systemd.unit_file_state(self.name).await {
                Ok(None) => return Ok(None),
                Ok(Some(_)) if !self.context.apply() => return Ok(Some(unit)),
                Ok(Some(_)) => {
                    self.systemd.reload().await?;
                    unit = self.systemd.unit(self.name).await?;
                }
                // There is something of that name, but a link to nowhere or a directory.
                Err(DbusError::Call { error, .. }) if self.needs_file() => {
                    let unit = unit.id;
                    let problem = explain(&error);
                    return Err(SvcError::BadUnit { unit, problem }.into());
                }
                Err(DbusError::Call { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        match unit.load.as_str() {
            "loaded" | "masked" | "merged" | "stub" => Ok(Some(unit)),
            "not-found" => Ok(None),
            // What can not be started can still be stopped.
            _ if !self.needs_file() => Ok(Some(unit)),
            _ => Err(SvcError::BadUnit {
                unit: unit.id,
                problem: unit.load,
            }
            .into()),
        }
    }

    /// Whether what is wanted can not be without a good unit file.
    fn needs_file(&self) -> bool {
        self.params.state == "running" || self.params.startup == "enabled"
    }

    /// What is not there neither runs nor starts at boot.
    async fn without_unit(&self) -> Result<Outcome, Failure> {
        let unmanaged = self.params.state.is_empty() && self.params.startup.is_empty();
        if !self.needs_file() && !unmanaged {
            return Ok(Outcome::Unchanged);
        }
        let files = self.systemd.unit_files().await?;
        let near = closest(self.name, files.iter().map(String::as_str)).map(str::to_owned);
        let unit = self.name.to_owned();
        Err(SvcError::NoSuchUnit { unit, near }.into())
    }

    /// The unit once nobody else is about to change it.
    async fn after_jobs(&self, mut unit: Unit) -> Result<Unit, Failure> {
        while unit.job().is_some() {
            let mut jobs = self.systemd.jobs().await?;
            unit = self.systemd.unit(self.name).await?;
            if let Some(job) = unit.job() {
                let operation = format!("do what {} waits for", unit.id);
                jobs.finished(job, &operation).await?;
                unit = self.systemd.unit(self.name).await?;
            }
        }
        Ok(unit)
    }

    async fn startup(&self, unit: &Unit) -> Result<Startup, Failure> {
        if self.params.startup.is_empty() {
            return Ok(Startup::Fine);
        }
        let state = self.systemd.unit_file_state(&unit.id).await?;
        let enable = self.params.startup == "enabled";
        startup(state.as_deref().unwrap_or_default(), enable).map_err(|why| {
            let unit = unit.id.clone();
            SvcError::NotEnableable { unit, why }.into()
        })
    }

    async fn apply_startup(&self, unit: &Unit, startup: Startup) -> Result<Outcome, Failure> {
        match startup {
            Startup::Fine => return Ok(Outcome::Unchanged),
            Startup::Enable | Startup::EnableAgain => {
                let (installable, changed) = self.systemd.enable(&unit.id).await?;
                if !installable {
                    let (unit, why) = (unit.id.clone(), "its file has no `[Install]` section");
                    return Err(SvcError::NotEnableable { unit, why }.into());
                }
                if !changed {
                    return Ok(Outcome::Unchanged);
                }
                tracing::info!("enabled {}", unit.id);
            }
            Startup::Disable => {
                self.systemd.disable(&unit.id, false).await?;
                // What holds until the next boot may stand behind what holds for good.
                let left = self.systemd.unit_file_state(&unit.id).await?;
                if left.as_deref() == Some("enabled-runtime") {
                    self.systemd.disable(&unit.id, true).await?;
                }
                tracing::info!("disabled {}", unit.id);
            }
        }
        self.acted.store(true, Relaxed);
        self.systemd.reload().await?;
        Ok(Outcome::Changed)
    }

    /// Has something done with a unit.
    async fn run(&self, verb: Verb, unit: &Unit) -> Result<(), Failure> {
        // Systemd forgets at once why a unit does not run that nobody refers to.
        let held = self.systemd.hold(&unit.id).await;
        let result = self.run_held(verb, unit).await;
        let released = match held {
            Ok(()) => self.systemd.release(&unit.id).await,
            Err(error) => Err(error),
        };
        if let Err(error) = released {
            tracing::debug!("{error}");
        }
        result
    }

    async fn run_held(&self, verb: Verb, unit: &Unit) -> Result<(), Failure> {
        let last_run = why::run(self.systemd, unit).await;
        self.acted.store(true, Relaxed);
        let JobResult(result) = self.systemd.run(verb, &unit.id).await?;
        let after = self.systemd.unit(self.name).await?;
        match result.as_str() {
            "done" => {}
            "skipped"
                if self
                    .wanted()
                    .is_none_or(|wanted| satisfies(&after.active, wanted)) => {}
            _ => {
                let last_run = last_run.as_deref().filter(|_| verb == Verb::Start);
                let why = why::of_job(self.systemd, &after, &result, last_run).await;
                let unit = unit.id.clone();
                return Err(SvcError::Job { verb, unit, why }.into());
            }
        }
        if verb == Verb::Start && !satisfies(&after.active, verb) {
            let why = why::it_ended(self.systemd, &after).await;
            let active = after.active;
            return Err(SvcError::Died {
                unit: after.id,
                active,
                why,
            }
            .into());
        }
        tracing::info!(
            "{}",
            match verb {
                Verb::Start => "started",
                Verb::Stop => "stopped",
                Verb::Reload => "reloaded or restarted",
            }
        );
        Ok(())
    }

    /// Whoever stops the service that runs this very agent will not be there to start it again.
    fn warn_of_ourselves(&self, unit: &Unit, verb: Option<Verb>) {
        let ours = || {
            let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
            groups.split(['/', '\n']).any(|part| part == unit.id)
        };
        if verb != Some(Verb::Start) && !self.params.session && ours() {
            tracing::warn!("{} is the service that this agent runs in", unit.id);
        }
    }
}

/// Whether a unit in this state is as it shall be.
fn satisfies(active: &str, wanted: Verb) -> bool {
    match wanted {
        Verb::Stop => matches!(active, "inactive" | "failed"),
        Verb::Start | Verb::Reload => is_up(active),
    }
}

fn is_up(active: &str) -> bool {
    matches!(active, "active" | "reloading" | "refreshing")
}
