//! The world of a host without peers: in this process, and kept across restarts (cluster-and-cli.md §2.10).

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mgmt_stdlib::catalog::{ExportFilter, Exported, WorldEvent, WorldView};
use tokio::sync::watch;

use super::journal::Journal;
use super::{Export, World};
use crate::resource::ResourceError;

const STRINGS: &str = "strings/";
const SCHEDULED: &str = "scheduler/schedule/";
const EXPORTED: &str = "exported/";

/// A world of one. Cheap to clone; clones are one world. Its file, if it has one, is read when it is first used.
#[derive(Clone, Debug)]
pub struct SoloWorld {
    hostname: Arc<str>,
    /// Nothing if it is in memory alone.
    path: Option<PathBuf>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Nothing before the first use.
    journal: Option<Journal>,
    entries: BTreeMap<String, String>,
    watches: HashMap<WorldEvent, watch::Sender<()>>,
}

impl SoloWorld {
    /// The world of a host, kept in a directory that need not exist.
    pub fn new(hostname: impl Into<Arc<str>>, directory: PathBuf) -> Self {
        Self {
            hostname: hostname.into(),
            path: Some(directory.join("journal")),
            state: Arc::default(),
        }
    }

    /// The world of a host that forgets it at the end: for tests, and for those who embed an engine.
    pub fn in_memory(hostname: impl Into<Arc<str>>) -> Self {
        Self {
            hostname: hostname.into(),
            path: None,
            state: Arc::default(),
        }
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, ResourceError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.journal.is_none()
            && let Some(path) = &self.path
        {
            let (journal, entries) = Journal::open(path.clone())?;
            state.journal = Some(journal);
            state.entries = entries;
        }
        Ok(state)
    }

    /// Whether anything was ever written; asking does not begin it.
    fn is_begun(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &self.path {
            Some(path) => state.journal.is_some() || path.exists(),
            None => true,
        }
    }

    fn set(&self, key: &str, value: Option<&str>) -> Result<bool, ResourceError> {
        Self::write(&mut *self.state()?, key, value)
    }

    fn write(state: &mut State, key: &str, value: Option<&str>) -> Result<bool, ResourceError> {
        if state.entries.get(key).map(String::as_str) == value {
            return Ok(false);
        }
        if let Some(journal) = &mut state.journal {
            journal.append(key, value)?;
        }
        match value {
            Some(value) => state.entries.insert(key.to_owned(), value.to_owned()),
            None => state.entries.remove(key),
        };
        if let Some(journal) = state.journal.as_mut().filter(|journal| journal.is_long())
            && journal.tidy(&state.entries).is_err()
        {
            // The next use opens it again, and tells if that fails.
            state.journal = None;
        }
        state.watches.retain(|_, watch| !watch.is_closed());
        for (event, watch) in &state.watches {
            if concerns(event, key) {
                watch.send_replace(());
            }
        }
        Ok(true)
    }

    fn read<T>(&self, read: impl FnOnce(&BTreeMap<String, String>) -> T) -> Result<T, String> {
        let state = self.state().map_err(|error| error.to_string())?;
        Ok(read(&state.entries))
    }

    fn export_key(&self, export: &Export) -> String {
        let Export { kind, name, to } = export;
        format!("{EXPORTED}{to}/{}/{kind}/{name}", self.hostname)
    }
}

/// Whether a change of a key is one that somebody waits for.
fn concerns(event: &WorldEvent, key: &str) -> bool {
    match event {
        WorldEvent::String(wanted) => key.strip_prefix(STRINGS) == Some(wanted),
        WorldEvent::Strings(namespace) => host_in(key, namespace).is_some(),
        WorldEvent::Scheduled(namespace) => key.strip_prefix(SCHEDULED) == Some(namespace),
        WorldEvent::Exported(kind) => parse_export(key).is_some_and(|it| it.kind == *kind),
    }
}

/// The host whose entry in a namespace a key is; deeper keys are none.
fn host_in<'k>(key: &'k str, namespace: &str) -> Option<&'k str> {
    let host = key
        .strip_prefix(STRINGS)?
        .strip_prefix(namespace)?
        .strip_prefix('/')?;
    (!host.is_empty() && !host.contains('/')).then_some(host)
}

