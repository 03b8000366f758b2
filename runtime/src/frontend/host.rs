//! The machine as the functions of a running program see it.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use mgmt_stdlib::catalog::{FileTree, Host, HttpResponse, SystemHost, WorldView};
use mgmt_stdlib::value::Value;
use tokio::runtime::Handle;

use crate::dbus::Bus;
use crate::http_responses::HttpResponses;
use crate::local_values::LocalValues;
use crate::world::World;

use super::{Given, firmware};

/// This process, with the directory and the values that it keeps.
#[derive(Clone)]
pub struct RunningHost {
    /// The process.
    pub system: SystemHost,
    /// The files that the program came with.
    pub files: Arc<dyn FileTree>,
    /// See [`Host::option`].
    pub given: Given,
    /// See [`Host::state_dir`].
    pub state_dir: Arc<std::path::Path>,
    /// What resources brought back.
    pub values: LocalValues,
    /// What downloads have brought.
    pub responses: HttpResponses,
    /// The state that is shared with peers.
    pub world: Arc<dyn World>,
    /// D-Bus, where the daemon for firmware is.
    pub system_bus: Bus,
}

impl Host for RunningHost {
    fn hostname(&self) -> &str {
        self.system.hostname()
    }

    fn now(&self) -> Timestamp {
        self.system.now()
    }

    fn time_zone(&self) -> TimeZone {
        self.system.time_zone()
    }

    fn args(&self) -> Vec<String> {
        self.system.args()
    }

    fn env(&self) -> Vec<(String, String)> {
        self.system.env()
    }

    fn claim(&self, name: &str) -> bool {
        self.system.claim(name)
    }

    fn state_dir(&self) -> Option<PathBuf> {
        Some(self.state_dir.to_path_buf())
    }

    fn local_value(&self, name: &str) -> Result<Option<Value>, String> {
        self.values.get(name).map_err(|error| error.to_string())
    }

    fn http_response(&self, name: &str) -> HttpResponse {
        self.responses.subscribe(name).borrow().clone()
    }

    fn firmware_needs_reboot(&self) -> Result<bool, String> {
        // The functions are called off the threads that must not block, but within the runtime.
        let Ok(runtime) = Handle::try_current() else {
            return Ok(false);
        };
        Ok(runtime.block_on(firmware::needs_reboot(&self.system_bus)))
    }

    fn world(&self) -> &dyn WorldView {
        &*self.world
    }

    fn program_files(&self) -> Option<&dyn FileTree> {
        Some(&*self.files)
    }

    fn option(&self, name: &str) -> Option<Value> {
        self.given.get(name).cloned()
    }
}
