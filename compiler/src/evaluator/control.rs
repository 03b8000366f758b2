//! Controllers: the nodes that create and remove parts of the graph (typing-and-evaluation.md §7.5).

mod iterate;
mod loops;

use std::sync::Arc;

use mgmt_grammar::span::Span;
use mgmt_stdlib::value::{Func, List, Value};
use smallvec::{SmallVec, smallvec};

use super::Evaluator;
use super::build::Place;
use super::env::{Closure, Env};
use super::node::{Control, Kind, NodeId, RegionId, State};
use crate::hir::{Block, ExprId};

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
                    let output = self.call_closure(&func, &args, region, span);
                    self.store.set_inputs(select, smallvec![id, output]);
                    *current = Some((func, region));
                    self.drop_region(old.map(|(_, region)| region));
                }
                State::Ready(Value::Bool(true))
            }
            Control::Iterate(iterate) => self.iterate(id, iterate, &values, &inputs),
            Control::Export(export) => match values.first() {
                Some(value) => self.run_export(id, export, value),
                None => State::Pending,
            },
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
                }
                State::Ready(Value::Bool(cond))
            }
            Control::For(stmt) => match values.first().and_then(Value::as_list) {
                Some(list) => self.for_list(id, stmt, list),
                None => State::Pending,
            },
            Control::ForKv(stmt) => match values.first().and_then(Value::as_map) {
                Some(map) => self.for_map(id, stmt, map),
                None => State::Pending,
            },
        }
    }

    pub(super) fn drop_region(&mut self, region: Option<RegionId>) {
        if let Some(region) = region {
            self.store.remove_region(region);
        }
    }

    /// Removes all that a controller made.
    fn clear(&mut self, id: NodeId, control: &mut Control) {
        let result = match control {
            Control::If { select, .. }
            | Control::Except { select, .. }
            | Control::Call { select, .. } => Some(*select),
            Control::Iterate(iterate) => Some(iterate.gather),
            Control::Export(export) => Some(export.select),
            Control::IfStmt { .. } | Control::For(_) | Control::ForKv(_) => None,
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
            Control::Export(export) => export.current = None,
            Control::Iterate(iterate) => {
                iterate.steps.clear();
                iterate.lists.clear();
                iterate.current = None;
                self.shorten(iterate.gather, 0);
            }
            Control::For(stmt) => {
                stmt.iterations.clear();
                stmt.over = List::default();
            }
            Control::ForKv(stmt) => stmt.iterations.clear(),
        }
    }

    /// Instantiates a branch and shows its value.
    fn branch(&mut self, id: NodeId, expr: ExprId, env: Arc<Env>, select: NodeId) -> RegionId {
        let region = self.store.add_region(Some(id), None);
        let output = self.build(expr, &Place { env, region }, None);
        self.store.set_inputs(select, smallvec![id, output]);
        region
    }

    /// Instantiates the body of a function value, or a call of one that came from another graph.
    fn call_closure(
        &mut self,
        func: &Func,
        args: &[NodeId],
        region: RegionId,
        span: Span,
    ) -> NodeId {
        match func.downcast::<Closure>() {
            Some(closure) => {
                let env = closure.env.clone();
                self.apply(closure.lambda, env, args, region, span, None)
            }
            None => {
                let kind = Kind::CallExported(func.clone());
                self.store
                    .add(kind, args.iter().copied().collect(), region, span, None)
            }
        }
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

    pub(super) fn cell(&mut self, region: RegionId, value: Value, span: Span) -> NodeId {
        self.store.add(
            Kind::Cell,
            SmallVec::new(),
            region,
            span,
            Some(State::Ready(value)),
        )
    }
}
