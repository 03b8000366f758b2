//! D-Bus: one connection to each bus for the whole process (resources-host.md §1.7).
//!
//! Method calls of all resources share the connection, and so do signals: one task reads them and wakes
//! those whom they concern. A [`SignalWatch`] only learns that there was a signal, so that one who does not
//! listen for a while, such as a paused resource, holds up nobody; who needs the content takes a
//! [`SignalQueue`] for the time of one operation. The bus is asked for whole interfaces rather than for
//! single objects: there are limits on how much may be asked for.
//!
//! A connection that is lost is made again, with growing pauses, as long as anybody watches, and counts
//! as an event for all of them.
//!
//! Nothing has a time limit: a service that is stuck mostly comes back, and when it does not, the bus says that
//! it has gone. Whoever can not wait cancels, as `Meta:timeout` does. What takes long is [told](slow) once,
//! and one service that does not answer holds up nobody who needs another.

mod error;
mod object;
mod signals;
mod slow;
pub mod systemd;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use zbus::connection::Builder;
use zbus::message::Type;
use zbus::{Connection, MessageStream};

pub use error::DbusError;
pub(crate) use error::explain;
pub use object::Object;
pub use signals::{SignalQueue, SignalWatch, Signals};
use signals::{Subscribers, Wish};
pub(crate) use slow::telling;

/// How long to wait before a lost connection is made again, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// What people call the bus of a user.
const SESSION_BUS: &str = "session bus";

/// The buses of a machine. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Buses {
    /// That of the system.
    pub system: Bus,
    /// That of the user who runs this process.
    pub session: Bus,
}

impl Buses {
    /// The usual places, as the environment of this process has them. It connects to nothing yet.
    pub fn from_env() -> Self {
        let env = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        let user = rustix::process::getuid().as_raw();
        let session = env("DBUS_SESSION_BUS_ADDRESS").unwrap_or_else(|| {
            let directory = env("XDG_RUNTIME_DIR").unwrap_or_else(|| format!("/run/user/{user}"));
            format!("unix:path={directory}/bus")
        });
        let system = env("DBUS_SYSTEM_BUS_ADDRESS")
            .unwrap_or_else(|| "unix:path=/run/dbus/system_bus_socket".to_owned());
        Self {
            system: Bus::new("system bus", system),
            session: Bus::new(SESSION_BUS, session),
        }
    }
}

/// A bus. Cheap to clone; clones share one connection, which is made at the first use.
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

struct Inner {
    /// What people call it.
    name: &'static str,
    address: String,
    /// Held only while a connection is made.
    link: tokio::sync::Mutex<Option<Arc<Link>>>,
    subscribers: Mutex<Subscribers>,
    /// Those who read the connections. They end with their owner.
    readers: Mutex<JoinSet<()>>,
}

/// A connection, and what was asked for on it.
struct Link {
    connection: Connection,
    /// Each is asked for by one, and all who need it wait for that.
    granted: Mutex<BTreeMap<Wish, Arc<OnceCell<()>>>>,
    lost: CancellationToken,
}

impl Link {
    async fn grant(&self, wishes: &BTreeSet<Wish>) -> Result<(), DbusError> {
        for wish in wishes {
            let granted = Arc::clone(lock(&self.granted).entry(wish.clone()).or_default());
            let asked = granted.get_or_try_init(|| wish.ask(&self.connection));
            slow::answer(wish.service(), "listen to its signals", asked).await?;
        }
        Ok(())
    }
}

impl Bus {
    /// A bus with the name that people have for it, and its D-Bus address.
    pub fn new(name: &'static str, address: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            name,
            address: address.into(),
            link: tokio::sync::Mutex::new(None),
            subscribers: Mutex::default(),
            readers: Mutex::default(),
        }))
    }

    /// Learns of signals: all that come after this is ready, and the loss of the connection.
    ///
    /// # Errors
    /// If the bus can not be reached or refuses.
    pub async fn watch(&self, signals: Vec<Signals>) -> Result<SignalWatch, DbusError> {
        let wishes = signals::wishes(&signals);
        let watch = SignalWatch::new(self, signals);
        drop(self.connect(&wishes).await?);
        Ok(watch)
    }

    /// Takes signals with their content: all that come after this is ready, for as long as the
    /// connection holds. Only for a short time, since what is not taken is kept.
    ///
    /// # Errors
    /// If the bus can not be reached or refuses.
    pub async fn queue(&self, signals: Vec<Signals>) -> Result<SignalQueue, DbusError> {
        let wishes = signals::wishes(&signals);
        let queue = SignalQueue::new(self, signals);
        drop(self.connect(&wishes).await?);
        Ok(queue)
    }

    /// The connection, on which the wishes are granted.
    async fn connect(&self, wishes: &BTreeSet<Wish>) -> Result<Connection, DbusError> {
        let bus = format!("the {}", self.0.name);
        let link = slow::answer(bus, "connect", self.link()).await?;
        link.grant(wishes).await?;
        Ok(link.connection.clone())
    }

    async fn link(&self) -> Result<Arc<Link>, DbusError> {
        let mut slot = self.0.link.lock().await;
        if let Some(link) = slot.as_ref().filter(|link| !link.lost.is_cancelled()) {
            return Ok(Arc::clone(link));
        }
        let link = self.open().await?;
        Ok(Arc::clone(slot.insert(link)))
    }

    /// For the reader of a lost connection, whose type would otherwise contain itself.
    fn reconnect(self) -> BoxFuture<'static, Result<(), DbusError>> {
        async move {
            let wishes = self.subscribers().wishes();
            drop(self.connect(&wishes).await?);
            self.subscribers().notify_all();
            Ok(())
        }
        .boxed()
    }

    /// A new connection, on which nothing is granted.
    async fn open(&self) -> Result<Arc<Link>, DbusError> {
        let stream = self.stream().await?;
        let link = Arc::new(Link {
            connection: Connection::from(&stream),
            granted: Mutex::default(),
            lost: CancellationToken::new(),
        });
        let mut readers = lock(&self.0.readers);
        while readers.try_join_next().is_some() {}
        readers.spawn(read(Arc::downgrade(&self.0), stream, link.lost.clone()));
        Ok(link)
    }

    async fn stream(&self) -> Result<MessageStream, DbusError> {
        let hint = if self.0.name == SESSION_BUS {
            "; it is there while the user is logged in, or after `loginctl enable-linger USER`"
        } else {
            ""
        };
        let unreachable = |source| DbusError::Unreachable {
            bus: format!("the {} at `{}`", self.0.name, self.0.address),
            hint,
            source,
        };
        let builder = Builder::address(self.0.address.as_str()).map_err(unreachable)?;
        let connection = builder.build().await.map_err(unreachable)?;
        Ok(MessageStream::from(connection))
    }

    fn subscribers(&self) -> MutexGuard<'_, Subscribers> {
        lock(&self.0.subscribers)
    }
}

