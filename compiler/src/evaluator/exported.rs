//! A function outside of the graph that made it: called at once, by a small evaluator of its own.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::{CallError, CallResult};
use mgmt_stdlib::types::Type;
use mgmt_stdlib::value::{Callable, Value};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::build::Place;
use super::env::{Closure, Env};
use super::export::Surroundings;
use super::node::{Kind, NodeId, State};
use super::{Evaluator, Request, Step};
use crate::hir::{LambdaId, Var};
use crate::infer::InstanceId;
use crate::program::Program;

/// What is behind a function value that left the graph.
pub struct Exported {
    program: Arc<Program>,
    lambda: LambdaId,
    instance: InstanceId,
    type_args: Option<Arc<[Type]>>,
    /// What the body mentions had these values.
    values: Vec<State>,
    /// Where the resource is that was given the function.
    span: Span,
    inside: Mutex<Inside>,
}

/// A function graph in which calls are evaluated, each in a region that then goes.
struct Inside {
    evaluator: Evaluator,
    env: Arc<Env>,
}

impl Exported {
    /// Takes a function out of a graph in which these are the states of what it mentions.
    pub fn new(
        program: &Arc<Program>,
        closure: &Closure,
        surroundings: &Surroundings,
        values: Vec<State>,
        span: Span,
    ) -> Self {
        let mut evaluator = Evaluator::without_statements(program.clone());
        let mut copies = Copies::default();
        for ((env, var), state) in surroundings.variables.iter().zip(&values) {
            let (root, state) = (evaluator.root, Some(state.clone()));
            let node = evaluator
                .store
                .add(Kind::Const, SmallVec::new(), root, span, state);
            copies
                .variables
                .entry(Arc::as_ptr(env))
                .or_default()
                .push((*var, node));
        }
        let env = copies.of(&closure.env, &mut evaluator);
        for (env, _) in &surroundings.variables {
            copies.of(env, &mut evaluator);
        }
        for (site, include, body) in &surroundings.includes {
            let (site, body) = (
                copies.of(site, &mut evaluator),
                copies.of(body, &mut evaluator),
            );
            if site.include(*include).is_none() {
                site.set_include(*include, body);
            }
        }
        Self {
            program: program.clone(),
            lambda: closure.lambda,
            instance: closure.env.instance,
            type_args: closure.env.type_args.clone(),
            values,
            span,
            inside: Mutex::new(Inside { evaluator, env }),
        }
    }
}

impl Callable for Exported {
    fn call(&self, args: &[Value]) -> CallResult {
        // What a call that panicked left behind is not used by others.
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let Inside { evaluator, env } = &mut *inside;
        let region = evaluator.store.add_region(None, Some(evaluator.root));
        let args: SmallVec<[NodeId; 4]> = args
            .iter()
            .map(|arg| evaluator.cell(region, arg.clone(), self.span))
            .collect();
        let result = evaluator.apply(self.lambda, env.clone(), &args, region, self.span, None);
        let place = Place {
            env: env.clone(),
            region,
        };
        let result = evaluator.export(result, &place, self.span);
        let step = evaluator.stabilize();
        let result = match (step, &evaluator.store.get(result).state) {
            (Err(diagnostic), _) => Err(CallError::fatal(diagnostic.message)),
            (Ok(Step::Waiting), _) => Err(CallError::fatal(evaluator.what_is_waited_for())),
            (Ok(_), State::Ready(value)) => Ok(value.clone()),
            (Ok(_), State::Failed(failure)) => Err(failure.call_error()),
            (Ok(_), State::Pending) => {
                Err(CallError::fatal("internal error: the call has no result"))
            }
        };
        evaluator.forget(region);
        result
    }

    fn is_same(&self, other: &dyn Callable) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref::<Self>().is_some_and(|other| {
            Arc::ptr_eq(&self.program, &other.program)
                && self.lambda == other.lambda
                && self.instance == other.instance
                && self.type_args == other.type_args
                && self.values.len() == other.values.len()
                && self
                    .values
                    .iter()
                    .zip(&other.values)
                    .all(|(a, b)| a.is_same(b))
        })
    }
}

impl Evaluator {
    /// Why a call has no result at once.
    fn what_is_waited_for(&mut self) -> String {
        let function = self
            .requests()
            .into_iter()
            .find_map(|request| match request {
                Request::Start { function, .. } => Some(function.full_name()),
                Request::Stop { .. } => None,
            });
        let function = function.unwrap_or_default();
        format!(
            "the function calls `{function}`, which looks at the machine, and only a program can wait for it; bind its \
             result to a variable outside of the function"
        )
    }
}

/// The environments that a function needs, in its own evaluator.
#[derive(Default)]
struct Copies {
    known: FxHashMap<*const Env, Arc<Env>>,
    /// The nodes of variables, by the environment that defines them.
    variables: FxHashMap<*const Env, Vec<(Var, NodeId)>>,
}

impl Copies {
    fn of(&mut self, env: &Arc<Env>, evaluator: &mut Evaluator) -> Arc<Env> {
        let mut missing = Vec::new();
        let mut at = Some(env);
        let mut copy = loop {
            let Some(env) = at else { break None };
            if let Some(known) = self.known.get(&Arc::as_ptr(env)) {
                break Some(known.clone());
            }
            missing.push(env);
            at = env.parent.as_ref();
        };
        // The outermost first.
        for env in missing.into_iter().rev() {
            let next = Arc::new(self.copy(env, copy, evaluator));
            if next.parent.is_none() {
                evaluator.modules.insert(next.scope, next.clone());
            }
            self.known.insert(Arc::as_ptr(env), next.clone());
            copy = Some(next);
        }
        copy.unwrap_or_else(|| env.clone())
    }

    fn copy(&mut self, env: &Arc<Env>, parent: Option<Arc<Env>>, evaluator: &Evaluator) -> Env {
        let variables = self.variables.remove(&Arc::as_ptr(env)).unwrap_or_default();
        let params = variables.iter().filter_map(|(var, node)| match var {
            Var::Param(param) => Some((*param, *node)),
            Var::Bind(_) => None,
        });
        let mut copy = Env::new(
            parent,
            env.scope,
            env.instance,
            evaluator.root,
            params.collect(),
        );
        copy.type_args.clone_from(&env.type_args);
        for (var, node) in variables {
            if let Var::Bind(bind) = var {
                copy.set_bind(bind, node);
            }
        }
        copy
    }
}

impl fmt::Debug for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exported")
            .field("lambda", &self.lambda)
            .finish_non_exhaustive()
    }
}
