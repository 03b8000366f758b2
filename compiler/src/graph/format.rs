//! Resource graphs as text: for comparison, for programs, and for pictures.
//!
//! All formats list resources and edges in the order of their texts, so that equal graphs give equal text. None shows
//! secrets, or passwords in names and values: also JSON ends up in build logs and issues, and nothing that reads it
//! connects to anything. Resources whose names differ in nothing else look alike.

mod dot;
mod json;
mod mermaid;
mod svg;
mod text;

pub use json::params as params_json;

use std::collections::BTreeMap;
use std::sync::Arc;

use mgmt_stdlib::catalog::Catalog;
use mgmt_stdlib::value::Value;
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};

use crate::redact;

use super::{Edge, Receive, Resource, ResourceGraph};

/// The formats of `mgmtc graph --format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum GraphFormat {
    /// Sorted lines (typing-and-evaluation.md §9.2, §9.4), with parameters under their mcl names.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// The language of Graphviz.
    Dot,
    /// The language of Mermaid.
    Mermaid,
    /// A drawing.
    Svg,
}

/// The graph in one of the formats, each line ended.
pub fn format(graph: &ResourceGraph, catalog: &Catalog, format: GraphFormat) -> String {
    match format {
        GraphFormat::Text => text::format(graph, catalog),
        GraphFormat::Json => json::format(graph, catalog),
        GraphFormat::Dot => dot::format(graph, &Notes::new()),
        GraphFormat::Mermaid => mermaid::format(graph),
        GraphFormat::Svg => svg::format(graph),
    }
}

/// Lines that stand in small letters below the names of resources.
pub type Notes = BTreeMap<NodeIndex, Vec<String>>;

/// The graph in the language of Graphviz, with notes.
pub fn format_dot(graph: &ResourceGraph, notes: &Notes) -> String {
    dot::format(graph, notes)
}

/// The resources in the order of their texts, equal ones in the order of the program.
fn resources(graph: &ResourceGraph) -> Vec<(NodeIndex, &Arc<Resource>)> {
    let graph = graph.graph();
    let mut resources: Vec<_> = graph
        .node_indices()
        .map(|node| (node, &graph[node]))
        .collect();
    resources.sort_by_cached_key(|(node, resource)| (resource.identity.to_string(), *node));
    resources
}

/// An edge with its ends, by their position in [`resources`].
struct Line<'a> {
    from: usize,
    to: usize,
    edge: &'a Edge,
    /// The values that travel along it.
    receives: Vec<&'a Receive>,
}

/// The edges in the order of their ends.
fn edges<'a>(
    graph: &'a ResourceGraph,
    resources: &[(NodeIndex, &'a Arc<Resource>)],
) -> Vec<Line<'a>> {
    let graph = graph.graph();
    let mut position = vec![
        0;
        resources
            .iter()
            .map(|(node, _)| node.index() + 1)
            .max()
            .unwrap_or(0)
    ];
    for (at, (node, _)) in resources.iter().enumerate() {
        position[node.index()] = at;
    }
    let mut edges: Vec<_> = graph
        .edge_references()
        .map(|reference| {
            let sender = &graph[reference.source()].identity;
            Line {
                from: position[reference.source().index()],
                to: position[reference.target().index()],
                edge: reference.weight(),
                receives: graph[reference.target()]
                    .receives
                    .iter()
                    .filter(|receive| receive.sender == *sender)
                    .collect(),
            }
        })
        .collect();
    edges.sort_by_key(|line| (line.from, line.to));
    edges
}

/// What stands for a secret.
const SECRET: &str = "(secret)";

/// The parameters that are set, by their mcl names, as they may be shown.
fn params<'a>(resource: &'a Resource, catalog: &'a Catalog) -> Vec<(&'static str, Value)> {
    let Some(kind) = catalog.resource(&resource.identity.kind) else {
        return Vec::new();
    };
    kind.params
        .iter()
        .filter(|param| !resource.params.is_zero(param.name))
        .filter_map(|param| {
            let value = resource.params.get(param.name)?;
            let shown = if param.secret {
                Value::from(SECRET)
            } else {
                redact::value(&value)
            };
            Some((param.name, shown))
        })
        .collect()
}

