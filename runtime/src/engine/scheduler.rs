//! Who may run: topology, settledness and revisions (engine.md §3.5).
//!
//! A pure data structure without clock and tasks. Every change of a vertex is followed by the smallest
//! propagation that makes the counters of its descendants true again; whoever becomes able to run is
//! put into the wake queue. The work is proportional to the vertices whose state flips.

mod edges;
mod questions;
#[cfg(test)]
mod tests;
mod touched;

use std::collections::VecDeque;

/// A vertex of the running graph. The serial number tells vertices apart that used the same slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct VertexId {
    pub(crate) index: u32,
    serial: u32,
}

/// An edge for [`Scheduler::connect`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewEdge {
    pub(crate) from: VertexId,
    pub(crate) to: VertexId,
    pub(crate) notify: bool,
    /// Whether a notification is waiting on it from the start.
    pub(crate) pending: bool,
}

/// What a pass saw of its parents when it began; committed only if the pass succeeds.
#[derive(Debug, Default)]
pub(crate) struct Ticket {
    inputs: u64,
    notifications: Vec<(u32, u32)>,
}

impl Ticket {
    /// Whether a notification waited when the pass began.
    pub(crate) fn refresh(&self) -> bool {
        !self.notifications.is_empty()
    }
}

/// How a successful pass ended.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Completion {
    /// `check_apply` ran, so values may have been sent.
    pub(crate) called: bool,
    /// The subject was changed, so the children with a notify edge are notified.
    pub(crate) raise: bool,
    /// The notifications seen at the start are served.
    pub(crate) serve: bool,
}

#[derive(Debug, Default)]
struct Node {
    serial: u32,
    live: bool,
    /// The current watch has sent its first event.
    started: bool,
    failed: bool,
    dirty: bool,
    /// Something made it dirty while a pass was running.
    dirty_again: bool,
    running: bool,
    /// Wants to be woken when its parents are settled although it has not started.
    parked: bool,
    queued: bool,
    // Derived by `update`:
    settled: bool,
    /// Has been settled at least once.
    realized: bool,
    /// Failed, or behind a failed one.
    dead: bool,
    /// Behind a failed one, and not failed itself.
    blocked: bool,
    busy: bool,
    unsettled_parents: u32,
    dead_parents: u32,
    /// Incoming edges whose notification is not served.
    pending: u32,
    /// The sum of the revisions of the parents: one for each result or notification of theirs.
    inputs: u64,
    /// `inputs` at the start of the last successful pass.
    seen: u64,
    /// Is among [`Scheduler::touched`].
    touched: bool,
    children: Span,
    parents: Span,
}

impl Node {
    fn needs_pass(&self) -> bool {
        self.dirty || self.inputs != self.seen
    }

    fn locally_settled(&self) -> bool {
        self.started && !self.failed && !self.running && !self.needs_pass()
    }

    fn ready(&self) -> bool {
        self.started
            && !self.failed
            && !self.running
            && self.needs_pass()
            && self.unsettled_parents == 0
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    from: u32,
    to: u32,
    notify: bool,
    raised: u32,
    served: u32,
}

impl Edge {
    fn pending(&self) -> bool {
        self.raised != self.served
    }
}

/// The bookkeeping of all vertices.
#[derive(Debug, Default)]
pub(crate) struct Scheduler {
    nodes: Vec<Node>,
    free: Vec<u32>,
    serial: u32,
    /// Sorted by `from`; a node's `children` is its part.
    edges: Vec<Edge>,
    /// Indices into `edges`, sorted by `to`; a node's `parents` is its part.
    incoming: Vec<u32>,
    wake: VecDeque<u32>,
    work: Vec<u32>,
    /// Whose `blocked` has flipped, and to what.
    flips: Vec<(u32, bool)>,
    /// The vertices that may be another way than when somebody last looked; nothing if nobody ever looks.
    touched: Option<Vec<u32>>,
    live: usize,
    busy: usize,
    settled: usize,
    failed: usize,
    dead: usize,
}

impl Scheduler {
    /// Adds a vertex without edges: dirty and not started.
    pub(crate) fn add(&mut self) -> VertexId {
        self.serial = self.serial.wrapping_add(1);
        let node = Node {
            serial: self.serial,
            live: true,
            dirty: true,
            ..Node::default()
        };
        let index = if let Some(index) = self.free.pop() {
            self.nodes[index as usize] = node;
            index
        } else {
            self.nodes.push(node);
            u32::try_from(self.nodes.len() - 1).expect("the slots are counted in 32 bits")
        };
        self.live += 1;
        self.update(index);
        VertexId {
            index,
            serial: self.serial,
        }
    }

