//! Whether this agent can run what a program asks for.

use mgmt_compiler::diagnostic::{Code, Diagnostic, Stage};
use mgmt_compiler::graph::{Resource, ResourceGraph};

use crate::resource::{Registry, not_implemented};

/// What a graph asks for that nothing implements: one error for each statement.
pub(super) fn refusals(graph: &ResourceGraph, registry: &Registry) -> Vec<Diagnostic> {
    let mut refusals: Vec<Diagnostic> = Vec::new();
    for resource in graph.resources() {
        if registry.traits(&resource.identity.kind).is_some() {
            continue;
        }
        let refusal = refusal(resource);
        // One statement may stand for many resources.
        if !refusals.contains(&refusal) {
            refusals.push(refusal);
        }
    }
    refusals
}

fn refusal(resource: &Resource) -> Diagnostic {
    let text = not_implemented(&resource.identity.kind);
    let diagnostic = Diagnostic::error(Code::NOT_IMPLEMENTED, Stage::Interpret, text)
        .help("`mgmtc check` knows all kinds; the ones that can run are listed in docs/kinds.md");
    match resource.span {
        Some(span) => diagnostic.at(span, "this resource"),
        None => diagnostic,
    }
}
