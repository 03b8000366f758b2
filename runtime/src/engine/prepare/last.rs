//! The last graph that was good, and how the next one differs from it.

use std::sync::Arc;

use mgmt_compiler::graph::auto_edges::{Keys, Participant};
use mgmt_compiler::graph::{Identity, Resource, ResourceGraph};
use petgraph::visit::{EdgeRef, IntoEdgeReferences, NodeIndexable};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Overrides, Prepared};

/// With fewer other resources than this it always pays to keep the rest.
const FEW: usize = 16;

/// What outlives the preparation of a whole graph.
#[derive(Debug, Default)]
pub(super) struct Lore {
    /// Its resources as the deploy wants them, in its order.
    pub(super) applied: Vec<Arc<Resource>>,
    /// By position.
    pub(super) keys: Keys<Serial>,
    /// Whether an automatic edge was left out.
    pub(super) some_refused: bool,
    /// Whether some resources could run as one, which depends on who comes before whom.
    pub(super) may_group: bool,
}

impl Lore {
    pub(super) fn learn_keys(&mut self, participants: &[Participant]) {
        for participant in participants {
            self.keys.add(serial(participant.at), &participant.edges);
        }
    }
}

/// Counts the nodes that there have been.
pub(super) type Serial = u32;

fn serial(at: usize) -> Serial {
    Serial::try_from(at).expect("nodes are counted in 32 bits")
}

/// The last graph that was good.
#[derive(Debug)]
pub(super) struct Last {
    pub(super) overrides: Overrides,
    pub(super) nodes: Vec<Node>,
    /// Sorted.
    pub(super) edges: Vec<Edge>,
    /// Copied when it changes, unless the driver is done with it.
    pub(super) prepared: Arc<Prepared>,
    pub(super) keys: Keys<Serial>,
    pub(super) some_refused: bool,
    pub(super) may_group: bool,
    /// Those from whom others receive values.
    pub(super) senders: FxHashSet<Identity>,
    hidden: usize,
    next_serial: Serial,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) serial: Serial,
    /// As it was submitted.
    pub(super) declared: Arc<Resource>,
    /// As the deploy wants it, which is how it is in the prepared graph.
    pub(super) applied: Arc<Resource>,
}

/// By positions; whether it notifies.
pub(super) type Edge = (u32, u32, bool);

/// How a graph differs from the last one.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// Resources in the place of others of their identity, with the positions of these.
    pub(super) exchanged: Vec<(usize, Arc<Resource>)>,
    /// The positions of those that are gone.
    pub(super) removed: Vec<usize>,
    /// Those that have come, with their positions in the new graph.
    pub(super) added: Vec<(usize, Arc<Resource>)>,
    /// The former position of each resource of the new graph.
    pub(super) former: Vec<Option<usize>>,
    /// All edges of the new graph, sorted.
    pub(super) edges: Vec<Edge>,
}

impl Difference {
    /// Whether no resource has come or gone.
    pub(super) fn only_exchanges(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }
}

/// In an order of their own: an edge that was taken out and put back again may have another place.
fn edges(graph: &ResourceGraph) -> Vec<Edge> {
    let inner = graph.graph();
    let mut position = vec![0; inner.node_bound()];
    for (at, node) in inner.node_indices().enumerate() {
        position[node.index()] = serial(at);
    }
    let at = |node: petgraph::stable_graph::NodeIndex| position[node.index()];
    let edges = inner.edge_references();
    let mut edges: Vec<Edge> = edges
        .map(|edge| (at(edge.source()), at(edge.target()), edge.weight().notify))
        .collect();
    edges.sort_unstable();
    edges
}

impl Last {
    pub(super) fn new(
        graph: &ResourceGraph,
        overrides: Overrides,
        lore: Lore,
        prepared: Arc<Prepared>,
    ) -> Self {
        let nodes: Vec<Node> = graph
            .resources()
            .zip(lore.applied)
            .enumerate()
            .map(|(at, (declared, applied))| Node {
                serial: serial(at),
                declared: declared.clone(),
                applied,
            })
            .collect();
        let receives = nodes.iter().flat_map(|node| &node.declared.receives);
        Self {
            overrides,
            edges: edges(graph),
            prepared,
            keys: lore.keys,
            some_refused: lore.some_refused,
            may_group: lore.may_group,
            senders: receives.map(|receive| receive.sender.clone()).collect(),
            hidden: nodes
                .iter()
                .filter(|node| node.declared.meta.hidden)
                .count(),
            next_serial: serial(nodes.len()),
            nodes,
        }
    }

