//! A graph that is the last one but for a few resources: all that lies between the others, such as automatic edges
//! and groups, is as it was, and only what has changed is looked at.

use std::sync::Arc;

use mgmt_compiler::graph::auto_edges::{Participant, edges_of};
use mgmt_compiler::graph::topology::Pair;
use mgmt_compiler::graph::{Resource, ResourceGraph};
use mgmt_stdlib::resource::AutoEdges;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::time::Instant;

use super::last::{Difference, Last, Node};
use super::{Overrides, Prepared, PreparedEdge, PreparedVertex, Preparer, Problem, check};
use crate::engine::metrics::Step;
use crate::engine::{autoedge, autogroup};

/// A resource that has come.
struct Newcomer {
    /// Its position in the graph.
    at: usize,
    declared: Arc<Resource>,
    /// As the deploy wants it.
    applied: Arc<Resource>,
    /// What it says of itself, if it takes part in automatic edges.
    answer: Option<AutoEdges>,
}

impl Preparer {
    /// Prepares a graph that differs from the last one in a few resources only; nothing if it is none, or if the
    /// others may see a difference.
    pub(super) async fn adapt(
        &mut self,
        graph: &ResourceGraph,
        overrides: Overrides,
    ) -> Option<Result<Arc<Prepared>, Vec<Problem>>> {
        let last = self.last.as_ref().filter(|it| it.overrides == overrides)?;
        let difference = last.difference(graph)?;
        let began = Instant::now();
        for (at, new) in &difference.exchanged {
            if !self.plays_the_same_part(&last.nodes[*at].declared, new) {
                return None;
            }
        }
        let gone = difference.removed.iter();
        let gone = gone.map(|at| &last.nodes[*at].declared);
        let come = difference.added.iter().map(|(_, new)| new);
        if !gone.chain(come).all(|it| self.stands_alone(last, it)) {
            return None;
        }
        if let Err(problems) = self.validate(&difference) {
            return Some(Err(problems));
        }
        let validated = Instant::now();
        self.metrics.step(Step::Validate, validated - began);
        if !overrides.skip_autoedges {
            for (at, new) in &difference.exchanged {
                if !self.orders_alike(&last.nodes[*at].declared, new).await {
                    return None;
                }
            }
        }
        let newcomers = self.newcomers(last, &difference).await?;
        let new_edges = self
            .edges_of_newcomers(last, &difference, &newcomers)
            .await?;
        self.metrics.step(Step::AutoEdge, validated.elapsed());
        let last = self.last.as_mut()?;
        last.exchange(&difference.exchanged);
        if !difference.only_exchanges() {
            if !last.turn_over(&difference, &newcomers, &new_edges) {
                self.last = None;
                return None;
            }
            last.become_new(difference, newcomers);
        }
        Some(Ok(last.prepared.clone()))
    }

    /// Whether the other resources see no difference between the two, automatic edges aside.
    fn plays_the_same_part(&self, old: &Resource, new: &Resource) -> bool {
        old.identity == new.identity
            && old.receives == new.receives
            && old.meta.export.is_empty()
            && new.meta.export.is_empty()
            && old.meta.hidden == new.meta.hidden
            && old.meta.autoedge == new.meta.autoedge
            && old.meta.autogroup == new.meta.autogroup
            && !autogroup::takes_part(new, &self.registry)
    }

    /// Whether the resource has nothing to do with others that are in the graph, edges aside.
    fn stands_alone(&self, last: &Last, resource: &Resource) -> bool {
        let grouped = !last.overrides.skip_autogroup;
        !resource.meta.hidden
            && resource.receives.is_empty()
            && resource.meta.export.is_empty()
            && !last.senders.contains(&resource.identity)
            && !(grouped && autogroup::takes_part(resource, &self.registry))
    }

