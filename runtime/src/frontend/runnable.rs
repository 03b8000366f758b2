//! Whether this agent can run what a program asks for.

use std::sync::Arc;

use mgmt_compiler::diagnostic::{Code, Diagnostic, Stage};
use mgmt_compiler::files::Sources;
use mgmt_compiler::graph::{Resource, ResourceGraph};
use mgmt_compiler::interpret::refused_runs;
use mgmt_compiler::render::Findings;

use super::{ProgramFailed, Report};
use crate::resource::{Registry, not_implemented};

/// The graph, if this agent can run all of it; tells people what it can not run, and why.
pub(super) fn check(
    graph: Arc<ResourceGraph>,
    registry: &Registry,
    report: &Report,
    sources: &Sources,
) -> Result<Arc<ResourceGraph>, ProgramFailed> {
    let mut refusals = not_implemented_kinds(&graph, registry);
    refusals.extend(refused_runs(&graph));
    let Some(first) = refusals.first() else {
        return Ok(graph);
    };
    let failed = ProgramFailed(first.message.clone());
    report(Findings {
        diagnostics: &refusals,
        sources,
    });
    Err(failed)
}

/// What a graph asks for that nothing implements: one error for each statement.
fn not_implemented_kinds(graph: &ResourceGraph, registry: &Registry) -> Vec<Diagnostic> {
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
