//! `hostname` is woken by systemd-hostnamed, by `/etc/hostname` and by the kernel. It compares the names
//! that are managed and sets those that differ, through hostnamed if there is one, and otherwise itself. It
//! leaves `/etc/hosts` alone.

mod files;
mod kernel;

use std::fmt;

use async_trait::async_trait;
use mgmt_stdlib::resources::hostname as declared;

use crate::dbus::{Bus, DbusError, Object, Signals};
use crate::resource::{Change, CheckContext, Outcome, Resource, ResourceError, WatchContext};
use kernel::KernelName;

const HOSTNAMED: &str = "org.freedesktop.hostname1";
const HOSTNAMED_PATH: &str = "/org/freedesktop/hostname1";

/// See [`declared::Hostname`].
pub(super) struct Hostname {
    name: String,
}

/// One of the names of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Pretty,
    Static,
    Transient,
}

/// Why a name could not be set through hostnamed.
#[derive(Debug, thiserror::Error)]
enum SetError {
    #[error(transparent)]
    Dbus(#[from] DbusError),
    #[error(transparent)]
    StaticWins(#[from] StaticWins),
}

impl From<SetError> for ResourceError {
    fn from(error: SetError) -> Self {
        Self::Other(Box::new(error))
    }
}

/// Setting the name does not help.
#[derive(Debug, thiserror::Error)]
#[error(
    "can't set the transient host name to `{wanted}`: systemd-hostnamed keeps the static one, `{fixed}`; \
     manage `static_hostname` too"
)]
struct StaticWins {
    wanted: String,
    fixed: String,
}

#[async_trait]
impl Resource for Hostname {
    type Params = declared::Hostname;

    fn new(name: &str, _params: &declared::Hostname) -> Self {
        Self {
            name: name.to_owned(),
        }
    }

    async fn watch(
        &self,
        _params: &declared::Hostname,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        tokio::select! {
            () = context.cancelled() => Ok(()),
            result = follow(context) => result,
        }
    }

    async fn check_apply(
        &self,
        params: &declared::Hostname,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let wanted = params.wanted(&self.name);
        let names = [
            (Which::Pretty, wanted.pretty),
            (Which::Static, wanted.fixed),
            (Which::Transient, wanted.transient),
        ];
        let check = async {
            let mut outcome = Outcome::Unchanged;
            for (which, wanted) in names {
                if let Some(wanted) = wanted {
                    outcome = outcome.and(check_apply_one(which, wanted, context).await?);
                }
            }
            Ok(outcome)
        };
        tokio::select! {
            () = context.cancelled() => Err(ResourceError::Cancelled),
            outcome = check => outcome,
        }
    }
}

async fn follow(context: &WatchContext) -> Result<(), ResourceError> {
    let files = [files::STATIC, files::PRETTY].map(|path| (path.into(), false));
    let mut files = context.services.paths.watch_all(files.to_vec()).await?;
    let mut kernel = KernelName::open()?;
    let signals = vec![Signals::properties(HOSTNAMED, HOSTNAMED_PATH)];
    // Without a bus, the files and the kernel tell all.
    let signals = match context.services.buses.system.watch(signals).await {
        Ok(signals) => Some(signals),
        Err(error) if error.is_absent() => None,
        Err(error) => return Err(error.into()),
    };
    let signalled = async || match &signals {
        Some(signals) => signals.changed().await,
        None => std::future::pending().await,
    };
    loop {
        context.event().await?;
        tokio::select! {
            changed = files.changed() => changed?,
            changed = kernel.changed() => changed?,
            () = signalled() => {}
        }
    }
}

async fn check_apply_one(
    which: Which,
    wanted: &str,
    context: &CheckContext,
) -> Result<Outcome, ResourceError> {
    let hostnamed = hostnamed(&context.services.buses.system);
    let (current, hostnamed) = match hostnamed.get::<String>(which.property()).await {
        Ok(current) => (current, Some(hostnamed)),
        Err(error) if is_absent(&error) => {
            tracing::debug!("{error}; reading the files instead");
            let read = move || files::read(which);
            (context.services.blocking.run(read).await?, None)
        }
        Err(error) => return Err(error.into()),
    };
    if current == wanted {
        return Ok(Outcome::Unchanged);
    }
    context.report(|| Change::Property {
        name: which.name(),
        old: current,
        new: wanted.to_owned(),
    });
    if !context.apply() {
        return Ok(Outcome::Changed);
    }
    match hostnamed {
        Some(hostnamed) => match set(&hostnamed, which, wanted).await {
            Err(SetError::Dbus(error)) if which != Which::Transient && is_mount(&error) => {
                tracing::debug!("{error}; writing the file in place");
                write(which, wanted, context).await?;
            }
            result => result?,
        },
        None => write(which, wanted, context).await?,
    }
    tracing::info!("set the {which} host name to `{wanted}`");
    Ok(Outcome::Changed)
}

async fn write(which: Which, wanted: &str, context: &CheckContext) -> Result<(), ResourceError> {
    let wanted = wanted.to_owned();
    let write = move || files::write(which, &wanted);
    context.services.blocking.run(write).await
}

async fn set(hostnamed: &Object, which: Which, wanted: &str) -> Result<(), SetError> {
    let operation = format!("set the {which} host name");
    // Nobody is there whom it could ask for a password.
    let arguments = (wanted, false);
    let () = hostnamed
        .call(&operation, which.setter(), &arguments)
        .await?;
    if which == Which::Transient && hostnamed.get::<String>(which.property()).await? != wanted {
        let error = StaticWins {
            wanted: wanted.to_owned(),
            fixed: hostnamed.get(Which::Static.property()).await?,
        };
        return Err(error.into());
    }
    Ok(())
}

/// Whether a file could not be replaced, since it is a mount of its own, as container managers make it.
fn is_mount(error: &DbusError) -> bool {
    error.name() == Some("System.Error.EBUSY")
}

fn hostnamed(bus: &Bus) -> Object {
    Object {
        bus: bus.clone(),
        service: HOSTNAMED,
        path: HOSTNAMED_PATH.to_owned(),
        interface: HOSTNAMED,
    }
}

/// Whether there is no hostnamed, which containers often have not.
fn is_absent(error: &DbusError) -> bool {
    error.is_absent() || error.name() == Some("org.freedesktop.systemd1.UnitMasked")
}

impl Which {
    fn name(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Static => "static",
            Self::Transient => "transient",
        }
    }

    fn property(self) -> &'static str {
        match self {
            Self::Pretty => "PrettyHostname",
            Self::Static => "StaticHostname",
            Self::Transient => "Hostname",
        }
    }

    fn setter(self) -> &'static str {
        match self {
            Self::Pretty => "SetPrettyHostname",
            Self::Static => "SetStaticHostname",
            Self::Transient => "SetHostname",
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
