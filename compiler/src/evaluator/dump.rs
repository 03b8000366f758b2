//! The running function graph, as text for people and as a picture.

use std::fmt::Write;

use rustc_hash::FxHashMap;

use super::Evaluator;
use super::node::{Control, Kind, Node, NodeId, State};
use crate::files::Sources;
use crate::graph::GraphFormat;
use crate::redact;

impl Evaluator {
    /// The live nodes, each with what it does, its inputs, what it holds, and where it was written; inputs
    /// before those that use them. As a picture in dot for [`GraphFormat::Dot`], and else as lines.
    pub fn dump(&self, sources: &Sources, format: GraphFormat) -> String {
        let mut nodes: Vec<(NodeId, &Node)> = self
            .store
            .iter()
            .filter(|(_, node)| !matches!(node.kind, Kind::Free))
            .collect();
        nodes.sort_by_key(|(id, node)| (node.height, node.span, *id));
        let numbers: FxHashMap<NodeId, usize> = nodes
            .iter()
            .enumerate()
            .map(|(number, (id, _))| (*id, number))
            .collect();
        let number = |id: &NodeId| {
            numbers
                .get(id)
                .map_or_else(|| "?".to_owned(), |number| format!("n{number}"))
        };
        let mut out = String::new();
        let dot = format == GraphFormat::Dot;
        if dot {
            out.push_str("digraph \"functions\" {\n");
        }
        for (id, node) in &nodes {
            let label = label(node);
            let held = held(&node.state);
            if dot {
                let text = format!("{label}\n{held}")
                    .replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('\n', "\\n");
                let _ = writeln!(out, "\t{} [label=\"{text}\"];", number(id));
                for input in &node.inputs {
                    let _ = writeln!(out, "\t{} -> {};", number(input), number(id));
                }
                continue;
            }
            let inputs: Vec<String> = node.inputs.iter().map(number).collect();
            let place = sources.get(node.span.source).map(|source| {
                let at = source.line_column(node.span.start);
                format!(" # {}:{}:{}", source.name, at.line, at.column)
            });
            let _ = writeln!(
                out,
                "{}: {label}({}) = {held}{}",
                number(id),
                inputs.join(", "),
                place.unwrap_or_default()
            );
        }
        if dot {
            out.push_str("}\n");
        }
        out
    }
}

fn label(node: &Node) -> String {
    match &node.kind {
        Kind::Free => "free".to_owned(),
        Kind::Const => "const".to_owned(),
        Kind::Cell => "element".to_owned(),
        Kind::Call(function, _) => function.full_name(),
        Kind::CallExported(_) => "call".to_owned(),
        Kind::Package(_) => "package".to_owned(),
        Kind::Sampled(sampled) => format!("source {}", sampled.function.full_name()),
        Kind::List => "list".to_owned(),
        Kind::Map => "map".to_owned(),
        Kind::Struct(_) => "struct".to_owned(),
        Kind::Join => "interpolate".to_owned(),
        Kind::Lookup => "lookup".to_owned(),
        Kind::Field(name) => format!("field {name}"),
        Kind::FieldOr(name) => format!("field {name} or"),
        Kind::Select => "chosen".to_owned(),
        Kind::Gather(_) => "gather".to_owned(),
        Kind::Part { at, .. } => format!("part {at}"),
        Kind::Control(control) => match &**control {
            Control::If { .. } => "if".to_owned(),
            Control::Except { .. } => "except".to_owned(),
            Control::Call { .. } => "call".to_owned(),
            Control::Iterate(iterate) => format!("iter.{:?}", iterate.function).to_lowercase(),
            Control::Export(_) => "export".to_owned(),
            Control::IfStmt { .. } => "if statement".to_owned(),
            Control::For(_) => "for".to_owned(),
            Control::ForKv(_) => "forkv".to_owned(),
        },
        Kind::Resource(sink) => format!("resource {}", sink.stmt.kind),
        Kind::Edge(_) => "edge".to_owned(),
        Kind::Panic => "panic".to_owned(),
    }
}

fn held(state: &State) -> String {
    const MAX_CHARS: usize = 60;
    let text = match state {
        State::Pending => return "...".to_owned(),
        State::Failed(failure) => {
            return format!("failed: {}", redact::passwords(failure.message()));
        }
        State::Ready(value) => redact::value(value).to_string(),
    };
    if text.chars().count() <= MAX_CHARS {
        return text;
    }
    let short: String = text.chars().take(MAX_CHARS).collect();
    format!("{short}...")
}
