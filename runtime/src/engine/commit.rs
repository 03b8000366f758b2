//! From the running graph to the next one: what stays, what goes, what comes (engine.md §2.4).

use std::num::NonZeroUsize;
use std::sync::Arc;

use mgmt_compiler::graph::{self, Identity};
use rustc_hash::{FxHashMap, FxHashSet};

use super::confine;
use super::core::{Core, Mode};
use super::prepare::{Prepared, PreparedVertex};
use super::receive::Sender;
use super::scheduler::{NewEdge, VertexId};
use super::vertex::{Retries, Vertex};
use crate::resource::AnyResource;

/// What becomes of one resource of the new graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The very same one runs already, and goes on.
    Keep(VertexId),
    /// One that is equal, but for what it receives, runs already, and goes on as declared anew.
    Adopt(VertexId),
    /// It is new, or replaces one of the same identity.
    Add { replaces: Option<VertexId> },
}

impl Target {
    /// The running vertex that goes on.
    fn kept(&self) -> Option<VertexId> {
        match self {
            Self::Keep(vertex) | Self::Adopt(vertex) => Some(*vertex),
            Self::Add { .. } => None,
        }
    }
}

/// The difference between the running graph and a new one.
#[derive(Debug)]
pub(crate) struct Plan {
    /// For each resource of the new graph, in its order.
    pub(crate) targets: Vec<Target>,
    /// What runs, and is not kept.
    pub(crate) removed: Vec<VertexId>,
}

impl Plan {
    /// The resources that are new or replaced, in order.
    pub(crate) fn added<'p>(
        &self,
        prepared: &'p Prepared,
    ) -> impl Iterator<Item = &'p PreparedVertex> {
        let targets = prepared.vertices.iter().zip(&self.targets);
        targets
            .filter(|(_, target)| matches!(target, Target::Add { .. }))
            .map(|(new, _)| new)
    }

    /// The running vertices that go on.
    pub(crate) fn kept(&self) -> impl Iterator<Item = VertexId> {
        self.targets.iter().filter_map(Target::kept)
    }
}

/// A vertex in the graph that was committed last. Nearly all of the next one is told to be the same by this alone,
/// in the order of memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    vertex: VertexId,
    /// The address of its declaration, if that is all there is to it. The vertex keeps it from being that of another.
    plain: Option<NonZeroUsize>,
}

impl Placed {
    fn new(vertex: VertexId, declared: &PreparedVertex) -> Self {
        Self {
            vertex,
            plain: Self::address(declared),
        }
    }

    fn address(declared: &PreparedVertex) -> Option<NonZeroUsize> {
        let plain = declared.members.is_empty() && !declared.reversal;
        NonZeroUsize::new(Arc::as_ptr(&declared.declared).addr()).filter(|_| plain)
    }

    /// Whether the new resource is the very same one.
    fn is(&self, new: &PreparedVertex) -> bool {
        self.plain.is_some() && self.plain == Self::address(new)
    }
}

/// Goes through the running vertices, in the order of the graph that was committed last, beside those of a new
/// graph.
struct Walk<'c> {
    core: &'c Core,
    /// The next one to look at.
    at: usize,
    patience: usize,
}

impl<'c> Walk<'c> {
    /// How many that have gone in a row are passed over.
    const AHEAD: usize = 16;
    /// How often one is looked for that way. Nothing is lost with those that are not found here.
    const PATIENCE: usize = 4096;

    fn new(core: &'c Core) -> Self {
        Self {
            core,
            at: 0,
            patience: Self::PATIENCE,
        }
    }

    /// One that can stand for the new resource, if there is one near the place where it is expected.
    fn find(&mut self, new: &PreparedVertex) -> Option<Target> {
        for ahead in 0..=Self::AHEAD.min(self.patience) {
            self.patience -= ahead.min(1);
            let placed = self.core.order.get(self.at + ahead)?;
            let old = placed.vertex;
            let scheduler = &self.core.scheduler;
            if placed.is(new) && scheduler.contains(old) && !scheduler.is_failed(old) {
                self.at += ahead + 1;
                return Some(Target::Keep(old));
            }
            let old_state = self.core.vertex(old);
            if old_state.is_some_and(|it| it.declared.identity == *new.identity()) {
                self.at += ahead + 1;
                return self.core.stands_for(old, new);
            }
        }
        if self.patience == 0 {
            self.at += 1;
        }
        None
    }
}

/// The running vertices for which no new resource has been found yet, by identity. Hidden ones may share one.
struct Rest<'c>(FxHashMap<&'c Identity, Vec<VertexId>>);

