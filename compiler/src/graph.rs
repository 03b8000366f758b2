//! What a program denotes at one instant: resources and the edges between them.

pub mod auto_edges;
mod compose;
mod format;
pub mod topology;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use ecow::EcoString;
use mgmt_grammar::span::Span;
use mgmt_stdlib::resource::{Meta, Params, ResourceDef, SetError};
use mgmt_stdlib::value::Value;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use rustc_hash::FxHashMap;

use crate::redact::{self, Masked};

pub use compose::Attach;
pub use format::{GraphFormat, Notes, format, format_dot, params_json};

/// Kind and name of a resource; printed as `kind[name]`, without [passwords](crate::redact) in the name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// `file`, `http:server:flag`.
    pub kind: EcoString,
    /// The name.
    pub name: EcoString,
}

impl Identity {
    /// The identity of that kind and name.
    pub fn new(kind: impl Into<EcoString>, name: impl Into<EcoString>) -> Self {
        Self {
            kind: kind.into(),
            name: name.into(),
        }
    }

    /// The name as it may be shown.
    pub fn shown_name(&self) -> Masked {
        Masked::from(self.name.as_str())
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.kind, redact::passwords(&self.name))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A declared resource.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Kind and name.
    pub identity: Identity,
    /// The parameters, typed as the kind declares them.
    pub params: Arc<dyn Params>,
    /// The meta parameters.
    pub meta: Meta,
    /// The values it receives.
    pub receives: Vec<Receive>,
    /// The statement that declared it.
    pub span: Option<Span>,
}

/// A value that travels from another resource into a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receive {
    /// The parameter, by its mcl name.
    pub param: EcoString,
    /// Who sends.
    pub sender: Identity,
    /// The sent value's mcl name.
    pub key: EcoString,
    /// The statement that connected the two.
    pub span: Option<Span>,
}

impl Resource {
    /// A resource that no program declares, with the default meta parameters.
    pub fn new(name: impl Into<EcoString>, params: impl Params) -> Self {
        Self {
            identity: Identity::new(params.kind(), name),
            params: Arc::new(params),
            meta: Meta::default(),
            receives: Vec::new(),
            span: None,
        }
    }

    /// A resource of any kind that is declared, for those who know it only by its name: the parameters are called as
    /// in mcl.
    ///
    /// ```
    /// use mgmt_compiler::graph::Resource;
    /// use mgmt_stdlib::catalog::Catalog;
    ///
    /// let catalog = Catalog::standard()?;
    /// let kind = catalog.resource("file").ok_or("there is no such kind")?;
    /// let resource = Resource::of_kind(kind, "/tmp/x", [("content", "hello\n".into())])?;
    /// assert_eq!(resource.identity.to_string(), "file[/tmp/x]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the kind has no such parameter, or a value does not fit.
    pub fn of_kind<'p>(
        kind: &ResourceDef,
        name: impl Into<EcoString>,
        params: impl IntoIterator<Item = (&'p str, Value)>,
    ) -> Result<Self, SetError> {
        let mut declared = (kind.new)();
        for (param, value) in params {
            declared.set(param, &value)?;
        }
        Ok(Self {
            identity: Identity::new(kind.kind, name),
            params: declared.into(),
            meta: Meta::default(),
            receives: Vec::new(),
            span: None,
        })
    }

    /// What differs from another declaration; nothing if one can stand for the other
    /// (typing-and-evaluation.md §8.5.4). Edges and received values do not count.
    pub fn differs(&self, other: &Self) -> Option<String> {
        if self.identity.kind != other.identity.kind {
            return Some("kind differs".to_owned());
        }
        if self.identity.name != other.identity.name {
            return Some("name differs".to_owned());
        }
        if !Arc::ptr_eq(&self.params, &other.params)
            && let Some(difference) = self.params.differs(&*other.params)
        {
            return Some(difference);
        }
        self.meta
            .differs(&other.meta)
            .map(|name| format!("Meta:{name} differs"))
    }
}