/// A key of an exported resource, taken apart.
struct ExportKey<'k> {
    to: &'k str,
    from: &'k str,
    kind: &'k str,
    name: &'k str,
}

fn parse_export(key: &str) -> Option<ExportKey<'_>> {
    let mut parts = key.strip_prefix(EXPORTED)?.splitn(4, '/');
    Some(ExportKey {
        to: parts.next()?,
        from: parts.next()?,
        kind: parts.next()?,
        name: parts.next()?,
    })
}

impl WorldView for SoloWorld {
    fn string(&self, key: &str) -> Result<Option<String>, String> {
        self.read(|entries| entries.get(&format!("{STRINGS}{key}")).cloned())
    }

    fn strings(&self, namespace: &str) -> Result<BTreeMap<String, String>, String> {
        let of_host = |(key, value): (&String, &String)| {
            Some((host_in(key, namespace)?.to_owned(), value.clone()))
        };
        self.read(|entries| entries.iter().filter_map(of_host).collect())
    }

    fn scheduled(&self, namespace: &str) -> Result<Vec<String>, String> {
        let hosts =
            self.read(|entries| entries.get(&format!("{SCHEDULED}{namespace}")).cloned())?;
        let hosts = hosts.unwrap_or_default();
        Ok(hosts
            .split(',')
            .filter(|host| !host.is_empty())
            .map(str::to_owned)
            .collect())
    }

    fn exported(&self, filters: &[ExportFilter]) -> Result<Vec<Exported>, String> {
        let visible = |(key, data): (&String, &String)| {
            let key = parse_export(key)?;
            let found = Exported {
                kind: key.kind.to_owned(),
                name: key.name.to_owned(),
                host: key.from.to_owned(),
                data: data.clone(),
            };
            let mine = key.to == "*" || *key.to == *self.hostname;
            let wanted = filters.iter().any(|filter| filter.matches(&found));
            (mine && wanted).then_some(found)
        };
        let mut found: Vec<_> =
            self.read(|entries| entries.iter().filter_map(visible).collect())?;
        found.sort();
        // To this host and to all is the same to this host.
        found.dedup_by(|a, b| (&a.kind, &a.name, &a.host) == (&b.kind, &b.name, &b.host));
        Ok(found)
    }
}

impl World for SoloWorld {
    fn set_string(&self, key: &str, value: Option<&str>) -> Result<bool, ResourceError> {
        self.set(&format!("{STRINGS}{key}"), value)
    }

    fn replace_string(
        &self,
        key: &str,
        expected: Option<&str>,
        value: Option<&str>,
    ) -> Result<bool, ResourceError> {
        let key = format!("{STRINGS}{key}");
        let mut state = self.state()?;
        if state.entries.get(&key).map(String::as_str) != expected {
            return Ok(false);
        }
        Self::write(&mut state, &key, value)?;
        Ok(true)
    }

    fn set_own_string(&self, namespace: &str, value: Option<&str>) -> Result<bool, ResourceError> {
        self.set(&format!("{STRINGS}{namespace}/{}", self.hostname), value)
    }

    fn export(&self, export: &Export, data: &str) -> Result<bool, ResourceError> {
        self.set(&self.export_key(export), Some(data))
    }

    fn withdraw(&self, export: &Export) -> Result<bool, ResourceError> {
        self.set(&self.export_key(export), None)
    }

    fn exports(&self) -> Result<Vec<Export>, ResourceError> {
        if !self.is_begun() {
            return Ok(Vec::new());
        }
        let state = self.state()?;
        let own = |key: &String| {
            let key = parse_export(key)?;
            (*key.from == *self.hostname).then(|| Export {
                kind: key.kind.to_owned(),
                name: key.name.to_owned(),
                to: key.to.to_owned(),
            })
        };
        Ok(state.entries.keys().filter_map(own).collect())
    }

    fn take_part(&self, namespace: &str, takes_part: bool) -> Result<bool, ResourceError> {
        let chosen = takes_part.then_some(&*self.hostname);
        self.set(&format!("{SCHEDULED}{namespace}"), chosen)
    }

    fn watch(&self, event: &WorldEvent) -> watch::Receiver<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let watch = state.watches.entry(event.clone()).or_default();
        watch.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(kind: &str, name: &str, to: &str) -> Export {
        Export {
            kind: kind.to_owned(),
            name: name.to_owned(),
            to: to.to_owned(),
        }
    }

