//! Functions that leave the function graph for a resource to call.
//!
//! What a function's body mentions of its surroundings is known in this graph only. So a function that leaves
//! takes the present values of all of that with it, and is replaced by another one when they change.

use std::sync::Arc;

use mgmt_grammar::span::Span;
use mgmt_stdlib::value::{Func, Value};
use rustc_hash::FxHashSet;
use smallvec::{SmallVec, smallvec};

use super::Evaluator;
use super::build::Place;
use super::env::{Closure, Env};
use super::exported::Exported;
use super::node::{Control, Kind, NodeId, RegionId, State};
use crate::hir::{ExprKind, Hir, IncludeId, LambdaId, ParamRole, ScopeId, Var};

/// A controller whose result is its input with functions that can be called from outside.
#[derive(Debug)]
pub struct Export {
    /// Shows the result.
    pub select: NodeId,
    /// The input, and what packs the functions in it, if there are any.
    pub current: Option<(Value, Option<RegionId>)>,
}

/// A value with functions, and what the inputs of its node are.
#[derive(Debug)]
pub struct Package {
    value: Value,
    functions: Vec<(Func, Surroundings)>,
}

/// What the body of a function mentions that was defined around it.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// Variables, each with the environment that defines it. The package has a node for each.
    pub variables: Vec<(Arc<Env>, Var)>,
    /// Includes that names go through: where each stands, and what is inside of it.
    pub includes: Vec<(Arc<Env>, IncludeId, Arc<Env>)>,
}

impl Evaluator {
    /// A node with the value of another in which functions can be called from outside of the graph.
    pub(super) fn export(&mut self, node: NodeId, place: &Place, span: Span) -> NodeId {
        let select = self.select(SmallVec::new(), place, span);
        let export = Export {
            select,
            current: None,
        };
        let control = Control::Export(export);
        self.control(control, smallvec![node], place, span, select)
    }

    pub(super) fn run_export(&mut self, id: NodeId, this: &mut Export, value: &Value) -> State {
        let same = this
            .current
            .as_ref()
            .is_some_and(|(was, _)| was.is_same(value));
        if !same {
            let old = this.current.take();
            let (region, shown) = if live_functions(value).is_empty() {
                (None, self.store.get(id).inputs[0])
            } else {
                let region = self.store.add_region(Some(id), None);
                (Some(region), self.package(id, value, region))
            };
            self.store.set_inputs(this.select, smallvec![id, shown]);
            this.current = Some((value.clone(), region));
            self.drop_region(old.and_then(|(_, region)| region));
        }
        State::Ready(Value::Bool(true))
    }

    /// A node that packs the functions in a value together with what they mention.
    fn package(&mut self, control: NodeId, value: &Value, region: RegionId) -> NodeId {
        let span = self.store.get(control).span;
        let mut inputs = SmallVec::new();
        let mut functions = Vec::new();
        for func in live_functions(value) {
            let Some(closure) = func.downcast::<Closure>() else {
                continue;
            };
            let surroundings = self.surroundings(closure);
            for (env, var) in &surroundings.variables {
                let place = Place {
                    env: env.clone(),
                    region,
                };
                let node = match var {
                    Var::Bind(bind) => self.bind(*bind, &[], env),
                    Var::Param(param) => self.param(*param, &[], &place),
                };
                inputs.push(self.export(node, &place, span));
            }
            functions.push((func, surroundings));
        }
        let package = Package {
            value: value.clone(),
            functions,
        };
        self.store
            .add(Kind::Package(Box::new(package)), inputs, region, span, None)
    }

    /// Walks through the body of a function, and through those of all functions that it calls.
    fn surroundings(&mut self, closure: &Closure) -> Surroundings {
        let program = self.program.clone();
        let hir = &program.hir;
        let mut walk = Walk::default();
        walk.enter(closure.lambda, hir[closure.lambda].scope, &closure.env);
        while let Some((lambda, env)) = walk.bodies.pop() {
            let mut exprs = vec![hir[lambda].body];
            while let Some(expr) = exprs.pop() {
                match &hir[expr].kind {
                    ExprKind::Var(var) => {
                        let scope = match var.target {
                            Var::Bind(bind) => hir[bind].scope,
                            Var::Param(param) => hir[param].scope,
                        };
                        if !walk.is_inside(hir, var.target) {
                            let defined = self.seen_through(&env, &var.via, scope, &mut walk.found);
                            walk.mention(defined, var.target);
                        }
                    }
                    ExprKind::Lambda(lambda) => walk.enter(*lambda, hir[*lambda].scope, &env),
                    ExprKind::CallFunc { func, .. } => {
                        let called = &hir[func.target];
                        let via = &func.via;
                        let env = self.seen_through(&env, via, called.scope, &mut walk.found);
                        walk.enter(called.lambda, hir[called.lambda].scope, &env);
                    }
                    ExprKind::CallValue { callee, args } => {
                        if let Some((var, scope, lambda)) = hir.bound_lambda(*callee) {
                            let env = self.seen_through(&env, &var.via, scope, &mut walk.found);
                            walk.enter(lambda, hir[lambda].scope, &env);
                            exprs.extend(args);
                            continue;
                        }
                    }
                    _ => {}
                }
                hir[expr].kind.for_each_child(|child| exprs.push(child));
            }
        }
        walk.found
    }

