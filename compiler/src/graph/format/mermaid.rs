//! Mermaid, which many places that show Markdown draw. Notifying edges are thick.

use std::fmt::Write;

use crate::graph::ResourceGraph;

pub(super) fn format(graph: &ResourceGraph) -> String {
    let resources = super::resources(graph);
    let mut out = String::from("flowchart TD\n");
    for (at, (_, resource)) in resources.iter().enumerate() {
        let _ = writeln!(
            out,
            "    n{at}[\"{}\"]",
            escape(&resource.identity.to_string())
        );
    }
    for line in super::edges(graph, &resources) {
        let arrow = if line.edge.notify { "==>" } else { "-->" };
        let label = line
            .label("→")
            .map(|label| format!("|\"{}\"|", escape(&label)))
            .unwrap_or_default();
        let _ = writeln!(out, "    n{} {arrow}{label} n{}", line.from, line.to);
    }
    out
}

/// Within quotes only entity codes escape.
fn escape(text: &str) -> String {
    text.replace('#', "#35;")
        .replace('"', "#quot;")
        .replace('<', "#lt;")
        .replace('>', "#gt;")
        .replace('\n', " ")
}
