//! `iter.map`, `iter.filter`, `iter.zip` and `iter.reduce`: the function's body is instantiated for each element.

use std::ops::ControlFlow;
use std::sync::Arc;

use mgmt_stdlib::catalog::{CallError, GraphFunction};
use mgmt_stdlib::value::{Func, List, Value};
use smallvec::{SmallVec, smallvec};

use super::super::Evaluator;
use super::super::node::{Failure, Iterate, Kind, NodeId, State, Step};

impl Evaluator {
    /// Keeps the steps of elements that are still there, unless the function is another one.
    pub(super) fn iterate(
        &mut self,
        id: NodeId,
        this: &mut Iterate,
        values: &[Value],
        inputs: &[NodeId],
    ) -> State {
        let Some((func, values)) = values.split_last() else {
            return State::Pending;
        };
        let Some(func) = func.as_func() else {
            return State::Pending;
        };
        let lists: SmallVec<[List; 2]> = values[usize::from(this.initial)..]
            .iter()
            .filter_map(|value| value.as_list().cloned())
            .collect();
        let len = lists.iter().map(List::len).min().unwrap_or(0);
        let same_function = this.current.as_ref().is_some_and(|was| was.ptr_eq(func));
        let keep = if same_function {
            len.min(this.steps.len())
        } else {
            0
        };
        self.shorten(this.gather, keep);
        for step in this.steps.drain(keep..) {
            self.drop_region(Some(step.region));
        }
        for (i, (list, before)) in lists.iter().zip(&this.lists).enumerate() {
            let _ = list.differences(before, |at| {
                if let Some(step) = this.steps.get(at) {
                    self.store
                        .set_state(step.cells[i], State::Ready(list[at].clone()));
                }
                ControlFlow::Continue(())
            });
        }
        this.lists = lists;
        this.current = Some(func.clone());
        for _ in keep..len {
            self.add_step(id, this, func, inputs);
        }
        if this.function == GraphFunction::Reduce {
            let outcome = match this.steps.last() {
                Some(step) => Some(step.output),
                None if this.initial => Some(inputs[0]),
                None => None,
            };
            let shown: SmallVec<[NodeId; 2]> = std::iter::once(id).chain(outcome).collect();
            if self.store.get(this.gather).inputs != shown {
                self.store.set_inputs(this.gather, shown);
            }
            if this.steps.is_empty() && !this.initial {
                let message = "cannot reduce an empty list without an initial value";
                return State::Failed(Arc::new(Failure::Call {
                    error: CallError::catchable(message),
                    span: self.store.get(id).span,
                    inner: None,
                }));
            }
        }
        State::Ready(Value::Bool(true))
    }

    /// Instantiates the function for the next element.
    fn add_step(&mut self, id: NodeId, this: &mut Iterate, func: &Func, inputs: &[NodeId]) {
        let at = this.steps.len();
        let span = self.store.get(id).span;
        let region = self.store.add_region(Some(id), None);
        let cells: SmallVec<[NodeId; 2]> = this
            .lists
            .iter()
            .map(|list| self.cell(region, list[at].clone(), span))
            .collect();
        let before = match (this.function, this.steps.last()) {
            (GraphFunction::Reduce, Some(step)) => Some(step.output),
            (GraphFunction::Reduce, None) if this.initial => Some(inputs[0]),
            _ => None,
        };
        let output = match (this.function, before) {
            // Without an initial value the first element is the first result.
            (GraphFunction::Reduce, None) => cells[0],
            (GraphFunction::Reduce, Some(before)) => {
                self.call_closure(func, &[before, cells[0]], region, span)
            }
            _ => self.call_closure(func, &cells, region, span),
        };
        let gather = this.gather;
        if let Kind::Gather(list) = &mut self.store.get_mut(gather).kind {
            let inputs: SmallVec<[NodeId; 2]> = if this.function == GraphFunction::Filter {
                list.push(cells[0], Some(output));
                smallvec![cells[0], output]
            } else {
                list.push(output, None);
                smallvec![output]
            };
            let at = at as u32;
            let part = self
                .store
                .add(Kind::Part { gather, at }, inputs, region, span, None);
            self.store.follow(gather, part);
        }
        this.steps.push(Step {
            region,
            cells,
            output,
        });
    }

    /// Forgets all but the first so many elements of a gathered list.
    pub(super) fn shorten(&mut self, gather: NodeId, to: usize) {
        if let Kind::Gather(list) = &mut self.store.get_mut(gather).kind {
            list.truncate(to);
            self.store.enqueue(gather);
        }
    }
}
