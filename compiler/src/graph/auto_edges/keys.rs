//! What is provided and asked for in a graph, as far as it takes to see whether somebody who comes or goes
//! concerns the others.

use std::hash::BuildHasher;

use mgmt_stdlib::resource::{AutoEdges, Class, Subject, Want};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use smallvec::{SmallVec, smallvec};

use super::directories;

/// The keys of all participants of a graph, who are known by whatever identifies them. Only hashes are kept, a few
/// bytes for each participant. If two keys have the same hash, somebody may seem to concern others who
/// does not, never the other way round.
#[derive(Clone, Debug, Default)]
pub struct Keys<Id> {
    provided: FxHashMap<u64, SmallVec<[Id; 1]>>,
    asked: FxHashSet<u64>,
}

impl<Id: Copy + Eq> Keys<Id> {
    /// Adds a participant.
    pub fn add(&mut self, id: Id, edges: &AutoEdges) {
        for key in provided(edges) {
            let providers = self.provided.entry(key).or_insert_with(|| smallvec![]);
            if !providers.contains(&id) {
                providers.push(id);
            }
        }
        self.asked.extend(asked(edges));
    }

    /// Removes participants. What they have asked for still counts as asked for, which errs on the safe side.
    pub fn remove(&mut self, gone: &[Id]) {
        self.provided.retain(|_, providers| {
            providers.retain(|id| !gone.contains(id));
            !providers.is_empty()
        });
    }

    /// Whether nobody asks for what one of these participants provides.
    pub fn nobody_asks_for(&self, ids: &[Id]) -> bool {
        let mut asked_for = self
            .provided
            .iter()
            .filter(|(key, _)| self.asked.contains(key));
        !asked_for.any(|(_, providers)| providers.iter().any(|id| ids.contains(id)))
    }

    /// Whether nobody asks for what a newcomer would provide.
    pub fn nobody_asks_for_new(&self, newcomer: &AutoEdges) -> bool {
        provided(newcomer).all(|key| !self.asked.contains(&key))
    }

    /// All who may provide something that a newcomer asks for, each once.
    pub fn providers_for(&self, newcomer: &AutoEdges) -> Vec<Id> {
        let mut providers = Vec::new();
        for key in asked(newcomer) {
            for id in self.provided.get(&key).into_iter().flatten() {
                if !providers.contains(id) {
                    providers.push(*id);
                }
            }
        }
        providers
    }
}

fn hash(key: (Class, usize, &str)) -> u64 {
    FxBuildHasher.hash_one(key)
}

fn provided(edges: &AutoEdges) -> impl Iterator<Item = u64> {
    edges.provides.iter().flat_map(Subject::keys).map(hash)
}

/// Everything that is ever looked up for a participant, whatever others provide.
fn asked(edges: &AutoEdges) -> FxHashSet<u64> {
    let mut asked = FxHashSet::default();
    let file = |path: &str| hash((Class::File, 0, path));
    for want in &edges.wants {
        match want {
            Want::AfterEach(subjects)
            | Want::AfterAll(subjects)
            | Want::AfterFirst(subjects)
            | Want::BeforeEach(subjects) => {
                asked.extend(subjects.iter().flat_map(Subject::keys).map(hash));
            }
            Want::AfterDirectoryOf(path) => asked.extend(directories(path).map(file)),
            Want::BeforeFiles(paths) => {
                for path in paths {
                    asked.extend([file(path), file(&format!("{path}/"))]);
                    asked.extend(directories(path).map(file));
                }
            }
        }
    }
    asked
}
