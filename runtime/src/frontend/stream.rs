//! Graphs from anywhere: front ends that others make (engine.md §9.1.2).

use std::error::Error;
use std::future::pending;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{BoxStream, Stream, StreamExt as _};
use mgmt_compiler::graph::ResourceGraph;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::{GraphSource, Graphs, ProgramFailed, SourcedGraph};
use crate::engine::SubmitOptions;
use crate::resource::Services;

/// What a stream of graphs says next.
#[derive(Debug)]
pub enum Step {
    /// Hold this graph from now on. One that has not taken over yet is given up in its favour.
    Graph {
        /// The graph.
        graph: Arc<ResourceGraph>,
        /// How it takes over.
        options: SubmitOptions,
    },
    /// End the run, well or with an error.
    Exit(Result<(), StepError>),
}

impl From<ResourceGraph> for Step {
    fn from(graph: ResourceGraph) -> Self {
        Self::Graph {
            graph: Arc::new(graph),
            options: SubmitOptions::default(),
        }
    }
}

/// Why there is no next graph. It is logged, and the running graph stays.
pub type StepError = Box<dyn Error + Send + Sync>;

/// The graphs of any stream: of a timer, of events of your own, of a database.
///
/// ```
/// use futures::stream;
/// use mgmt_runtime::frontend::{GraphStream, Step};
/// use mgmt_runtime::graph::ResourceGraph;
///
/// let once = stream::iter([Ok(Step::from(ResourceGraph::default()))]);
/// let graphs = GraphStream::new(once);
/// ```
///
/// An error is logged and the running graph stays, also at the end of the stream: only [`Step::Exit`] ends the run
/// (engine.md §2.2.3, 2.2.4).
pub struct GraphStream(BoxStream<'static, Result<Step, StepError>>);

impl GraphStream {
    /// The graphs of this stream, which is dropped when the run ends.
    pub fn new(stream: impl Stream<Item = Result<Step, StepError>> + Send + 'static) -> Self {
        Self(stream.boxed())
    }
}

#[async_trait]
impl GraphSource for GraphStream {
    async fn run(
        mut self: Box<Self>,
        _services: Services,
        graphs: Graphs,
        cancel: CancellationToken,
    ) -> Result<(), ProgramFailed> {
        let follow = async {
            while let Some(step) = self.0.next().await {
                match step {
                    Ok(Step::Graph { graph, options }) => {
                        graphs.send_replace(Some(SourcedGraph {
                            graph,
                            options,
                            ..SourcedGraph::default()
                        }));
                    }
                    Ok(Step::Exit(Ok(()))) => {
                        info!("the front end asks for the end");
                        return Ok(());
                    }
                    Ok(Step::Exit(Err(error))) => return Err(ProgramFailed(error.to_string())),
                    Err(error) => error!("the running graph stays as it is: {error}"),
                }
            }
            info!("the front end has come to its end; the running graph stays as it is");
            pending().await
        };
        cancel.run_until_cancelled(follow).await.unwrap_or(Ok(()))
    }
}
