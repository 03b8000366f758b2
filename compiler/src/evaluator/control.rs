//! Controllers: the nodes that create and remove parts of the graph (typing-and-evaluation.md §7.5).

use std::collections::BTreeMap;
use std::sync::Arc;

use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::{CallError, GraphFunction};
use mgmt_stdlib::value::{Func, Key, List, Value};
use smallvec::{SmallVec, smallvec};

use super::Evaluator;
use super::build::Place;
use super::env::{Closure, Env};
use super::node::{Control, Kind, NodeId, RegionId, State, Step};
use crate::hir::{Block, ExprId, ForStmt};

impl Evaluator {
    /// Evaluates a controller. Its own value only says that it has chosen.
    pub(super) fn run_control(&mut self, id: NodeId, control: &mut Control) -> State {
        let inputs = self.store.get(id).inputs.clone();
        let catches = matches!(control, Control::Except { .. });
        let mut values: SmallVec<[Value; 3]> = SmallVec::new();
        for input in &inputs {
            match &self.store.get(*input).state {
                State::Pending => return State::Pending,
                State::Failed(failure) if !catches => {
                    let failure = failure.clone();
                    self.clear(id, control);
                    return State::Failed(failure);
                }
                State::Failed(_) => {}
                State::Ready(value) => values.push(value.clone()),
            }
        }
        match control {
            Control::If {
                then,
                otherwise,
                env,
                select,
                chosen,
            } => {
                let Some(cond) = values.first().and_then(Value::as_bool) else {
                    return State::Pending;
                };
                if chosen.is_none_or(|(was, _)| was != cond) {
                    let expr = if cond { *then } else { *otherwise };
                    let (env, select) = (env.clone(), *select);
                    let old = chosen.take();
                    let region = self.branch(id, expr, env, select);
                    *chosen = Some((cond, region));
                    self.drop_region(old.map(|(_, region)| region));
                }
                State::Ready(Value::Bool(cond))
            }
            Control::Except {
                fallback,
                env,
                select,
                active,
            } => {
                let failed = values.is_empty();
                if failed && active.is_none() {
                    let (env, select, fallback) = (env.clone(), *select, *fallback);
                    *active = Some(self.branch(id, fallback, env, select));
                } else if !failed {
                    let (select, main) = (*select, inputs[0]);
                    if self.store.get(select).inputs.get(1) != Some(&main) {
                        self.store.set_inputs(select, smallvec![id, main]);
                    }
                    let old = active.take();
                    self.drop_region(old);
                }
                State::Ready(Value::Bool(failed))
            }
            Control::Call {
                args,
                select,
                current,
            } => {
                let Some(func) = values.first().and_then(Value::as_func).cloned() else {
                    return State::Pending;
                };
                if current.as_ref().is_none_or(|(was, _)| !was.ptr_eq(&func)) {
                    let (args, select) = (args.clone(), *select);
                    let old = current.take();
                    let region = self.store.add_region(Some(id), None);
                    let span = self.store.get(id).span;
                    if let Some(output) = self.call_closure(&func, &args, region, span) {
                        self.store.set_inputs(select, smallvec![id, output]);
                    }
                    *current = Some((func, region));
                    self.drop_region(old.map(|(_, region)| region));
                }
                State::Ready(Value::Bool(true))
            }
            Control::Iterate {
                function,
                initial,
                gather,
                current,
                steps,
            } => {
                let (function, initial, gather) = (*function, *initial, *gather);
                self.iterate(
                    id, function, initial, gather, current, steps, &values, &inputs,
                )
            }
            Control::IfStmt { stmt, env, chosen } => {
                let Some(cond) = values.first().and_then(Value::as_bool) else {
                    return State::Pending;
                };
                if chosen.is_none_or(|(was, _)| was != cond) {
                    let block = if cond {
                        Some(&stmt.then)
                    } else {
                        stmt.otherwise.as_ref()
                    };
                    let region =
                        block.map(|block| self.block_region(id, block, env, Box::default()));
                    let old = chosen.replace((cond, region));
                    self.drop_region(old.and_then(|(_, region)| region));
                    self.output_changed = true;
                }
                State::Ready(Value::Bool(cond))
            }
            Control::For { stmt, env, steps } => {
                let Some(list) = values.first().and_then(Value::as_list).cloned() else {
                    return State::Pending;
                };
                self.for_list(id, stmt, env, steps, &list);
                State::Ready(Value::Bool(true))
            }
            Control::ForKv { stmt, env, steps } => {
                let Some(Value::Map(map)) = values.first().cloned() else {
                    return State::Pending;
                };
                let entries: BTreeMap<Key, Value> = map
                    .iter()
                    .map(|(key, value)| (Key(key.clone()), value.clone()))
                    .collect();
                self.for_map(id, stmt, env, steps, entries);
                State::Ready(Value::Bool(true))
            }
        }
    }