impl<'c> Rest<'c> {
    fn new(core: &'c Core, kept: &[Option<Target>]) -> Self {
        let mut is_kept = vec![false; core.vertices.len()];
        for old in kept.iter().flatten().filter_map(Target::kept) {
            is_kept[old.index as usize] = true;
        }
        let mut rest: FxHashMap<_, Vec<VertexId>> = FxHashMap::default();
        let vertices = core.scheduler.vertices();
        for old in vertices.filter(|old| !is_kept[old.index as usize]) {
            if let Some(state) = core.vertex(old) {
                rest.entry(&state.declared.identity).or_default().push(old);
            }
        }
        Self(rest)
    }

    /// Takes out one that can stand for the new resource.
    fn take(&mut self, core: &Core, new: &PreparedVertex) -> Option<Target> {
        let same = self.0.get_mut(new.identity())?;
        let stands = |(at, old): (usize, &VertexId)| Some((at, core.stands_for(*old, new)?));
        let (at, target) = same.iter().enumerate().find_map(stands)?;
        same.remove(at);
        Some(target)
    }

    /// Whose place the new resource takes.
    fn replaced_by(&self, core: &Core, new: &PreparedVertex) -> Option<VertexId> {
        let hidden = |old: VertexId| core.vertex(old).is_none_or(|it| it.declared.meta.hidden);
        let mut same = self.0.get(new.identity())?.iter().copied();
        same.find(|old| !new.declared.meta.hidden && !hidden(*old))
    }

    /// All of them, in the order of their slots.
    fn vertices(&self) -> Vec<VertexId> {
        let mut vertices: Vec<_> = self.0.values().flatten().copied().collect();
        vertices.sort_unstable();
        vertices
    }
}

/// A resource object that was initialised.
pub(crate) struct NewObject {
    pub(crate) resource: Arc<dyn AnyResource>,
    pub(crate) refreshable: bool,
}

impl Core {
    /// Finds out what stays. Each running vertex can stand for one new resource only.
    pub(crate) fn plan(&self, prepared: &Prepared) -> Plan {
        // Most graphs are like the one before in most places.
        let mut walk = Walk::new(self);
        let new = prepared.vertices.iter();
        let mut kept: Vec<Option<Target>> = new.map(|new| walk.find(new)).collect();
        let mut rest = Rest::new(self, &kept);
        let open = |(new, kept)| matches!(kept, &mut None).then_some((new, kept));
        for (new, kept) in prepared.vertices.iter().zip(&mut kept).filter_map(open) {
            *kept = rest.take(self, new);
        }
        let targets = prepared.vertices.iter().zip(kept);
        let add = |new| Target::Add {
            replaces: rest.replaced_by(self, new),
        };
        Plan {
            targets: targets
                .map(|(new, kept)| kept.unwrap_or_else(|| add(new)))
                .collect(),
            removed: rest.vertices(),
        }
    }

    /// How the running vertex can go on as the new resource, if it can.
    fn stands_for(&self, old: VertexId, new: &PreparedVertex) -> Option<Target> {
        let state = self.vertex(old)?;
        if state.is_declared_by(new) {
            Some(Target::Keep(old))
        } else {
            Some(Target::Adopt(old))
        }
        .filter(|_| self.can_stand_for(old, state, new))
    }

    fn can_stand_for(&self, old: VertexId, state: &Vertex, new: &PreparedVertex) -> bool {
        if self.scheduler.is_failed(old)
            && (state.declared.meta.rewatch || new.declared.meta.rewatch)
        {
            return false;
        }
        let equal = |old: &Arc<graph::Resource>, new: &Arc<graph::Resource>| {
            Arc::ptr_eq(old, new)
                || confine("compare", || old.differs(new)).is_ok_and(|differs| differs.is_none())
        };
        state.reversal == new.reversal
            && state.members.len() == new.members.len()
            && equal(&state.declared, &new.declared)
            && state
                .members
                .iter()
                .zip(&new.members)
                .all(|(old, new)| old.owner == new.owner && equal(&old.declared, &new.declared))
    }

    /// The vertices that have to settle before the plan may be carried out (engine.md §2.7).
    pub(crate) fn unrealized(&self, plan: &Plan) -> Vec<VertexId> {
        plan.removed
            .iter()
            .copied()
            .filter(|vertex| self.awaits_realization(*vertex))
            .collect()
    }