    pub(super) fn next_serial(&mut self) -> Serial {
        self.next_serial = self.next_serial.wrapping_add(1);
        self.next_serial.wrapping_sub(1)
    }

    /// The difference; nothing if it is too large, or if there is more to it than the resources that have come or
    /// gone with their edges.
    pub(super) fn difference(&self, graph: &ResourceGraph) -> Option<Difference> {
        let new: Vec<&Arc<Resource>> = graph.resources().collect();
        let mut difference = self.compare(&new)?;
        difference.edges = edges(graph);
        let kept = self.kept_edges(&difference);
        let mut is_new = vec![false; new.len()];
        for (at, _) in &difference.added {
            is_new[*at] = true;
        }
        let edges = difference.edges.iter().copied();
        let others = edges.filter(|(from, to, _)| !is_new[*from as usize] && !is_new[*to as usize]);
        let unique = graph.identities() + self.hidden == new.len();
        (others.eq(kept) && (difference.only_exchanges() || unique)).then_some(difference)
    }

    /// Compares the resources, of which few have come or gone if the rest is to be of use.
    fn compare(&self, new: &[&Arc<Resource>]) -> Option<Difference> {
        let most_exchanged = FEW.max(self.nodes.len() / 2);
        let mut difference = Difference {
            former: Vec::with_capacity(new.len()),
            ..Difference::default()
        };
        let old = |at: usize| self.nodes.get(at).map(|node| &node.declared);
        let same = |old: Option<&Arc<Resource>>, new: Option<&&Arc<Resource>>| matches!((old, new), (Some(old), Some(new)) if Arc::ptr_eq(old, new));
        let mut at = 0;
        while let Some(resource) = new.get(difference.former.len()) {
            let next = difference.former.len();
            let present = old(at);
            let is_exchanged = present.is_some_and(|old| old.identity == resource.identity);
            if same(present, Some(resource)) {
                difference.former.push(Some(at));
                at += 1;
            } else if is_exchanged {
                difference.exchanged.push((at, (*resource).clone()));
                difference.former.push(Some(at));
                at += 1;
            } else {
                // Where do the two run together again?
                let newcomers = (1..=FEW).find_map(|ahead| {
                    let comes = same(present, new.get(next + ahead));
                    (comes || same(old(at + ahead), Some(resource))).then_some(comes)
                });
                if present.is_some() && newcomers != Some(true) {
                    difference.removed.push(at);
                    at += 1;
                } else {
                    difference.added.push((next, (*resource).clone()));
                    difference.former.push(None);
                }
            }
            if difference.removed.len() + difference.added.len() > FEW
                || difference.exchanged.len() > most_exchanged
            {
                return None;
            }
        }
        difference.removed.extend(at..self.nodes.len());
        (difference.removed.len() + difference.added.len() <= FEW).then_some(difference)
    }

    /// The former edges between resources that are still there, by their new positions.
    fn kept_edges(&self, difference: &Difference) -> impl Iterator<Item = Edge> {
        let mut position = vec![None; self.nodes.len()];
        for (at, former) in difference.former.iter().enumerate() {
            if let Some(former) = former {
                position[*former] = Some(serial(at));
            }
        }
        self.edges.iter().filter_map(move |(from, to, notify)| {
            Some((position[*from as usize]?, position[*to as usize]?, *notify))
        })
    }

    /// The prepared vertex that each resource is a part of, and whether it is that vertex itself.
    pub(super) fn places(&self) -> Vec<(usize, bool)> {
        let vertices = self.prepared.vertices.iter().enumerate();
        let absorbed: FxHashMap<*const Resource, usize> = vertices
            .flat_map(|(at, vertex)| {
                let members = vertex.members.iter();
                members.map(move |member| (Arc::as_ptr(&member.declared), at))
            })
            .collect();
        let mut next = 0..self.prepared.vertices.len();
        let place = |node: &Node| match absorbed.get(&Arc::as_ptr(&node.applied)) {
            Some(owner) => Some((*owner, false)),
            None => next.next().map(|own| (own, true)),
        };
        self.nodes.iter().map_while(place).collect()
    }
}