/// An order between two resources: the first runs before the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The label; `A -> B` unless somebody named it.
    pub name: EcoString,
    /// Whether a change of the first notifies the second.
    pub notify: bool,
}

/// Resources and edges. At most one edge per ordered pair; no cycles once built by the compiler.
#[derive(Clone, Debug, Default)]
pub struct ResourceGraph {
    graph: StableDiGraph<Arc<Resource>, Edge>,
    /// Non-hidden resources by identity.
    index: FxHashMap<Identity, NodeIndex>,
}

impl ResourceGraph {
    /// Adds a resource. A hidden one is not found by [`ResourceGraph::find`].
    pub fn add(&mut self, resource: Arc<Resource>) -> NodeIndex {
        let identity = (!resource.meta.hidden).then(|| resource.identity.clone());
        let node = self.graph.add_node(resource);
        if let Some(identity) = identity {
            self.index.insert(identity, node);
        }
        node
    }

    /// Replaces the resource at `node`, whose identity stays.
    pub fn replace(&mut self, node: NodeIndex, resource: Arc<Resource>) {
        if let Some(slot) = self.graph.node_weight_mut(node) {
            *slot = resource;
        }
    }

    /// Lets the edge between two resources order them only, without notifications.
    pub fn silence(&mut self, from: NodeIndex, to: NodeIndex) {
        if let Some(edge) = self.graph.find_edge(from, to) {
            self.graph[edge].notify = false;
        }
    }

    /// Removes a resource that is not hidden, with its edges.
    pub fn remove(&mut self, node: NodeIndex) {
        if let Some(resource) = self.graph.remove_node(node) {
            self.index.remove(&resource.identity);
        }
    }

    /// Removes the edge between the two, if there is one.
    pub fn disconnect(&mut self, from: NodeIndex, to: NodeIndex) {
        if let Some(edge) = self.graph.find_edge(from, to) {
            self.graph.remove_edge(edge);
        }
    }

    /// Orders `from` before `to`. An existing edge keeps its name; `notify` is or-ed.
    pub fn connect(&mut self, from: NodeIndex, to: NodeIndex, notify: bool) {
        if let Some(edge) = self.graph.find_edge(from, to) {
            self.graph[edge].notify |= notify;
        } else {
            let name = ecow::eco_format!(
                "{} -> {}",
                self.graph[from].identity,
                self.graph[to].identity
            );
            self.graph.add_edge(from, to, Edge { name, notify });
        }
    }

    /// How many identities the resources that are not hidden have: as many as there are of these, unless some share
    /// one.
    pub fn identities(&self) -> usize {
        self.index.len()
    }

    /// The non-hidden resource of that identity.
    pub fn find(&self, identity: &Identity) -> Option<NodeIndex> {
        self.index.get(identity).copied()
    }

    /// The graph itself.
    pub fn graph(&self) -> &StableDiGraph<Arc<Resource>, Edge> {
        &self.graph
    }

    /// The resources; those that were there from the beginning in the order they were added.
    pub fn resources(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.graph.node_weights()
    }

    /// Number of resources.
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// Whether there are no resources.
    pub fn is_empty(&self) -> bool {
        self.graph.node_count() == 0
    }

    /// One cycle, if there is any: each resource is ordered before the next, the last before the first.
    pub fn cycle(&self) -> Option<Vec<NodeIndex>> {
        let cyclic = petgraph::algo::kosaraju_scc(&self.graph)
            .into_iter()
            .find(|component| {
                component.len() > 1 || self.graph.contains_edge(component[0], component[0])
            })?;
        let members: BTreeSet<_> = cyclic.iter().copied().collect();
        let mut path = vec![*members.iter().next()?];
        loop {
            let last = *path.last()?;
            let next = self
                .graph
                .neighbors(last)
                .filter(|node| members.contains(node))
                .min()?;
            if let Some(start) = path.iter().position(|node| *node == next) {
                return Some(path.split_off(start));
            }
            path.push(next);
        }
    }
}
