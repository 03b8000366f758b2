//! What the tests of the functions share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::catalog::{
    CallResult, Catalog, Claims, DiskTree, ExportFilter, Exported, FileTree, FunctionDef, Host,
    HttpResponse, Implementation, Sampler, Start, WorldView,
};
use crate::value::Value;

/// A host with chosen answers.
pub(crate) struct TestHost {
    pub(crate) now: Timestamp,
    pub(crate) time_zone: TimeZone,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) root: PathBuf,
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) values: Vec<(String, Value)>,
    pub(crate) files: Option<DiskTree>,
    pub(crate) response: HttpResponse,
    pub(crate) world: TestWorld,
    pub(crate) options: Vec<(String, Value)>,
    pub(crate) claims: Claims,
}

impl Default for TestHost {
    fn default() -> Self {
        Self {
            now: Timestamp::UNIX_EPOCH,
            time_zone: TimeZone::UTC,
            args: vec!["mgmt".to_owned()],
            env: Vec::new(),
            root: PathBuf::from("/"),
            state_dir: None,
            values: Vec::new(),
            files: None,
            response: HttpResponse::default(),
            world: TestWorld::default(),
            options: Vec::new(),
            claims: Claims::default(),
        }
    }
}

impl Host for TestHost {
    fn hostname(&self) -> &str {
        "h1"
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn time_zone(&self) -> TimeZone {
        self.time_zone.clone()
    }

    fn args(&self) -> Vec<String> {
        self.args.clone()
    }

    fn env(&self) -> Vec<(String, String)> {
        self.env.clone()
    }

    fn state_dir(&self) -> Option<PathBuf> {
        self.state_dir.clone()
    }

    fn local_value(&self, name: &str) -> Result<Option<Value>, String> {
        let found = self.values.iter().find(|(have, _)| have == name);
        Ok(found.map(|(_, value)| value.clone()))
    }

    fn root(&self) -> &Path {
        &self.root
    }

    fn claim(&self, name: &str) -> bool {
        self.claims.claim(name)
    }

    fn http_response(&self, _: &str) -> HttpResponse {
        self.response.clone()
    }

    fn program_files(&self) -> Option<&dyn FileTree> {
        self.files.as_ref().map(|files| files as &dyn FileTree)
    }

    fn world(&self) -> &dyn WorldView {
        &self.world
    }

    fn option(&self, name: &str) -> Option<Value> {
        let found = self.options.iter().find(|(have, _)| have == name);
        found.map(|(_, value)| value.clone())
    }
}

/// A world with chosen contents.
#[derive(Default)]
pub(crate) struct TestWorld {
    pub(crate) strings: BTreeMap<String, String>,
    pub(crate) hosts: Vec<String>,
    pub(crate) exported: Vec<Exported>,
}

impl WorldView for TestWorld {
    fn string(&self, key: &str) -> Result<Option<String>, String> {
        Ok(self.strings.get(key).cloned())
    }

    fn strings(&self, namespace: &str) -> Result<BTreeMap<String, String>, String> {
        let prefix = format!("{namespace}/");
        let below = |(key, value): (&String, &String)| {
            Some((key.strip_prefix(&prefix)?.to_owned(), value.clone()))
        };
        Ok(self.strings.iter().filter_map(below).collect())
    }

    fn scheduled(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(self.hosts.clone())
    }

    fn exported(&self, filters: &[ExportFilter]) -> Result<Vec<Exported>, String> {
        let fits = |it: &&Exported| filters.iter().any(|filter| filter.matches(it));
        Ok(self.exported.iter().filter(fits).cloned().collect())
    }
}

/// It takes long to make for a property that is checked some hundred times.
static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::standard().unwrap());

fn find(name: &str) -> FunctionDef {
    let (package, name) = name.rsplit_once('.').unwrap_or(("", name));
    (**CATALOG.function(package, name).unwrap()).clone()
}

/// Calls a function by its full name; one that looks at the machine sees an empty [`TestHost`].
pub(crate) fn call(name: &str, args: &[Value]) -> CallResult {
    call_def(&find(name), args)
}

/// The same on a chosen machine.
pub(crate) fn call_on(host: &TestHost, name: &str, args: &[Value]) -> CallResult {
    sample(name).call(host, args)
}

/// One live call of a function that looks at the machine.
pub(crate) fn sample(name: &str) -> Box<dyn Sampler> {
    sample_at(name, &Start::default())
}

/// The same at a chosen place.
pub(crate) fn sample_at(name: &str, at: &Start) -> Box<dyn Sampler> {
    match &find(name).implementation {
        Implementation::Sampled(start) => start(at),
        other => panic!("{name} is {other:?}"),
    }
}

/// Calls a declared function.
pub(crate) fn call_def(def: &FunctionDef, args: &[Value]) -> CallResult {
    assert!(def.signature(args.len()).is_some(), "{}", def.full_name());
    match &def.implementation {
        Implementation::Pure(call) => call(args),
        Implementation::Sampled(start) => start(&Start::default()).call(&TestHost::default(), args),
        other => panic!("{} is {other:?}", def.full_name()),
    }
}

/// The message of an error that `<|>` can catch.
pub(crate) fn caught(result: CallResult) -> String {
    let error = result.unwrap_err();
    assert!(error.catchable, "{error}");
    error.message
}

/// The message of an error that ends the program.
pub(crate) fn fatal(result: CallResult) -> String {
    let error = result.unwrap_err();
    assert!(!error.catchable, "{error}");
    error.message
}
