//! The commands that a client can have executed.

use mgmt_compiler::graph::GraphFormat;
use tower_lsp::ls_types::{ExecuteCommandParams, Uri};

/// Gives the resource graph of a file as text: the arguments are its address and a format, which is
/// `mermaid` unless it is given: also `dot`, `json` or `text`.
pub const GRAPH: &str = "mgmt.graph";

/// What a client must do itself, since only it can: show these places as the uses of something. Its
/// arguments are those of `textDocument/references`' answer: an address, a position, and places.
pub const SHOW_REFERENCES: &str = "mgmt.showReferences";

/// The format that is wanted; nothing if this is not the command.
pub fn shape(params: &ExecuteCommandParams) -> Option<GraphFormat> {
    if params.command != GRAPH {
        return None;
    }
    Some(match params.arguments.get(1).and_then(|it| it.as_str()) {
        Some("dot") => GraphFormat::Dot,
        Some("json") => GraphFormat::Json,
        Some("text") => GraphFormat::Text,
        _ => GraphFormat::Mermaid,
    })
}

/// The file that is meant.
pub fn address(params: &ExecuteCommandParams) -> Option<Uri> {
    params.arguments.first()?.as_str()?.parse().ok()
}
