//! Graphviz (engine.md §8.2). Notifying edges are bold; the identity of a node is that of its resource.

use std::fmt::Write;

use super::Notes;
use crate::graph::ResourceGraph;

pub(super) fn format(graph: &ResourceGraph, notes: &Notes) -> String {
    let resources = super::resources(graph);
    let mut edges = super::edges(graph, &resources).into_iter().peekable();
    let mut ids: Vec<String> = Vec::with_capacity(resources.len());
    for (at, (_, resource)) in resources.iter().enumerate() {
        // Only hidden resources can share an identity, and those look alike that differ in a password.
        let text = resource.identity.to_string();
        let twins = resources[..at]
            .iter()
            .rev()
            .take_while(|(_, other)| other.identity.to_string() == text)
            .count();
        let suffix = if twins == 0 {
            String::new()
        } else {
            format!("#{}", twins + 1)
        };
        ids.push(quote(&format!("{text}{suffix}")));
    }
    let mut out =
        String::from("digraph \"resources\" {\n\tlabel=\"resources\";\n\tnewrank=true;\n");
    for (at, (node, resource)) in resources.iter().enumerate() {
        let style = if resource.meta.hidden {
            ", style=dashed"
        } else {
            ""
        };
        let mut label = escape_html(&resource.identity.to_string());
        for note in notes.get(node).into_iter().flatten() {
            let _ = write!(
                label,
                "<br/><font point-size=\"9\">{}</font>",
                escape_html(note)
            );
        }
        let _ = writeln!(out, "\t{} [label=<{label}>{style}];", ids[at]);
        while let Some(line) = edges.next_if(|line| line.from == at) {
            let mut attributes = Vec::new();
            if let Some(label) = line.label("→") {
                attributes.push(format!("label={}", quote(&label)));
            }
            if line.edge.notify {
                attributes.push("style=bold".to_owned());
            }
            let attributes = if attributes.is_empty() {
                String::new()
            } else {
                format!(" [{}]", attributes.join(", "))
            };
            let _ = writeln!(out, "\t{} -> {}{attributes};", ids[at], ids[line.to]);
        }
    }
    out.push_str("}\n");
    out
}

fn quote(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\n', "<br/>")
}
