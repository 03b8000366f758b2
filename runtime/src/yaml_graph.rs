//! Reads a resource graph that is written as YAML (engine.md §8.1).

mod document;
mod value;

use std::sync::Arc;

use mgmt_compiler::diagnostic::{Code, Diagnostic, Stage};
use mgmt_compiler::graph::{Identity, Resource, ResourceGraph};
use mgmt_grammar::span::{SourceId, Span};
use mgmt_stdlib::catalog::Catalog;
use rustc_hash::FxHashMap;
use serde::de::DeserializeSeed;
use serde_yaml_ng::{Deserializer, Error};

use document::{Document, EdgeEntry, End, Fault, Parts, Place};

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
/// The first thing that is wrong, at the line where the resource, the edge or the list in question begins.
pub fn read(text: &str, source: SourceId, catalog: &Catalog) -> Result<YamlGraph, Box<Diagnostic>> {
    // The reader takes a byte order mark for a document.
    let begin = text.find(|c| c != '\u{feff}').unwrap_or(0);
    let parse = |parts: &mut Parts| {
        Document { catalog, parts }
            .deserialize(Deserializer::from_str(&text[begin..]))
            .map_err(|error| syntax_error(&error, text, begin, source))
    };
    let mut parts = Parts::default();
    parse(&mut parts)?;
    let graph = assemble(parts.resources, &parts.edges).map_err(|fault| {
        // The reader alone knows places, and only where it is: so it goes there once more.
        let place = parse(&mut Parts::with_fault(fault.clone()));
        let mut diagnostic = place.err().unwrap_or_else(|| wrong(&fault.message));
        diagnostic.help = fault.help.map(str::to_owned);
        diagnostic
    })?;
    let warning = |text: String| Diagnostic::warning(Code::NO_EFFECT_YET, Stage::Parse, text);
    Ok(YamlGraph {
        graph,
        warnings: parts.warnings.into_iter().map(warning).collect(),
    })
}

fn wrong(text: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(Code::YAML_GRAPH, Stage::Parse, text))
}

fn syntax_error(error: &Error, text: &str, begin: usize, source: SourceId) -> Box<Diagnostic> {
    let message = error.to_string();
    let Some(location) = error.location() else {
        return wrong(message);
    };
    // The place is shown, and need not be told.
    let place = format!(" at line {} column {}", location.line(), location.column());
    let start = (begin + location.index()).min(text.len());
    let start = (0..=start).rev().find(|at| text.is_char_boundary(*at));
    let start = start.unwrap_or(0);
    let rest = text[start..].lines().next().unwrap_or_default();
    let span = Span::new(source, start as u32, (start + rest.len()) as u32);
    Box::new((*wrong(message.replace(&place, ""))).at(span, "here"))
}

fn assemble(resources: Vec<Resource>, edges: &[EdgeEntry]) -> Result<ResourceGraph, Fault> {
    let mut graph = ResourceGraph::default();
    let mut nodes = FxHashMap::default();
    for (at, resource) in resources.into_iter().enumerate() {
        let Some(first) = graph.find(&resource.identity) else {
            let identity = resource.identity.clone();
            let node = graph.add(Arc::new(resource));
            // Hidden resources may share an identity; the first is meant.
            nodes.entry(identity).or_insert(node);
            continue;
        };
        if let Some(difference) = graph.graph()[first].differs(&resource) {
            let identity = &resource.identity;
            return Err(Fault {
                at: Place::Resource(at),
                message: format!("{identity} is declared twice, but not alike: {difference}"),
                help: Some("give one of them another `name`, or leave it out"),
            });
        }
    }
    let mut ends = Vec::with_capacity(edges.len());
    for (at, edge) in edges.iter().enumerate() {
        let find = |end: &End, side: &str| {
            let identity = Identity::new(end.kind.to_lowercase(), end.name.as_str());
            nodes.get(&identity).copied().ok_or_else(|| Fault {
                at: Place::Edge(at),
                message: format!(
                    "the edge `{}` begins or ends nowhere: there is no {identity}, which is its `{side}`",
                    edge.name
                ),
                help: Some("both ends must be among the `resources` of this file"),
            })
        };
        ends.push((find(&edge.from, "from")?, find(&edge.to, "to")?));
    }
    for ((from, to), edge) in ends.iter().zip(edges) {
        graph.connect(*from, *to, edge.notify);
    }
    let Some(cycle) = graph.cycle() else {
        return Ok(graph);
    };
    let names: Vec<String> = cycle
        .iter()
        .map(|node| graph.graph()[*node].identity.to_string())
        .collect();
    let mut within = ends
        .iter()
        .map(|(from, to)| cycle.contains(from) && cycle.contains(to));
    Err(Fault {
        at: Place::Edge(within.position(|within| within).unwrap_or_default()),
        message: format!("these wait for each other: {}", names.join(", ")),
        help: Some("take out one of the edges between them"),
    })
}

#[cfg(test)]
mod tests;
