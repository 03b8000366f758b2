//! A function as declared: signature, docs, purity and implementation in one place.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{DiskTree, EmptyWorld, FileTree, Signature, Start, WorldEvent, WorldView};
use crate::types::FuncType;
use crate::value::Value;

/// A function of the library.
#[derive(Clone, Debug)]
pub struct FunctionDef {
    /// What must be imported for it, `""` if nothing: `fmt`, `net/http`.
    pub package: &'static str,
    /// Its name in the package.
    pub name: &'static str,
    /// One signature for each number of arguments that it accepts.
    pub signatures: Vec<Signature>,
    /// For those who hover over the name: the first sentence alone must be enough.
    pub doc: &'static str,
    /// On what its result depends.
    pub purity: Purity,
    /// The errors that `<|>` can catch, as texts for the manual; empty if there are none.
    pub catchable: &'static [&'static str],
    /// How a call is typed.
    pub inference: Inference,
    /// What it does.
    pub implementation: Implementation,
    /// Short programs for the manual; the tests run them.
    pub examples: &'static [Example],
}

/// A short use of a function.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// An expression.
    pub expr: &'static str,
    /// The text of its value (typing-and-evaluation.md §1.5).
    pub value: &'static str,
}

/// On what the result of a call depends (functions.md §1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purity {
    /// On the arguments alone. It may be called at compile time.
    Pure,
    /// On the arguments alone, but it may end the program, so it is never called early.
    Effect,
    /// On the machine or process, without an event when that changes.
    Snapshot,
    /// On something that has events.
    Source,
    /// It changes the function graph when it is called.
    Graph,
}

impl Purity {
    /// In the words of the manual.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Effect => "effect",
            Self::Snapshot => "snapshot",
            Self::Source => "source",
            Self::Graph => "graph",
        }
    }
}

/// How a call is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inference {
    /// By its signature.
    Signature,
    /// `fmt.printf`: by the verbs of a format that is known (typing-and-evaluation.md §3.7.2).
    Printf,
    /// A template and at most one argument of any type.
    Template,
    /// By its signature; and if a second argument is known, it is the text of the result's type.
    TypeText,
}

/// What a function does.
#[derive(Clone)]
pub enum Implementation {
    /// Computes from the arguments.
    Pure(fn(&[Value]) -> CallResult),
    /// Computes from the arguments and the types that were inferred for this call.
    Typed(fn(&FuncType, &[Value]) -> CallResult),
    /// Looks at the machine. Each live call in the program owns one [`Sampler`].
    Sampled(StartSampler),
    /// The evaluator knows how.
    Graph(GraphFunction),
}

/// Begins a live call of a function that looks at the machine.
pub type StartSampler = Arc<dyn Fn(&Start) -> Box<dyn Sampler> + Send + Sync>;

impl fmt::Debug for Implementation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pure(_) => "Pure",
            Self::Typed(_) => "Typed",
            Self::Sampled(_) => "Sampled",
            Self::Graph(_) => "Graph",
        })
    }
}

/// The functions that build function graphs (functions.md §12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum GraphFunction {
    Map,
    Filter,
    Reduce,
    Zip,
}

/// One live call of a function that looks at the machine.
///
/// The runtime calls it off the evaluator's thread: it may block.
pub trait Sampler: Send {
    /// The present value. Called first when the arguments are known, again when they change, and
    /// again after each event that [`Sampler::wake`] asked for.
    ///
    /// # Errors
    /// Catchable or fatal, as the function's entry says.
    fn call(&mut self, host: &dyn Host, args: &[Value]) -> CallResult;

    /// What wakes the function while its arguments are these. Asked before a call, so that no event falls
    /// between the two, and again after it.
    fn wake(&self, args: &[Value]) -> Vec<Wake>;

    /// A line of the command of [`Wake::Lines`], without its end, or that the command has ended. Each is followed
    /// by a call; while the command lives and has printed nothing there is none.
    fn line(&mut self, line: Option<Vec<u8>>) {
        let _ = line;
    }

    /// The command of [`Wake::Lines`] is another one now; nothing is known of it yet.
    fn restart(&mut self) {}
}

/// A simple [`Sampler`]: two functions without memory.
impl Sampler
    for (
        fn(&dyn Host, &[Value]) -> CallResult,
        fn(&[Value]) -> Vec<Wake>,
    )
{
    fn call(&mut self, host: &dyn Host, args: &[Value]) -> CallResult {
        (self.0)(host, args)
    }

    fn wake(&self, args: &[Value]) -> Vec<Wake> {
        (self.1)(args)
    }
}

/// What may make a [`Sampler`] give another value. The runtime multiplexes: all calls that wait for
/// one thing share one watch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Wake {
    /// Whenever the wall clock passes a multiple of this; 1 s wakes at each full second.
    Clock(Duration),
    /// At this time, once.
    At(Timestamp),
    /// At each local midnight.
    Midnight,
    /// Whenever something changes at this path: creation, content, replacement, removal. A relative one starts at the
    /// working directory.
    Path(PathBuf),
    /// Whenever a network interface, or an address of one, appears, changes or goes.
    Interfaces,
    /// Whenever the kernel says that a device of this subsystem has changed: `cpu`, `module`.
    Devices(&'static str),
    /// Whenever [`Host::local_value`] of this name changes.
    LocalValue(String),
    /// Whenever [`Host::http_response`] of this name changes.
    HttpResponse(String),
    /// Whenever the kernel's host name changes.
    KernelHostname,
    /// Whenever the daemon for firmware says something.
    Firmware,
    /// Whenever the shared state changes.
    World(WorldEvent),
    /// Whenever this shell command, which runs while the function lives, prints a line.
    Lines(Vec<u8>),
}

