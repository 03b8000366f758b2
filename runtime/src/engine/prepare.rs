//! What is checked and added before a graph may take over, while the former one still runs
//! (engine.md §2.3, steps 2 to 7).

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use mgmt_compiler::graph::{Identity, Resource, ResourceGraph, topology};
use mgmt_grammar::span::Span;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::time::Instant;

use super::metrics::{Metrics, Step};
use super::{autoedge, autogroup, confine};
use crate::resource::{Member, Registry, Services, not_implemented};

/// A graph that may take over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prepared {
    pub(crate) vertices: Vec<PreparedVertex>,
    pub(crate) edges: Vec<PreparedEdge>,
}

/// A resource that sits in the graph by itself.
#[derive(Clone, Debug)]
pub(crate) struct PreparedVertex {
    pub(crate) declared: Arc<Resource>,
    /// Those who run as a part of it, in the order of their identities.
    pub(crate) members: Vec<PreparedMember>,
    /// Whether it undoes a resource that has left the graph.
    pub(crate) reversal: bool,
}

/// A resource that runs as a part of another one.
#[derive(Clone, Debug)]
pub(crate) struct PreparedMember {
    pub(crate) declared: Arc<Resource>,
    /// Whose part it is; may be another member.
    pub(crate) owner: Identity,
}

impl PreparedMember {
    /// The member as its owner sees it.
    pub(crate) fn view(&self) -> Member {
        Member {
            identity: self.declared.identity.clone(),
            owner: self.owner.clone(),
            params: self.declared.params.clone(),
        }
    }
}

impl PreparedVertex {
    pub(crate) fn new(declared: Arc<Resource>) -> Self {
        Self {
            declared,
            members: Vec::new(),
            reversal: false,
        }
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.declared.identity
    }

    /// The resource and its members.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Arc<Resource>> {
        let members = self.members.iter().map(|member| &member.declared);
        std::iter::once(&self.declared).chain(members)
    }
}

impl Prepared {
    /// Every resource, members included.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.vertices.iter().flat_map(PreparedVertex::parts)
    }

    /// The edges as pairs of positions.
    pub(crate) fn pairs(&self) -> Vec<topology::Pair> {
        let edges = self.edges.iter();
        edges.map(|edge| (edge.from, edge.to)).collect()
    }
}

/// An edge between two of [`Prepared::vertices`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct PreparedEdge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) notify: bool,
}

/// What the deploy wants of all its resources.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) noop: bool,
    pub(crate) sema: Option<NonZeroU32>,
    pub(crate) skip_autoedges: bool,
    pub(crate) skip_autogroup: bool,
}

impl Overrides {
    /// The resource as the deploy wants it.
    pub(crate) fn apply(self, resource: &Arc<Resource>) -> Arc<Resource> {
        if !self.noop && self.sema.is_none() {
            return resource.clone();
        }
        let mut resource = Resource::clone(resource);
        resource.meta.noop |= self.noop;
        if let Some(count) = self.sema {
            resource.meta.sema.push(format!(":{count}"));
        }
        Arc::new(resource)
    }
}

/// One reason why a graph can not take over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The resource.
    pub identity: Identity,
    /// The statement that declared it.
    pub span: Option<Span>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.identity, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl Problem {
    pub(crate) fn new(resource: &Resource, message: impl Into<String>) -> Self {
        Self {
            identity: resource.identity.clone(),
            span: resource.span,
            message: message.into(),
            help: None,
        }
    }
}

/// Checks a graph, applies what the deploy wants of all its resources, and adds what follows from them.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) async fn prepare(
    graph: &ResourceGraph,
    registry: &Registry,
    services: &Services,
    overrides: Overrides,
    metrics: &Metrics,
) -> Result<Prepared, Vec<Problem>> {
    let began = Instant::now();
    let mut problems: Vec<Problem> = graph
        .resources()
        .filter_map(|resource| validate(resource, registry).err())
        .collect();
    problems.extend(duplicates(graph));
    problems.extend(receives(graph));
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut prepared = flatten(graph, overrides);
    add_sender_edges(&mut prepared);
    if let Some(problem) = cycle(&prepared) {
        return Err(vec![problem]);
    }
    let validated = Instant::now();
    metrics.step(Step::Validate, validated - began);
    if !overrides.skip_autoedges {
        let participants = autoedge::ask(&prepared, registry, services).await?;
        autoedge::add(&mut prepared, &participants);
    }
    let ordered = Instant::now();
    metrics.step(Step::AutoEdge, ordered - validated);
    if !overrides.skip_autogroup {
        prepared = autogroup::group(prepared, registry)?;
    }
    metrics.step(Step::AutoGroup, ordered.elapsed());
    Ok(prepared)
}