/// Hands signals on until the connection is lost, and then makes it again if anybody needs it.
async fn read(bus: Weak<Inner>, mut stream: MessageStream, lost: CancellationToken) {
    while let Some(Ok(message)) = stream.next().await {
        if message.message_type() != Type::Signal {
            continue;
        }
        let Some(bus) = bus.upgrade().map(Bus) else {
            return;
        };
        if signals::is_new_owner(&message) {
            // A service that knows nothing of what was asked of its predecessor.
            break;
        }
        bus.subscribers().deliver(&message);
    }
    lost.cancel();
    drop(stream);
    // Only of this connection: others may have made another one by the time of the second try.
    if let Some(bus) = bus.upgrade().map(Bus) {
        bus.subscribers().end_queues();
    }
    let (mut delay, longest) = RETRY;
    loop {
        let Some(bus) = bus.upgrade().map(Bus) else {
            return;
        };
        if bus.subscribers().is_empty() {
            return;
        }
        match bus.clone().reconnect().await {
            Ok(()) => return,
            Err(error) => tracing::debug!("{error}"),
        }
        drop(bus);
        sleep(delay).await;
        delay = longest.min(delay * 2);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bus").field(&self.0.address).finish()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::process::Stdio;

    use tokio::io::{AsyncBufReadExt, BufReader};
    use tokio::process::{Child, Command};
    use tokio::time::timeout;

    use super::systemd::SYSTEMD;
    use super::*;

    /// A bus of a test's own. It ends with this.
    pub(crate) struct PrivateBus {
        pub(crate) address: String,
        _daemon: Child,
    }

    impl PrivateBus {
        pub(crate) async fn start() -> Self {
            let mut daemon = Command::new("dbus-daemon")
                .args(["--session", "--nofork", "--print-address=1"])
                .stdout(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let mut address = String::new();
            let mut told = BufReader::new(daemon.stdout.take().unwrap());
            told.read_line(&mut address).await.unwrap();
            Self {
                address: address.trim().to_owned(),
                _daemon: daemon,
            }
        }
    }

    /// A service that takes every call and answers none.
    pub(crate) async fn never_answers(address: &str, name: &'static str) -> Connection {
        let builder = Builder::address(address).unwrap();
        let connection = builder.build().await.unwrap();
        connection.request_name(name).await.unwrap();
        connection
    }

    #[tokio::test]
    async fn what_is_refused_costs_one_connection() {
        let daemon = PrivateBus::start().await;
        let bus = Bus::new("test bus", &*daemon.address);
        for _ in 0..3 {
            // There is no systemd on it that would tell of its signals.
            let watch = bus
                .watch(vec![Signals::new(SYSTEMD, "org.example.X")])
                .await;
            assert!(watch.is_err());
        }
        assert_eq!(lock(&bus.0.readers).len(), 1);
        assert!(bus.subscribers().is_empty());
    }

    #[tokio::test]
    async fn one_that_does_not_answer_holds_up_no_other() {
        let daemon = PrivateBus::start().await;
        let _systemd = never_answers(&daemon.address, SYSTEMD).await;
        let bus = Bus::new("test bus", &*daemon.address);
        let mut stuck = Box::pin(bus.watch(vec![Signals::new(SYSTEMD, "org.example.X")]));
        // The first is always a step ahead, since it is polled first.
        let others = timeout(Duration::from_secs(10), async {
            let signals = Signals::new("org.example.Other", "org.example.Y");
            bus.watch(vec![signals]).await
        });
        tokio::select! {
            biased;
            answer = &mut stuck => panic!("nobody has answered: {answer:?}"),
            others = others => drop(others.unwrap().unwrap()),
        }
    }
}
