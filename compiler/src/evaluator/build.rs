//! Instantiates expressions and statements as nodes.

use std::sync::Arc;

use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::{FunctionDef, GraphFunction, Implementation, Start};
use mgmt_stdlib::types::{FuncType, Type};
use mgmt_stdlib::value::{Func, Value};
use smallvec::{SmallVec, smallvec};

use super::Evaluator;
use super::env::{Closure, Env};
use super::node::{
    CallKey, Control, EdgeSink, Kind, NodeId, RegionId, ResourceSink, Sampled, State,
};
use crate::hir::{
    BindId, EdgeStmt, Entry, EntryKind, ExprId, ExprKind, Half, IncludeId, LambdaId, ParamId, Ref,
    ResourceStmt, ScopeId, Stmt, Var,
};
use crate::infer::InstanceId;

/// Where something is instantiated.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub env: Arc<Env>,
    pub region: RegionId,
}

impl Evaluator {
    fn node(
        &mut self,
        kind: Kind,
        inputs: SmallVec<[NodeId; 2]>,
        place: &Place,
        span: Span,
    ) -> NodeId {
        self.store.add(kind, inputs, place.region, span, None)
    }

    fn select(&mut self, inputs: SmallVec<[NodeId; 2]>, place: &Place, span: Span) -> NodeId {
        self.store.add(
            Kind::Select,
            inputs,
            place.region,
            span,
            Some(State::Pending),
        )
    }

    fn constant(&mut self, value: Value, span: Span) -> NodeId {
        let root = self.root;
        self.store.add(
            Kind::Const,
            SmallVec::new(),
            root,
            span,
            Some(State::Ready(value)),
        )
    }

    fn build_all(&mut self, exprs: &[ExprId], place: &Place) -> SmallVec<[NodeId; 2]> {
        exprs
            .iter()
            .map(|expr| self.build(*expr, place, None))
            .collect()
    }

