//! Automatic edges: what the resources say of themselves becomes an order between them (engine.md §4.1).
//!
//! Everything provided is indexed by its keys, so that the work grows with what is asked for, not with
//! the square of the resources.

mod keys;

use mgmt_stdlib::resource::{AutoEdges, Class, Subject, Want};
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use rustc_hash::{FxHashMap, FxHashSet};

use super::ResourceGraph;
use super::topology::{self, Pair};

pub use keys::Keys;

/// A resource that takes part, by its position in the graph.
#[derive(Clone, Debug)]
pub struct Participant {
    /// Its position.
    pub at: usize,
    /// What it says of itself.
    pub edges: AutoEdges,
}

/// What the participants want.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutomaticEdges {
    /// The edges that the graph does not have.
    pub added: Vec<Pair>,
    /// Those that are left out, for they would make a cycle.
    pub refused: Vec<Pair>,
}

/// The edges that the participants want, who are in the order of their identities. `count` resources are in
/// the graph, ordered by the edges `declared`, which make no cycle.
pub fn automatic_edges(
    count: usize,
    declared: &[Pair],
    participants: &[Participant],
) -> AutomaticEdges {
    let index = Index::new(participants);
    let mut present: FxHashSet<Pair> = declared.iter().copied().collect();
    let mut wanted = Vec::new();
    for asker in 0..participants.len() {
        index.edges_of(asker, &mut |pair| {
            if present.insert(pair) {
                wanted.push(pair);
            }
        });
    }
    let (added, refused) = topology::without_cycles(count, declared, wanted);
    AutomaticEdges { added, refused }
}

/// The edges that one of the participants wants, who are in the order of their identities: `asker` is its place
/// among them. Those who provide nothing that it asks for may be left out. An edge may come more than once.
pub fn edges_of(asker: usize, participants: &[Participant]) -> Vec<Pair> {
    let mut wanted = Vec::new();
    Index::new(participants).edges_of(asker, &mut |pair| wanted.push(pair));
    wanted
}

impl ResourceGraph {
    /// Adds the automatic edges that can be told without looking at the machine.
    pub fn add_automatic_edges(&mut self) {
        let nodes: Vec<NodeIndex> = self.graph.node_indices().collect();
        let position: FxHashMap<NodeIndex, usize> = nodes
            .iter()
            .enumerate()
            .map(|(at, node)| (*node, at))
            .collect();
        let declared: Vec<Pair> = (&self.graph)
            .edge_references()
            .map(|edge| (position[&edge.source()], position[&edge.target()]))
            .collect();
        let mut participants: Vec<Participant> = nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| {
                let meta = &self.graph[**node].meta;
                !meta.hidden && meta.autoedge != Some(false)
            })
            .map(|(at, node)| {
                let resource = &self.graph[*node];
                Participant {
                    at,
                    edges: resource.params.auto_edges(&resource.identity.name),
                }
            })
            .collect();
        participants.sort_by(|a, b| {
            let identity = |it: &Participant| &self.graph[nodes[it.at]].identity;
            identity(a).cmp(identity(b))
        });
        let edges = automatic_edges(nodes.len(), &declared, &participants);
        for (from, to) in edges.added {
            self.connect(nodes[from], nodes[to], false);
        }
    }
}

#[derive(Clone, Copy)]
enum Direction {
    ProviderFirst,
    AskerFirst,
}

/// Finds who provides something. Participants are known by their position.
struct Index<'p> {
    participants: &'p [Participant],
    by_key: FxHashMap<(Class, usize, &'p str), Providers>,
}

/// Most things have one provider only.
struct Providers {
    first: usize,
    others: Vec<usize>,
}

impl Providers {
    fn iter(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }
}

impl<'p> Index<'p> {
    fn new(participants: &'p [Participant]) -> Self {
        let mut by_key: FxHashMap<_, Providers> = FxHashMap::default();
        for (at, participant) in participants.iter().enumerate() {
            for key in participant.edges.provides.iter().flat_map(Subject::keys) {
                by_key
                    .entry(key)
                    .and_modify(|providers| providers.others.push(at))
                    .or_insert(Providers {
                        first: at,
                        others: Vec::new(),
                    });
            }
        }
        Self {
            participants,
            by_key,
        }
    }

    /// Calls `edge` for every edge that the asker wants.
    fn edges_of(&self, asker: usize, edge: &mut impl FnMut(Pair)) {
        let participant = &self.participants[asker];
        let edge = &mut |provider: usize, direction: Direction| {
            let provider = self.participants[provider].at;
            edge(match direction {
                Direction::ProviderFirst => (provider, participant.at),
                Direction::AskerFirst => (participant.at, provider),
            });
        };
        for want in &participant.edges.wants {
            self.resolve(asker, want, edge);
        }
    }

    /// Calls `edge` for every provider that the asker is to be ordered with.
    fn resolve(&self, asker: usize, want: &'p Want, edge: &mut impl FnMut(usize, Direction)) {
        match want {
            Want::AfterEach(subjects) => {
                for provider in subjects.iter().filter_map(|each| self.find(asker, each)) {
                    edge(provider, Direction::ProviderFirst);
                }
            }
            Want::AfterAll(subjects) => {
                for provider in subjects.iter().flat_map(|each| self.find_all(asker, each)) {
                    edge(provider, Direction::ProviderFirst);
                }
            }
            Want::AfterFirst(subjects) => {
                if let Some(provider) = subjects.iter().find_map(|each| self.find(asker, each)) {
                    edge(provider, Direction::ProviderFirst);
                }
            }
            Want::AfterDirectoryOf(path) => {
                let provider = directories(path).find_map(|path| self.find_file(asker, path));
                if let Some(provider) = provider {
                    edge(provider, Direction::ProviderFirst);
                }
            }
            Want::BeforeEach(subjects) => {
                for provider in subjects.iter().filter_map(|each| self.find(asker, each)) {
                    edge(provider, Direction::AskerFirst);
                }
            }
            Want::BeforeFiles(paths) => self.cover(asker, paths, |provider| {
                edge(provider, Direction::AskerFirst);
            }),
        }
    }

