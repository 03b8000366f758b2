//! Any text is a graph in YAML, or what is wrong with it can be shown at its place.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mgmt_compiler::files::{Source, Sources};
use mgmt_compiler::render::{Findings, MessageFormat, Terminal, render};
use mgmt_runtime::yaml_graph;
use mgmt_stdlib::catalog::Catalog;

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::standard().expect("no duplicates"));

fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let source = sources.add(Source::new("graph.yaml", None, text.into()));
    let diagnostics = match yaml_graph::read(text, source, &CATALOG) {
        Ok(read) => read.warnings,
        Err(error) => vec![*error],
    };
    let findings = Findings {
        diagnostics: &diagnostics,
        sources: &sources,
    };
    render(MessageFormat::Human, &[findings], Terminal::PLAIN);
});
