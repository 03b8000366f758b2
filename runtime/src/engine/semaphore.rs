//! Semaphores shared by the vertices of one engine (engine.md §3.7).
//!
//! A vertex takes one unit of each of its semaphores, in ascending order of their identifiers, and waits
//! in first-come order. Since everybody takes them in the same order and holds them only while its own
//! `check_apply` runs, nobody can wait in a circle.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::scheduler::VertexId;

/// Sorted identifiers without duplicates.
pub(crate) type Ids = Arc<[Arc<str>]>;

/// The identifiers of a vertex as it has to take them.
pub(crate) fn ids(declared: &[String]) -> Ids {
    let mut ids: Vec<Arc<str>> = declared.iter().map(|id| id.as_str().into()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into()
}

/// How many may hold the semaphore: the number after the last colon, else one (engine.md 3.7.1).
fn size(id: &str) -> u64 {
    id.rsplit_once(':')
        .and_then(|(_, count)| count.parse().ok())
        .filter(|count| *count > 0)
        .unwrap_or(1)
}

#[derive(Debug)]
struct Semaphore {
    free: u64,
    holders: u64,
    queue: VecDeque<VertexId>,
}

#[derive(Debug)]
struct Claim {
    ids: Ids,
    /// How many of `ids`, from the front, are held.
    held: usize,
}

/// All semaphores that somebody holds or waits for.
#[derive(Debug, Default)]
pub(crate) struct Semaphores {
    by_id: FxHashMap<Arc<str>, Semaphore>,
    claims: FxHashMap<VertexId, Claim>,
}

impl Semaphores {
    /// Asks for all of `ids`. True if they are held now; otherwise the vertex waits until
    /// [`Semaphores::release`] names it.
    pub(crate) fn acquire(&mut self, vertex: VertexId, ids: &Ids) -> bool {
        self.claims.insert(
            vertex,
            Claim {
                ids: ids.clone(),
                held: 0,
            },
        );
        self.advance(vertex)
    }

    /// Those who hold some or wait for some, in no order.
    pub(crate) fn claimants(&self) -> impl Iterator<Item = VertexId> {
        self.claims.keys().copied()
    }

    /// Takes what is free for the vertex, up to the first that is not, where it queues.
    fn advance(&mut self, vertex: VertexId) -> bool {
        let Some(claim) = self.claims.get_mut(&vertex) else {
            return false;
        };
        while let Some(id) = claim.ids.get(claim.held) {
            let semaphore = self.by_id.entry(id.clone()).or_insert_with(|| Semaphore {
                free: size(id),
                holders: 0,
                queue: VecDeque::new(),
            });
            if semaphore.free == 0 {
                semaphore.queue.push_back(vertex);
                return false;
            }
            semaphore.free -= 1;
            semaphore.holders += 1;
            claim.held += 1;
        }
        true
    }

    /// Gives back what the vertex holds, or withdraws it from the queue. Returns those who thereby hold
    /// all that they asked for.
    pub(crate) fn release(&mut self, vertex: VertexId) -> Vec<VertexId> {
        let Some(claim) = self.claims.remove(&vertex) else {
            return Vec::new();
        };
        if let Some(awaited) = claim.ids.get(claim.held)
            && let Some(semaphore) = self.by_id.get_mut(awaited)
        {
            semaphore.queue.retain(|waiting| *waiting != vertex);
        }
        let mut complete = Vec::new();
        for id in &claim.ids[..claim.held] {
            let Some(semaphore) = self.by_id.get_mut(id) else {
                continue;
            };
            if let Some(next) = semaphore.queue.pop_front() {
                // The unit goes straight to the first in the queue, so that nobody overtakes.
                if let Some(claim) = self.claims.get_mut(&next) {
                    claim.held += 1;
                }
                if self.advance(next) {
                    complete.push(next);
                }
            } else {
                semaphore.free += 1;
                semaphore.holders -= 1;
                if semaphore.holders == 0 {
                    self.by_id.remove(id);
                }
            }
        }
        complete
    }

    /// How many semaphores are in use.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }
}
