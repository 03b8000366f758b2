//! Calls: of the library, of functions of the program, and of function values.

use std::sync::Arc;

use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::{FunctionDef, GraphFunction, Implementation, Start};
use mgmt_stdlib::types::{FuncType, Type};
use smallvec::{SmallVec, smallvec};

use super::super::Evaluator;
use super::super::env::Env;
use super::super::node::{
    CallKey, Control, Gather, Iterate, Kind, NodeId, RegionId, Sampled, State,
};
use super::Place;
use crate::hir::{ExprId, ExprKind, FuncId, LambdaId, Ref};

impl Evaluator {
    pub(super) fn builtin(
        &mut self,
        id: ExprId,
        function: &Arc<FunctionDef>,
        args: &[ExprId],
        place: &Place,
        span: Span,
    ) -> NodeId {
        let inputs = self.build_all(args, place);
        match &function.implementation {
            Implementation::Pure(_) => {
                self.node(Kind::Call(function.clone(), None), inputs, place, span)
            }
            Implementation::Typed(_) => {
                let ty = self.call_type(id, &place.env);
                self.node(Kind::Call(function.clone(), ty), inputs, place, span)
            }
            Implementation::Sampled(_) => {
                self.unfed += 1;
                let start = Start {
                    site: self.program.site(self.program.hir[id].span.source),
                    result: self.call_type(id, &place.env).map(|ty| ty.result.clone()),
                };
                let sampled = Sampled {
                    function: function.clone(),
                    start: Arc::new(start),
                    args: None,
                    fed: false,
                };
                self.node(Kind::Sampled(Box::new(sampled)), inputs, place, span)
            }
            Implementation::Graph(graph) => self.graph_function(*graph, inputs, place, span),
        }
    }

    fn graph_function(
        &mut self,
        function: GraphFunction,
        inputs: SmallVec<[NodeId; 2]>,
        place: &Place,
        span: Span,
    ) -> NodeId {
        let initial = function == GraphFunction::Reduce && inputs.len() == 3;
        let gather = match function {
            GraphFunction::Map | GraphFunction::Filter | GraphFunction::Zip => self.store.add(
                Kind::Gather(Box::new(Gather::new(function))),
                SmallVec::new(),
                place.region,
                span,
                Some(State::Pending),
            ),
            GraphFunction::Reduce => self.select(SmallVec::new(), place, span),
        };
        let control = Control::Iterate(Iterate {
            function,
            initial,
            gather,
            current: None,
            lists: SmallVec::new(),
            steps: Vec::new(),
        });
        self.control(control, inputs, place, span, gather)
    }

    pub(super) fn call_func(
        &mut self,
        id: ExprId,
        func: &Ref<FuncId>,
        args: &[NodeId],
        place: &Place,
        span: Span,
    ) -> NodeId {
        let program = self.program.clone();
        let declaration = &program.hir[func.target];
        let env = self.env_of(&place.env, &func.via, declaration.scope);
        let key = declaration.pure.then(|| CallKey {
            func: func.target,
            env: Arc::as_ptr(&env) as usize,
            args: args.iter().copied().collect(),
        });
        let type_args = self.type_args(id, &place.env);
        let reusable = type_args.is_none();
        if let Some(key) = &key
            && reusable
            && let Some(known) = self.store.region(place.region).known_call(key)
            && self.store.is_alive(*known)
        {
            return *known;
        }
        let node = self.apply(declaration.lambda, env, args, place.region, span, type_args);
        if let Some(key) = key
            && reusable
        {
            self.store
                .region_mut(place.region)
                .more()
                .calls
                .insert(key, node);
        }
        node
    }