    /// Whether the vertex wants to settle once before it goes, and still can.
    pub(crate) fn awaits_realization(&self, vertex: VertexId) -> bool {
        self.vertex(vertex).is_some_and(|state| {
            state.declared.meta.realize
                && !self.scheduler.is_realized(vertex)
                && !self.scheduler.is_failed(vertex)
                && !self.scheduler.is_blocked_for_good(vertex)
        })
    }

    /// Carries the plan out: the removed vertices are gone for the world already, and the new objects
    /// are initialised, one for each added resource in order. `restored` tells which notifications
    /// survived from an earlier life. Returns the added vertices.
    pub(crate) fn commit(
        &mut self,
        prepared: &Prepared,
        plan: &Plan,
        objects: Vec<NewObject>,
        restored: impl Fn(&PreparedVertex, &PreparedVertex) -> bool,
    ) -> Vec<VertexId> {
        debug_assert_eq!(self.mode(), Mode::Paused, "workers never see half a graph");
        let pending: FxHashSet<(Identity, Identity)> = self
            .scheduler
            .pending_pairs()
            .flat_map(|(from, to)| pairs(&self.parts(from), &self.parts(to)))
            .collect();
        let inherited: Vec<Option<Retries>> = plan
            .targets
            .iter()
            .map(|target| match target {
                Target::Add {
                    replaces: Some(old),
                } => Some(self.vertex(*old)?.check_retries),
                _ => None,
            })
            .collect();
        self.forget(&plan.removed);

        let mut objects = objects.into_iter();
        let mut added = Vec::new();
        let mut ids = Vec::with_capacity(plan.targets.len());
        for ((target, new), retries) in plan.targets.iter().zip(&prepared.vertices).zip(inherited) {
            match target {
                Target::Keep(vertex) | Target::Adopt(vertex) => ids.push(*vertex),
                Target::Add { .. } => {
                    let Some(object) = objects.next() else {
                        continue;
                    };
                    let vertex = self.add(new, object, retries);
                    added.push(vertex);
                    ids.push(vertex);
                }
            }
        }
        self.connect_receivers(prepared, plan, &ids);
        let placed = ids.iter().zip(&prepared.vertices);
        self.order = placed
            .map(|(vertex, declared)| Placed::new(*vertex, declared))
            .collect();

        let edges: Vec<NewEdge> = prepared
            .edges
            .iter()
            .map(|edge| {
                let (from, to) = (&prepared.vertices[edge.from], &prepared.vertices[edge.to]);
                NewEdge {
                    from: ids[edge.from],
                    to: ids[edge.to],
                    notify: edge.notify,
                    pending: edge.notify
                        && (restored(from, to)
                            || (!pending.is_empty() && any_pair(from, to, &pending))),
                }
            })
            .collect();
        self.scheduler.connect(&edges);
        for vertex in &added {
            if self.vertex(*vertex).is_some_and(Vertex::watched) {
                self.start_watch(*vertex);
            }
        }
        self.generation += 1;
        added
    }

    /// Drops vertices that have been cleaned up. Only [`Core::commit`] and the end of the engine follow.
    pub(crate) fn forget(&mut self, vertices: &[VertexId]) {
        self.count_blocked();
        for vertex in vertices {
            let failure = self.failure(*vertex);
            let blocked =
                self.vertex(*vertex).is_some() && self.scheduler.is_counted_blocked(*vertex);
            if let Some(state) = self.take_vertex(*vertex) {
                self.exporting -= usize::from(state.is_for_others());
                self.receiving -= usize::from(state.receives_values());
                let identity = &state.declared.identity;
                self.metrics.failing(identity, failure, None);
                if blocked {
                    self.metrics.blocked(identity, false);
                }
                self.metrics.resources(state.managed(), -1);
            }
            self.scheduler.remove(*vertex);
        }
        self.drop_outdated_timers();
    }

    fn add(
        &mut self,
        prepared: &PreparedVertex,
        object: NewObject,
        retries: Option<Retries>,
    ) -> VertexId {
        let inherits = !prepared.declared.meta.reset;
        let mut state = Vertex::new(prepared, object.resource, object.refreshable, self.now());
        if let Some(retries) = retries
            && inherits
        {
            state.check_retries.inherit(retries);
        }
        self.metrics.resources(state.managed(), 1);
        self.exporting += usize::from(state.is_for_others());
        self.receiving += usize::from(state.receives_values());
        let vertex = self.scheduler.add();
        if state.next_event.is_some() {
            self.overdue.push(vertex);
        }
        let index = vertex.index as usize;
        if self.vertices.len() <= index {
            self.vertices.resize_with(index + 1, || None);
        }
        self.vertices[index] = Some(Box::new(state));
        vertex
    }