    /// Removes a vertex. The edges that touch it must be replaced by [`Scheduler::connect`] before
    /// anything else happens.
    pub(crate) fn remove(&mut self, vertex: VertexId) {
        if !self.contains(vertex) {
            return;
        }
        let node = &mut self.nodes[vertex.index as usize];
        self.busy -= usize::from(node.busy);
        self.settled -= usize::from(node.settled);
        self.failed -= usize::from(node.failed);
        self.dead -= usize::from(node.dead);
        self.live -= 1;
        *node = Node::default();
        self.free.push(vertex.index);
    }

    /// Whether the vertex is still in the graph.
    pub(crate) fn contains(&self, vertex: VertexId) -> bool {
        self.nodes
            .get(vertex.index as usize)
            .is_some_and(|node| node.live && node.serial == vertex.serial)
    }

    fn id(&self, index: u32) -> VertexId {
        VertexId {
            index,
            serial: self.nodes[index as usize].serial,
        }
    }

    /// A `check_apply` is needed, if not by this pass then by the next.
    pub(crate) fn invalidate(&mut self, vertex: VertexId) {
        let node = &mut self.nodes[vertex.index as usize];
        if node.running {
            node.dirty_again = true;
        }
        if !node.dirty {
            node.dirty = true;
            self.update(vertex.index);
        }
    }

    /// Whether the current watch has sent its first event.
    pub(crate) fn set_started(&mut self, vertex: VertexId, started: bool) {
        let node = &mut self.nodes[vertex.index as usize];
        if node.started != started {
            node.started = started;
            self.update(vertex.index);
        }
    }

    /// Wakes the vertex when its parents are settled, started or not.
    pub(crate) fn set_parked(&mut self, vertex: VertexId, parked: bool) {
        self.nodes[vertex.index as usize].parked = parked;
        self.update(vertex.index);
    }

    /// The vertex failed for good.
    pub(crate) fn fail(&mut self, vertex: VertexId) {
        let node = &mut self.nodes[vertex.index as usize];
        if !node.failed {
            node.failed = true;
            self.failed += 1;
            self.update(vertex.index);
        }
    }

    /// What a pass that starts now would see.
    pub(crate) fn ticket(&self, vertex: VertexId) -> Ticket {
        let node = &self.nodes[vertex.index as usize];
        let notifications = if node.pending == 0 {
            Vec::new()
        } else {
            self.incoming[node.parents.range()]
                .iter()
                .filter(|edge| self.edges[**edge as usize].pending())
                .map(|edge| (*edge, self.edges[*edge as usize].raised))
                .collect()
        };
        Ticket {
            inputs: node.inputs,
            notifications,
        }
    }

    /// A pass with `check_apply` begins.
    pub(crate) fn begin(&mut self, vertex: VertexId) {
        let node = &mut self.nodes[vertex.index as usize];
        node.running = true;
        node.dirty_again = false;
        self.update(vertex.index);
    }

    /// A pass ended without success: everything it would have taken in is still to do.
    pub(crate) fn abandon(&mut self, vertex: VertexId) {
        let node = &mut self.nodes[vertex.index as usize];
        if node.running {
            node.running = false;
            node.dirty_again = false;
            self.update(vertex.index);
        }
    }