    /// What is wrong with those that are new, in the order of the graph.
    fn validate(&self, difference: &Difference) -> Result<(), Vec<Problem>> {
        let exchanged: FxHashMap<usize, &Arc<Resource>> = difference
            .exchanged
            .iter()
            .map(|(at, new)| (*at, new))
            .collect();
        let mut added = difference.added.iter();
        let former = difference.former.iter();
        let new = former.filter_map(|former| match former {
            Some(former) => exchanged.get(former).copied(),
            None => added.next().map(|(_, new)| new),
        });
        let problems: Vec<Problem> = new
            .filter_map(|new| check::validate(new, &self.registry).err())
            .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// Whether the two want the same automatic edges. What the machine has told of the other resources counts
    /// as it was told for the last graph, whose edges run.
    async fn orders_alike(&self, old: &Resource, new: &Resource) -> bool {
        if !autoedge::takes_part(new) {
            return true;
        }
        let old = autoedge::answer(old, &self.registry, &self.services).await;
        let new = autoedge::answer(new, &self.registry, &self.services).await;
        matches!((old, new), (Ok(old), Ok(new)) if old == new)
    }

    /// Those that have come; nothing if the automatic edges of others depend on somebody who has come or gone.
    async fn newcomers(&self, last: &Last, difference: &Difference) -> Option<Vec<Newcomer>> {
        let mut newcomers = Vec::new();
        for (at, declared) in &difference.added {
            let takes_part = !last.overrides.skip_autoedges && autoedge::takes_part(declared);
            let answer = match takes_part {
                true => Some(self.answer(declared).await?),
                false => None,
            };
            newcomers.push(Newcomer {
                at: *at,
                declared: declared.clone(),
                applied: last.overrides.apply(declared),
                answer,
            });
        }
        if difference.only_exchanges() || last.overrides.skip_autoedges {
            return Some(newcomers);
        }
        let removed = difference.removed.iter();
        let removed: Vec<_> = removed.map(|at| last.nodes[*at].serial).collect();
        let mut answers = newcomers.iter().filter_map(|it| it.answer.as_ref());
        let alone = !last.some_refused
            && last.keys.nobody_asks_for(&removed)
            && answers.all(|answer| last.keys.nobody_asks_for_new(answer));
        alone.then_some(newcomers)
    }

    async fn answer(&self, resource: &Resource) -> Option<AutoEdges> {
        let answer = autoedge::answer(resource, &self.registry, &self.services).await;
        answer.ok()
    }

    /// The edges to and from those that have come, by positions: those of the graph, and the automatic ones.
    async fn edges_of_newcomers(
        &self,
        last: &Last,
        difference: &Difference,
        newcomers: &[Newcomer],
    ) -> Option<Vec<PreparedEdge>> {
        let new: FxHashSet<usize> = newcomers.iter().map(|it| it.at).collect();
        let edges = difference
            .edges
            .iter()
            .map(|(from, to, notify)| PreparedEdge {
                from: *from as usize,
                to: *to as usize,
                notify: *notify,
            });
        let mut edges: Vec<PreparedEdge> = edges
            .filter(|edge| new.contains(&edge.from) || new.contains(&edge.to))
            .collect();
        let mut present: FxHashSet<Pair> = edges.iter().map(|edge| (edge.from, edge.to)).collect();
        for newcomer in newcomers {
            for (from, to) in self.wanted(last, difference, newcomers, newcomer).await? {
                if present.insert((from, to)) {
                    edges.push(PreparedEdge {
                        from,
                        to,
                        notify: false,
                    });
                }
            }
        }
        Some(edges)
    }

    /// The automatic edges that one that has come wants.
    async fn wanted(
        &self,
        last: &Last,
        difference: &Difference,
        newcomers: &[Newcomer],
        asker: &Newcomer,
    ) -> Option<Vec<Pair>> {
        let Some(answer) = &asker.answer else {
            return Some(Vec::new());
        };
        let with_answer = |it: &Newcomer| Some((it.at, it.declared.clone(), it.answer.clone()?));
        let mut asked: Vec<_> = newcomers.iter().filter_map(with_answer).collect();
        let providers: FxHashSet<_> = last.keys.providers_for(answer).into_iter().collect();
        let former = difference.former.iter().enumerate();
        let present = former.filter_map(|(at, former)| Some((at, &last.nodes[(*former)?])));
        for (at, node) in present.filter(|(_, node)| providers.contains(&node.serial)) {
            let answer = self.answer(&node.declared).await?;
            asked.push((at, node.declared.clone(), answer));
        }
        asked.sort_by(|(_, a, _), (_, b, _)| a.identity.cmp(&b.identity));
        let place = asked.iter().position(|(at, ..)| *at == asker.at)?;
        let participants = asked.into_iter();
        let participants: Vec<Participant> = participants
            .map(|(at, _, edges)| Participant { at, edges })
            .collect();
        Some(edges_of(place, &participants))
    }
}

impl Last {
    /// Puts other resources in the places of some.
    fn exchange(&mut self, exchanged: &[(usize, Arc<Resource>)]) {
        let mut successors: FxHashMap<*const Resource, Arc<Resource>> = FxHashMap::default();
        for (at, new) in exchanged {
            let node = &mut self.nodes[*at];
            let applied = self.overrides.apply(new);
            successors.insert(Arc::as_ptr(&node.applied), applied.clone());
            node.declared = new.clone();
            node.applied = applied;
        }
        if successors.is_empty() {
            return;
        }
        for vertex in &mut Arc::make_mut(&mut self.prepared).vertices {
            if let Some(successor) = successors.get(&Arc::as_ptr(&vertex.declared)) {
                vertex.declared = successor.clone();
            }
        }
    }

