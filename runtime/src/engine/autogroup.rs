//! Automatic grouping: resources that can work together become one vertex (engine.md §4.2).

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::sync::Arc;

use mgmt_compiler::diagnostic::Code;
use mgmt_compiler::graph::{Identity, Resource};
use mgmt_stdlib::resource::Meta;
use rustc_hash::FxHashMap;
use tracing::{debug, info};

use super::confine;
use super::prepare::{Prepared, PreparedEdge, PreparedMember, PreparedVertex, Problem};
use crate::resource::Registry;
use mgmt_compiler::graph::topology::{Adjacency, Pair};

/// After so many steps no further partners are looked for: grouping is a help, not a duty, and must not hold
/// up a graph of many thousand resources that are ordered among each other.
const MOST_STEPS: usize = 30_000_000;

/// Lets resources that can work together run as one. Tells, too, whether it matters who comes before whom, since
/// there are some that could.
///
/// # Errors
/// If a member asks for what only a vertex can have.
pub(crate) fn group(
    prepared: Prepared,
    registry: &Registry,
) -> Result<(Prepared, bool), Vec<Problem>> {
    let candidates = candidates(&prepared, registry);
    let partners = Partners::new(&prepared, registry, &candidates);
    if !partners.any() {
        return Ok((prepared, false));
    }
    let mut merger = Merger::new(&prepared);
    for (at, candidate) in candidates.iter().enumerate() {
        if merger.is_absorbed(candidate.at) {
            continue;
        }
        let mut reach_known = false;
        for other in partners.of(at) {
            let other = &candidates[other];
            merger.steps += 1;
            let alike = candidate.class.is_some() && other.class == candidate.class;
            if merger.is_absorbed(other.at) || (alike && merger.owns(other.at)) {
                continue;
            }
            if !reach_known {
                merger.start_reach(candidate.at);
                reach_known = true;
            }
            if !merger.is_related(other.at) {
                merger.absorb(candidate.at, other.at);
            }
        }
        if merger.steps > MOST_STEPS {
            info!("the graph is too large to look for all partners");
            break;
        }
    }
    Ok((build(&prepared, &merger)?, true))
}

/// Whether the resource may become a part of another one, or another one a part of it.
pub(crate) fn takes_part(resource: &Resource, registry: &Registry) -> bool {
    let traits = registry.traits(&resource.identity.kind);
    !resource.meta.hidden
        && resource.meta.autogroup != Some(false)
        && traits.is_some_and(|traits| traits.groupable)
}

/// What members and owners of the same kind must have in common.
type Class<'p> = (&'p str, String, bool, Execution);

/// The meta parameters that say how a resource runs, with their values; a member can be kept from changing things
/// while its owner is not, so that `noop` is none of them.
type Execution = [(&'static str, Setting); 10];

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Setting {
    Is(bool),
    Number(i64),
    Bits(u64),
}

fn settings(meta: &Meta) -> Execution {
    use Setting::{Bits, Is, Number};
    [
        ("retry", Number(meta.retry.into())),
        ("retryreset", Is(meta.retryreset)),
        ("delay", Bits(meta.delay)),
        ("timeout", Bits(meta.timeout)),
        ("poll", Number(meta.poll.into())),
        ("limit", Bits(meta.limit.to_bits())),
        ("burst", Number(meta.burst)),
        ("reset", Is(meta.reset)),
        ("rewatch", Is(meta.rewatch)),
        ("realize", Is(meta.realize)),
    ]
}

struct Candidate<'p> {
    at: usize,
    /// Those of the same class may group.
    class: Option<Class<'p>>,
    leads: bool,
}

/// Those that may group at all, the deepest kinds first, and otherwise from the last to the first.
fn candidates<'p>(prepared: &'p Prepared, registry: &Registry) -> Vec<Candidate<'p>> {
    let mut candidates: Vec<_> = prepared
        .vertices
        .iter()
        .enumerate()
        .filter(|(_, vertex)| takes_part(&vertex.declared, registry))
        .map(|(at, vertex)| {
            let resource = &vertex.declared;
            let Identity { kind, name } = &resource.identity;
            let meta = &resource.meta;
            // Members keep no records of their own.
            let alone = !meta.export.is_empty() || meta.reverse == Some(true);
            let group = (!alone)
                .then(|| confine("group", || registry.group(name, &*resource.params)))
                .and_then(|group| group.ok().flatten());
            Candidate {
                at,
                leads: group.as_ref().is_some_and(|group| group.leads),
                class: group.map(|group| (kind.as_str(), group.key, meta.noop, settings(meta))),
            }
        })
        .collect();
    let identity = |candidate: &Candidate<'_>| prepared.vertices[candidate.at].identity();
    candidates.sort_by(|a, b| order(identity(a), identity(b)));
    candidates
}

