//! `mgmtc graph`: what would the machine look like?

use std::io;
use std::path::PathBuf;

use clap::Args;
use mgmt_stdlib::catalog::SystemHost;

use super::{CompileArgs, Console, Status, compile_argument, report};
use crate::evaluator::Evaluator;
use crate::first::first_graph;
use crate::graph::{GraphFormat, format};
use crate::render::MessageFormat;

/// Print the resources of a program and what connects them.
///
/// The program is evaluated until all is known for the first time; nothing is applied.
#[derive(Args, Clone, Debug)]
pub struct Graph {
    /// How the graph is written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: GraphFormat,

    /// Print the functions of the program and the values that they hold, as text or dot.
    #[arg(long)]
    pub functions: bool,

    /// How errors and warnings are written, to standard error.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub message_format: MessageFormat,

    /// The directory that `mgmt run` keeps its state in, for functions that look there.
    #[arg(long, value_name = "DIR", env = "MGMT_PREFIX")]
    pub prefix: Option<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub compile: CompileArgs,

    /// A file, a directory with `metadata.yaml` or `main.mcl`, or `-` for standard input.
    #[arg(value_name = "PATH")]
    pub path: String,
}

impl Graph {
    /// Does it.
    ///
    /// # Errors
    /// If the outcome can not be written.
    pub fn run(&self, console: &mut Console<'_>) -> io::Result<Status> {
        let mut compilation = compile_argument(&self.path, &self.compile, console);
        let directory = &console.directory;
        let text = compilation.program.take().and_then(|program| {
            let host = SystemHost {
                hostname: self.compile.hostname.clone(),
                state_dir: self.prefix.as_ref().map(|path| directory.join(path)),
                files: Some(compilation.tree.clone()),
                ..SystemHost::default()
            };
            let mut evaluator = Evaluator::new(program);
            match first_graph(&mut evaluator, &host) {
                Ok(graph) => {
                    compilation.foretell(&graph);
                    Some(if self.functions {
                        evaluator.dump(&compilation.sources, self.format)
                    } else {
                        format(&graph, console.catalog, self.format)
                    })
                }
                Err(diagnostic) => {
                    compilation.fail(*diagnostic);
                    None
                }
            }
        });
        report(
            console.err,
            console.terminal,
            self.message_format,
            &[compilation.findings()],
        )?;
        if let Some(text) = text {
            console.out.write_all(text.as_bytes())?;
        }
        Ok(Status::of(&compilation.diagnostics))
    }
}
