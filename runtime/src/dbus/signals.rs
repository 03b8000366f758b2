//! Who wants to learn of which signals.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use slab::Slab;
use tokio::sync::{Notify, mpsc};
use zbus::message::Header;
use zbus::zvariant::{Structure, Value};
use zbus::{Connection, Message};

use super::systemd::SYSTEMD;
use super::{Bus, DbusError};

const DBUS: &str = "org.freedesktop.DBus";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// Some signals of a service; what is not said is any.
#[derive(Clone, Debug)]
pub struct Signals {
    service: &'static str,
    interface: &'static str,
    member: Option<&'static str>,
    path: Option<Box<str>>,
    argument: Option<(usize, Box<str>)>,
}

impl Signals {
    /// All signals of an interface of a service.
    pub fn new(service: &'static str, interface: &'static str) -> Self {
        Self {
            service,
            interface,
            member: None,
            path: None,
            argument: None,
        }
    }

    /// The changes of an object's properties.
    pub fn properties(service: &'static str, path: &str) -> Self {
        Self::new(service, PROPERTIES)
            .member("PropertiesChanged")
            .path(path)
    }

    /// That a service comes or goes.
    pub fn owner_of(service: &str) -> Self {
        Self::new(DBUS, DBUS)
            .member("NameOwnerChanged")
            .argument(0, service)
    }

    /// Only this signal.
    #[must_use]
    pub fn member(mut self, member: &'static str) -> Self {
        self.member = Some(member);
        self
    }

    /// Only of this object.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Only with this text as the argument of that number.
    #[must_use]
    pub fn argument(mut self, number: usize, text: &str) -> Self {
        self.argument = Some((number, text.into()));
        self
    }

    fn matches(&self, header: &Header<'_>, message: &Message) -> bool {
        header
            .interface()
            .is_some_and(|name| name.as_str() == self.interface)
            && self
                .member
                .is_none_or(|member| header.member().is_some_and(|name| name.as_str() == member))
            && self
                .path
                .as_deref()
                .is_none_or(|path| header.path().is_some_and(|p| p.as_str() == path))
            && self
                .argument
                .as_ref()
                .is_none_or(|(number, text)| has_argument(message, *number, text))
    }
}

fn has_argument(message: &Message, number: usize, text: &str) -> bool {
    let body = message.body();
    let Ok(arguments) = body.deserialize::<Structure<'_>>() else {
        return false;
    };
    match arguments.fields().get(number) {
        Some(Value::Str(argument)) => argument.as_str() == text,
        Some(Value::ObjectPath(argument)) => argument.as_str() == text,
        _ => false,
    }
}

/// What has to be asked for on a connection so that signals come.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wish {
    /// Of the bus: the signals of an interface of a service.
    Interface(&'static str, &'static str),
    /// Of the bus: that this service comes or goes.
    Owner(Box<str>),
    /// Of systemd, which otherwise keeps still (§1.8), and of the bus: to hear when another one takes over.
    Systemd,
}

impl Wish {
    /// Who has to answer.
    pub(super) fn service(&self) -> &'static str {
        match self {
            Self::Interface(..) | Self::Owner(_) => DBUS,
            Self::Systemd => SYSTEMD,
        }
    }

    pub(super) async fn ask(&self, connection: &Connection) -> Result<(), DbusError> {
        let failed = |error| DbusError::Call {
            operation: "listen to signals".to_owned(),
            error,
        };
        let rule = match self {
            Self::Interface(service, interface) => {
                format!("type='signal',sender='{service}',interface='{interface}'")
            }
            Self::Owner(service) => owner_rule(service),
            Self::Systemd => owner_rule(SYSTEMD),
        };
        connection
            .call_method(
                Some(DBUS),
                "/org/freedesktop/DBus",
                Some(DBUS),
                "AddMatch",
                &rule,
            )
            .await
            .map_err(failed)?;
        if *self == Self::Systemd {
            let manager = "org.freedesktop.systemd1.Manager";
            connection
                .call_method(
                    Some(SYSTEMD),
                    "/org/freedesktop/systemd1",
                    Some(manager),
                    "Subscribe",
                    &(),
                )
                .await
                .map_err(failed)?;
        }
        Ok(())
    }
}

fn owner_rule(service: &str) -> String {
    format!("type='signal',sender='{DBUS}',member='NameOwnerChanged',arg0='{service}'")
}

/// What has to be asked for so that these signals come.
pub(super) fn wishes<'a>(signals: impl IntoIterator<Item = &'a Signals>) -> BTreeSet<Wish> {
    let mut wishes = BTreeSet::new();
    for signals in signals {
        if signals.service == SYSTEMD {
            wishes.insert(Wish::Systemd);
        }
        wishes.insert(match &signals.argument {
            Some((0, service)) if signals.service == DBUS => Wish::Owner(service.clone()),
            _ => Wish::Interface(signals.service, signals.interface),
        });
    }
    wishes
}