    fn drop_region(&mut self, region: Option<RegionId>) {
        if let Some(region) = region {
            self.store.remove_region(region);
            self.output_changed = true;
        }
    }

    /// Removes all that a controller made.
    fn clear(&mut self, id: NodeId, control: &mut Control) {
        let result = match control {
            Control::If { select, .. }
            | Control::Except { select, .. }
            | Control::Call { select, .. } => Some(*select),
            Control::Iterate { gather, .. } => Some(*gather),
            Control::IfStmt { .. } | Control::For { .. } | Control::ForKv { .. } => None,
        };
        if let Some(result) = result {
            self.store.set_inputs(result, smallvec![id]);
        }
        for region in control.regions() {
            self.drop_region(Some(region));
        }
        match control {
            Control::If { chosen, .. } => *chosen = None,
            Control::Except { active, .. } => *active = None,
            Control::Call { current, .. } => *current = None,
            Control::IfStmt { chosen, .. } => *chosen = None,
            Control::Iterate { steps, current, .. } => {
                steps.clear();
                *current = None;
            }
            Control::For { steps, .. } => steps.clear(),
            Control::ForKv { steps, .. } => steps.clear(),
        }
    }

    /// Instantiates a branch and shows its value.
    fn branch(&mut self, id: NodeId, expr: ExprId, env: Arc<Env>, select: NodeId) -> RegionId {
        let region = self.store.add_region(Some(id), None);
        let output = self.build(expr, &Place { env, region }, None);
        self.store.set_inputs(select, smallvec![id, output]);
        region
    }

    /// Instantiates the body of a function value; nothing if it is no closure of this evaluator.
    fn call_closure(
        &mut self,
        func: &Func,
        args: &[NodeId],
        region: RegionId,
        span: Span,
    ) -> Option<NodeId> {
        let closure: &Closure = func.closure()?;
        Some(self.apply(
            closure.lambda,
            closure.env.clone(),
            args,
            region,
            span,
            None,
        ))
    }

    fn block_region(
        &mut self,
        id: NodeId,
        block: &Block,
        env: &Arc<Env>,
        params: Box<[(crate::hir::ParamId, NodeId)]>,
    ) -> RegionId {
        let region = self.store.add_region(Some(id), None);
        self.fill_block(region, block, env, params);
        region
    }

    fn fill_block(
        &mut self,
        region: RegionId,
        block: &Block,
        env: &Arc<Env>,
        params: Box<[(crate::hir::ParamId, NodeId)]>,
    ) {
        let env = Env::new(Some(env.clone()), block.scope, env.instance, region, params);
        self.statements(
            &block.stmts,
            &Place {
                env: Arc::new(env),
                region,
            },
        );
    }

    fn cell(&mut self, region: RegionId, value: Value, span: Span) -> NodeId {
        self.store.add(
            Kind::Cell,
            SmallVec::new(),
            region,
            span,
            Some(State::Ready(value)),
        )
    }

    /// Keeps the iterations of elements that are still there, at their place in the list.
    fn for_list(
        &mut self,
        id: NodeId,
        stmt: &Arc<ForStmt>,
        env: &Arc<Env>,
        steps: &mut Vec<Step>,
        list: &List,
    ) {
        for step in steps
            .drain(list.len().min(steps.len())..)
            .collect::<Vec<_>>()
        {
            self.drop_region(Some(step.region));
        }
        for (i, value) in list.iter().enumerate() {
            match steps.get(i) {
                Some(step) => {
                    self.store
                        .set_state(step.cells[0], State::Ready(value.clone()));
                }
                None => {
                    let step = self.iteration(id, stmt, env, Value::Int(i as i64), value.clone());
                    steps.push(step);
                }
            }
        }
    }

