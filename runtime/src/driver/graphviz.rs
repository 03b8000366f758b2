//! Draws each committed graph (engine.md §8.2), in the background, so that the engine does not wait for it.
//!
//! What is drawn is the graph as it runs: with the automatic edges, with the resources that run as a part of
//! another one below its name, and with what undoes those that are gone.

use std::env;
use std::fmt;
use std::io::{self, Write};
use std::os::unix::fs::fchown;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use mgmt_compiler::graph::{Notes, ResourceGraph, format_dot};
use rustc_hash::FxHashMap;
use tempfile::NamedTempFile;
use tokio::process::Command;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::warn;

use crate::engine::RunningGraph;

/// A picture may take this long; the next graph waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The last picture may take this much longer than the run.
const GRACE: Duration = Duration::from_secs(5);

/// The programs of Graphviz that make pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
#[allow(missing_docs)]
pub enum Filter {
    #[default]
    Dot,
    Neato,
    Twopi,
    Circo,
    Fdp,
    Sfdp,
    Patchwork,
    Osage,
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dot => "dot",
            Self::Neato => "neato",
            Self::Twopi => "twopi",
            Self::Circo => "circo",
            Self::Fdp => "fdp",
            Self::Sfdp => "sfdp",
            Self::Patchwork => "patchwork",
            Self::Osage => "osage",
        })
    }
}

/// A task that writes each graph to a file, and a picture of it beside.
#[derive(Debug)]
pub struct Graphviz {
    newest: watch::Sender<Arc<str>>,
    task: JoinHandle<()>,
}

impl Graphviz {
    /// Starts the task. The picture is `path` with `.png` appended.
    pub fn start(path: PathBuf, filter: Filter) -> Self {
        let (newest, mut graphs) = watch::channel(Arc::from(""));
        let task = tokio::spawn(async move {
            while graphs.changed().await.is_ok() {
                let text = Arc::clone(&graphs.borrow_and_update());
                if let Err(error) = draw(&path, filter, &text).await {
                    warn!("can't draw the graph to `{}`: {error}", path.display());
                }
            }
        });
        Self { newest, task }
    }

    /// Draws this graph next, unless it is as the last one; one that waits is dropped in its favour.
    pub fn draw(&self, running: &RunningGraph) {
        let text: Arc<str> = text(running).into();
        self.newest.send_if_modified(|newest| {
            let differs = *newest != text;
            if differs {
                *newest = text;
            }
            differs
        });
    }

    /// Waits until the last graph is drawn, for a while.
    pub async fn finish(self) {
        let Self { newest, mut task } = self;
        drop(newest);
        if timeout(GRACE, &mut task).await.is_err() {
            warn!("the last picture of the graph takes too long, and is given up");
            task.abort();
            // A panic of the task has been shown already.
            let _ = task.await;
        }
    }
}

/// The running graph in the language of Graphviz.
fn text(running: &RunningGraph) -> String {
    let mut graph = ResourceGraph::default();
    let mut nodes = FxHashMap::default();
    let mut notes = Notes::new();
    for vertex in &running.vertices {
        let node = graph.add(Arc::clone(&vertex.declared));
        nodes.insert(vertex.number, node);
        let members = vertex.members.iter();
        let mut lines: Vec<String> = members.map(|it| format!("+ {}", it.identity)).collect();
        if vertex.reversal {
            lines.push("is being undone".to_owned());
        }
        if !lines.is_empty() {
            notes.insert(node, lines);
        }
    }
    for edge in &running.edges {
        if let (Some(from), Some(to)) = (nodes.get(&edge.from), nodes.get(&edge.to)) {
            graph.connect(*from, *to, edge.notify);
        }
    }
    format_dot(&graph, &notes)
}

async fn draw(path: &Path, filter: Filter, text: &str) -> io::Result<()> {
    let owner = invoking_user();
    let mut picture = path.as_os_str().to_owned();
    picture.push(".png");
    {
        let (path, text) = (path.to_owned(), text.to_owned());
        tokio::task::spawn_blocking(move || write(&path, &text, owner)).await??;
    }
    let mut command = Command::new(filter.to_string());
    command
        .arg("-Tpng")
        .arg("-o")
        .arg(&picture)
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true);
    if let Some((user, group)) = owner {
        command.uid(user).gid(group);
    }
    let status = timeout(PATIENCE, command.status())
        .await
        .map_err(|_| io::Error::other(format!("`{filter}` takes more than a minute")))?
        .map_err(|error| io::Error::new(error.kind(), format!("can't run `{filter}`: {error}")))?;
    if !status.success() {
        return Err(io::Error::other(format!("`{filter}` ended with {status}")));
    }
    Ok(())
}

/// Replaces the file, so that whoever shows it never sees half a graph. It is for the owner alone.
fn write(path: &Path, text: &str, owner: Option<(u32, u32)>) -> io::Result<()> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    if let Some((user, group)) = owner {
        fchown(file.as_file(), Some(user), Some(group))?;
    }
    file.persist(path)?;
    Ok(())
}

/// Under sudo, who is behind it.
fn invoking_user() -> Option<(u32, u32)> {
    let id = |name| env::var(name).ok()?.parse().ok();
    Some((id("SUDO_UID")?, id("SUDO_GID")?))
}
