//! The service manager (resources-host.md §1.8).

use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use zbus::zvariant::{DynamicType, OwnedObjectPath, OwnedValue, Type};

use super::{Bus, Buses, DbusError, Object, SignalQueue, SignalWatch, Signals, telling};

/// The name of the service.
pub const SYSTEMD: &str = "org.freedesktop.systemd1";

const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const MANAGER_PATH: &str = "/org/freedesktop/systemd1";

/// There if systemd runs the machine.
const RUNNING: &str = "/run/systemd/system";

/// Jobs never replace those of others.
const MODE: &str = "fail";

/// How long, and how often, systemd is waited for while it, or the bus, is started again.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSES: usize = 50;

/// The service manager of the system or of a user.
#[derive(Clone, Debug)]
pub struct Systemd {
    bus: Bus,
}

/// A unit as it is loaded.
#[derive(Clone, Debug, Deserialize, Type)]
pub struct Unit {
    /// Its name, even if it was asked for by an alias.
    pub id: String,
    _description: String,
    /// `loaded`, `not-found`, `masked`, or what is wrong with its file.
    pub load: String,
    /// `active`, `inactive`, `failed`, `activating` ...
    pub active: String,
    /// `running`, `exited`, `auto-restart` ...
    pub sub: String,
    _following: String,
    /// Its object.
    pub path: OwnedObjectPath,
    _job_id: u32,
    _job_type: String,
    job: OwnedObjectPath,
}

impl Unit {
    /// The job that is under way.
    pub fn job(&self) -> Option<&str> {
        Some(self.job.as_str()).filter(|path| *path != "/")
    }
}

/// What systemd shall do with a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Start it.
    Start,
    /// Stop it.
    Stop,
    /// Reload it or, if it can not be reloaded, start it again; nothing if it does not run.
    Reload,
}

/// How a job has ended, in systemd's word: `done`, `failed`, `timeout`, `dependency` ...
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobResult(pub String);

impl Systemd {
    /// That of the system or, with `session`, that of the user.
    pub fn new(buses: &Buses, session: bool) -> Self {
        let bus = if session {
            &buses.session
        } else {
            &buses.system
        };
        Self { bus: bus.clone() }
    }

    /// The unit of this name, whether it is there or not.
    ///
    /// # Errors
    /// If systemd does not answer.
    pub async fn unit(&self, name: &str) -> Result<Unit, DbusError> {
        let operation = format!("look at the unit {name}");
        let units: Vec<Unit> = self
            .call(&operation, "ListUnitsByNames", &(vec![name],))
            .await?;
        units.into_iter().next().ok_or(DbusError::Call {
            operation,
            error: zbus::Error::InvalidReply,
        })
    }

