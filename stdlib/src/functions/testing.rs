//! What the tests of the functions share.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::catalog::{CallResult, Catalog, FunctionDef, Host, Implementation, Sampler};
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
}

fn find(name: &str) -> FunctionDef {
    let (package, name) = name.rsplit_once('.').unwrap_or(("", name));
    let catalog = Catalog::standard().unwrap();
    (**catalog.function(package, name).unwrap()).clone()
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
    match find(name).implementation {
        Implementation::Sampled(start) => start(),
        other => panic!("{name} is {other:?}"),
    }
}

/// Calls a declared function.
pub(crate) fn call_def(def: &FunctionDef, args: &[Value]) -> CallResult {
    assert!(def.signature(args.len()).is_some(), "{}", def.full_name());
    match def.implementation {
        Implementation::Pure(call) => call(args),
        Implementation::Sampled(start) => start().call(&TestHost::default(), args),
        ref other => panic!("{} is {other:?}", def.full_name()),
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
