//! What the kernel tells by netlink: changes of network interfaces, and of devices. One socket for each,
//! opened when somebody first asks, shared by all who wait.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with,
};
use tokio::io::unix::AsyncFd;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

/// RTMGRP_LINK, RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR.
const INTERFACE_GROUPS: u32 = 0x1 | 0x10 | 0x100;
/// The kernel's own messages, as opposed to those of the device manager.
const DEVICE_GROUPS: u32 = 1;
/// Messages that wait for a slow reader; one who lags is told that it missed some.
const QUEUED: usize = 64;

/// The kernel's events. Cheap to clone; the sockets close with the last clone.
#[derive(Clone, Debug, Default)]
pub struct KernelEvents(Arc<Mutex<Sockets>>);

#[derive(Debug, Default)]
struct Sockets {
    interfaces: Option<broadcast::Sender<()>>,
    devices: Option<broadcast::Sender<Option<Arc<str>>>>,
    /// Ends with its owner.
    readers: JoinSet<()>,
}

/// A wait for one sort of event. Events count from its creation on.
#[derive(Debug)]
pub enum KernelWatch {
    /// See [`KernelEvents::interfaces`].
    Interfaces(broadcast::Receiver<()>),
    /// See [`KernelEvents::devices`]. It is told the subsystem of each event, if that is known.
    Devices(&'static str, broadcast::Receiver<Option<Arc<str>>>),
}

impl KernelEvents {
    /// Waits for interfaces and addresses.
    ///
    /// # Errors
    /// If the kernel grants no socket.
    pub fn interfaces(&self) -> io::Result<KernelWatch> {
        let mut sockets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &sockets.interfaces {
            return Ok(KernelWatch::Interfaces(sender.subscribe()));
        }
        let socket = open(None, INTERFACE_GROUPS)?;
        let (sender, receiver) = broadcast::channel(QUEUED);
        let events = sender.clone();
        sockets.readers.spawn(read(socket, move |_| {
            // Nobody listening is fine.
            let _ = events.send(());
        }));
        sockets.interfaces = Some(sender);
        Ok(KernelWatch::Interfaces(receiver))
    }

    /// Waits for the devices of a subsystem.
    ///
    /// # Errors
    /// If the kernel grants no socket.
    pub fn devices(&self, subsystem: &'static str) -> io::Result<KernelWatch> {
        let mut sockets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &sockets.devices {
            return Ok(KernelWatch::Devices(subsystem, sender.subscribe()));
        }
        let socket = open(Some(KOBJECT_UEVENT), DEVICE_GROUPS)?;
        let (sender, receiver) = broadcast::channel(QUEUED);
        let events = sender.clone();
        sockets.readers.spawn(read(socket, move |message| {
            let _ = events.send(subsystem_of(message).map(Arc::from));
        }));
        sockets.devices = Some(sender);
        Ok(KernelWatch::Devices(subsystem, receiver))
    }
}

impl KernelWatch {
    /// Completes with the next event. Lost messages count as one.
    pub async fn changed(&mut self) {
        loop {
            let (closed, hit) = match self {
                Self::Interfaces(receiver) => match receiver.recv().await {
                    Err(broadcast::error::RecvError::Closed) => (true, false),
                    Ok(()) | Err(broadcast::error::RecvError::Lagged(_)) => (false, true),
                },
                Self::Devices(wanted, receiver) => match receiver.recv().await {
                    Err(broadcast::error::RecvError::Closed) => (true, false),
                    Err(broadcast::error::RecvError::Lagged(_)) => (false, true),
                    Ok(subsystem) => (false, subsystem.is_none_or(|it| *it == **wanted)),
                },
            };
            if hit {
                return;
            }
            if closed {
                std::future::pending::<()>().await;
            }
        }
    }
}

#[expect(
    deprecated,
    reason = "an owned descriptor meets what the unsafe replacement asks for"
)]
fn open(protocol: Option<Protocol>, groups: u32) -> io::Result<AsyncFd<OwnedFd>> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, protocol)?;
    bind(&socket, &SocketAddrNetlink::new(0, groups))?;
    AsyncFd::new(socket)
}

async fn read(socket: AsyncFd<OwnedFd>, mut event: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let Ok(mut ready) = socket.readable().await else {
            return;
        };
        let received = ready.try_io(|socket| {
            recv(socket, &mut buffer[..], RecvFlags::empty())
                .map(|(length, _)| length)
                .map_err(io::Error::from)
        });
        match received {
            Ok(Ok(length)) => event(&buffer[..length]),
            // The kernel dropped messages: something has changed.
            Ok(Err(error))
                if error.raw_os_error() == Some(rustix::io::Errno::NOBUFS.raw_os_error()) =>
            {
                event(&[]);
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(Err(_)) => return,
            Err(_would_block) => {}
        }
    }
}

/// The subsystem that a kernel message is about: `ACTION@PATH`, then `KEY=VALUE`s, each ended by a NUL.
fn subsystem_of(message: &[u8]) -> Option<&str> {
    message
        .split(|byte| *byte == 0)
        .find_map(|field| std::str::from_utf8(field).ok()?.strip_prefix("SUBSYSTEM="))
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn finds_the_subsystem() {
        let message =
            b"offline@/devices/system/cpu/cpu1\0ACTION=offline\0SUBSYSTEM=cpu\0SEQNUM=1\0";
        assert_eq!(subsystem_of(message), Some("cpu"));
        assert_eq!(subsystem_of(b""), None);
    }

    #[tokio::test]
    async fn lost_messages_may_have_been_about_any_device() {
        let (sender, receiver) = broadcast::channel(QUEUED);
        let mut watch = KernelWatch::Devices("cpu", receiver);
        sender.send(Some("net".into())).unwrap();
        assert!(watch.changed().now_or_never().is_none());
        sender.send(subsystem_of(&[]).map(Arc::from)).unwrap();
        assert!(watch.changed().now_or_never().is_some());
    }

    #[tokio::test]
    async fn sockets_are_shared() -> io::Result<()> {
        let events = KernelEvents::default();
        let _first = events.interfaces()?;
        let _second = events.interfaces()?;
        let readers = events.0.lock().map(|sockets| sockets.readers.len());
        assert_eq!(readers.ok(), Some(1));
        Ok(())
    }
}
