//! What a program sees of its peers (functions.md §26).

use std::collections::BTreeMap;

/// A resource that some host exported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exported {
    /// The kind.
    pub kind: String,
    /// The resource's name.
    pub name: String,
    /// Who exported it.
    pub host: String,
    /// Its parameters, as the exporting engine wrote them.
    pub data: String,
}

/// Which exported resources are asked for: one that any filter lets through. What is `None` lets all through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportFilter {
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: Option<String>,
    /// The host that exported it.
    pub host: Option<String>,
}

impl ExportFilter {
    /// Whether it lets a resource through.
    pub fn matches(&self, it: &Exported) -> bool {
        let fits = |wanted: &Option<String>, have: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == have)
        };
        self.kind == it.kind && fits(&self.name, &it.name) && fits(&self.host, &it.host)
    }
}

/// What the functions of a program ask of the state that is shared with peers. The errors are texts for people.
#[allow(clippy::missing_errors_doc)]
pub trait WorldView: Send + Sync {
    /// The string under a key, if there is one.
    fn string(&self, key: &str) -> Result<Option<String>, String>;

    /// What each host stored in a namespace.
    fn strings(&self, namespace: &str) -> Result<BTreeMap<String, String>, String>;

    /// The hosts that were chosen for a namespace, in the scheduler's order.
    fn scheduled(&self, namespace: &str) -> Result<Vec<String>, String>;

    /// The exported resources that this host may see, sorted by kind, name and host.
    fn exported(&self, filters: &[ExportFilter]) -> Result<Vec<Exported>, String>;
}

/// A change in the [`WorldView`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum WorldEvent {
    /// Of the string under a key.
    String(String),
    /// Of a namespace.
    Strings(String),
    /// Of what was decided for a namespace.
    Scheduled(String),
    /// Of the exported resources of a kind.
    Exported(String),
}

/// A world in which nobody has said anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct EmptyWorld;

impl WorldView for EmptyWorld {
    fn string(&self, _: &str) -> Result<Option<String>, String> {
        Ok(None)
    }

    fn strings(&self, _: &str) -> Result<BTreeMap<String, String>, String> {
        Ok(BTreeMap::new())
    }

    fn scheduled(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn exported(&self, _: &[ExportFilter]) -> Result<Vec<Exported>, String> {
        Ok(Vec::new())
    }
}