/// Whether systemd was started again: only of it do we ask.
pub(super) fn is_new_owner(message: &Message) -> bool {
    let header = message.header();
    header
        .member()
        .is_some_and(|name| name.as_str() == "NameOwnerChanged")
        && header.sender().is_some_and(|name| name.as_str() == DBUS)
        && message
            .body()
            .deserialize::<(&str, &str, &str)>()
            .is_ok_and(|(name, _, new)| name == SYSTEMD && !new.is_empty())
}

/// All who want to learn of signals of a bus.
#[derive(Default)]
pub(super) struct Subscribers {
    all: Slab<Subscriber>,
    /// By the only object of interest, or none.
    by_path: FxHashMap<Option<Box<str>>, Vec<usize>>,
}

struct Subscriber {
    signals: Vec<Signals>,
    sink: Sink,
}

enum Sink {
    Hint(Arc<Notify>),
    Queue(mpsc::UnboundedSender<Message>),
    /// The connection was lost.
    Ended,
}

impl Subscribers {
    fn add(&mut self, signals: Vec<Signals>, sink: Sink) -> usize {
        let entry = self.all.vacant_entry();
        let id = entry.key();
        for one in &signals {
            let of_path = self.by_path.entry(one.path.clone()).or_default();
            if !of_path.contains(&id) {
                of_path.push(id);
            }
        }
        entry.insert(Subscriber { signals, sink });
        id
    }

    fn remove(&mut self, id: usize) {
        let Some(subscriber) = self.all.try_remove(id) else {
            return;
        };
        for one in subscriber.signals {
            if let Some(of_path) = self.by_path.get_mut(&one.path) {
                of_path.retain(|other| *other != id);
                if of_path.is_empty() {
                    self.by_path.remove(&one.path);
                }
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn wishes(&self) -> BTreeSet<Wish> {
        wishes(
            self.all
                .iter()
                .flat_map(|(_, subscriber)| &subscriber.signals),
        )
    }

    pub(super) fn deliver(&self, message: &Message) {
        let header = message.header();
        let path = header.path().map(|path| path.as_str().into());
        let of_path = path.as_ref().and_then(|_| self.by_path.get(&path));
        let of_any = self.by_path.get(&None);
        for id in of_path.into_iter().chain(of_any).flatten() {
            let Some(subscriber) = self.all.get(*id) else {
                continue;
            };
            if subscriber
                .signals
                .iter()
                .any(|signals| signals.matches(&header, message))
            {
                match &subscriber.sink {
                    Sink::Hint(notify) => notify.notify_one(),
                    // The other end may be about to go.
                    Sink::Queue(queue) => drop(queue.send(message.clone())),
                    Sink::Ended => {}
                }
            }
        }
    }

    pub(super) fn notify_all(&self) {
        for (_, subscriber) in &self.all {
            if let Sink::Hint(notify) = &subscriber.sink {
                notify.notify_one();
            }
        }
    }

    /// Signals may have been missed: who needs each of them has to start again.
    pub(super) fn end_queues(&mut self) {
        for (_, subscriber) in &mut self.all {
            if let Sink::Queue(_) = subscriber.sink {
                subscriber.sink = Sink::Ended;
            }
        }
    }
}

/// Learns that there were signals; dropping it ends that.
pub struct SignalWatch {
    notify: Arc<Notify>,
    _subscription: Subscription,
}

impl SignalWatch {
    pub(super) fn new(bus: &Bus, signals: Vec<Signals>) -> Self {
        let notify = Arc::new(Notify::new());
        Self {
            _subscription: Subscription::new(bus, signals, Sink::Hint(Arc::clone(&notify))),
            notify,
        }
    }

    /// Waits for the next signal, or for a new connection. Those since the last call count as one; none is
    /// lost if the call is dropped half-way.
    pub async fn changed(&self) {
        self.notify.notified().await;
    }
}

/// Takes signals; dropping it ends that.
pub struct SignalQueue {
    messages: mpsc::UnboundedReceiver<Message>,
    _subscription: Subscription,
}

impl SignalQueue {
    pub(super) fn new(bus: &Bus, signals: Vec<Signals>) -> Self {
        let (sender, messages) = mpsc::unbounded_channel();
        Self {
            messages,
            _subscription: Subscription::new(bus, signals, Sink::Queue(sender)),
        }
    }

    /// The next signal.
    ///
    /// # Errors
    /// If the connection was lost.
    pub async fn next(&mut self) -> Result<Message, DbusError> {
        self.messages.recv().await.ok_or(DbusError::Lost)
    }
}

struct Subscription {
    bus: Bus,
    id: usize,
}

impl Subscription {
    fn new(bus: &Bus, signals: Vec<Signals>, sink: Sink) -> Self {
        let id = bus.subscribers().add(signals, sink);
        Self {
            bus: bus.clone(),
            id,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.bus.subscribers().remove(self.id);
    }
}

impl fmt::Debug for SignalWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignalWatch")
    }
}

impl fmt::Debug for SignalQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignalQueue")
    }
}
