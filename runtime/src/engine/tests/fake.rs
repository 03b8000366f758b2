//! A resource kind for tests: it does what its script says and writes down what was asked of it.

mod part;

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use mgmt_compiler::graph::{Identity, Receive, Resource as Declared, ResourceGraph};
use mgmt_grammar::span::{SourceId, Span};
use mgmt_stdlib::param::HostType;
use mgmt_stdlib::resource::{
    Declare, Invalid, Meta, ParamDef, Params, ResourceDef, SendDef, SetError, Traits, Validate,
};
use mgmt_stdlib::value::Value;
use petgraph::stable_graph::NodeIndex;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::atomic_write::AtomicWriter;
use crate::blocking::BlockingPool;
use crate::engine::{CommitReport, Engine, EngineConfig, SubmitOptions};
use crate::resource::{
    CheckContext, CheckMember, Group, InitContext, Outcome, Registry, Resource, ResourceError,
    Services, WatchContext,
};

pub(crate) use part::{Part, PartParams};

/// What the fakes of one test share.
#[derive(Debug)]
pub(crate) struct World {
    epoch: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    trace: Vec<Entry>,
    fakes: BTreeMap<String, Behaviour>,
    wakers: BTreeMap<String, Arc<Notify>>,
    /// How often each was validated.
    validations: BTreeMap<String, usize>,
}

/// How a fake behaves; by name, so that it survives replacement.
#[derive(Clone, Debug)]
pub(crate) struct Behaviour {
    /// How long a call takes.
    pub(crate) latency: Duration,
    /// How long a call goes on after it has changed something.
    pub(crate) aftermath: Duration,
    /// What the next calls give; then whatever is the case.
    pub(crate) script: VecDeque<Act>,
    /// Whether calls and watches end when they are told to.
    pub(crate) obedient: bool,
    /// Whether there is something to repair.
    pub(crate) broken: bool,
    /// Ends of the next watches, before their first event.
    pub(crate) watch_script: VecDeque<Act>,
    /// Whether a watch fails when it next sees something.
    pub(crate) watch_breaks: bool,
    /// How long a watch takes to end when it is told to.
    pub(crate) watch_lingers: Duration,
    /// What it sends.
    pub(crate) out: String,
    pub(crate) init: Option<Act>,
    pub(crate) cleanup: Option<Act>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            aftermath: Duration::ZERO,
            script: VecDeque::new(),
            obedient: true,
            broken: true,
            watch_script: VecDeque::new(),
            watch_breaks: false,
            watch_lingers: Duration::ZERO,
            out: String::new(),
            init: None,
            cleanup: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Fail,
    Panic,
    /// Returns without having done anything.
    Stop,
    /// Like the fake would without a script.
    Normal,
}

/// What happened, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: Duration,
    pub(crate) name: String,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Init,
    Watch,
    Check {
        apply: bool,
        refresh: bool,
        text: String,
        changed: bool,
    },
    /// Something was changed, by a call that goes on.
    Repaired,
    Checked(Option<Outcome>),
    Unwatch,
    Cleanup,
    Interrupt,
}

impl What {
    /// A word for it. Calls are `check`, with `?` if nothing may be changed and `!` if there is a
    /// notification; their ends are `changed`, `same` and `failed`.
    fn short(&self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Watch => "watch",
            Self::Check { apply: false, .. } => "check?",
            Self::Check { refresh: true, .. } => "check!",
            Self::Check { .. } => "check",
            Self::Checked(Some(Outcome::Changed)) => "changed",
            Self::Checked(Some(Outcome::Unchanged)) => "same",
            Self::Checked(None) => "failed",
            Self::Repaired => "repaired",
            Self::Unwatch => "unwatch",
            Self::Cleanup => "cleanup",
            Self::Interrupt => "interrupt",
        }
    }
}

