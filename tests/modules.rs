//! The modules that are part of the library. Each has a sample in `modules/` that includes what it offers; the graph
//! of the sample, on a Fedora host, stands beside it in a file `.out`. `MGMT_BLESS=1` writes these anew.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use mgmt_compiler::diagnostic::Diagnostic;
use mgmt_compiler::evaluator::Evaluator;
use mgmt_compiler::files::Disk;
use mgmt_compiler::first::first_graph;
use mgmt_compiler::graph::{GraphFormat, format};
use mgmt_compiler::render::{MessageFormat, Terminal, render};
use mgmt_compiler::{Input, Options, compile};
use mgmt_stdlib::catalog::{Catalog, FileTree, Host};
use mgmt_stdlib::modules::Library;
use mgmt_tests::agent::workspace;
use mgmt_tests::machine::Machine;
use similar::TextDiff;

/// All files of the library's tree.
fn library() -> Vec<PathBuf> {
    let mut directories = vec![PathBuf::from("/")];
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for name in Library.list(&directory).unwrap() {
            let path = directory.join(name);
            if Library.stat(&path).unwrap().is_dir {
                directories.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}

/// The names of modules and packages, as the samples have them.
fn names() -> BTreeSet<String> {
    let main = |path: &PathBuf| {
        let directory = path.parent().unwrap();
        let is_mcl = path.extension().is_some_and(|extension| extension == "mcl");
        let below = directory
            .strip_prefix("/modules")
            .or_else(|_| directory.strip_prefix("/core"))
            .unwrap();
        is_mcl.then(|| below.display().to_string().replace('/', "-"))
    };
    library().iter().filter_map(main).collect()
}

#[test]
fn every_module_is_formatted() {
    for path in library() {
        if path.extension().is_some_and(|extension| extension == "mcl") {
            let text = String::from_utf8(Library.read(&path).unwrap()).unwrap();
            let formatted = mgmt_grammar::format::format(&text).unwrap();
            assert_eq!(formatted, text, "{}", path.display());
        }
    }
}

#[test]
fn every_sample_gives_the_graph_beside_it() {
    let directory = workspace().join("tests/modules");
    let catalog = Catalog::standard().unwrap();
    let bless = env::var_os("MGMT_BLESS").is_some();
    let mut complaints = String::new();
    for name in names() {
        let path = directory.join(format!("{name}.mcl"));
        let outcome = match outcome(&path, &catalog) {
            Ok(graph) => graph,
            Err(wrong) => {
                complaints += &format!("{name}:\n{wrong}\n");
                continue;
            }
        };
        let snapshot = path.with_extension("out");
        if bless {
            fs::write(&snapshot, &outcome).unwrap();
        }
        let expected = fs::read_to_string(&snapshot).unwrap_or_default();
        if outcome != expected {
            let diff = TextDiff::from_lines(&expected, &outcome);
            complaints += &format!("{name}:\n{}\n", diff.unified_diff());
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
    let known: BTreeSet<_> = names();
    for entry in fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(known.contains(name), "`{name}` is no module");
    }
}

/// The graph of a sample, or what is wrong with it.
fn outcome(path: &Path, catalog: &Catalog) -> Result<String, String> {
    let fedora = [("etc/redhat-release", "Fedora\n"), ("sys/class/net/", "")];
    let host = Machine::with(&fedora);
    let options = Options {
        hostname: host.hostname().to_owned(),
        module_path: None,
    };
    let mut compilation = compile(&Input::Path(path.to_owned()), &Disk, catalog, &options);
    compilation.diagnostics.retain(Diagnostic::is_error);
    let mut text = None;
    if let Some(program) = compilation.program.take() {
        match first_graph(&mut Evaluator::new(program), &host) {
            Ok(graph) => text = Some(format(&graph, catalog, GraphFormat::Text)),
            Err(diagnostic) => compilation.diagnostics.push(*diagnostic),
        }
    }
    let wrong = render(
        MessageFormat::Human,
        &[compilation.findings()],
        Terminal::PLAIN,
    );
    if !wrong.is_empty() {
        return Err(wrong);
    }
    // What depends on where the test runs.
    let state = host.root().join("state").display().to_string();
    let program = env::current_exe().unwrap().canonicalize().unwrap();
    let text = text.unwrap_or_default();
    Ok(text
        .replace(&state, "@STATE@")
        .replace(&program.display().to_string(), "@PROGRAM@"))
}