    /// Adds those that have come to the prepared graph, and takes out those that have gone. False, with a graph that is
    /// of no use any more, if they change who can come before whom.
    fn turn_over(
        &mut self,
        difference: &Difference,
        newcomers: &[Newcomer],
        new_edges: &[PreparedEdge],
    ) -> bool {
        let places = self.places();
        let gone: FxHashSet<usize> = difference.removed.iter().map(|at| places[*at].0).collect();
        let last = std::mem::take(&mut self.prepared);
        let last = Arc::try_unwrap(last).unwrap_or_else(|last| Prepared::clone(&last));
        let mut prepared = Prepared {
            vertices: Vec::with_capacity(last.vertices.len() + newcomers.len()),
            edges: Vec::with_capacity(last.edges.len() + new_edges.len()),
            warnings: last.warnings,
        };
        // Where the former vertices are now, and those that the resources of the new graph are parts of.
        let mut now = vec![None; last.vertices.len()];
        let mut last_vertices: Vec<_> = last.vertices.into_iter().map(Some).collect();
        let mut vertex_of = Vec::with_capacity(difference.former.len());
        let mut added = newcomers.iter();
        for former in &difference.former {
            let vertex = match former {
                Some(former) if !places[*former].1 => None,
                Some(former) => {
                    let (place, _) = places[*former];
                    now[place] = Some(prepared.vertices.len());
                    last_vertices[place].take()
                }
                None => (added.next()).map(|new| PreparedVertex::new(new.applied.clone())),
            };
            vertex_of.push(prepared.vertices.len());
            prepared.vertices.extend(vertex);
        }
        for (vertex, former) in vertex_of.iter_mut().zip(&difference.former) {
            if let Some((place, false)) = former.map(|former| places[former]) {
                let Some(owner) = now[place] else {
                    return false;
                };
                *vertex = owner;
            }
        }
        let mut passage = Passage::default();
        for edge in &last.edges {
            match (now[edge.from], now[edge.to]) {
                (Some(from), Some(to)) => prepared.edges.push(PreparedEdge { from, to, ..*edge }),
                _ => passage.add(edge.from, edge.to, |at| gone.contains(&at)),
            }
        }
        let breaks = passage.is_open();
        let mut passage = Passage::default();
        let new: FxHashSet<usize> = newcomers.iter().map(|it| vertex_of[it.at]).collect();
        let mut known: FxHashMap<(usize, usize), usize> = FxHashMap::default();
        for PreparedEdge { from, to, notify } in new_edges {
            let (from, to) = (vertex_of[*from], vertex_of[*to]);
            passage.add(from, to, |at| new.contains(&at));
            let edge = *known.entry((from, to)).or_insert(prepared.edges.len());
            match prepared.edges.get_mut(edge) {
                Some(edge) => edge.notify |= notify,
                None => prepared.edges.push(PreparedEdge {
                    from,
                    to,
                    notify: *notify,
                }),
            }
        }
        let makes = passage.is_open();
        if self.may_group && (breaks || makes) {
            return false;
        }
        let in_order = !makes || check::cycle(&prepared).is_none();
        self.prepared = Arc::new(prepared);
        in_order
    }

    /// The rest of it.
    fn become_new(&mut self, difference: Difference, added: Vec<Newcomer>) {
        self.edges = difference.edges;
        let removed = difference.removed.iter();
        let removed: Vec<_> = removed.map(|at| self.nodes[*at].serial).collect();
        self.keys.remove(&removed);
        let mut nodes: Vec<Option<Node>> = std::mem::take(&mut self.nodes)
            .into_iter()
            .map(Some)
            .collect();
        let mut added = added.into_iter();
        for former in difference.former {
            let node = match former {
                Some(former) => nodes[former].take(),
                None => added.next().map(|new| self.arrive(new)),
            };
            self.nodes.extend(node);
        }
    }

    fn arrive(&mut self, new: Newcomer) -> Node {
        let serial = self.next_serial();
        if let Some(answer) = &new.answer {
            self.keys.add(serial, answer);
        }
        Node {
            serial,
            declared: new.declared,
            applied: new.applied,
        }
    }
}

/// Whether a path can lead through some vertices from others to others: they have edges in and out.
#[derive(Default)]
struct Passage {
    entered: bool,
    left: bool,
}

impl Passage {
    fn add(&mut self, from: usize, to: usize, is_one: impl Fn(usize) -> bool) {
        self.entered |= is_one(to);
        self.left |= is_one(from);
    }

    fn is_open(&self) -> bool {
        self.entered && self.left
    }
}