    /// Resolves the senders of every receiver, adopts changed mappings, and gives new receivers what
    /// their senders have published already, so that their watch starts in the right place.
    fn connect_receivers(&mut self, prepared: &Prepared, plan: &Plan, ids: &[VertexId]) {
        for (new, target) in prepared.vertices.iter().zip(&plan.targets) {
            if let Target::Adopt(vertex) = target {
                self.adopt(*vertex, new);
            }
        }
        if self.receiving == 0 {
            return;
        }
        let receives = |new: &PreparedVertex| new.parts().any(|part| !part.receives.is_empty());
        let all = prepared.vertices.iter().zip(&plan.targets).zip(ids);
        let receivers: Vec<_> = all.filter(|((new, _), _)| receives(new)).collect();
        let senders = senders(prepared, ids);
        for ((_, target), vertex) in receivers {
            let Some(mut state) = self.take_vertex(*vertex) else {
                continue;
            };
            let members = state.members.iter_mut().map(|member| &mut member.slots);
            for slots in std::iter::once(&mut state.slots).chain(members) {
                for slot in slots.iter_mut() {
                    slot.sender = senders.get(&slot.receive.sender).copied();
                }
            }
            // Who is kept takes in its values in a pass, which then knows that they are new.
            if matches!(target, Target::Add { .. }) {
                // What does not fit is reported by the first pass.
                let _ = self.pull(&mut state, true, &mut false);
            }
            self.vertices[vertex.index as usize] = Some(state);
        }
    }

    /// Takes over a new declaration that is equal but for what it receives; what is no longer received is as
    /// declared.
    fn adopt(&mut self, vertex: VertexId, new: &PreparedVertex) {
        let Some(mut state) = self.take_vertex(vertex) else {
            return;
        };
        self.receiving -= usize::from(state.receives_values());
        let mut adopts = false;
        let mut rewatch = false;
        let receives = &new.declared.receives;
        if state.slots.maps_like(receives) {
            if state.slots.is_empty() {
                state.params = new.declared.params.clone();
            }
        } else {
            adopts = true;
            state.slots.remap(receives);
            if receives.is_empty() {
                let declared = new.declared.params.clone();
                let old = std::mem::replace(&mut state.params, declared);
                rewatch = state.must_rewatch(&*old).unwrap_or(true);
            }
        }
        state.declared = new.declared.clone();
        for (member, new) in state.members.iter_mut().zip(&new.members) {
            let receives = &new.declared.receives;
            let alike = member.slots.maps_like(receives);
            if !alike {
                adopts = true;
                member.slots.remap(receives);
            }
            if receives.is_empty() {
                member.params = new.declared.params.clone();
            }
            member.declared = new.declared.clone();
        }
        self.receiving += usize::from(state.receives_values());
        self.vertices[vertex.index as usize] = Some(state);
        if adopts {
            self.scheduler.invalidate(vertex);
        }
        if rewatch {
            self.restart_watch(vertex);
        }
    }
}

/// All pairs of one of the first and one of the second.
pub(crate) fn pairs(from: &[Identity], to: &[Identity]) -> Vec<(Identity, Identity)> {
    let pairs = from
        .iter()
        .flat_map(|from| to.iter().map(move |to| (from.clone(), to.clone())));
    pairs.collect()
}

/// Whether one of these pairs of resources is connected by an edge between the two vertices: a
/// notification goes on although its ends have become parts of others, or others parts of them.
fn any_pair(
    from: &PreparedVertex,
    to: &PreparedVertex,
    wanted: &FxHashSet<(Identity, Identity)>,
) -> bool {
    from.parts().any(|from| {
        to.parts()
            .any(|to| wanted.contains(&(from.identity.clone(), to.identity.clone())))
    })
}

/// Everybody who may publish values.
fn senders<'p>(prepared: &'p Prepared, ids: &[VertexId]) -> FxHashMap<&'p Identity, Sender> {
    let mut senders = FxHashMap::default();
    for (new, vertex) in prepared.vertices.iter().zip(ids) {
        if new.declared.meta.hidden {
            continue;
        }
        for (at, part) in new.parts().enumerate() {
            let sender = Sender {
                vertex: *vertex,
                // The first part is the vertex itself.
                member: at.checked_sub(1),
            };
            senders.insert(&part.identity, sender);
        }
    }
    senders
}