    /// A pass ended with success. Returns the parents whose notifications are served.
    pub(crate) fn complete(
        &mut self,
        vertex: VertexId,
        ticket: &Ticket,
        completion: Completion,
    ) -> Vec<VertexId> {
        let mut served = Vec::new();
        if completion.serve {
            for (at, raised) in &ticket.notifications {
                let edge = &mut self.edges[*at as usize];
                edge.served = *raised;
                if !edge.pending() {
                    self.nodes[vertex.index as usize].pending -= 1;
                    served.push(self.id(self.edges[*at as usize].from));
                }
            }
        }
        let node = &mut self.nodes[vertex.index as usize];
        node.seen = ticket.inputs;
        node.dirty = node.running && node.dirty_again;
        node.running = false;
        node.dirty_again = false;
        if completion.called {
            for at in self.nodes[vertex.index as usize].children.range() {
                let edge = &mut self.edges[at];
                let child = edge.to;
                self.nodes[child as usize].inputs += 1;
                if completion.raise && edge.notify {
                    let was_pending = edge.pending();
                    edge.raised = edge.raised.wrapping_add(1);
                    self.nodes[child as usize].pending += u32::from(!was_pending);
                }
                self.update(child);
            }
        }
        self.update(vertex.index);
        served
    }

    /// The next vertex that became able to run, or whose parents settled while it was parked.
    pub(crate) fn pop_wake(&mut self) -> Option<VertexId> {
        loop {
            let index = self.wake.pop_front()?;
            let node = &mut self.nodes[index as usize];
            if std::mem::take(&mut node.queued) && node.live {
                return Some(self.id(index));
            }
        }
    }

    /// The vertices that became blocked by a failed one, or no longer are, in order.
    pub(crate) fn take_blocked_flips(&mut self) -> Vec<(VertexId, bool)> {
        let flips = std::mem::take(&mut self.flips);
        let flips = flips.into_iter();
        flips.map(|(index, to)| (self.id(index), to)).collect()
    }

    /// Puts the vertex into the wake queue if it can run.
    pub(crate) fn wake(&mut self, vertex: VertexId) {
        self.update(vertex.index);
    }

    /// The same for all vertices.
    pub(crate) fn wake_all(&mut self) {
        for index in 0..self.nodes.len() {
            if self.nodes[index].live {
                self.update(index as u32);
            }
        }
    }

    /// All vertices, in the order of their slots.
    pub(crate) fn vertices(&self) -> impl Iterator<Item = VertexId> {
        self.nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.live)
            .map(|(index, node)| VertexId {
                index: index as u32,
                serial: node.serial,
            })
    }

    /// Makes the derived state of a vertex and of its descendants true again. Within one call a vertex
    /// flips each state at most once, since a cause moves all of them in one direction.
    fn update(&mut self, start: u32) {
        self.work.push(start);
        while let Some(index) = self.work.pop() {
            self.touch(index);
            let node = &mut self.nodes[index as usize];
            let local = node.locally_settled();
            let settled = local && node.unsettled_parents == 0;
            let dead = node.failed || node.dead_parents > 0;
            let busy = node.running || (!local && !dead);
            node.realized |= settled;
            let blocked = dead && !node.failed;
            if std::mem::replace(&mut node.blocked, blocked) != blocked {
                self.flips.push((index, blocked));
            }
            let was_settled = std::mem::replace(&mut node.settled, settled);
            let was_dead = std::mem::replace(&mut node.dead, dead);
            let was_busy = std::mem::replace(&mut node.busy, busy);
            self.settled = self.settled + usize::from(settled) - usize::from(was_settled);
            self.dead = self.dead + usize::from(dead) - usize::from(was_dead);
            self.busy = self.busy + usize::from(busy) - usize::from(was_busy);
            let parents_done = node.parked && !node.failed && node.unsettled_parents == 0;
            if (node.ready() || parents_done) && !node.queued {
                node.queued = true;
                self.wake.push_back(index);
            }
            if settled == was_settled && dead == was_dead {
                continue;
            }
            for at in node.children.range() {
                let child = &mut self.nodes[self.edges[at].to as usize];
                match (was_settled, settled) {
                    (false, true) => child.unsettled_parents -= 1,
                    (true, false) => child.unsettled_parents += 1,
                    _ => {}
                }
                match (was_dead, dead) {
                    (false, true) => child.dead_parents += 1,
                    (true, false) => child.dead_parents -= 1,
                    _ => {}
                }
                self.work.push(self.edges[at].to);
            }
        }
    }
}
