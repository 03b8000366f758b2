//! `for` and `forkv`: iterations are kept as far as list or map are as before, and the others come and go.

use std::ops::ControlFlow;
use std::sync::Arc;

use mgmt_stdlib::value::{List, Map, Value};

use super::super::Evaluator;
use super::super::env::Env;
use super::super::node::{For, ForKv, Iteration, NodeId, State};
use crate::hir::ForStmt;

impl Evaluator {
    /// Keeps the iterations of elements that are still there, at their place in the list.
    pub(super) fn for_list(&mut self, id: NodeId, this: &mut For, list: &List) -> State {
        while this.iterations.len() > list.len() {
            let gone = this.iterations.pop();
            self.drop_region(gone.map(|gone| gone.region));
        }
        let _ = list.differences(&this.over, |at| {
            if let Some(iteration) = this.iterations.get(at) {
                self.store
                    .set_state(iteration.value, State::Ready(list[at].clone()));
            }
            ControlFlow::Continue(())
        });
        for at in this.iterations.len()..list.len() {
            let (stmt, env) = (&this.stmt, &this.env);
            let iteration = self.iteration(id, stmt, env, Value::Int(at as i64), list[at].clone());
            this.iterations.push(iteration);
        }
        this.over = list.clone();
        State::Ready(Value::Bool(true))
    }

    /// Keeps the iterations of keys that are still there.
    pub(super) fn for_map(&mut self, id: NodeId, this: &mut ForKv, map: &Map) -> State {
        this.iterations.retain(|key, iteration| {
            let stays = map.contains_key(key);
            if !stays {
                self.drop_region(Some(iteration.region));
            }
            stays
        });
        for (key, value) in map.entries() {
            match this.iterations.get(key) {
                Some(iteration) => {
                    self.store
                        .set_state(iteration.value, State::Ready(value.clone()));
                }
                None => {
                    let (stmt, env) = (&this.stmt, &this.env);
                    let iteration = self.iteration(id, stmt, env, key.0.clone(), value.clone());
                    this.iterations.insert(key.clone(), iteration);
                }
            }
        }
        State::Ready(Value::Bool(true))
    }

    fn iteration(
        &mut self,
        id: NodeId,
        stmt: &Arc<ForStmt>,
        env: &Arc<Env>,
        key: Value,
        value: Value,
    ) -> Iteration {
        let region = self.store.add_region(Some(id), None);
        let key = self.cell(region, key, stmt.span);
        let value = self.cell(region, value, stmt.span);
        let params = Box::new([(stmt.key, key), (stmt.value, value)]);
        self.fill_block(region, &stmt.body, env, params);
        Iteration { region, value }
    }
}