/// What a resource `http:client` has brought (functions.md §17.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpResponse {
    /// The HTTP status; 0 if nothing has happened yet, -1 after a failure of the engine.
    pub status: i64,
    /// Where the body is, if there is one.
    pub body: Option<PathBuf>,
}

/// What a function may ask of the process it runs in, so that a test can choose the answers. What an implementation
/// does not say is that of a machine of which nothing is known but its name and the time.
pub trait Host: Send + Sync {
    /// The identity of this agent (functions.md §28.1).
    fn hostname(&self) -> &str;
    /// The present time.
    fn now(&self) -> Timestamp;

    /// The local time zone.
    fn time_zone(&self) -> TimeZone {
        TimeZone::UTC
    }

    /// The command line, program name first.
    fn args(&self) -> Vec<String> {
        Vec::new()
    }

    /// The environment.
    fn env(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// The directory for what this agent keeps across restarts, if it may keep anything.
    fn state_dir(&self) -> Option<PathBuf> {
        None
    }

    /// What a resource last brought back into the program under this name, if anything.
    ///
    /// # Errors
    /// Why it can not be read.
    fn local_value(&self, name: &str) -> Result<Option<Value>, String> {
        let _ = name;
        Ok(None)
    }

    /// What the resource `http:client` of this name has brought.
    fn http_response(&self, name: &str) -> HttpResponse {
        let _ = name;
        HttpResponse::default()
    }

    /// Whether the firmware of a device waits for a reboot; not if nobody knows.
    ///
    /// # Errors
    /// Why it can not be told.
    fn firmware_needs_reboot(&self) -> Result<bool, String> {
        Ok(false)
    }

    /// The state that is shared with peers.
    fn world(&self) -> &dyn WorldView {
        &EmptyWorld
    }

    /// Whether nobody in this process has claimed the name before: for what may be there only once.
    fn claim(&self, name: &str) -> bool {
        let _ = name;
        true
    }

    /// The files that the program came with, if it came with any.
    fn program_files(&self) -> Option<&dyn FileTree> {
        None
    }

    /// What the entry point gives the program that it ships, by the full name of the function that the program
    /// asks it with ([`FunctionDef::option`]).
    fn option(&self, name: &str) -> Option<Value> {
        let _ = name;
        None
    }

    /// The directory that stands for `/` when a function reads a file.
    fn root(&self) -> &Path {
        Path::new("/")
    }

    /// Where a function finds the file that a program calls `path`; a relative one starts at the
    /// working directory.
    fn locate(&self, path: &Path) -> PathBuf {
        let bytes = path.as_os_str().as_bytes();
        let slashes = bytes.iter().take_while(|byte| **byte == b'/').count();
        if slashes == 0 {
            return path.to_owned();
        }
        // A slash at the end stays: only a directory is there then.
        self.root().join(OsStr::from_bytes(&bytes[slashes..]))
    }
}

/// The [`Host`] that is the running process.
#[derive(Clone, Debug, Default)]
pub struct SystemHost {
    /// See [`Host::hostname`].
    pub hostname: String,
    /// See [`Host::state_dir`].
    pub state_dir: Option<PathBuf>,
    /// See [`Host::program_files`].
    pub files: Option<DiskTree>,
    /// See [`Host::claim`].
    pub claims: Claims,
}

/// Names that were claimed. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Claims(Arc<Mutex<BTreeSet<String>>>);

impl Claims {
    /// See [`Host::claim`].
    pub fn claim(&self, name: &str) -> bool {
        let mut claimed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        claimed.insert(name.to_owned())
    }
}

impl Host for SystemHost {
    fn hostname(&self) -> &str {
        &self.hostname
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn time_zone(&self) -> TimeZone {
        TimeZone::system()
    }

    fn args(&self) -> Vec<String> {
        std::env::args_os()
            .map(|arg| arg.to_string_lossy().into_owned())
            .collect()
    }

    fn state_dir(&self) -> Option<PathBuf> {
        self.state_dir.clone()
    }

    fn claim(&self, name: &str) -> bool {
        self.claims.claim(name)
    }

    fn program_files(&self) -> Option<&dyn FileTree> {
        self.files.as_ref().map(|files| files as &dyn FileTree)
    }

    fn env(&self) -> Vec<(String, String)> {
        std::env::vars_os()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .collect()
    }
}

/// What a call gives.
pub type CallResult = Result<Value, CallError>;

/// Why a call gives no value (functions.md §1.5).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// What went wrong, in the user's terms; starts in lower case, has no final stop.
    pub message: String,
    /// Whether `<|>` may take over; if not, the program ends.
    pub catchable: bool,
}

impl CallError {
    /// An error that `<|>` can catch.
    pub fn catchable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            catchable: true,
        }
    }

    /// An error that ends the program.
    pub fn fatal(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            catchable: false,
        }
    }
}

impl FunctionDef {
    /// The name with its package in front: `fmt.printf`, `len`.
    pub fn full_name(&self) -> String {
        if self.package.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}.{}", self.package, self.name)
        }
    }

    /// The signature for this many arguments.
    pub fn signature(&self, args: usize) -> Option<&Signature> {
        self.signatures
            .iter()
            .find(|signature| signature.accepts(args))
    }

    /// Whether a call with known arguments may be computed at compile time.
    pub fn is_static(&self) -> bool {
        self.purity == Purity::Pure
    }
}