    /// The first other participant that provides the subject.
    fn find(&self, asker: usize, subject: &Subject) -> Option<usize> {
        self.find_all(asker, subject).min()
    }

    /// All other participants that provide the subject.
    fn find_all<'a>(
        &'a self,
        asker: usize,
        subject: &'a Subject,
    ) -> impl Iterator<Item = usize> + use<'a, 'p> {
        let of_keys = subject.keys().filter_map(|key| self.by_key.get(&key));
        of_keys.flat_map(Providers::iter).filter(move |at| {
            let provides = &self.participants[*at].edges.provides;
            *at != asker && provides.iter().any(|each| each.matches(subject))
        })
    }

    fn find_file(&self, asker: usize, path: &str) -> Option<usize> {
        self.by_key
            .get(&(Class::File, 0, path))?
            .iter()
            .find(|at| *at != asker)
    }

    /// The providers of these paths and, level by level, of the directories above those that nobody
    /// provides.
    fn cover(&self, asker: usize, paths: &'p [String], mut found: impl FnMut(usize)) {
        // What is above something that is asked for says nothing of its own.
        let mut covered: FxHashSet<&str> =
            paths.iter().flat_map(|path| directories(path)).collect();
        let is_covered = |covered: &FxHashSet<&str>, path: &str| {
            covered.contains(path)
                || (!path.ends_with('/') && covered.contains(&*format!("{path}/")))
        };
        let mut seen = FxHashSet::default();
        let mut level: Vec<&str> = paths
            .iter()
            .map(String::as_str)
            .filter(|path| seen.insert(*path) && !is_covered(&covered, path))
            .collect();
        while !level.is_empty() {
            let mut unmatched = Vec::new();
            let mut above_matched = FxHashSet::default();
            for path in level {
                let provider = self.find_file(asker, path).or_else(|| {
                    // Lists of packages write directories without the slash.
                    let directory = (!path.ends_with('/')).then(|| format!("{path}/"))?;
                    self.find_file(asker, &directory)
                });
                match provider {
                    Some(provider) => {
                        found(provider);
                        above_matched.extend(directories(path));
                    }
                    None => unmatched.push(path),
                }
            }
            covered.retain(|path| !above_matched.contains(path));
            level = unmatched
                .into_iter()
                .filter_map(|path| directories(path).next())
                // A directory that was above a match stays out of it for good.
                .filter(|path| covered.remove(path))
                .collect();
        }
    }
}

/// The directories above a path, nearest first, each with its slash.
fn directories(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = path.strip_suffix('/').unwrap_or(path);
    std::iter::from_fn(move || {
        let slash = rest.rfind('/')?;
        let directory = &rest[..=slash];
        rest = &rest[..slash];
        Some(directory)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use mgmt_stdlib::resource::{Meta, Params};
    use mgmt_stdlib::resources::file::File;

    use super::*;
    use crate::graph::{GraphFormat, Identity, Resource, format};

    #[test]
    fn a_package_comes_before_its_files_or_the_directories_above_them() {
        let file = |path: &str| AutoEdges::default().provides(Subject::file(path));
        let shipped = [
            "/etc",
            "/etc/p",
            "/etc/p/main",
            "/etc/p/extra",
            "/usr/lib/q/r",
        ];
        let answers = [
            AutoEdges::default().before_files(shipped.map(str::to_owned)),
            file("/"),
            file("/etc/"),
            file("/etc/p/main"),
            file("/usr/lib/"),
            file("/usr/"),
            file("/etc/p/other"),
        ];
        let participants = answers.into_iter().enumerate();
        let participants: Vec<_> = participants
            .map(|(at, edges)| Participant { at, edges })
            .collect();
        let edges = automatic_edges(participants.len(), &[], &participants);
        // `extra` is not provided, and its directories are above `main`, which is.
        let found: BTreeSet<_> = edges.added.into_iter().collect();
        assert_eq!(found, BTreeSet::from([(0, 3), (0, 4)]));
    }

    #[test]
    fn directories_are_told_nearest_first() {
        let above = |path| directories(path).collect::<Vec<_>>();
        assert_eq!(above("/a/b/c"), ["/a/b/", "/a/", "/"]);
        assert_eq!(above("/a/b/"), ["/a/", "/"]);
        assert!(above("/").is_empty());
    }

    #[test]
    fn a_graph_gets_what_its_declarations_tell() {
        let mut graph = ResourceGraph::default();
        for (path, autoedge) in [("/a/", None), ("/a/b", None), ("/a/c", Some(false))] {
            let params = File::default();
            graph.add(Arc::new(Resource {
                identity: Identity::new(params.kind(), path),
                params: Arc::new(params),
                meta: Meta {
                    autoedge,
                    ..Meta::default()
                },
                receives: Vec::new(),
                span: None,
            }));
        }
        graph.add_automatic_edges();
        let catalog = mgmt_stdlib::catalog::Catalog::standard().expect("no duplicates");
        let text = format(&graph, &catalog, GraphFormat::Text);
        let edges: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("Edge"))
            .collect();
        assert_eq!(
            edges,
            ["Edge: file[/a/] -> file[/a/b] # file[/a/] -> file[/a/b]"]
        );
    }
}