    /// Whether the unit is started at boot, in systemd's word, as it is on the disk now; nothing if there is
    /// no file of that name.
    ///
    /// # Errors
    /// If systemd does not answer.
    pub async fn unit_file_state(&self, name: &str) -> Result<Option<String>, DbusError> {
        let operation = format!("find out whether {name} is enabled");
        let state = self.call(&operation, "GetUnitFileState", &(name,)).await;
        match state {
            Ok(state) => Ok(Some(state)),
            Err(error) => match error.name() {
                Some(
                    "org.freedesktop.DBus.Error.FileNotFound"
                    | "org.freedesktop.systemd1.NoSuchUnit",
                ) => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// The names of all unit files.
    ///
    /// # Errors
    /// If systemd does not answer.
    pub async fn unit_files(&self) -> Result<Vec<String>, DbusError> {
        let files: Vec<(String, String)> = self
            .call("list the unit files", "ListUnitFiles", &())
            .await?;
        let names = files
            .into_iter()
            .filter_map(|(path, _)| Some(path.rsplit_once('/')?.1.to_owned()));
        Ok(names.collect())
    }

    /// A property of a unit.
    ///
    /// # Errors
    /// If systemd does not answer.
    pub async fn property<R>(
        &self,
        unit: &Unit,
        interface: &'static str,
        property: &str,
    ) -> Result<R, DbusError>
    where
        R: TryFrom<OwnedValue>,
        R::Error: Into<zbus::zvariant::Error>,
    {
        let object = Object {
            bus: self.bus.clone(),
            service: SYSTEMD,
            path: unit.path.to_string(),
            interface,
        };
        patiently(|| object.get(property)).await
    }

    /// Reads all unit files again.
    ///
    /// # Errors
    /// If systemd does not answer or refuses.
    pub async fn reload(&self) -> Result<(), DbusError> {
        tracing::info!("systemd reads its unit files again");
        self.call("reload the unit files", "Reload", &()).await
    }

    /// Lets a unit be started at boot; gives whether it has what that takes, and whether anything was changed.
    ///
    /// # Errors
    /// If systemd does not answer or refuses.
    pub async fn enable(&self, unit: &str) -> Result<(bool, bool), DbusError> {
        let operation = format!("enable {unit}");
        let (installable, changes): (bool, Changes) = self
            .call(&operation, "EnableUnitFiles", &(vec![unit], false, true))
            .await?;
        Ok((installable, !changes.is_empty()))
    }

    /// Lets a unit not be started at boot; with `runtime`, only what holds until then is removed.
    ///
    /// # Errors
    /// If systemd does not answer or refuses.
    pub async fn disable(&self, unit: &str, runtime: bool) -> Result<(), DbusError> {
        let operation = format!("disable {unit}");
        let _: Changes = self
            .call(&operation, "DisableUnitFiles", &(vec![unit], runtime))
            .await?;
        Ok(())
    }

    /// Keeps what systemd knows of a unit until it is released, even if nobody else needs it.
    ///
    /// # Errors
    /// If systemd does not answer or refuses.
    pub async fn hold(&self, unit: &str) -> Result<(), DbusError> {
        let operation = format!("refer to {unit}");
        self.call(&operation, "RefUnit", &(unit,)).await
    }

    /// Ends this.
    ///
    /// # Errors
    /// If systemd does not answer or refuses.
    pub async fn release(&self, unit: &str) -> Result<(), DbusError> {
        let operation = format!("refer to {unit} no more");
        self.call(&operation, "UnrefUnit", &(unit,)).await
    }

    /// Has something done with a unit, and waits until it is.
    ///
    /// # Errors
    /// If systemd does not answer or refuses.
    pub async fn run(&self, verb: Verb, unit: &str) -> Result<JobResult, DbusError> {
        let mut jobs = self.jobs().await?;
        let operation = format!("{verb} {unit}");
        let method = match verb {
            Verb::Start => "StartUnit",
            Verb::Stop => "StopUnit",
            Verb::Reload => "ReloadOrTryRestartUnit",
        };
        let job: OwnedObjectPath = self.call(&operation, method, &(unit, MODE)).await?;
        jobs.finished(job.as_str(), &operation).await
    }

    /// Follows jobs from now on.
    ///
    /// # Errors
    /// If systemd does not answer.
    pub async fn jobs(&self) -> Result<Jobs, DbusError> {
        let removed = || vec![manager_signal("JobRemoved")];
        Ok(Jobs(patiently(|| self.bus.queue(removed())).await?))
    }

    /// Learns of what happens to a unit.
    ///
    /// # Errors
    /// If systemd does not answer.
    pub async fn watch_unit(&self, unit: &Unit) -> Result<SignalWatch, DbusError> {
        // A unit that nobody has loaded says nothing of itself, but its jobs are told of.
        self.watch(vec![
            Signals::properties(SYSTEMD, unit.path.as_str()),
            manager_signal("JobRemoved").argument(2, &unit.id),
        ])
        .await
    }

    /// Learns that unit files have changed, or were read again.
    ///
    /// # Errors
    /// If systemd does not answer.
    pub async fn watch_unit_files(&self) -> Result<SignalWatch, DbusError> {
        self.watch(vec![
            manager_signal("UnitFilesChanged"),
            manager_signal("Reloading"),
        ])
        .await
    }

    async fn watch(&self, signals: Vec<Signals>) -> Result<SignalWatch, DbusError> {
        patiently(|| self.bus.watch(signals.clone())).await
    }

    async fn call<A, R>(&self, operation: &str, method: &str, arguments: &A) -> Result<R, DbusError>
    where
        A: Serialize + DynamicType + Sync,
        R: DeserializeOwned + Type,
    {
        let manager = Object {
            bus: self.bus.clone(),
            service: SYSTEMD,
            path: MANAGER_PATH.to_owned(),
            interface: MANAGER,
        };
        patiently(|| manager.call(operation, method, arguments)).await
    }
}

/// Once more, while systemd or the bus is just being started again.
async fn patiently<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, DbusError>
where
    F: Future<Output = Result<T, DbusError>>,
{
    for _ in 0..PAUSES {
        match attempt().await {
            Err(error) if is_away(&error) => {
                if !Path::new(RUNNING).is_dir() {
                    return Err(DbusError::NoSystemd);
                }
                tracing::debug!("{error}; once more");
                sleep(PAUSE).await;
            }
            result => return result,
        }
    }
    attempt().await
}

/// What was changed: for each link the sort of change, the link and where it leads.
type Changes = Vec<(String, String, String)>;

fn manager_signal(member: &'static str) -> Signals {
    Signals::new(SYSTEMD, MANAGER)
        .path(MANAGER_PATH)
        .member(member)
}

/// Whether systemd, or the bus, is just being started again, or does not run.
fn is_away(error: &DbusError) -> bool {
    error.is_lost()
        || (error.is_absent() && error.name() != Some("org.freedesktop.systemd1.NoSuchUnit"))
}

/// Tells how jobs end.
#[derive(Debug)]
pub struct Jobs(SignalQueue);

impl Jobs {
    /// Waits for the end of a job that was not done when following began, however long it takes.
    ///
    /// # Errors
    /// If the connection is lost.
    pub async fn finished(&mut self, job: &str, operation: &str) -> Result<JobResult, DbusError> {
        let tell = || tracing::info!("still waiting for systemd to {operation}");
        telling(self.removed(job), tell).await
    }

    async fn removed(&mut self, job: &str) -> Result<JobResult, DbusError> {
        loop {
            let message = self.0.next().await?;
            let body = message.body();
            let removed = body.deserialize::<(u32, zbus::zvariant::ObjectPath<'_>, &str, &str)>();
            if let Ok((_, path, _, result)) = removed
                && path.as_str() == job
            {
                return Ok(JobResult(result.to_owned()));
            }
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Reload => "reload or restart",
        })
    }
}