impl World {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            epoch: Instant::now(),
            state: Mutex::default(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn note(&self, name: &str, what: What) {
        let entry = Entry {
            at: self.epoch.elapsed(),
            name: name.to_owned(),
            what,
        };
        self.lock().trace.push(entry);
    }

    /// Changes the behaviour of a fake.
    pub(crate) fn set(&self, name: &str, change: impl FnOnce(&mut Behaviour)) {
        change(self.lock().fakes.entry(name.to_owned()).or_default());
    }

    /// Breaks the subject from outside and lets its watch see it.
    pub(crate) fn break_it(&self, name: &str) {
        self.set(name, |fake| fake.broken = true);
        self.waker(name).notify_one();
    }

    /// Lets the watch see something.
    pub(crate) fn touch(&self, name: &str) {
        self.waker(name).notify_one();
    }

    fn waker(&self, name: &str) -> Arc<Notify> {
        self.lock()
            .wakers
            .entry(name.to_owned())
            .or_default()
            .clone()
    }

    pub(crate) fn trace(&self) -> Vec<Entry> {
        self.lock().trace.clone()
    }

    /// What the calls of a fake saw, and whether its text was new to them.
    pub(crate) fn texts(&self, name: &str) -> Vec<(String, bool)> {
        let trace = self.trace().into_iter();
        let of_it = trace.filter(|entry| entry.name == name);
        of_it
            .filter_map(|entry| match entry.what {
                What::Check { text, changed, .. } => Some((text, changed)),
                _ => None,
            })
            .collect()
    }

    /// What happened to one fake, in short: see [`What::short`].
    pub(crate) fn story(&self, name: &str) -> String {
        let state = self.lock();
        let words: Vec<_> = state
            .trace
            .iter()
            .filter(|entry| entry.name == name)
            .map(|entry| entry.what.short())
            .collect();
        words.join(" ")
    }

    /// Forgets what happened.
    pub(crate) fn forget(&self) {
        self.lock().trace.clear();
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.epoch.elapsed()
    }

    /// How often something happened to a fake.
    pub(crate) fn count(&self, name: &str, what: impl Fn(&What) -> bool) -> usize {
        self.lock()
            .trace
            .iter()
            .filter(|entry| entry.name == name && what(&entry.what))
            .count()
    }

    pub(crate) fn checks(&self, name: &str) -> usize {
        self.count(name, |what| matches!(what, What::Check { .. }))
    }

    /// The starts of the calls, with their times in milliseconds.
    pub(crate) fn starts(&self, name: &str) -> Vec<u128> {
        self.lock()
            .trace
            .iter()
            .filter(|entry| entry.name == name && matches!(entry.what, What::Check { .. }))
            .map(|entry| entry.at.as_millis())
            .collect()
    }

    fn validated(&self, name: &str) {
        let mut state = self.lock();
        *state.validations.entry(name.to_owned()).or_default() += 1;
    }

    pub(crate) fn validations(&self, name: &str) -> usize {
        self.lock().validations.get(name).copied().unwrap_or(0)
    }

    /// What the owner does for a member.
    fn check_member(&self, member: &CheckMember) {
        let name = &member.identity.name;
        let text = match member.params::<FakeParams>() {
            Some(params) => params.text.clone(),
            None => part::text(member).expect("a part"),
        };
        let check = What::Check {
            apply: member.apply(),
            refresh: false,
            text,
            changed: member.has_changed("text"),
        };
        self.note(name, check);
        let out = self.behaviour(name).out;
        member.send(vec![("out", Some(Value::str(out.as_str())))]);
    }

    fn behaviour(&self, name: &str) -> Behaviour {
        self.lock().fakes.get(name).cloned().unwrap_or_default()
    }
}

/// The parameters of a fake.
#[derive(Clone, Debug)]
pub(crate) struct FakeParams {
    world: Arc<World>,
    /// Can be received.
    pub(crate) text: String,
    /// Can be received; a check shows it behind the text.
    note: String,
}

impl FakeParams {
    pub(crate) fn new(world: &Arc<World>, text: &str) -> Self {
        Self {
            world: world.clone(),
            text: text.to_owned(),
            note: String::new(),
        }
    }
}

impl Params for FakeParams {
    fn kind(&self) -> &'static str {
        "fake"
    }
    fn set(&mut self, param: &str, value: &Value) -> Result<(), SetError> {
        match (param, value.as_str()) {
            ("text", Some(text)) => self.text = text.to_string_lossy().into_owned(),
            ("note", Some(text)) => self.note = text.to_string_lossy().into_owned(),
            ("text" | "note", None) => return Err(SetError::Misfit("not a str".to_owned())),
            _ => return Err(SetError::Unknown(param.to_owned())),
        }
        Ok(())
    }
    fn get(&self, param: &str) -> Option<Value> {
        match param {
            "text" if self.text == "unreadable" => panic_silently("get panicked"),
            "text" => Some(Value::str(self.text.as_str())),
            "note" => Some(Value::str(self.note.as_str())),
            _ => None,
        }
    }
    fn is_zero(&self, param: &str) -> bool {
        match param {
            "note" => self.note.is_empty(),
            _ => self.text.is_empty(),
        }
    }
    fn differs(&self, other: &dyn Params) -> Option<String> {
        match other.as_any().downcast_ref::<Self>() {
            Some(other) if other.text == self.text && other.note == self.note => None,
            _ => Some("the text differs".to_owned()),
        }
    }
    fn clone_box(&self) -> Box<dyn Params> {
        Box::new(self.clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl Validate for FakeParams {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        self.world.validated(name);
        match self.text.as_str() {
            "invalid" => Err(Invalid::param("text", "must not be `invalid`")),
            "panic" => panic!("asked for"),
            _ => Ok(()),
        }
    }
}

impl Declare for FakeParams {
    fn declare() -> ResourceDef {
        ResourceDef {
            kind: "fake",
            doc: "For tests.",
            params: [("text", "Text"), ("note", "Note")]
                .map(|(name, dump_name)| ParamDef {
                    name,
                    dump_name,
                    doc: "Can be received.",
                    ty: HostType::Str,
                    secret: false,
                })
                .into(),
            sends: vec![SendDef {
                name: "out",
                doc: "What the script says.",
                ty: HostType::Str,
            }],
            traits: Traits {
                refreshable: true,
                receives: true,
                groupable: true,
                ..Traits::default()
            },
            inside: None,
            new: || Box::new(FakeParams::new(&World::new(), "")),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Fake {
    name: String,
    world: Arc<World>,
    running: Mutex<bool>,
}

#[async_trait]
impl Resource for Fake {
    type Params = FakeParams;

    fn new(name: &str, params: &FakeParams) -> Self {
        Self {
            name: name.to_owned(),
            world: params.world.clone(),
            running: Mutex::new(false),
        }
    }

    fn group(_: &str, params: &FakeParams) -> Option<Group> {
        (params.text == "grouped").then(Group::with_all)
    }

    async fn init(&self, _: &FakeParams, _: &InitContext) -> Result<(), ResourceError> {
        match self.world.behaviour(&self.name).init {
            Some(Act::Fail) => return Err(ResourceError::message("init failed")),
            Some(Act::Panic) => panic_silently("init panicked"),
            _ => {}
        }
        self.world.note(&self.name, What::Init);
        Ok(())
    }

    async fn watch(&self, _: &FakeParams, context: &WatchContext) -> Result<(), ResourceError> {
        self.world.note(&self.name, What::Watch);
        let mut act = None;
        self.world
            .set(&self.name, |fake| act = fake.watch_script.pop_front());
        match act {
            Some(Act::Fail) => return Err(ResourceError::message("can not watch")),
            Some(Act::Panic) => panic_silently("watch panicked"),
            Some(Act::Stop) => return Ok(()),
            _ => {}
        }
        let waker = self.world.waker(&self.name);
        loop {
            if context.event().await.is_err() {
                break;
            }
            tokio::select! {
                () = context.cancelled() => break,
                () = waker.notified() => {}
            }
            let behaviour = self.world.behaviour(&self.name);
            if behaviour.watch_breaks {
                return Err(ResourceError::message("lost it"));
            }
            if !behaviour.obedient {
                std::future::pending::<()>().await;
            }
        }
        sleep(self.world.behaviour(&self.name).watch_lingers).await;
        self.world.note(&self.name, What::Unwatch);
        Ok(())
    }

    fn must_rewatch(&self, old: &FakeParams, new: &FakeParams) -> bool {
        new.text.starts_with("rewatch") && old.text != new.text
    }

    async fn check_apply(
        &self,
        params: &FakeParams,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        assert!(
            !std::mem::replace(&mut *self.running.lock().unwrap(), true),
            "two calls at once"
        );
        self.world.note(
            &self.name,
            What::Check {
                apply: context.apply(),
                refresh: context.refresh(),
                text: params.text.clone() + &params.note,
                changed: context.has_changed("text"),
            },
        );
        let mut behaviour = None;
        self.world.set(&self.name, |fake| {
            behaviour = Some((fake.clone(), fake.script.pop_front()));
        });
        let (fake, act) = behaviour.unwrap();
        let cancelled = tokio::select! {
            () = sleep(fake.latency) => false,
            () = context.cancelled(), if fake.obedient => true,
        };
        if !cancelled
            && fake.aftermath > Duration::ZERO
            && act.is_none()
            && fake.broken
            && context.apply()
        {
            self.world.set(&self.name, |fake| fake.broken = false);
            self.world.note(&self.name, What::Repaired);
            sleep(fake.aftermath).await;
        }
        *self.running.lock().unwrap() = false;
        let result = match act {
            _ if cancelled => Err(ResourceError::Cancelled),
            Some(Act::Fail) => Err(ResourceError::message("apply failed")),
            Some(Act::Panic) => {
                self.world.note(&self.name, What::Checked(None));
                panic_silently("apply panicked")
            }
            _ if fake.broken || context.refresh() => Ok(Outcome::Changed),
            _ => Ok(Outcome::Unchanged),
        };
        if result.is_ok() {
            context.send(vec![("out", Some(Value::str(fake.out.as_str())))]);
            for member in context.members() {
                self.world.check_member(member);
            }
            if context.apply() {
                self.world.set(&self.name, |fake| fake.broken = false);
            }
        }
        self.world
            .note(&self.name, What::Checked(result.as_ref().ok().copied()));
        result
    }

    fn interrupt(&self) {
        self.world.note(&self.name, What::Interrupt);
    }

    async fn cleanup(&self) -> Result<(), ResourceError> {
        self.world.note(&self.name, What::Cleanup);
        match self.world.behaviour(&self.name).cleanup {
            Some(Act::Fail) => Err(ResourceError::message("cleanup failed")),
            Some(Act::Panic) => panic_silently("cleanup panicked"),
            _ => Ok(()),
        }
    }
}

/// Builds graphs of fakes by name.
pub(crate) struct Graph {
    world: Arc<World>,
    pub(crate) graph: ResourceGraph,
    nodes: BTreeMap<String, NodeIndex>,
}

impl Graph {
    pub(crate) fn new(world: &Arc<World>) -> Self {
        Self {
            world: world.clone(),
            graph: ResourceGraph::default(),
            nodes: BTreeMap::new(),
        }
    }

    /// Adds fakes with default parameters.
    pub(crate) fn fakes(mut self, names: &[&str]) -> Self {
        for name in names {
            self = self.fake(name, "", Meta::default());
        }
        self
    }

    pub(crate) fn fake(self, name: &str, text: &str, meta: Meta) -> Self {
        self.receiver(name, text, meta, &[])
    }

    /// A fake that can be a part of another one.
    pub(crate) fn part(self, name: &str, owner: &str, text: &str, meta: Meta) -> Self {
        let params = PartParams::<false>::new(&self.world, owner, text);
        self.declare(name, Arc::new(params), meta, &[])
    }

    /// A fake that can be a part of a part.
    pub(crate) fn piece(self, name: &str, owner: &str, text: &str, meta: Meta) -> Self {
        let params = PartParams::<true>::new(&self.world, owner, text);
        self.declare(name, Arc::new(params), meta, &[])
    }

    /// `from` are senders whose `out` becomes the receiver's `text`.
    pub(crate) fn receiver(self, name: &str, text: &str, meta: Meta, from: &[&str]) -> Self {
        let mapping: Vec<_> = from.iter().map(|sender| ("text", *sender)).collect();
        self.mapped(name, text, meta, &mapping)
    }

    /// The same with the parameter that each sender's `out` becomes.
    pub(crate) fn mapped(self, name: &str, text: &str, meta: Meta, from: &[(&str, &str)]) -> Self {
        let params = FakeParams::new(&self.world, text);
        self.declare(name, Arc::new(params), meta, from)
    }

    /// A part that receives its text.
    pub(crate) fn receiving_part(self, name: &str, owner: &str, from: &str) -> Self {
        let params = PartParams::<false>::new(&self.world, owner, "");
        self.declare(name, Arc::new(params), Meta::default(), &[("text", from)])
    }

    fn declare(
        mut self,
        name: &str,
        params: Arc<dyn Params>,
        meta: Meta,
        from: &[(&str, &str)],
    ) -> Self {
        let place = u32::try_from(self.nodes.len()).expect("a small graph");
        let receives = from
            .iter()
            .map(|(param, sender)| Receive {
                param: (*param).into(),
                sender: Identity::new("fake", *sender),
                key: "out".into(),
                span: None,
            })
            .collect();
        let node = self.graph.add(Arc::new(Declared {
            identity: Identity::new(params.kind(), name),
            params,
            meta,
            receives,
            span: Some(Span::new(SourceId(0), place, place + 1)),
        }));
        self.nodes.insert(name.to_owned(), node);
        self
    }

    pub(crate) fn edge(self, from: &str, to: &str) -> Self {
        self.connect(from, to, false)
    }

    pub(crate) fn notify(self, from: &str, to: &str) -> Self {
        self.connect(from, to, true)
    }

    fn connect(mut self, from: &str, to: &str, notify: bool) -> Self {
        self.graph.connect(self.nodes[from], self.nodes[to], notify);
        self
    }
}

/// Services without threads, so that a test on a paused clock is the same each time.
pub(crate) fn services(prefix: &Path) -> Services {
    let mut services = Services::new("h1", "mgmt", prefix);
    services.blocking = BlockingPool::simulated();
    services.writer = AtomicWriter::simulated();
    services
}

/// A directory in memory, if there is such a place: thousands of cases must not wait for a disk.
pub(crate) fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let directory = tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir());
    directory.expect("a temporary directory")
}

/// A panic that is not printed: with its backtrace it would take longer than all else.
fn panic_silently(message: &'static str) -> ! {
    resume_unwind(Box::new(message))
}

/// The configuration of an engine that runs fakes and keeps nothing on disk.
pub(crate) fn config() -> EngineConfig {
    let mut registry = Registry::default();
    registry.add::<Fake>();
    registry.add::<Part<false>>();
    registry.add::<Part<true>>();
    EngineConfig {
        durable_notifications: false,
        ..EngineConfig::new(registry, services(Path::new("/nonexistent")))
    }
}

pub(crate) fn engine() -> Engine {
    Engine::new(config())
}

/// Meta parameters that differ from the defaults.
pub(crate) fn meta(change: impl FnOnce(&mut Meta)) -> Meta {
    let mut meta = Meta::default();
    change(&mut meta);
    meta
}

/// Submits a good graph.
pub(crate) async fn submit(engine: &Engine, graph: Graph) -> CommitReport {
    engine
        .submit(graph.graph, SubmitOptions::default())
        .await
        .expect("a good graph")
}

/// Lets that much time pass.
pub(crate) async fn pass(milliseconds: u64) {
    sleep(Duration::from_millis(milliseconds)).await;
}

/// Waits until nobody has anything to do.
pub(crate) async fn idle(engine: &Engine) {
    let mut status = engine.status();
    status
        .wait_for(|status| status.busy == 0 && !status.paused)
        .await
        .expect("the engine runs");
}
