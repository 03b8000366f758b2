//! Keeps nodes and regions: creation, wiring, heights, removal, and the queue of what to evaluate.

mod pages;

use mgmt_grammar::span::Span;
use smallvec::SmallVec;

use super::node::{Kind, Node, NodeId, Region, RegionId, State};
use pages::Pages;

/// All nodes and regions of one evaluator.
#[derive(Debug, Default)]
pub struct Store {
    nodes: Pages<Node>,
    free_nodes: Vec<u32>,
    regions: Pages<Region>,
    free_regions: Vec<u32>,
    /// What to evaluate, by height.
    queue: Vec<Vec<NodeId>>,
    /// No queued node is lower.
    lowest: usize,
    /// Regions of binds that lost their last user.
    abandoned: Vec<RegionId>,
    /// Kinds of removed nodes, for the evaluator to end what they stand for.
    pub removed: Vec<(NodeId, Kind)>,
}

impl Store {
    pub fn live_nodes(&self) -> usize {
        self.nodes.len() - self.free_nodes.len()
    }

    /// All nodes, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(index, node)| {
            let id = NodeId {
                index: index as u32,
                generation: node.generation,
            };
            (id, node)
        })
    }

    pub fn is_alive(&self, id: NodeId) -> bool {
        self.nodes
            .get(id.index as usize)
            .is_some_and(|node| node.generation == id.generation)
    }

    pub fn get(&self, id: NodeId) -> &Node {
        debug_assert!(self.is_alive(id), "{id:?} was removed");
        &self.nodes[id.index as usize]
    }

    pub fn get_mut(&mut self, id: NodeId) -> &mut Node {
        debug_assert!(self.is_alive(id), "{id:?} was removed");
        &mut self.nodes[id.index as usize]
    }

    pub fn region(&self, id: RegionId) -> &Region {
        &self.regions[id.index as usize]
    }

    pub fn region_mut(&mut self, id: RegionId) -> &mut Region {
        &mut self.regions[id.index as usize]
    }

    pub fn is_region_alive(&self, id: RegionId) -> bool {
        let region = &self.regions[id.index as usize];
        region.alive && region.generation == id.generation
    }

    /// A new region. One without a controller is of a bind, inside of `around`.
    pub fn add_region(&mut self, controller: Option<NodeId>, around: Option<RegionId>) -> RegionId {
        let index = self
            .free_regions
            .pop()
            .unwrap_or_else(|| self.regions.push(Region::default()) as u32);
        let region = &mut self.regions[index as usize];
        region.alive = true;
        region.controller = controller;
        let id = RegionId {
            index,
            generation: region.generation,
        };
        if let Some(around) = around {
            // Forget those that ended, now and then.
            let inner = &mut self.region_mut(around).more().inner;
            if inner.len() >= 16 && inner.len().is_power_of_two() {
                let mut list = std::mem::take(inner);
                list.retain(|region| self.is_region_alive(*region));
                self.region_mut(around).more().inner = list;
            }
            self.region_mut(around).more().inner.push(id);
        }
        id
    }

    /// A new node, which is queued unless its state is given.
    pub fn add(
        &mut self,
        kind: Kind,
        inputs: SmallVec<[NodeId; 2]>,
        region: RegionId,
        span: Span,
        state: Option<State>,
    ) -> NodeId {
        let above = self.floor(&inputs, region);
        let queue = state.is_none();
        let node = Node {
            generation: 0,
            height: above,
            region,
            kind,
            inputs: SmallVec::new(),
            dependents: SmallVec::new(),
            live_dependents: 0,
            state: state.unwrap_or(State::Pending),
            queued: false,
            span,
        };
        let id = match self.free_nodes.pop() {
            Some(index) => {
                let slot = &mut self.nodes[index as usize];
                let generation = slot.generation;
                *slot = Node { generation, ..node };
                NodeId { index, generation }
            }
            None => {
                let index = self.nodes.push(node) as u32;
                NodeId {
                    index,
                    generation: 0,
                }
            }
        };
        self.regions[region.index as usize].nodes.push(id);
        for input in &inputs {
            self.attach(*input, id);
        }
        self.get_mut(id).inputs = inputs;
        if queue {
            self.enqueue(id);
        }
        id
    }

    /// The lowest height that a node with these inputs in this region may have.
    fn floor(&self, inputs: &[NodeId], region: RegionId) -> u32 {
        let controller = self.regions[region.index as usize].controller;
        inputs
            .iter()
            .chain(controller.iter())
            .map(|input| self.get(*input).height + 1)
            .max()
            .unwrap_or(0)
    }

    fn attach(&mut self, input: NodeId, dependent: NodeId) {
        let node = self.get_mut(input);
        // What never changes has nobody to tell.
        if matches!(node.kind, Kind::Const) {
            return;
        }
        node.live_dependents += 1;
        if node.dependents.len() >= 8 && node.dependents.len() >= 2 * node.live_dependents as usize
        {
            let mut list = std::mem::take(&mut node.dependents);
            list.retain(|dependent| self.is_alive(*dependent));
            self.get_mut(input).dependents = list;
        }
        self.get_mut(input).dependents.push(dependent);
    }

    fn detach(&mut self, input: NodeId, dependent: NodeId, dependent_stays: bool) {
        if !self.is_alive(input) || matches!(self.get(input).kind, Kind::Const) {
            return;
        }
        let node = self.get_mut(input);
        node.live_dependents -= 1;
        if dependent_stays
            && let Some(position) = node.dependents.iter().position(|id| *id == dependent)
        {
            node.dependents.swap_remove(position);
        }
        let (region, unused) = (node.region, node.live_dependents == 0);
        if unused && self.regions[region.index as usize].output == Some(input) {
            self.abandoned.push(region);
        }
    }

    /// Keeps the node of a bind for as long as a region lives, whether or not it is used.
    pub fn hold(&mut self, region: RegionId, id: NodeId) {
        let owner = self.get(id).region;
        if owner != region && self.regions[owner.index as usize].output == Some(id) {
            self.get_mut(id).live_dependents += 1;
            self.region_mut(region).more().held.push(id);
        }
    }

    /// Replaces the inputs of a node, which is queued.
    pub fn set_inputs(&mut self, id: NodeId, inputs: SmallVec<[NodeId; 2]>) {
        for input in &inputs {
            self.attach(*input, id);
        }
        let old = std::mem::replace(&mut self.get_mut(id).inputs, inputs);
        for input in old {
            self.detach(input, id, true);
        }
        let region = self.get(id).region;
        let floor = {
            let inputs = self.get(id).inputs.clone();
            self.floor(&inputs, region)
        };
        self.raise(id, floor);
        self.enqueue(id);
    }

    /// Lifts a node, and what is above it, to at least this height.
    fn raise(&mut self, id: NodeId, height: u32) {
        let mut stack = vec![(id, height)];
        while let Some((id, height)) = stack.pop() {
            if !self.is_alive(id) || self.get(id).height >= height {
                continue;
            }
            self.get_mut(id).height = height;
            let node = self.get(id);
            stack.extend(
                node.dependents
                    .iter()
                    .map(|dependent| (*dependent, height + 1)),
            );
            if let Kind::Control(control) = &node.kind {
                for region in control.regions() {
                    stack.extend(
                        self.region(region)
                            .nodes
                            .iter()
                            .map(|node| (*node, height + 1)),
                    );
                }
            }
        }
    }

    /// Keeps `upper` above `lower`, of which it learns all changes, without being an input.
    pub fn follow(&mut self, upper: NodeId, lower: NodeId) {
        self.get_mut(lower).dependents.push(upper);
        let height = self.get(lower).height + 1;
        self.raise(upper, height);
    }

    /// Marks a node for evaluation.
    pub fn enqueue(&mut self, id: NodeId) {
        let node = self.get_mut(id);
        if node.queued {
            return;
        }
        node.queued = true;
        let height = node.height as usize;
        self.push(id, height);
    }

    fn push(&mut self, id: NodeId, height: usize) {
        if self.queue.len() <= height {
            self.queue.resize_with(height + 1, Vec::new);
        }
        self.queue[height].push(id);
        self.lowest = self.lowest.min(height);
    }

    /// The next node to evaluate: one of the lowest.
    pub fn next(&mut self) -> Option<NodeId> {
        while self.lowest < self.queue.len() {
            let height = self.lowest;
            let Some(id) = self.queue[height].pop() else {
                self.lowest += 1;
                continue;
            };
            if !self.is_alive(id) {
                continue;
            }
            let now = self.get(id).height as usize;
            if now > height {
                self.push(id, now);
                continue;
            }
            self.get_mut(id).queued = false;
            return Some(id);
        }
        None
    }

    /// Gives a node its new state and marks its dependents, unless nothing changed.
    pub fn set_state(&mut self, id: NodeId, state: State) -> bool {
        let node = self.get_mut(id);
        if node.state.is_same(&state) {
            return false;
        }
        node.state = state;
        for i in 0..self.get(id).dependents.len() {
            let dependent = self.get(id).dependents[i];
            if self.is_alive(dependent) {
                self.enqueue(dependent);
            }
        }
        true
    }

    /// Removes a region with all that lives in it.
    pub fn remove_region(&mut self, id: RegionId) {
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            if !self.is_region_alive(id) {
                continue;
            }
            let index = id.index as usize;
            let generation = self.regions[index].generation + 1;
            let region = std::mem::replace(
                &mut self.regions[index],
                Region {
                    generation,
                    ..Region::default()
                },
            );
            self.free_regions.push(id.index);
            if let Some(more) = region.more {
                stack.extend(more.inner);
                for held in more.held {
                    // No node has this id: nobody is told of its changes.
                    self.detach(held, held, false);
                }
            }
            for node in region.nodes {
                if self.is_alive(node) {
                    if let Kind::Control(control) = &self.get(node).kind {
                        stack.extend(control.regions());
                    }
                    self.remove_node(node);
                }
            }
        }
    }

    fn remove_node(&mut self, id: NodeId) {
        let slot = &mut self.nodes[id.index as usize];
        slot.generation += 1;
        slot.queued = false;
        slot.state = State::Pending;
        slot.dependents = SmallVec::new();
        slot.live_dependents = 0;
        let kind = std::mem::replace(&mut slot.kind, Kind::Free);
        let inputs = std::mem::take(&mut slot.inputs);
        self.free_nodes.push(id.index);
        if matches!(kind, Kind::Sampled(_) | Kind::Resource(_) | Kind::Edge(_)) {
            self.removed.push((id, kind));
        }
        for input in inputs {
            self.detach(input, id, false);
        }
    }

    /// Removes the binds that nothing uses any more.
    pub fn collect_garbage(&mut self) {
        while let Some(region) = self.abandoned.pop() {
            if !self.is_region_alive(region) {
                continue;
            }
            let unused = match self.region(region).output {
                Some(output) => self.is_alive(output) && self.get(output).live_dependents == 0,
                None => false,
            };
            if unused {
                self.remove_region(region);
            }
        }
    }
}
