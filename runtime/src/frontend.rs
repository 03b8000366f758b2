//! Front ends: where resource graphs come from (engine.md §2.2).
//!
//! A [`Frontend`] has a name and makes a [`GraphSource`] of its payload: [`Lang`] of a program in mcl, [`Yaml`] of a
//! graph that is written down. A [`GraphStream`] is any stream of graphs, for those who make their own.

mod call;
mod evaluation;
mod firmware;
mod host;
mod lang;
mod lines;
mod reload;
mod runnable;
mod sources;
mod stream;
mod yaml;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use mgmt_compiler::files::Sources;
use mgmt_compiler::graph::ResourceGraph;
use mgmt_compiler::render::Findings;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::SubmitOptions;
use crate::resource::Services;
use crate::vocabulary::Vocabulary;

pub use host::RunningHost;
pub use lang::{Given, Lang, LangProgram};
pub use stream::{GraphStream, Step, StepError};
pub use yaml::Yaml;

/// Tells people what is wrong with a program.
pub type Report = Arc<dyn Fn(Findings<'_>) + Send + Sync>;

/// A kind of payload from which graphs come: what `mgmt run NAME PAYLOAD` names (engine.md §2.2.1).
pub trait Frontend: Send + Sync {
    /// Its name, which stands before the payload.
    fn name(&self) -> &str;

    /// Looks at the payload, before anything of this machine is touched.
    ///
    /// # Errors
    /// If no graph can come from it.
    fn load(
        &self,
        payload: &str,
        context: &FrontendContext,
    ) -> Result<Box<dyn GraphSource>, FrontendError>;
}

/// What a front end is told of the run that is to be.
#[derive(Clone)]
pub struct FrontendContext {
    /// Who this machine is.
    pub hostname: String,
    /// The working directory.
    pub directory: PathBuf,
    /// What graphs can name.
    pub vocabulary: Vocabulary,
    /// Tells people what is wrong.
    pub report: Report,
    /// Whether what changes leads to new graphs.
    pub watch: bool,
}

/// No graph can come from a payload.
#[derive(Debug, thiserror::Error)]
pub enum FrontendError {
    /// What is wrong has been reported ([`FrontendContext::report`]).
    #[error("the program has errors")]
    Reported,
    /// This is wrong.
    #[error("{0}")]
    Unusable(String),
}

/// Where the graphs of one run come from.
#[async_trait]
pub trait GraphSource: Send {
    /// What it is, for others to see, who need not see its text.
    fn shown(&self) -> String {
        "(a program)".to_owned()
    }

    /// Gives graphs until it is cancelled. Returning earlier ends the run.
    ///
    /// # Errors
    /// If it can not go on, which fails the run.
    async fn run(
        self: Box<Self>,
        services: Services,
        graphs: Graphs,
        cancel: CancellationToken,
    ) -> Result<(), ProgramFailed>;
}

/// A graph, and the texts that its places are in.
#[derive(Clone, Debug, Default)]
pub struct SourcedGraph {
    /// The graph.
    pub graph: Arc<ResourceGraph>,
    /// The texts.
    pub sources: Arc<Sources>,
    /// How it takes over.
    pub options: SubmitOptions,
}

/// The newest graph, if there is one yet.
pub type Graphs = watch::Sender<Option<SourcedGraph>>;

/// What gives the graphs failed; what is to be told of it was reported.
#[derive(Debug, thiserror::Error)]
#[error("the program failed: {0}")]
pub struct ProgramFailed(pub String);
