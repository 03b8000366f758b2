//! The resource graph of a program, drawn.

use std::path::{Path, PathBuf};

use mgmt_compiler::compile;
use mgmt_compiler::evaluator::Evaluator;
use mgmt_compiler::first::first_graph;
use mgmt_compiler::graph::{GraphFormat, format};
use mgmt_stdlib::catalog::SystemHost;

use super::World;

/// The graph that a file denotes at first, as `mgmtc graph` gives it. Functions that look at this machine are
/// called, and what they keep is kept below `state_dir`; nothing is applied.
///
/// # Errors
/// What is wrong with the program.
pub fn graph(
    world: &World,
    path: &Path,
    shape: GraphFormat,
    state_dir: Option<PathBuf>,
) -> Result<String, String> {
    let shared = &world.shared;
    let input = world.input(path);
    let compilation = compile(&input, &*world.files, &shared.catalog, &shared.options);
    let Some(program) = compilation.program else {
        let wrong = compilation.diagnostics.iter().find(|it| it.is_error());
        return Err(wrong.map_or_else(
            || "the program has errors".to_owned(),
            |it| it.message.clone(),
        ));
    };
    let host = SystemHost {
        hostname: shared.options.hostname.clone(),
        state_dir,
        files: Some(compilation.tree.clone()),
        ..SystemHost::default()
    };
    let graph = first_graph(&mut Evaluator::new(program), &host).map_err(|wrong| wrong.message)?;
    Ok(format(&graph, &shared.catalog, shape))
}