fn validate(resource: &Resource, registry: &Registry) -> Result<(), Problem> {
    let wrong = |message: &str| Err(Problem::new(resource, message));
    let identity = &resource.identity;
    if identity.kind.is_empty() {
        return wrong("the kind is empty");
    }
    if identity.name.is_empty() {
        return wrong("the name is empty");
    }
    if let Err(error) = resource.meta.validate() {
        return wrong(&error.to_string());
    }
    if identity.name.starts_with('$') && !resource.meta.dollar {
        return Err(Problem {
            help: Some("set `Meta:dollar` if that is what you mean".to_owned()),
            ..Problem::new(resource, "the name begins with `$`")
        });
    }
    if registry.traits(&identity.kind).is_none() {
        return wrong(&not_implemented(&identity.kind));
    }
    if resource.meta.hidden {
        return Ok(());
    }
    let validate = || resource.params.validate_all(&identity.name, &resource.meta);
    match confine("validate", validate) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(invalid)) => Err(Problem {
            help: invalid.help.clone(),
            ..Problem::new(resource, invalid.to_string())
        }),
        Err(panic) => wrong(&panic.to_string()),
    }
}

/// At most one resource that is not hidden may have an identity.
fn duplicates(graph: &ResourceGraph) -> Vec<Problem> {
    let mut seen = FxHashSet::default();
    graph
        .resources()
        .filter(|resource| !resource.meta.hidden && !seen.insert(&resource.identity))
        .map(|resource| Problem::new(resource, "is declared twice"))
        .collect()
}

fn receives(graph: &ResourceGraph) -> Vec<Problem> {
    let mut problems = Vec::new();
    for resource in graph.resources() {
        for (at, receive) in resource.receives.iter().enumerate() {
            if graph.find(&receive.sender).is_none() {
                let message = format!(
                    "receives `{}` from {}, which is not in the graph",
                    receive.param, receive.sender
                );
                problems.push(Problem::new(resource, message));
            }
            let clash = resource.receives[..at].iter().any(|other| {
                other.param == receive.param
                    && (other.sender != receive.sender || other.key != receive.key)
            });
            if clash {
                let message = format!("receives `{}` twice", receive.param);
                problems.push(Problem::new(resource, message));
            }
        }
    }
    problems
}

fn flatten(graph: &ResourceGraph, overrides: Overrides) -> Prepared {
    let inner = graph.graph();
    let mut vertices = Vec::with_capacity(inner.node_count());
    let mut position = FxHashMap::default();
    for node in inner.node_indices() {
        position.insert(node, vertices.len());
        vertices.push(PreparedVertex::new(overrides.apply(&inner[node])));
    }
    let edges = inner
        .edge_references()
        .map(|edge| PreparedEdge {
            from: position[&edge.source()],
            to: position[&edge.target()],
            notify: edge.weight().notify,
        })
        .collect();
    Prepared { vertices, edges }
}

/// A sender runs before its receivers, also if the front end did not say so.
fn add_sender_edges(prepared: &mut Prepared) {
    let receives = |vertex: &PreparedVertex| !vertex.declared.receives.is_empty();
    if !prepared.vertices.iter().any(receives) {
        return;
    }
    let by_identity: FxHashMap<&Identity, usize> = prepared
        .vertices
        .iter()
        .enumerate()
        .filter(|(_, vertex)| !vertex.declared.meta.hidden)
        .map(|(at, vertex)| (vertex.identity(), at))
        .collect();
    let mut present: FxHashSet<topology::Pair> = prepared.pairs().into_iter().collect();
    for (to, vertex) in prepared.vertices.iter().enumerate() {
        for receive in &vertex.declared.receives {
            if let Some(from) = by_identity.get(&receive.sender)
                && present.insert((*from, to))
            {
                prepared.edges.push(PreparedEdge {
                    from: *from,
                    to,
                    notify: false,
                });
            }
        }
    }
}

/// One cycle, if there is any.
fn cycle(prepared: &Prepared) -> Option<Problem> {
    let mut members: Vec<&Resource> = topology::cycle(prepared.vertices.len(), &prepared.pairs())?
        .into_iter()
        .map(|at| &*prepared.vertices[at].declared)
        .collect();
    let least = (0..members.len()).min_by_key(|at| &members[*at].identity)?;
    members.rotate_left(least);
    let first = members[0];
    let names: Vec<String> = members
        .iter()
        .chain([&first])
        .map(|member| member.identity.to_string())
        .collect();
    Some(Problem::new(
        first,
        format!("depends on itself: {}", names.join(" -> ")),
    ))
}
