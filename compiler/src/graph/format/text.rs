//! Sorted lines, one a vertex, edge or parameter (typing-and-evaluation.md §9.2, §9.4).

use mgmt_stdlib::catalog::Catalog;

use crate::graph::ResourceGraph;

pub(super) fn format(graph: &ResourceGraph, catalog: &Catalog) -> String {
    let resources = super::resources(graph);
    let mut lines = Vec::new();
    for (_, resource) in &resources {
        let identity = &resource.identity;
        lines.push(format!("Vertex: {identity}\n"));
        for (param, value) in super::params(resource, catalog) {
            lines.push(format!("Field: {identity}.{param} = {value}\n"));
        }
    }
    for line in super::edges(graph, &resources) {
        let (from, to) = (&resources[line.from].1, &resources[line.to].1);
        lines.push(format!(
            "Edge: {} -> {} # {}\n",
            from.identity, to.identity, line.edge.name
        ));
    }
    lines.sort();
    lines.concat()
}