    /// The environment that defines the names of `scope`, as seen from `env` through `via`.
    fn seen_through(
        &mut self,
        env: &Arc<Env>,
        via: &[IncludeId],
        scope: ScopeId,
        found: &mut Surroundings,
    ) -> Arc<Env> {
        let mut at = env.clone();
        for include in via {
            let stands = self.program.hir[*include].scope;
            let site = self.env_of(&at, &[], stands);
            at = self.include_env(&at, *include);
            found.includes.push((site, *include, at.clone()));
        }
        self.env_of(&at, &[], scope)
    }

    /// The value of a package, once all that it needs is known.
    pub(super) fn packed(&self, id: NodeId, package: &Package) -> State {
        let node = self.store.get(id);
        let states: Vec<State> = node
            .inputs
            .iter()
            .map(|input| self.store.get(*input).state.clone())
            .collect();
        if states.iter().any(|state| matches!(state, State::Pending)) {
            return State::Pending;
        }
        let mut states = states.into_iter();
        let mut exported = Vec::new();
        for (func, surroundings) in &package.functions {
            let count = surroundings.variables.len();
            let states = states.by_ref().take(count).collect();
            let callable = func.downcast().map(|closure| {
                Exported::new(&self.program, closure, surroundings, states, node.span)
            });
            if let Some(callable) = callable {
                exported.push((func, Func::new(func.ty().clone(), callable)));
            }
        }
        State::Ready(with_functions(&package.value, &exported))
    }
}

/// A walk through function bodies.
#[derive(Default)]
struct Walk {
    found: Surroundings,
    /// Still to be walked through.
    bodies: Vec<(LambdaId, Arc<Env>)>,
    /// All that were entered.
    entered: FxHashSet<(LambdaId, *const Env)>,
    inside: FxHashSet<ScopeId>,
    mentioned: FxHashSet<(*const Env, Var)>,
}

impl Walk {
    fn enter(&mut self, lambda: LambdaId, scope: ScopeId, env: &Arc<Env>) {
        self.inside.insert(scope);
        if self.entered.insert((lambda, Arc::as_ptr(env))) {
            self.bodies.push((lambda, env.clone()));
        }
    }

    /// Whether it is a parameter of a function that was entered.
    fn is_inside(&self, hir: &Hir, var: Var) -> bool {
        match var {
            Var::Bind(_) => false,
            Var::Param(param) => {
                let param = &hir[param];
                param.role == ParamRole::Function && self.inside.contains(&param.scope)
            }
        }
    }

    fn mention(&mut self, env: Arc<Env>, var: Var) {
        if self.mentioned.insert((Arc::as_ptr(&env), var)) {
            self.found.variables.push((env, var));
        }
    }
}

/// The functions in a value that only have a meaning in the graph that made them, each once.
fn live_functions(value: &Value) -> Vec<Func> {
    let mut found: Vec<Func> = Vec::new();
    let mut stack = vec![value];
    while let Some(value) = stack.pop() {
        match value {
            Value::Func(func) => {
                let live = func.downcast::<Closure>().is_some();
                if live && !found.iter().any(|known| known.ptr_eq(func)) {
                    found.push(func.clone());
                }
            }
            Value::List(list) if may_hold_functions(list.iter().next()) => {
                stack.extend(list.iter())
            }
            Value::Map(map) if may_hold_functions(map.iter().next().map(|(_, value)| value)) => {
                stack.extend(map.iter().map(|(_, value)| value));
            }
            Value::Struct(fields) => stack.extend(fields.iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    found
}

/// Whether a list or map whose first value this is can have a function in it: all are of one type.
fn may_hold_functions(first: Option<&Value>) -> bool {
    matches!(
        first,
        Some(Value::Func(_) | Value::List(_) | Value::Map(_) | Value::Struct(_))
    )
}

/// The value with other functions in place of those.
fn with_functions(value: &Value, replaced: &[(&Func, Func)]) -> Value {
    match value {
        Value::Func(func) => {
            let found = replaced.iter().find(|(old, _)| old.ptr_eq(func));
            Value::Func(found.map_or(func, |(_, new)| new).clone())
        }
        Value::List(list) if may_hold_functions(list.iter().next()) => {
            Value::list(list.iter().map(|value| with_functions(value, replaced)))
        }
        Value::Map(map) => Value::Map(
            map.iter()
                .map(|(key, value)| (key.clone(), with_functions(value, replaced)))
                .collect(),
        ),
        Value::Struct(fields) => Value::Struct(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), with_functions(value, replaced)))
                .collect(),
        ),
        simple => simple.clone(),
    }
}
