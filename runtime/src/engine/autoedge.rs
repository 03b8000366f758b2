//! Automatic edges: what the resources say of themselves becomes an order between them (engine.md §4.1).
//!
//! Everything provided is indexed by its keys, so that the work grows with what is asked for, not with
//! the square of the resources.

#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;

use futures::{FutureExt as _, StreamExt as _};
use rustc_hash::{FxHashMap, FxHashSet};
use tracing::{debug, warn};

use super::core::describe;
use super::panic_error;
use super::prepare::{Prepared, PreparedEdge, Problem};
use super::topology;
use crate::resource::{AutoEdges, Class, Registry, Services, Subject, Want};

/// How many resources are asked at once; some look at the machine first.
const CONCURRENT: usize = 64;

/// A resource that takes part, by its position in the graph.
pub(crate) struct Participant {
    at: usize,
    edges: AutoEdges,
}

/// Asks every resource that takes part, in the order of their identities.
///
/// # Errors
/// Those of all the resources that failed.
pub(crate) async fn ask(
    prepared: &Prepared,
    registry: &Registry,
    services: &Services,
) -> Result<Vec<Participant>, Vec<Problem>> {
    let vertices = &prepared.vertices;
    let mut order: Vec<usize> = (0..vertices.len())
        .filter(|at| {
            let meta = &vertices[*at].declared.meta;
            !meta.hidden && meta.autoedge != Some(false)
        })
        .collect();
    order.sort_unstable_by(|a, b| vertices[*a].identity().cmp(vertices[*b].identity()));
    let answers = order.into_iter().map(|at| async move {
        let resource = &vertices[at].declared;
        let name = &resource.identity.name;
        let call = async { registry.auto_edges(name, &*resource.params, services).await };
        let answer = AssertUnwindSafe(call)
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(panic_error("auto_edges", &*panic)));
        (at, answer)
    });
    let mut answers = futures::stream::iter(answers).buffered(CONCURRENT);
    let mut participants = Vec::new();
    let mut problems = Vec::new();
    while let Some((at, answer)) = answers.next().await {
        match answer {
            Ok(edges) => participants.push(Participant { at, edges }),
            Err(error) => {
                let message = format!("can't find its automatic edges: {}", describe(&error));
                problems.push(Problem::new(&vertices[at].declared, message));
            }
        }
    }
    if problems.is_empty() {
        Ok(participants)
    } else {
        Err(problems)
    }
}

/// Adds the edges that the participants want. An edge that the graph has already stays as it is; one that
/// would make a cycle is left out.
pub(crate) fn add(prepared: &mut Prepared, participants: &[Participant]) {
    let index = Index::new(participants);
    let declared = prepared.pairs();
    let mut present: FxHashSet<topology::Pair> = declared.iter().copied().collect();
    let mut wanted = Vec::new();
    for (asker, participant) in participants.iter().enumerate() {
        let edge = &mut |provider: usize, direction: Direction| {
            let provider = participants[provider].at;
            let (from, to) = match direction {
                Direction::ProviderFirst => (provider, participant.at),
                Direction::AskerFirst => (participant.at, provider),
            };
            if present.insert((from, to)) {
                wanted.push((from, to));
            }
        };
        for want in &participant.edges.wants {
            index.resolve(asker, want, edge);
        }
    }
    let (added, refused) = topology::without_cycles(prepared.vertices.len(), &declared, wanted);
    let identity = |at: usize| prepared.vertices[at].identity();
    for (from, to) in refused {
        warn!(
            "no automatic edge {} -> {}: the graph orders them the other way round",
            identity(from),
            identity(to)
        );
    }
    for (from, to) in &added {
        debug!("automatic edge {} -> {}", identity(*from), identity(*to));
    }
    prepared
        .edges
        .extend(added.into_iter().map(|(from, to)| PreparedEdge {
            from,
            to,
            notify: false,
        }));
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

    /// Calls `edge` for every provider that the asker is to be ordered with.
    fn resolve(&self, asker: usize, want: &'p Want, edge: &mut impl FnMut(usize, Direction)) {
        match want {
            Want::AfterEach(subjects) => {
                for provider in subjects.iter().filter_map(|each| self.find(asker, each)) {
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
        subject
            .keys()
            .filter_map(|key| {
                self.by_key.get(&key)?.iter().find(|at| {
                    let provides = &self.participants[*at].edges.provides;
                    *at != asker && provides.iter().any(|each| each.matches(subject))
                })
            })
            .min()
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
