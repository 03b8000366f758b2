//! Definitions that need themselves (language.md §4.6).

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{DfsPostOrder, EdgeRef};
use rustc_hash::FxHashMap;

use super::references::References;
use super::{Definition, Resolver};
use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::hir::BindId;
use mgmt_grammar::span::Span;

impl Resolver<'_, '_> {
    /// Reports each group of definitions that need each other once, with the whole cycle, and gives the
    /// binds so that each comes after those that it mentions.
    pub(super) fn report_cycles(&mut self, references: &References) -> Vec<BindId> {
        let graph = &references.graph;
        // The binds first, and in the order of the text where dependencies leave the choice, so that of two uses
        // that contradict each other the later one is told.
        let mut order = Vec::with_capacity(graph.node_count());
        let mut place = vec![0; graph.node_count()];
        let mut walk = DfsPostOrder::empty(graph);
        for start in graph.node_indices() {
            walk.move_to(start);
            while let Some(node) = walk.next(graph) {
                place[node.index()] = order.len();
                order.push(node);
            }
        }
        // Only in a cycle something comes before what it mentions.
        let mut edges = graph.edge_references();
        if edges.any(|edge| place[edge.source().index()] <= place[edge.target().index()]) {
            for component in petgraph::algo::kosaraju_scc(graph) {
                let is_recursive =
                    component.len() > 1 || graph.contains_edge(component[0], component[0]);
                if is_recursive {
                    self.report_cycle(graph, &component);
                }
            }
        }
        let binds = order.into_iter().filter_map(|node| match graph[node] {
            Definition::Bind(bind) => Some(bind),
            _ => None,
        });
        binds.collect()
    }

    fn report_cycle(&mut self, graph: &DiGraph<Definition, Span>, component: &[NodeIndex]) {
        let members: FxHashMap<NodeIndex, ()> = component.iter().map(|node| (*node, ())).collect();
        // Each step goes to the member that is mentioned first in the text, until one comes again.
        let first = component
            .iter()
            .copied()
            .min_by_key(|node| self.place(graph[*node]));
        let Some(mut node) = first else { return };
        let mut path: Vec<(NodeIndex, Span)> = Vec::new();
        let mut at: FxHashMap<NodeIndex, usize> = FxHashMap::default();
        let cycle = loop {
            if let Some(start) = at.get(&node) {
                break path.split_off(*start);
            }
            at.insert(node, path.len());
            let next = graph
                .edges(node)
                .filter(|edge| members.contains_key(&edge.target()))
                .min_by_key(|edge| *edge.weight());
            let Some(next) = next else { return };
            path.push((node, *next.weight()));
            node = next.target();
        };
        let name = |definition: Definition| self.describe(definition);
        let mut steps: Vec<(Span, String)> = cycle
            .iter()
            .enumerate()
            .map(|(i, (node, span))| {
                let target = cycle[(i + 1) % cycle.len()].0;
                (
                    *span,
                    format!("{} needs {} here", name(graph[*node]), name(graph[target])),
                )
            })
            .collect();
        steps.sort();
        let message = if cycle.len() == 1 {
            format!("{} needs itself", name(graph[cycle[0].0]))
        } else {
            let mut names: Vec<String> = cycle.iter().map(|(node, _)| name(graph[*node])).collect();
            let last = names.pop().unwrap_or_default();
            format!("{} and {last} need each other", names.join(", "))
        };
        let mut steps = steps.into_iter();
        let Some((span, text)) = steps.next() else {
            return;
        };
        let mut diagnostic =
            Diagnostic::error(Code::RECURSION, Stage::Scope, message).at(span, text);
        for (span, text) in steps {
            diagnostic = diagnostic.label(span, text);
        }
        let recurses = cycle
            .iter()
            .all(|(node, _)| matches!(graph[*node], Definition::Func(_) | Definition::Class(_)));
        self.report_always(diagnostic.help(if recurses {
            "there is no recursion: go through a list instead, with `for` or with a function like `iter.map`"
        } else {
            "the order of statements means nothing, and a name is always the innermost definition: use another name, or break the cycle"
        }));
    }

    fn place(&self, definition: Definition) -> Span {
        match definition {
            Definition::Bind(id) => self.hir[id].span,
            Definition::Func(id) => self.hir[id].span,
            Definition::Class(id) => self.hir[id].span,
            Definition::Include(id) => self.hir[id].span,
        }
    }

    fn describe(&self, definition: Definition) -> String {
        match definition {
            Definition::Bind(id) => format!("`${}`", self.hir[id].name),
            Definition::Func(id) => format!("the function `{}`", self.hir[id].name),
            Definition::Class(id) => format!("the class `{}`", self.hir[id].name),
            Definition::Include(id) => {
                format!(
                    "the include of `{}`",
                    self.include_names
                        .get(&id)
                        .map(|name| name.as_str())
                        .unwrap_or_default()
                )
            }
        }
    }
}