    /// Keeps the iterations of keys that are still there.
    fn for_map(
        &mut self,
        id: NodeId,
        stmt: &Arc<ForStmt>,
        env: &Arc<Env>,
        steps: &mut BTreeMap<Key, Step>,
        entries: BTreeMap<Key, Value>,
    ) {
        let gone: Vec<Key> = steps
            .keys()
            .filter(|key| !entries.contains_key(*key))
            .cloned()
            .collect();
        for key in gone {
            let region = steps.remove(&key).map(|step| step.region);
            self.drop_region(region);
        }
        for (key, value) in entries {
            match steps.get(&key) {
                Some(step) => {
                    self.store.set_state(step.cells[0], State::Ready(value));
                }
                None => {
                    let step = self.iteration(id, stmt, env, key.0.clone(), value);
                    steps.insert(key, step);
                }
            }
        }
    }

    fn iteration(
        &mut self,
        id: NodeId,
        stmt: &Arc<ForStmt>,
        env: &Arc<Env>,
        key: Value,
        value: Value,
    ) -> Step {
        let region = self.store.add_region(Some(id), None);
        let key = self.cell(region, key, stmt.span);
        let value = self.cell(region, value, stmt.span);
        self.fill_block(
            region,
            &stmt.body,
            env,
            Box::new([(stmt.key, key), (stmt.value, value)]),
        );
        self.output_changed = true;
        Step {
            region,
            cells: smallvec![value],
            output: None,
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "they are the parts of one controller"
    )]
    fn iterate(
        &mut self,
        id: NodeId,
        function: GraphFunction,
        initial: bool,
        gather: NodeId,
        current: &mut Option<Func>,
        steps: &mut Vec<Step>,
        values: &[Value],
        inputs: &[NodeId],
    ) -> State {
        let Some(func) = values.last().and_then(Value::as_func).cloned() else {
            return State::Pending;
        };
        let lists: SmallVec<[List; 2]> = match function {
            GraphFunction::Reduce => values[usize::from(initial)..]
                .first()
                .and_then(Value::as_list)
                .cloned()
                .into_iter()
                .collect(),
            _ => values[..values.len() - 1]
                .iter()
                .filter_map(|value| value.as_list().cloned())
                .collect(),
        };
        let len = lists.iter().map(|list| list.len()).min().unwrap_or(0);
        let changed = current.as_ref().is_none_or(|was| !was.ptr_eq(&func));
        let keep = if changed { 0 } else { len.min(steps.len()) };
        for step in steps.drain(keep..).collect::<Vec<_>>() {
            self.drop_region(Some(step.region));
        }
        *current = Some(func.clone());
        for (i, step) in steps.iter().enumerate() {
            for (cell, list) in step.cells.iter().zip(&lists) {
                self.store.set_state(*cell, State::Ready(list[i].clone()));
            }
        }
        let span = self.store.get(id).span;
        for i in keep..len {
            let region = self.store.add_region(Some(id), None);
            let cells: SmallVec<[NodeId; 2]> = lists
                .iter()
                .map(|list| self.cell(region, list[i].clone(), span))
                .collect();
            let before = match (i.checked_sub(1).and_then(|i| steps.get(i)), function) {
                (Some(step), GraphFunction::Reduce) => step.output,
                (None, GraphFunction::Reduce) if initial => Some(inputs[0]),
                _ => None,
            };
            let output = match (function, before) {
                // Without an initial value the first element is the first result.
                (GraphFunction::Reduce, None) => Some(cells[0]),
                (GraphFunction::Reduce, Some(before)) => {
                    self.call_closure(&func, &[before, cells[0]], region, span)
                }
                _ => self.call_closure(&func, &cells, region, span),
            };
            steps.push(Step {
                region,
                cells,
                output,
            });
        }
        let mut gathered: SmallVec<[NodeId; 2]> = smallvec![id];
        match function {
            GraphFunction::Reduce => match steps.last() {
                Some(step) => gathered.extend(step.output),
                None if initial => gathered.push(inputs[0]),
                None => {
                    self.fail(
                        span,
                        CallError::fatal("cannot reduce an empty list without an initial value"),
                    );
                    return State::Pending;
                }
            },
            GraphFunction::Filter => {
                gathered.extend(
                    steps
                        .iter()
                        .flat_map(|step| step.cells.iter().copied().chain(step.output)),
                );
            }
            _ => gathered.extend(steps.iter().filter_map(|step| step.output)),
        }
        if self.store.get(gather).inputs != gathered {
            self.store.set_inputs(gather, gathered);
        }
        State::Ready(Value::Bool(true))
    }
}