    pub(super) fn call_value(
        &mut self,
        callee: ExprId,
        args: &[NodeId],
        place: &Place,
        span: Span,
    ) -> NodeId {
        // A lambda that is known here needs no controller.
        let program = self.program.clone();
        if let ExprKind::Lambda(lambda) = &program.hir[callee].kind {
            return self.apply(*lambda, place.env.clone(), args, place.region, span, None);
        }
        if let Some((var, scope, lambda)) = program.hir.bound_lambda(callee) {
            let env = self.env_of(&place.env, &var.via, scope);
            return self.apply(lambda, env, args, place.region, span, None);
        }
        self.hold_all(args, place.region);
        let callee = self.build(callee, place, None);
        let select = self.select(SmallVec::new(), place, span);
        let control = Control::Call {
            args: args.into(),
            select,
            current: None,
        };
        self.control(control, smallvec![callee], place, span, select)
    }

    /// Instantiates the body of a function on these arguments.
    pub(in super::super) fn apply(
        &mut self,
        lambda: LambdaId,
        env: Arc<Env>,
        args: &[NodeId],
        region: RegionId,
        call: Span,
        type_args: Option<Arc<[Type]>>,
    ) -> NodeId {
        let program = self.program.clone();
        let declaration = &program.hir[lambda];
        self.hold_all(args, region);
        let params = declaration
            .params
            .iter()
            .copied()
            .zip(args.iter().copied())
            .collect();
        let instance = env.instance;
        let mut inner = Env::new(Some(env), declaration.scope, instance, region, params);
        if type_args.is_some() {
            inner.type_args = type_args;
        }
        let place = Place {
            env: Arc::new(inner),
            region,
        };
        let shown = self.program.hir[declaration.body]
            .kind
            .is_step()
            .then_some(call);
        self.build(declaration.body, &place, shown)
    }

    /// Keeps arguments alive: a body may come to use them later.
    pub(super) fn hold_all(&mut self, args: &[NodeId], region: RegionId) {
        for arg in args {
            self.store.hold(region, *arg);
        }
    }

    fn call_type(&self, id: ExprId, env: &Env) -> Option<Arc<FuncType>> {
        let ty = self.program.types.calls.get(&(env.instance, id))?;
        match &env.type_args {
            None => Some(ty.clone()),
            Some(args) => match substitute(&Type::Func(ty.clone()), args) {
                Type::Func(ty) => Some(ty),
                _ => None,
            },
        }
    }

    fn type_args(&self, id: ExprId, env: &Env) -> Option<Arc<[Type]>> {
        let args = self.program.types.type_args.get(&(env.instance, id))?;
        match &env.type_args {
            None => Some(args.clone()),
            Some(outer) => Some(args.iter().map(|ty| substitute(ty, outer)).collect()),
        }
    }

    pub(super) fn lambda_type(&self, id: ExprId, env: &Env) -> Type {
        let ty = self
            .program
            .types
            .lambdas
            .get(&(env.instance, id))
            .cloned()
            .unwrap_or(Type::Variant);
        match &env.type_args {
            None => ty,
            Some(args) => substitute(&ty, args),
        }
    }
}

impl ExprKind {
    /// Whether it is one step whose errors, at the end of a function, are told at the function's call.
    fn is_step(&self) -> bool {
        match self {
            Self::Builtin { function, .. } => function.is_static(),
            Self::Interpolated(_)
            | Self::Lookup { .. }
            | Self::Field { .. }
            | Self::CallFunc { .. } => true,
            _ => false,
        }
    }
}

/// Replaces the type variables of a generalised function by what a call made of them.
fn substitute(ty: &Type, args: &[Type]) -> Type {
    match ty {
        Type::Var(n) => n
            .checked_sub(1)
            .and_then(|n| args.get(n as usize))
            .cloned()
            .unwrap_or_else(|| ty.clone()),
        Type::List(element) => Type::list(substitute(element, args)),
        Type::Map(entry) => Type::map(substitute(&entry.0, args), substitute(&entry.1, args)),
        Type::Struct(fields) => Type::structure(
            fields
                .iter()
                .map(|(name, ty)| (name.clone(), substitute(ty, args))),
        ),
        Type::Func(func) => Type::func(
            func.args
                .iter()
                .map(|(name, ty)| (name.clone(), substitute(ty, args))),
            substitute(&func.result, args),
        ),
        simple => simple.clone(),
    }
}
