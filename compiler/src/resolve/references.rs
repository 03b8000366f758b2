//! Who mentions whom.

use mgmt_grammar::span::Span;
use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Definition, Resolver};
use crate::hir::{BindId, ClassId, FuncId, IncludeId};

/// All definitions of a program, with an edge from each to those that it mentions, and where it does.
pub(super) struct References {
    pub(super) graph: DiGraph<Definition, Span>,
    /// How many nodes come before those of the functions, classes and includes; the binds come first.
    before_funcs: usize,
    before_classes: usize,
    before_includes: usize,
}

impl References {
    pub(super) fn node(&self, definition: Definition) -> NodeIndex {
        NodeIndex::new(match definition {
            Definition::Bind(BindId(id)) => id as usize,
            Definition::Func(FuncId(id)) => self.before_funcs + id as usize,
            Definition::Class(ClassId(id)) => self.before_classes + id as usize,
            Definition::Include(IncludeId(id)) => self.before_includes + id as usize,
        })
    }

    /// Whether some definition mentions it.
    pub(super) fn is_mentioned(&self, definition: Definition) -> bool {
        let mut mentions = self
            .graph
            .neighbors_directed(self.node(definition), Direction::Incoming);
        mentions.next().is_some()
    }
}

impl Resolver<'_, '_> {
    /// What was noted of who mentions whom.
    pub(super) fn references(&self) -> References {
        let hir = &self.hir;
        let before_classes = hir.binds.len() + hir.funcs.len();
        let before_includes = before_classes + hir.classes.len();
        let nodes = before_includes + hir.includes.len();
        let mut references = References {
            graph: DiGraph::with_capacity(nodes, self.mentions.len()),
            before_funcs: hir.binds.len(),
            before_classes,
            before_includes,
        };
        let graph = &mut references.graph;
        hir.binds().for_each(|(id, _)| {
            graph.add_node(Definition::Bind(id));
        });
        hir.funcs().for_each(|(id, _)| {
            graph.add_node(Definition::Func(id));
        });
        hir.classes().for_each(|(id, _)| {
            graph.add_node(Definition::Class(id));
        });
        hir.includes().for_each(|(id, _)| {
            graph.add_node(Definition::Include(id));
        });
        for (from, to, span) in &self.mentions {
            let (from, to) = (references.node(*from), references.node(*to));
            references.graph.add_edge(from, to, *span);
        }
        references
    }
}
