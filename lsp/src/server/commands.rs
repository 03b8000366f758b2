//! The commands that a client can have executed.

use mgmt_compiler::graph::GraphFormat;
use tower_lsp::ls_types::{ExecuteCommandParams, Uri};

/// Gives the resource graph of a file as text: the arguments are its address and a format, which is
/// `mermaid` unless it is given: also `dot`, `json`, `svg`, or `text`, which is what `mgmtc graph` prints.
pub const GRAPH: &str = "mgmt.graph";

/// What a client must do itself, since only it can: show these places as the uses of something. Its
/// arguments are those of `textDocument/references`' answer: an address, a position, and places.
pub const SHOW_REFERENCES: &str = "mgmt.showReferences";

/// Has the resource graph of a file shown: the argument is its address. It is drawn as SVG, into the cache
/// directory, and the client is asked to open that outside. Gives the address of the drawing.
pub const SHOW_GRAPH: &str = "mgmt.showGraph";

/// What is wanted of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Its text.
    Text(GraphFormat),
    /// That it is shown.
    Shown,
}

/// What is wanted; nothing if there is no such command.
pub fn wanted(params: &ExecuteCommandParams) -> Option<Wanted> {
    match &*params.command {
        SHOW_GRAPH => return Some(Wanted::Shown),
        GRAPH => {}
        _ => return None,
    }
    let format = params.arguments.get(1).and_then(|it| it.as_str());
    Some(Wanted::Text(match format {
        Some("dot") => GraphFormat::Dot,
        Some("json") => GraphFormat::Json,
        Some("svg") => GraphFormat::Svg,
        Some("text") => GraphFormat::Text,
        _ => GraphFormat::Mermaid,
    }))
}

/// The file that is meant.
pub fn address(params: &ExecuteCommandParams) -> Option<Uri> {
    params.arguments.first()?.as_str()?.parse().ok()
}
