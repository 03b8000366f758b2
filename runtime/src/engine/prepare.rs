//! What is checked and added before a graph may take over, while the former one still runs
//! (engine.md §2.3, steps 2 to 7).

mod adapt;
mod check;
mod last;
#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use mgmt_compiler::diagnostic::{Code, Diagnostic, Stage};
use mgmt_compiler::graph::{Identity, Resource, ResourceGraph, topology};
use mgmt_grammar::span::Span;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::time::Instant;

use self::last::{Last, Lore};
use super::metrics::{Metrics, Step};
use super::{autoedge, autogroup};
use crate::resource::{Member, Registry, Services};

/// A graph that may take over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prepared {
    pub(crate) vertices: Vec<PreparedVertex>,
    pub(crate) edges: Vec<PreparedEdge>,
    /// What somebody should look at.
    pub(crate) warnings: Vec<Problem>,
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

    /// Those of its parts that are not hidden.
    pub(crate) fn managed(&self) -> impl Iterator<Item = &Identity> {
        let managed = self.parts().filter(|part| !part.meta.hidden);
        managed.map(|part| &part.identity)
    }

    /// The resource and its members.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Arc<Resource>> {
        let members = self.members.iter().map(|member| &member.declared);
        std::iter::once(&self.declared).chain(members)
    }

    /// Whether a member may not change anything: since it is in noop, or somebody whose part it is (engine.md
    /// 1.12.5).
    pub(crate) fn forbids(&self, member: &PreparedMember) -> bool {
        let mut part = member;
        while !part.declared.meta.noop {
            // An owner is the resource itself, or another member.
            let known = |other: &PreparedMember| other.declared.identity.cmp(&part.owner);
            match self.members.binary_search_by(known) {
                Ok(owner) => part = &self.members[owner],
                Err(_) => return self.declared.meta.noop,
            }
        }
        true
    }

    /// Those of its parts that may change something.
    pub(crate) fn applied(&self) -> impl Iterator<Item = &Arc<Resource>> {
        let members = self.members.iter();
        let members = members.filter(|member| !self.forbids(member));
        let meta = &self.declared.meta;
        let applied = !meta.noop && !meta.hidden;
        let itself = applied.then_some(&self.declared);
        itself
            .into_iter()
            .chain(members.map(|member| &member.declared))
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// One reason why a graph can not take over, or why somebody should look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What `mgmtc explain` knows it by.
    pub code: Code,
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
    pub(crate) fn new(resource: &Resource, code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            identity: resource.identity.clone(),
            span: resource.span,
            message: message.into(),
            help: None,
        }
    }

    /// The reason for a refusal, as people are shown it.
    pub fn error(&self) -> Diagnostic {
        self.shown(Diagnostic::error(self.code, Stage::Interpret, self.text()))
    }

    /// What somebody should look at, as people are shown it.
    pub fn warning(&self) -> Diagnostic {
        self.shown(Diagnostic::warning(
            self.code,
            Stage::Interpret,
            self.text(),
        ))
    }

    fn text(&self) -> String {
        format!("{}: {}", self.identity, self.message)
    }

    fn shown(&self, diagnostic: Diagnostic) -> Diagnostic {
        let diagnostic = diagnostic.optional_help(self.help.clone());
        match self.span {
            Some(span) => diagnostic.at(span, "this resource"),
            None => diagnostic,
        }
    }
}

/// Makes graphs ready. It remembers the last one that was good, so that the next one costs what differs.
#[derive(Debug)]
pub(crate) struct Preparer {
    registry: Arc<Registry>,
    services: Services,
    metrics: Arc<Metrics>,
    last: Option<Last>,
}

impl Preparer {
    pub(crate) fn new(registry: Arc<Registry>, services: Services, metrics: Arc<Metrics>) -> Self {
        Self {
            registry,
            services,
            metrics,
            last: None,
        }
    }

    /// Checks a graph, applies what the deploy wants of all its resources, and adds what follows from them.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) async fn prepare(
        &mut self,
        graph: &ResourceGraph,
        overrides: Overrides,
    ) -> Result<Arc<Prepared>, Vec<Problem>> {
        if let Some(adapted) = self.adapt(graph, overrides).await {
            return adapted;
        }
        let (lore, prepared) = self.whole(graph, overrides).await?;
        let prepared = Arc::new(prepared);
        self.last = Some(Last::new(graph, overrides, lore, prepared.clone()));
        Ok(prepared)
    }

    /// Prepares a graph of which nothing is known. Gives what there is to remember, too.
    async fn whole(
        &self,
        graph: &ResourceGraph,
        overrides: Overrides,
    ) -> Result<(Lore, Prepared), Vec<Problem>> {
        let began = Instant::now();
        let mut problems: Vec<Problem> = graph
            .resources()
            .filter_map(|resource| check::validate(resource, &self.registry).err())
            .collect();
        problems.extend(check::duplicates(graph));
        problems.extend(check::receives(graph));
        problems.extend(check::exports(graph));
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut prepared = flatten(graph, overrides);
        add_sender_edges(&mut prepared);
        if let Some(problem) = check::cycle(&prepared) {
            return Err(vec![problem]);
        }
        let validated = Instant::now();
        self.metrics.step(Step::Validate, validated - began);
        let mut lore = Lore::default();
        if !overrides.skip_autoedges {
            let participants = autoedge::ask(&prepared, &self.registry, &self.services).await?;
            lore.some_refused = autoedge::add(&mut prepared, &participants);
            lore.learn_keys(&participants);
        }
        let ordered = Instant::now();
        self.metrics.step(Step::AutoEdge, ordered - validated);
        let vertices = prepared.vertices.iter();
        lore.applied = vertices.map(|vertex| vertex.declared.clone()).collect();
        if !overrides.skip_autogroup {
            (prepared, lore.may_group) = autogroup::group(prepared, &self.registry)?;
            if lore.may_group
                && let Some(problem) = check::cycle(&prepared)
            {
                // Only those are merged that have no path between them (engine.md 4.2.4).
                return Err(vec![problem]);
            }
        }
        self.metrics.step(Step::AutoGroup, ordered.elapsed());
        Ok((lore, prepared))
    }
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
    Prepared {
        vertices,
        edges,
        warnings: Vec::new(),
    }
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