impl Line<'_> {
    /// What travels along the edge: `password → content`, one after the other.
    fn label(&self, arrow: &str) -> Option<String> {
        if self.receives.is_empty() {
            return None;
        }
        let parts: Vec<_> = self
            .receives
            .iter()
            .map(|receive| format!("{} {arrow} {}", receive.key, receive.param))
            .collect();
        Some(parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use mgmt_stdlib::resource::Meta;
    use mgmt_stdlib::value::Value;

    use super::*;
    use crate::graph::Identity;

    fn resource(
        kind: &str,
        name: &str,
        params: &[(&str, Value)],
        receives: Vec<Receive>,
    ) -> Resource {
        let catalog = Catalog::standard().unwrap();
        let mut set = (catalog.resource(kind).unwrap().new)();
        for (param, value) in params {
            set.set(param, value).unwrap();
        }
        Resource {
            identity: Identity::new(kind, name),
            params: set.into(),
            meta: Meta {
                retry: 3,
                ..Meta::default()
            },
            receives,
            span: None,
        }
    }

    fn example() -> (ResourceGraph, Catalog) {
        let mut graph = ResourceGraph::default();
        let receive = Receive {
            param: "content".into(),
            sender: Identity::new("password", "p"),
            key: "password".into(),
            span: None,
        };
        let content = Value::str("a\n");
        let file = graph.add(Arc::new(resource(
            "file",
            "/tmp/<a>",
            &[("content", content)],
            vec![receive],
        )));
        let password = graph.add(Arc::new(resource("password", "p", &[], Vec::new())));
        let noop = graph.add(Arc::new(resource("noop", "say \"hi\"", &[], Vec::new())));
        graph.connect(password, file, false);
        graph.connect(file, noop, true);
        (graph, Catalog::standard().unwrap())
    }

    #[track_caller]
    fn check(as_format: GraphFormat, expected: &str) {
        let (graph, catalog) = example();
        assert_eq!(format(&graph, &catalog, as_format), expected);
    }

    #[test]
    fn text() {
        check(
            GraphFormat::Text,
            "\
Edge: file[/tmp/<a>] -> noop[say \"hi\"] # file[/tmp/<a>] -> noop[say \"hi\"]
Edge: password[p] -> file[/tmp/<a>] # password[p] -> file[/tmp/<a>]
Field: file[/tmp/<a>].content = \"a\\n\"
Field: password[p].length = 64
Vertex: file[/tmp/<a>]
Vertex: noop[say \"hi\"]
Vertex: password[p]
",
        );
    }

    #[test]
    fn dot() {
        check(
            GraphFormat::Dot,
            r#"digraph "resources" {
	label="resources";
	newrank=true;
	"file[/tmp/<a>]" [label=<file[/tmp/&lt;a&gt;]>];
	"file[/tmp/<a>]" -> "noop[say \"hi\"]" [style=bold];
	"noop[say \"hi\"]" [label=<noop[say &quot;hi&quot;]>];
	"password[p]" [label=<password[p]>];
	"password[p]" -> "file[/tmp/<a>]" [label="password → content"];
}
"#,
        );
    }

    #[test]
    fn dot_with_notes() {
        let (graph, _) = example();
        let noop = graph.find(&Identity::new("noop", "say \"hi\"")).unwrap();
        let text = format_dot(&graph, &Notes::from([(noop, vec!["with <b>".to_owned()])]));
        let label =
            "[label=<noop[say &quot;hi&quot;]<br/><font point-size=\"9\">with &lt;b&gt;</font>>];";
        assert!(text.contains(label), "{text}");
    }

    #[test]
    fn mermaid() {
        check(
            GraphFormat::Mermaid,
            r##"flowchart TD
    n0["file[/tmp/#lt;a#gt;]"]
    n1["noop[say #quot;hi#quot;]"]
    n2["password[p]"]
    n0 ==> n1
    n2 -->|"password → content"| n0
"##,
        );
    }

    #[test]
    fn json() {
        let (graph, catalog) = example();
        let text = format(&graph, &catalog, GraphFormat::Json);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            json["resources"][0],
            serde_json::json!({
                "kind": "file",
                "name": "/tmp/<a>",
                "params": {"content": "a\n"},
                "meta": {"retry": 3},
            })
        );
        assert_eq!(
            json["edges"][1],
            serde_json::json!({
                "from": {"kind": "password", "name": "p"},
                "to": {"kind": "file", "name": "/tmp/<a>"},
                "notify": false,
                "sends": [{"key": "password", "param": "content"}],
            })
        );
    }

    #[test]
    fn svg() {
        let (graph, catalog) = example();
        let drawn = format(&graph, &catalog, GraphFormat::Svg);
        assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"));
        assert!(drawn.contains(">file[/tmp/&lt;a&gt;]</text>"), "{drawn}");
        assert!(drawn.contains("<title>password[p] → file[/tmp/&lt;a&gt;]</title>"));
        assert!(drawn.contains(">password → content</text>"), "{drawn}");
        assert_eq!(drawn.matches("class=\"notify\"").count(), 1);
        assert_eq!(drawn.matches("<g>").count(), 3);
        assert_eq!(format(&graph, &catalog, GraphFormat::Svg), drawn);
    }
}