fn order(a: &Identity, b: &Identity) -> Ordering {
    let depth = |identity: &Identity| identity.kind.split(':').count();
    depth(b)
        .cmp(&depth(a))
        .then_with(|| b.kind.split(':').cmp(a.kind.split(':')))
        .then_with(|| b.name.cmp(&a.name))
}

/// Who may become a part of whom, as far as the two alone are concerned. Candidates are known by their
/// position.
struct Partners<'p> {
    prepared: &'p Prepared,
    registry: &'p Registry,
    candidates: &'p [Candidate<'p>],
    classes: FxHashMap<&'p Class<'p>, Vec<usize>>,
    /// By the first word of the kind, if there are several such kinds.
    families: FxHashMap<&'p str, Vec<usize>>,
}

impl<'p> Partners<'p> {
    fn new(
        prepared: &'p Prepared,
        registry: &'p Registry,
        candidates: &'p [Candidate<'p>],
    ) -> Self {
        let mut classes: FxHashMap<_, Vec<usize>> = FxHashMap::default();
        let mut families: FxHashMap<_, Vec<usize>> = FxHashMap::default();
        for (at, candidate) in candidates.iter().enumerate() {
            if let Some(class) = &candidate.class {
                classes.entry(class).or_default().push(at);
            }
            let kind = &prepared.vertices[candidate.at].identity().kind;
            families.entry(first_word(kind)).or_default().push(at);
        }
        let kind = |at: &usize| &prepared.vertices[candidates[*at].at].identity().kind;
        families.retain(|_, family| family.iter().any(|at| kind(at) != kind(&family[0])));
        Self {
            prepared,
            registry,
            candidates,
            classes,
            families,
        }
    }

    fn any(&self) -> bool {
        !self.families.is_empty() || self.classes.values().any(|class| class.len() > 1)
    }

    /// Those that may become a part of this one, in order.
    fn of(&self, at: usize) -> Vec<usize> {
        let candidate = &self.candidates[at];
        let mut partners: Vec<usize> = match &candidate.class {
            Some(class) if candidate.leads => self.classes[class].clone(),
            _ => Vec::new(),
        };
        let owner = &self.prepared.vertices[candidate.at].declared;
        let Identity { kind, name } = &owner.identity;
        if let Some(family) = self.families.get(first_word(kind)) {
            partners.extend(family.iter().filter(|other| {
                let member = &self.prepared.vertices[self.candidates[**other].at].declared;
                let may_own = || self.registry.may_own(name, &*owner.params, member);
                member.identity.kind != *kind && confine("may_own", may_own).unwrap_or(false)
            }));
            partners.sort_unstable();
        }
        partners.retain(|other| *other != at);
        partners
    }
}

fn first_word(kind: &str) -> &str {
    kind.split(':').next().unwrap_or(kind)
}

/// The graph while vertices become one. Vertices are known by their position in the graph.
struct Merger {
    children: Adjacency,
    parents: Adjacency,
    /// The vertex that each one is a part of now; itself if of none.
    owner: Vec<usize>,
    /// What each vertex has absorbed, in order.
    parts: Vec<Vec<usize>>,
    /// Whose part a member is in the first place.
    direct_owner: FxHashMap<usize, usize>,
    below: Marks,
    above: Marks,
    steps: usize,
}

impl Merger {
    fn new(prepared: &Prepared) -> Self {
        let count = prepared.vertices.len();
        let pairs = prepared.pairs();
        let turned: Vec<Pair> = pairs.iter().map(|(from, to)| (*to, *from)).collect();
        Self {
            children: Adjacency::new(count, &pairs),
            parents: Adjacency::new(count, &turned),
            owner: (0..count).collect(),
            parts: vec![Vec::new(); count],
            direct_owner: FxHashMap::default(),
            below: Marks::new(count),
            above: Marks::new(count),
            steps: 0,
        }
    }

    fn is_absorbed(&self, at: usize) -> bool {
        self.owner[at] != at
    }

    fn owns(&self, at: usize) -> bool {
        !self.parts[at].is_empty()
    }

    /// From here on [`Merger::is_related`] is about this vertex.
    fn start_reach(&mut self, at: usize) {
        self.below.clear();
        self.above.clear();
        self.extend_reach(at);
    }

    fn extend_reach(&mut self, from: usize) {
        self.steps += self
            .below
            .extend(from, &self.children, &self.owner, &self.parts);
        self.steps += self
            .above
            .extend(from, &self.parents, &self.owner, &self.parts);
    }

    /// Whether there is a path to or from it.
    fn is_related(&self, at: usize) -> bool {
        self.below.contains(at) || self.above.contains(at)
    }

