//! Gathers what the steps of an iteration give into one list, at the cost of what changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use mgmt_stdlib::catalog::GraphFunction;
use mgmt_stdlib::value::{List, Value};
use rustc_hash::FxHashSet;

use super::node::{Failure, NodeId, State};
use super::store::Store;

/// The list under construction.
#[derive(Debug)]
pub struct Gather {
    filters: bool,
    elements: Vec<Element>,
    /// Places whose nodes have new states.
    changed: Vec<u32>,
    pending: FxHashSet<u32>,
    failed: BTreeMap<u32, Arc<Failure>>,
    /// The outcome; what it holds for pending and failed elements is never shown.
    list: List,
}

/// The nodes of one element.
#[derive(Debug)]
struct Element {
    value: NodeId,
    /// Says whether a filter keeps it.
    keep: Option<NodeId>,
    /// For a filter: how many before it are kept.
    kept_before: u32,
}

impl Gather {
    pub fn new(function: GraphFunction) -> Self {
        Self {
            filters: function == GraphFunction::Filter,
            elements: Vec::new(),
            changed: Vec::new(),
            pending: FxHashSet::default(),
            failed: BTreeMap::new(),
            list: List::default(),
        }
    }

    /// Appends an element.
    pub fn push(&mut self, value: NodeId, keep: Option<NodeId>) {
        self.changed.push(self.elements.len() as u32);
        self.elements.push(Element {
            value,
            keep,
            kept_before: 0,
        });
    }

    /// Forgets all but the first so many elements.
    pub fn truncate(&mut self, to: usize) {
        if to >= self.elements.len() {
            return;
        }
        self.elements.truncate(to);
        self.list.truncate(to);
        self.pending.retain(|at| (*at as usize) < to);
        self.failed.split_off(&(to as u32));
        self.changed.retain(|at| (*at as usize) < to);
        if self.filters && to > 0 {
            // Where the kept ones end is found from here.
            self.changed.push(to as u32 - 1);
        }
    }

    /// The nodes of the element at that place have new states.
    pub fn mark(&mut self, at: u32) {
        self.changed.push(at);
    }

    /// Takes in what changed.
    pub fn state(&mut self, store: &Store) -> State {
        let changed = std::mem::take(&mut self.changed);
        let mut first_changed = u32::MAX;
        for at in changed {
            let Some(element) = self.elements.get(at as usize) else {
                continue;
            };
            first_changed = first_changed.min(at);
            self.pending.remove(&at);
            self.failed.remove(&at);
            for node in [Some(element.value), element.keep].into_iter().flatten() {
                match &store.get(node).state {
                    State::Pending => drop(self.pending.insert(at)),
                    State::Failed(failure) => {
                        self.failed.entry(at).or_insert_with(|| failure.clone());
                    }
                    State::Ready(value) if !self.filters => self.place(at, value.clone()),
                    State::Ready(_) => {}
                }
            }
        }
        if self.filters {
            self.filter(first_changed, store);
        }
        if !self.pending.is_empty() {
            return State::Pending;
        }
        match self.failed.first_key_value() {
            Some((_, failure)) => State::Failed(failure.clone()),
            None => State::Ready(Value::List(self.list.clone())),
        }
    }

    /// Puts a value where it belongs in a list that has one for each element.
    fn place(&mut self, at: u32, value: Value) {
        let at = at as usize;
        // Only in front of an element that has no value yet.
        while self.list.len() < at {
            self.list.push(Value::Bool(false));
        }
        if at == self.list.len() {
            self.list.push(value);
        } else {
            self.list.set(at, value);
        }
    }

    /// Chooses anew from the first place that changed.
    fn filter(&mut self, first_changed: u32, store: &Store) {
        let first = first_changed as usize;
        let mut kept = match first.checked_sub(1) {
            _ if first >= self.elements.len() => return,
            None => 0,
            Some(before) => {
                let element = &self.elements[before];
                element.kept_before + u32::from(is_kept(element, store))
            }
        };
        self.list.truncate(kept as usize);
        for element in &mut self.elements[first..] {
            element.kept_before = kept;
            if is_kept(element, store)
                && let State::Ready(value) = &store.get(element.value).state
            {
                self.list.push(value.clone());
                kept += 1;
            }
        }
    }
}

/// Whether a filter keeps an element, whose value is then known.
fn is_kept(element: &Element, store: &Store) -> bool {
    let keep = element.keep.map(|keep| &store.get(keep).state);
    matches!(keep, Some(State::Ready(Value::Bool(true))))
        && matches!(store.get(element.value).state, State::Ready(_))
}
