//! What the daemon fwupd says of the firmware of devices (functions.md §22.5).

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::timeout;
use zbus::zvariant::OwnedValue;

use crate::dbus::{Bus, DbusError, Object, SignalWatch, Signals};

const FWUPD: &str = "org.freedesktop.fwupd";
/// The update of a device is done, but for a reboot.
const NEEDS_REBOOT: u32 = 4;
/// The daemon has to answer within this time: the end of the agent would wait for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells whenever the daemon says something, or comes or goes.
pub(super) async fn watch(bus: &Bus) -> Result<SignalWatch, DbusError> {
    let signals = vec![Signals::new(FWUPD, FWUPD), Signals::owner_of(FWUPD)];
    bus.watch(signals).await
}

/// Whether a device waits for a reboot; not if there is no bus, or no daemon that answers.
pub(super) async fn needs_reboot(bus: &Bus) -> bool {
    let daemon = Object {
        bus: bus.clone(),
        service: FWUPD,
        path: "/".to_owned(),
        interface: FWUPD,
    };
    let devices = daemon.call("list the devices", "GetDevices", &());
    let devices: Vec<HashMap<String, OwnedValue>> = match timeout(PATIENCE, devices).await {
        Ok(devices) => devices.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    devices.iter().any(|device| {
        let state = device.get("UpdateState");
        state.and_then(|state| u32::try_from(state).ok()) == Some(NEEDS_REBOOT)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_bus_nothing_waits() {
        let bus = Bus::new("test bus", "unix:path=/nonexistent/bus");
        assert!(!needs_reboot(&bus).await);
        assert!(watch(&bus).await.is_err());
    }
}
