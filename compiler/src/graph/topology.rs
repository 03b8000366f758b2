//! Questions about the order of a graph whose vertices are numbered from zero.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::{FxHashMap, FxHashSet};

/// An edge from the first to the second.
pub type Pair = (usize, usize);

/// One cycle, if there is any: each vertex comes before the next, the last before the first. Iterative,
/// since a chain may be as long as the graph.
pub fn cycle(count: usize, edges: &[Pair]) -> Option<Vec<usize>> {
    let mut parents_left = vec![0usize; count];
    let children = Adjacency::new(count, edges);
    for (_, to) in edges {
        parents_left[*to] += 1;
    }
    let mut free: Vec<usize> = (0..count).filter(|at| parents_left[*at] == 0).collect();
    while let Some(at) = free.pop() {
        for child in children.of(at) {
            parents_left[*child] -= 1;
            if parents_left[*child] == 0 {
                free.push(*child);
            }
        }
    }
    // What is left has a parent that is left; following the parents must come back somewhere.
    let mut parent = vec![None; count];
    for (from, to) in edges {
        if parents_left[*from] > 0 {
            parent[*to] = Some(*from);
        }
    }
    let mut at = (0..count).find(|at| parents_left[*at] > 0)?;
    let mut position = FxHashMap::default();
    let mut path = Vec::new();
    while !position.contains_key(&at) {
        position.insert(at, path.len());
        path.push(at);
        at = parent[at]?;
    }
    let mut members = path.split_off(position[&at]);
    members.reverse();
    Some(members)
}

/// Those of the `extra` edges that make no cycle with the `declared` ones, which have none, and with those
/// before them; then those that do.
pub fn without_cycles(count: usize, declared: &[Pair], extra: Vec<Pair>) -> (Vec<Pair>, Vec<Pair>) {
    let mut all = declared.to_vec();
    all.extend_from_slice(&extra);
    if extra.is_empty() || cycle(count, &all).is_none() {
        return (extra, Vec::new());
    }
    // Only edges within a strongly connected component can be part of a cycle.
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(count, all.len());
    for _ in 0..count {
        graph.add_node(());
    }
    let node = |at: usize| NodeIndex::new(at);
    graph.extend_with_edges(all.iter().map(|(from, to)| (node(*from), node(*to))));
    let mut component = vec![0usize; count];
    for (number, members) in kosaraju_scc(&graph).into_iter().enumerate() {
        for member in members {
            component[member.index()] = number;
        }
    }
    let mut children: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
    for (from, to) in declared {
        if component[*from] == component[*to] {
            children.entry(*from).or_default().push(*to);
        }
    }
    let mut refused = Vec::new();
    let mut accepted = extra;
    accepted.retain(|(from, to)| {
        if component[*from] != component[*to] {
            return true;
        }
        let closes = reaches(&children, *to, *from);
        if closes {
            refused.push((*from, *to));
        } else {
            children.entry(*from).or_default().push(*to);
        }
        !closes
    });
    (accepted, refused)
}

fn reaches(children: &FxHashMap<usize, Vec<usize>>, from: usize, to: usize) -> bool {
    let mut seen = FxHashSet::default();
    let mut work = vec![from];
    while let Some(at) = work.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            work.extend(children.get(&at).into_iter().flatten());
        }
    }
    false
}

/// The children of every vertex, in one piece.
pub struct Adjacency {
    starts: Vec<usize>,
    targets: Vec<usize>,
}

impl Adjacency {
    /// Of a graph with `count` vertices.
    pub fn new(count: usize, edges: &[Pair]) -> Self {
        let mut starts = vec![0usize; count + 1];
        for (from, _) in edges {
            starts[from + 1] += 1;
        }
        for at in 0..count {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut targets = vec![0usize; edges.len()];
        for (from, to) in edges {
            targets[next[*from]] = *to;
            next[*from] += 1;
        }
        Self { starts, targets }
    }

    /// Those of one vertex.
    pub fn of(&self, at: usize) -> &[usize] {
        &self.targets[self.starts[at]..self.starts[at + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_told_in_its_order() {
        assert_eq!(cycle(3, &[(0, 1), (1, 2)]), None);
        let found = cycle(5, &[(0, 1), (1, 2), (2, 3), (3, 1), (3, 4)]).expect("there is one");
        let mut turned = found.clone();
        let least = turned.iter().position(|at| *at == 1).expect("1 is in it");
        turned.rotate_left(least);
        assert_eq!(turned, [1, 2, 3]);
    }

    #[test]
    fn edges_that_close_a_cycle_are_refused_in_their_order() {
        let declared = [(0, 1), (1, 2)];
        let (accepted, refused) =
            without_cycles(5, &declared, vec![(2, 0), (3, 4), (4, 3), (0, 2), (2, 3)]);
        assert_eq!(accepted, [(3, 4), (0, 2), (2, 3)]);
        assert_eq!(refused, [(2, 0), (4, 3)]);
    }
}
