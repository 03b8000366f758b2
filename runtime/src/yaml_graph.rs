//! Reads a resource graph that is written as YAML (engine.md §8.1).

mod document;
mod value;

use std::sync::Arc;

use mgmt_compiler::diagnostic::{Code, Diagnostic, Stage};
use mgmt_compiler::graph::{Identity, Resource, ResourceGraph};
use mgmt_grammar::span::{SourceId, Span};
use mgmt_stdlib::catalog::Catalog;
use serde::de::DeserializeSeed;
use serde_yaml_ng::{Deserializer, Error};

use document::{Document, EdgeEntry, End, Parts};

/// A graph and what is to be said of its text.
#[derive(Clone, Debug)]
pub struct YamlGraph {
    /// The graph.
    pub graph: ResourceGraph,
    /// What has no effect.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a graph. Spans refer to `source`.
///
/// # Errors
/// The first thing that is wrong, at the line where the resource or the list in question begins.
pub fn read(text: &str, source: SourceId, catalog: &Catalog) -> Result<YamlGraph, Box<Diagnostic>> {
    let mut parts = Parts::default();
    Document {
        catalog,
        parts: &mut parts,
    }
    .deserialize(Deserializer::from_str(text))
    .map_err(|error| syntax_error(&error, text, source))?;
    let graph = assemble(parts.resources, &parts.edges)?;
    let warning = |text: String| Diagnostic::warning(Code::NO_EFFECT_YET, Stage::Parse, text);
    Ok(YamlGraph {
        graph,
        warnings: parts.warnings.into_iter().map(warning).collect(),
    })
}

fn wrong(text: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::YAML_GRAPH, Stage::Parse, text))
}

fn syntax_error(error: &Error, text: &str, source: SourceId) -> Box<Diagnostic> {
    let message = error.to_string();
    let Some(location) = error.location() else {
        return wrong(message);
    };
    // The place is shown, and need not be told.
    let place = format!(" at line {} column {}", location.line(), location.column());
    let start = location.index().min(text.len());
    let start = (0..=start).rev().find(|at| text.is_char_boundary(*at));
    let start = start.unwrap_or(0);
    let rest = text[start..].lines().next().unwrap_or_default();
    let span = Span::new(source, start as u32, (start + rest.len()) as u32);
    Box::new((*wrong(message.replace(&place, ""))).at(span, "here"))
}

fn assemble(
    resources: Vec<Resource>,
    edges: &[EdgeEntry],
) -> Result<ResourceGraph, Box<Diagnostic>> {
    let mut graph = ResourceGraph::default();
    for resource in resources {
        let Some(first) = graph.find(&resource.identity) else {
            graph.add(Arc::new(resource));
            continue;
        };
        if let Some(difference) = graph.graph()[first].differs(&resource) {
            return Err(wrong(format!(
                "{} is declared twice, but not alike: {difference}",
                resource.identity
            )));
        }
    }
    for edge in edges {
        let find = |end: &End, side: &str| {
            let identity = Identity::new(end.kind.to_lowercase(), end.name.as_str());
            graph.find(&identity).ok_or_else(|| {
                let mut diagnostic = wrong(format!(
                    "the edge `{}` begins or ends nowhere: there is no {identity}, which is its `{side}`",
                    edge.name
                ));
                diagnostic.help =
                    Some("both ends must be among the `resources` of this file".to_owned());
                diagnostic
            })
        };
        let (from, to) = (find(&edge.from, "from")?, find(&edge.to, "to")?);
        graph.connect(from, to, edge.notify);
    }
    match graph.cycle() {
        None => Ok(graph),
        Some(cycle) => {
            let names: Vec<String> = cycle
                .iter()
                .map(|node| graph.graph()[*node].identity.to_string())
                .collect();
            Err(wrong(format!(
                "these wait for each other: {}",
                names.join(", ")
            )))
        }
    }
}

#[cfg(test)]
mod tests;