    /// Instantiates an expression. `shown` is the call that errors of its last step are told at, if it is
    /// the result of a called function (language.md §6.8).
    pub(super) fn build(&mut self, id: ExprId, place: &Place, shown: Option<Span>) -> NodeId {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            self.build_nested(id, place, shown)
        })
    }

    fn build_nested(&mut self, id: ExprId, place: &Place, shown: Option<Span>) -> NodeId {
        let program = self.program.clone();
        let expr = &program.hir[id];
        let span = shown.unwrap_or(expr.span);
        match &expr.kind {
            // A program with errors is not run; were it, this would wait for ever.
            ExprKind::Error => self.store.add(
                Kind::Cell,
                SmallVec::new(),
                place.region,
                span,
                Some(State::Pending),
            ),
            ExprKind::Hostname => self.constant(Value::str(""), span),
            ExprKind::Const(value, _) => match self.constants.get(&id) {
                Some(known) => *known,
                None => {
                    let node = self.constant(value.clone(), span);
                    self.constants.insert(id, node);
                    node
                }
            },
            ExprKind::List(items) => {
                let inputs = self.build_all(items, place);
                self.node(Kind::List, inputs, place, span)
            }
            ExprKind::Map(entries) => {
                let flat: Vec<ExprId> = entries
                    .iter()
                    .flat_map(|(key, value)| [*key, *value])
                    .collect();
                let inputs = self.build_all(&flat, place);
                self.node(Kind::Map, inputs, place, span)
            }
            ExprKind::Struct(names, values) => {
                let inputs = self.build_all(values, place);
                self.node(Kind::Struct(names.clone()), inputs, place, span)
            }
            ExprKind::Var(var) => self.variable(var, place),
            ExprKind::StrVar(inner) => self.build(*inner, place, shown),
            ExprKind::Interpolated(parts) => {
                let inputs = self.build_all(parts, place);
                self.node(Kind::Join, inputs, place, span)
            }
            ExprKind::Builtin { function, args, .. } => {
                self.builtin(id, function, args, place, span)
            }
            ExprKind::CallFunc { func, args } => {
                let args: SmallVec<[NodeId; 4]> = args
                    .iter()
                    .map(|arg| self.build(*arg, place, None))
                    .collect();
                self.call_func(id, func, &args, place, span)
            }
            ExprKind::CallValue { callee, args } => {
                let args: SmallVec<[NodeId; 4]> = args
                    .iter()
                    .map(|arg| self.build(*arg, place, None))
                    .collect();
                self.call_value(*callee, &args, place, span)
            }
            ExprKind::Lambda(lambda) => {
                let ty = self.lambda_type(id, &place.env);
                let closure = Closure {
                    lambda: *lambda,
                    env: place.env.clone(),
                };
                let value = Value::Func(Func::new(ty, Arc::new(closure)));
                self.store.add(
                    Kind::Const,
                    SmallVec::new(),
                    place.region,
                    span,
                    Some(State::Ready(value)),
                )
            }
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                let cond = self.build(*cond, place, None);
                let select = self.select(SmallVec::new(), place, span);
                let control = Control::If {
                    then: *then,
                    otherwise: *otherwise,
                    env: place.env.clone(),
                    select,
                    chosen: None,
                };
                self.control(control, smallvec![cond], place, span, select)
            }
            ExprKind::Except { main, fallback } => {
                let main = self.build(*main, place, None);
                let select = self.select(SmallVec::new(), place, span);
                let control = Control::Except {
                    fallback: *fallback,
                    env: place.env.clone(),
                    select,
                    active: None,
                };
                self.control(control, smallvec![main], place, span, select)
            }
            ExprKind::Lookup { base, key } => {
                let inputs = self.build_all(&[*base, *key], place);
                self.node(Kind::Lookup, inputs, place, span)
            }
            ExprKind::Field {
                base,
                name,
                default,
                ..
            } => match default {
                None => {
                    let inputs = self.build_all(&[*base], place);
                    self.node(Kind::Field(name.clone()), inputs, place, span)
                }
                Some(default) => {
                    let inputs = self.build_all(&[*base, *default], place);
                    self.node(Kind::FieldOr(name.clone()), inputs, place, span)
                }
            },
        }
    }

    /// A controller and the node that shows what it chose.
    fn control(
        &mut self,
        control: Control,
        inputs: SmallVec<[NodeId; 2]>,
        place: &Place,
        span: Span,
        result: NodeId,
    ) -> NodeId {
        let control = self.node(Kind::Control(Box::new(control)), inputs, place, span);
        self.store.set_inputs(result, smallvec![control]);
        result
    }

    fn builtin(
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
                Kind::Gather(function),
                SmallVec::new(),
                place.region,
                span,
                Some(State::Pending),
            ),
            GraphFunction::Reduce => self.select(SmallVec::new(), place, span),
        };
        let control = Control::Iterate {
            function,
            initial,
            gather,
            current: None,
            steps: Vec::new(),
        };
        self.control(control, inputs, place, span, gather)
    }

    /// The environment that gives meaning to definitions of `scope`, seen from `env` through `via`.
    pub(super) fn env_of(&mut self, env: &Arc<Env>, via: &[IncludeId], scope: ScopeId) -> Arc<Env> {
        let mut at = env.clone();
        for include in via {
            at = self.include_env(&at, *include);
        }
        match at.find(scope) {
            Some(found) => found,
            None => self.module_env(scope),
        }
    }

    /// The one instance of a file's outermost scope.
    pub(super) fn module_env(&mut self, scope: ScopeId) -> Arc<Env> {
        let root = self.root;
        self.modules
            .entry(scope)
            .or_insert_with(|| {
                Arc::new(Env::new(
                    None,
                    scope,
                    InstanceId::ROOT,
                    root,
                    Box::default(),
                ))
            })
            .clone()
    }

    fn variable(&mut self, var: &Ref<Var>, place: &Place) -> NodeId {
        match var.target {
            Var::Bind(bind) => self.bind(bind, &var.via, &place.env),
            Var::Param(param) => self.param(param, &var.via, place),
        }
    }

    fn param(&mut self, param: ParamId, via: &[IncludeId], place: &Place) -> NodeId {
        let scope = self.program.hir[param].scope;
        let env = self.env_of(&place.env, via, scope);
        match env.param(param) {
            Some(node) if self.store.is_alive(node) => node,
            // Only a function value that outlived what it was made in could ask; it is about to be
            // replaced itself.
            _ => self.store.add(
                Kind::Cell,
                SmallVec::new(),
                place.region,
                Span::default(),
                Some(State::Pending),
            ),
        }
    }

    fn bind(&mut self, bind: BindId, via: &[IncludeId], env: &Arc<Env>) -> NodeId {
        let program = self.program.clone();
        let declaration = &program.hir[bind];
        let env = self.env_of(env, via, declaration.scope);
        if let Some(node) = env.bind(bind)
            && self.store.is_alive(node)
        {
            return node;
        }
        let region = self.store.add_region(None, Some(env.region));
        // A bind in a dynamic part is above the part's controller.
        let around = self.store.region(env.region).controller;
        self.store.region_mut(region).controller = around;
        let place = Place {
            env: env.clone(),
            region,
        };
        let node = self.build(declaration.value, &place, None);
        if self.store.get(node).region == region {
            self.store.region_mut(region).output = Some(node);
        } else if self.store.region(region).nodes.is_empty() {
            self.store.remove_region(region);
        }
        env.set_bind(bind, node);
        node
    }

    fn call_func(
        &mut self,
        id: ExprId,
        func: &Ref<crate::hir::FuncId>,
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
            && let Some(known) = self.store.region(place.region).calls.get(key)
            && self.store.is_alive(*known)
        {
            return *known;
        }
        let node = self.apply(declaration.lambda, env, args, place.region, span, type_args);
        if let Some(key) = key
            && reusable
        {
            self.store.region_mut(place.region).calls.insert(key, node);
        }
        node
    }

    /// Keeps arguments alive: a body may come to use them later.
    fn hold_all(&mut self, args: &[NodeId], region: RegionId) {
        for arg in args {
            self.store.hold(region, *arg);
        }
    }

    /// Instantiates the body of a function on these arguments.
    pub(super) fn apply(
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

    fn call_value(&mut self, callee: ExprId, args: &[NodeId], place: &Place, span: Span) -> NodeId {
        // A lambda that is known here needs no controller.
        let program = self.program.clone();
        match &program.hir[callee].kind {
            ExprKind::Lambda(lambda) => {
                return self.apply(*lambda, place.env.clone(), args, place.region, span, None);
            }
            ExprKind::Var(var) => {
                if let Var::Bind(bind) = var.target
                    && let ExprKind::Lambda(lambda) = &program.hir[program.hir[bind].value].kind
                {
                    let env = self.env_of(&place.env, &var.via, program.hir[bind].scope);
                    return self.apply(*lambda, env, args, place.region, span, None);
                }
            }
            _ => {}
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

    /// The environment of an include's class body, made on first demand.
    fn include_env(&mut self, from: &Arc<Env>, include: IncludeId) -> Arc<Env> {
        let program = self.program.clone();
        let declaration = &program.hir[include];
        let site = self.env_of(from, &[], declaration.scope);
        if let Some(known) = site.include(include) {
            return known;
        }
        let Some(class) = &declaration.class else {
            return site;
        };
        let definition = &program.hir[class.target];
        let around = self.env_of(&site, &class.via, definition.scope);
        let instance = self
            .program
            .types
            .includes
            .get(&(site.instance, include))
            .copied()
            .unwrap_or(site.instance);
        // The arguments belong to where the include stands.
        let place = Place {
            env: site.clone(),
            region: site.region,
        };
        let args = self.build_all(&declaration.args, &place);
        self.hold_all(&args, place.region);
        let params = definition.params.iter().copied().zip(args).collect();
        let param_scope = program.hir[definition.body_scope]
            .parent
            .unwrap_or(definition.scope);
        let params = Arc::new(Env::new(
            Some(around),
            param_scope,
            instance,
            site.region,
            params,
        ));
        let body = Arc::new(Env::new(
            Some(params),
            definition.body_scope,
            instance,
            site.region,
            Box::default(),
        ));
        site.set_include(include, body.clone());
        body
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

    fn lambda_type(&self, id: ExprId, env: &Env) -> Type {
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

    /// Instantiates statements, in order, as part of a region's output.
    pub(super) fn statements(&mut self, stmts: &[Stmt], place: &Place) {
        for stmt in stmts {
            self.statement(stmt, place);
        }
    }

    fn statement(&mut self, stmt: &Stmt, place: &Place) {
        let node = match stmt {
            Stmt::Resource(stmt) => {
                let inputs = resource_exprs(stmt);
                let inputs = self.build_all(&inputs, place);
                let sink = ResourceSink {
                    stmt: stmt.clone(),
                    output: None,
                };
                self.node(Kind::Resource(Box::new(sink)), inputs, place, stmt.span)
            }
            Stmt::Edge(stmt) => {
                let inputs = edge_exprs(stmt);
                let inputs = self.build_all(&inputs, place);
                let sink = EdgeSink {
                    stmt: stmt.clone(),
                    output: None,
                };
                self.node(Kind::Edge(Box::new(sink)), inputs, place, stmt.span)
            }
            Stmt::If(stmt) => {
                let cond = self.build(stmt.cond, place, None);
                let control = Control::IfStmt {
                    stmt: stmt.clone(),
                    env: place.env.clone(),
                    chosen: None,
                };
                self.node(
                    Kind::Control(Box::new(control)),
                    smallvec![cond],
                    place,
                    stmt.span,
                )
            }
            Stmt::For(stmt) => {
                let over = self.build(stmt.over, place, None);
                let (stmt, env) = (stmt.clone(), place.env.clone());
                let span = stmt.span;
                let control = if stmt.kv {
                    Control::ForKv {
                        stmt,
                        env,
                        steps: Default::default(),
                    }
                } else {
                    Control::For {
                        stmt,
                        env,
                        steps: Vec::new(),
                    }
                };
                self.node(
                    Kind::Control(Box::new(control)),
                    smallvec![over],
                    place,
                    span,
                )
            }
            Stmt::Include(include) => {
                let program = self.program.clone();
                let Some(class) = &program.hir[*include].class else {
                    return;
                };
                let env = self.include_env(&place.env, *include);
                let inner = Place {
                    env,
                    region: place.region,
                };
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                    self.statements(&program.hir[class.target].body, &inner);
                });
                return;
            }
            Stmt::Panic(call) => {
                let call = self.build(*call, place, None);
                self.node(Kind::Panic, smallvec![call], place, Span::default())
            }
        };
        self.store.region_mut(place.region).statements.push(node);
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

/// The expressions of a resource statement, in the order in which its node has them as inputs.
fn resource_exprs(stmt: &ResourceStmt) -> Vec<ExprId> {
    let mut exprs = vec![stmt.name];
    for Entry { kind, cond, .. } in &stmt.entries {
        exprs.push(match kind {
            EntryKind::Field { value, .. }
            | EntryKind::Meta { value, .. }
            | EntryKind::MetaStruct { value, .. } => *value,
            EntryKind::Edge { target, .. } => target.name,
        });
        exprs.extend(cond);
    }
    exprs
}

fn edge_exprs(stmt: &EdgeStmt) -> Vec<ExprId> {
    stmt.halves.iter().map(|Half { name, .. }| *name).collect()
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