    #[test]
    fn strings_are_kept_and_changes_told() {
        let directory = tempfile::tempdir().unwrap();
        let open = || SoloWorld::new("h1", directory.path().join("solo"));
        let world = open();
        let mut one = world.watch(&WorldEvent::String("ns/h1".to_owned()));
        let mut all = world.watch(&WorldEvent::Strings("ns".to_owned()));
        let mut other = world.watch(&WorldEvent::Strings("n".to_owned()));
        assert!(world.set_own_string("ns", Some("x")).unwrap());
        assert!(!world.set_own_string("ns", Some("x")).unwrap());
        for (watch, told) in [(&mut one, true), (&mut all, true), (&mut other, false)] {
            assert_eq!(watch.has_changed().unwrap(), told);
        }
        world.set_string("ns/h1/deep", Some("ignored")).unwrap();
        world.set_string("a", Some("1")).unwrap();
        assert!(!world.replace_string("a", Some("2"), Some("3")).unwrap());
        assert!(!world.replace_string("a", None, Some("3")).unwrap());
        assert_eq!(world.string("a").unwrap().as_deref(), Some("1"));
        assert!(world.replace_string("a", Some("1"), None).unwrap());
        let again = open();
        assert_eq!(again.string("a"), Ok(None));
        let hosts = BTreeMap::from([("h1".to_owned(), "x".to_owned())]);
        assert_eq!(again.strings("ns"), Ok(hosts));
    }

    #[test]
    fn a_world_in_memory_is_shared_by_its_clones() {
        let world = SoloWorld::in_memory("h1");
        let clone = world.clone();
        assert!(world.set_string("a", Some("1")).unwrap());
        assert_eq!(clone.string("a").unwrap().as_deref(), Some("1"));
        assert!(clone.export(&export("noop", "x", "*"), "{}").unwrap());
        assert_eq!(world.exports().unwrap(), [export("noop", "x", "*")]);
        assert_eq!(SoloWorld::in_memory("h1").string("a"), Ok(None));
    }

    #[test]
    fn exports_are_seen_by_whom_they_are_for() {
        let directory = tempfile::tempdir().unwrap();
        let world = SoloWorld::new("h1", directory.path().to_owned());
        let filter = |name: Option<&str>, host: Option<&str>| {
            [ExportFilter {
                kind: "file".to_owned(),
                name: name.map(str::to_owned),
                host: host.map(str::to_owned),
            }]
        };
        let mut watch = world.watch(&WorldEvent::Exported("file".to_owned()));
        for (kind, name, to) in [
            ("file", "/b/c", "*"),
            ("file", "/a", "h1"),
            ("file", "/a", "*"),
            ("file", "/secret", "h2"),
            ("noop", "x", "*"),
        ] {
            assert!(world.export(&export(kind, name, to), "{}").unwrap());
        }
        assert!(watch.has_changed().unwrap());
        watch.mark_unchanged();
        let names = |filter: &[ExportFilter]| {
            let found = world.exported(filter).unwrap();
            found.into_iter().map(|it| it.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&filter(None, None)), ["/a", "/b/c"]);
        assert_eq!(names(&filter(Some("/a"), Some("h1"))), ["/a"]);
        assert_eq!(names(&filter(Some("/a"), Some("h2"))), [""; 0]);
        assert_eq!(names(&[]), [""; 0]);
        assert_eq!(world.exports().unwrap().len(), 5);
        assert!(world.withdraw(&export("noop", "x", "*")).unwrap());
        assert!(!watch.has_changed().unwrap());
    }

    #[test]
    fn who_takes_part_alone_is_chosen() {
        let directory = tempfile::tempdir().unwrap();
        let world = SoloWorld::new("h1", directory.path().to_owned());
        assert_eq!(world.scheduled("ns"), Ok(Vec::new()));
        assert!(world.take_part("ns", true).unwrap());
        assert_eq!(world.scheduled("ns"), Ok(vec!["h1".to_owned()]));
        assert!(world.take_part("ns", false).unwrap());
        assert_eq!(world.scheduled("ns"), Ok(Vec::new()));
    }
}
