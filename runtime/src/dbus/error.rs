//! Why something could not be done over D-Bus.

use crate::resource::ResourceError;

/// Why something could not be done over D-Bus.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DbusError {
    /// There is no connection.
    #[error("can't reach {bus}: {source}{hint}")]
    Unreachable {
        /// Which bus, with its place.
        bus: String,
        /// What to do, to be read on after the reason; may be empty.
        hint: &'static str,
        /// Why.
        #[source]
        source: zbus::Error,
    },
    /// The connection was lost in the middle.
    #[error("the connection to D-Bus was lost")]
    Lost,
    /// Systemd is something else than the first process, or there is none.
    #[error("this machine does not run systemd")]
    NoSystemd,
    /// The service has answered with an error, or with something that is not understood.
    #[error("can't {operation}: {}", explain(error))]
    Call {
        /// What was tried: `start the unit a.service`.
        operation: String,
        /// What was answered.
        error: zbus::Error,
    },
}

impl DbusError {
    /// The name of the error with which the service has answered, such as
    /// `org.freedesktop.systemd1.NoSuchUnit`.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Call {
                error: zbus::Error::MethodError(name, ..),
                ..
            } => Some(name.as_str()),
            _ => None,
        }
    }

    /// Whether there is nobody to do it: no bus, or no such service on it.
    pub fn is_absent(&self) -> bool {
        const ABSENT: [&str; 4] = [
            "org.freedesktop.DBus.Error.ServiceUnknown",
            "org.freedesktop.DBus.Error.NameHasNoOwner",
            "org.freedesktop.DBus.Error.Spawn.ServiceNotFound",
            "org.freedesktop.systemd1.NoSuchUnit",
        ];
        match self {
            Self::Unreachable { .. } | Self::NoSystemd => true,
            Self::Lost => false,
            Self::Call { .. } => self.name().is_some_and(|name| ABSENT.contains(&name)),
        }
    }

    /// Whether it may be well with the next connection.
    pub fn is_lost(&self) -> bool {
        match self {
            Self::Lost => true,
            Self::Unreachable { .. } | Self::NoSystemd => false,
            Self::Call { error, .. } => {
                matches!(error, zbus::Error::InputOutput(_))
                    // The service has ended while it was at it.
                    || self.name() == Some("org.freedesktop.DBus.Error.NoReply")
            }
        }
    }
}

/// What a service has answered, in words.
pub(crate) fn explain(error: &zbus::Error) -> String {
    let zbus::Error::MethodError(name, text, _) = error else {
        return error.to_string();
    };
    let text = text.as_deref().unwrap_or(name.as_str());
    match name.as_str() {
        "org.freedesktop.DBus.Error.AccessDenied"
        | "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
        | "org.freedesktop.DBus.Error.AuthFailed" => {
            format!("{text}; that takes root, or a polkit rule that permits it")
        }
        _ => text.to_owned(),
    }
}

impl From<DbusError> for ResourceError {
    fn from(error: DbusError) -> Self {
        Self::Other(Box::new(error))
    }
}