    fn absorb(&mut self, owner: usize, member: usize) {
        // What is below or above the member is now below or above the owner.
        self.extend_reach(member);
        self.direct_owner.insert(member, owner);
        let parts = std::mem::take(&mut self.parts[member]);
        for part in std::iter::once(member).chain(parts) {
            self.owner[part] = owner;
            self.parts[owner].push(part);
        }
    }
}

/// A set of vertices that is emptied at no cost.
struct Marks {
    marks: Vec<u32>,
    present: u32,
}

impl Marks {
    fn new(count: usize) -> Self {
        Self {
            marks: vec![0; count],
            present: 0,
        }
    }

    fn clear(&mut self) {
        self.present += 1;
    }

    fn contains(&self, at: usize) -> bool {
        self.marks[at] == self.present
    }

    /// Adds all that can be reached from a vertex; gives the number of steps.
    fn extend(
        &mut self,
        from: usize,
        next: &Adjacency,
        owner: &[usize],
        parts: &[Vec<usize>],
    ) -> usize {
        let mut steps = 0;
        let mut work = vec![from];
        while let Some(at) = work.pop() {
            for part in std::iter::once(&at).chain(&parts[at]) {
                for reached in next.of(*part) {
                    steps += 1;
                    let reached = owner[*reached];
                    if self.marks[reached] != self.present {
                        self.marks[reached] = self.present;
                        work.push(reached);
                    }
                }
            }
        }
        steps
    }
}

/// The graph after the mergers. Where two edges become one, it notifies if either did.
fn build(prepared: &Prepared, merger: &Merger) -> Result<Prepared, Vec<Problem>> {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let mut position = vec![0usize; prepared.vertices.len()];
    let mut vertices: Vec<PreparedVertex> = Vec::new();
    for (at, vertex) in prepared.vertices.iter().enumerate() {
        if merger.is_absorbed(at) {
            continue;
        }
        position[at] = vertices.len();
        let mut vertex = vertex.clone();
        for part in &merger.parts[at] {
            let member = &prepared.vertices[*part].declared;
            let owner = &prepared.vertices[merger.direct_owner[part]].declared;
            debug!("{} runs as a part of {}", member.identity, owner.identity);
            problems.extend(unfit(member, owner));
            warnings.extend(ignored(member, &vertex.declared));
            unite_semaphores(&mut vertex.declared, member);
            vertex.members.push(PreparedMember {
                declared: member.clone(),
                owner: owner.identity.clone(),
            });
        }
        vertex
            .members
            .sort_by(|a, b| a.declared.identity.cmp(&b.declared.identity));
        vertices.push(vertex);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut present: FxHashMap<Pair, usize> = FxHashMap::default();
    let mut edges: Vec<PreparedEdge> = Vec::new();
    for edge in &prepared.edges {
        let from = position[merger.owner[edge.from]];
        let to = position[merger.owner[edge.to]];
        let known = *present.entry((from, to)).or_insert(edges.len());
        match edges.get_mut(known) {
            Some(known) => known.notify |= edge.notify,
            None => edges.push(PreparedEdge {
                from,
                to,
                notify: edge.notify,
            }),
        }
    }
    Ok(Prepared {
        vertices,
        edges,
        warnings,
    })
}

/// What a member of another kind can not have.
fn unfit(member: &Resource, owner: &Resource) -> Option<Problem> {
    let owner = &owner.identity;
    (member.meta.reverse == Some(true)).then(|| Problem {
        help: Some(format!(
            "leave `Meta:reverse` out: without it {owner} no longer has what it stands for"
        )),
        ..Problem::new(
            member,
            Code::REVERSED_PART,
            format!("can't be reversed, since it is a part of {owner}"),
        )
    })
}

/// What a member of another kind asks for in vain: what it leaves as it is by default is for its owner to say.
fn ignored(member: &Resource, vertex: &Resource) -> Option<Problem> {
    let wanted = settings(&member.meta);
    let others = settings(&vertex.meta)
        .into_iter()
        .zip(settings(&Meta::default()));
    let ignored: Vec<_> = wanted
        .into_iter()
        .zip(others)
        .filter(|(wanted, (given, default))| wanted != given && wanted != default)
        .map(|((name, _), _)| format!("`Meta:{name}`"))
        .collect();
    let (last, others) = ignored.split_last()?;
    let (names, have) = match others {
        [] => (last.clone(), "has"),
        others => (format!("{} and {last}", others.join(", ")), "have"),
    };
    let vertex = &vertex.identity;
    let text = format!("{names} {have} no effect, since it runs as a part of {vertex}");
    Some(Problem {
        help: Some(format!("say it of {vertex}, for all of its parts")),
        ..Problem::new(member, Code::IGNORED_META, text)
    })
}

fn unite_semaphores(owner: &mut Arc<Resource>, member: &Resource) {
    for id in &member.meta.sema {
        if !owner.meta.sema.contains(id) {
            Arc::make_mut(owner).meta.sema.push(id.clone());
        }
    }
}
