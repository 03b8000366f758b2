//! Environments: what the names of a scope mean in one of its instances.

use std::fmt;
use std::sync::{Arc, Mutex};

use mgmt_stdlib::catalog::{CallError, CallResult};
use mgmt_stdlib::types::Type;
use mgmt_stdlib::value::{Callable, Value};
use rustc_hash::FxHashMap;

use super::node::{NodeId, RegionId};
use crate::hir::{BindId, IncludeId, LambdaId, ParamId, ScopeId};
use crate::infer::InstanceId;

/// One instance of a scope. Function values keep the environment that they were made in.
pub struct Env {
    pub parent: Option<Arc<Env>>,
    pub scope: ScopeId,
    /// Under which instance the types of what is in here are known.
    pub instance: InstanceId,
    /// What the call of a generalised function makes of its type variables.
    pub type_args: Option<Arc<[Type]>>,
    /// Who owns the nodes of binds that are instantiated here.
    pub region: RegionId,
    pub params: Box<[(ParamId, NodeId)]>,
    shared: Mutex<Shared>,
}

/// What is instantiated on first demand and then shared by all uses.
#[derive(Default)]
struct Shared {
    binds: Option<Box<FxHashMap<BindId, NodeId>>>,
    includes: Vec<(IncludeId, Arc<Env>)>,
}

impl Env {
    pub fn new(
        parent: Option<Arc<Self>>,
        scope: ScopeId,
        instance: InstanceId,
        region: RegionId,
        params: Box<[(ParamId, NodeId)]>,
    ) -> Self {
        let type_args = parent.as_ref().and_then(|parent| parent.type_args.clone());
        Self {
            parent,
            scope,
            instance,
            type_args,
            region,
            params,
            shared: Mutex::default(),
        }
    }

    pub fn param(&self, param: ParamId) -> Option<NodeId> {
        self.params
            .iter()
            .find(|(id, _)| *id == param)
            .map(|(_, node)| *node)
    }

    pub fn bind(&self, bind: BindId) -> Option<NodeId> {
        self.shared.lock().ok()?.binds.as_ref()?.get(&bind).copied()
    }

    pub fn set_bind(&self, bind: BindId, node: NodeId) {
        if let Ok(mut shared) = self.shared.lock() {
            shared.binds.get_or_insert_default().insert(bind, node);
        }
    }

    pub fn include(&self, include: IncludeId) -> Option<Arc<Self>> {
        let shared = self.shared.lock().ok()?;
        shared
            .includes
            .iter()
            .find(|(id, _)| *id == include)
            .map(|(_, env)| env.clone())
    }

    pub fn set_include(&self, include: IncludeId, env: Arc<Self>) {
        if let Ok(mut shared) = self.shared.lock() {
            shared.includes.push((include, env));
        }
    }

    /// The instance of `scope` that is this one or around it.
    pub fn find(self: &Arc<Self>, scope: ScopeId) -> Option<Arc<Self>> {
        let mut at = self;
        while at.scope != scope {
            at = at.parent.as_ref()?;
        }
        Some(at.clone())
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env")
            .field("scope", &self.scope)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// What is behind a function value of a running graph.
#[derive(Debug)]
pub struct Closure {
    pub lambda: LambdaId,
    pub env: Arc<Env>,
}

impl Callable for Closure {
    fn call(&self, _args: &[Value]) -> CallResult {
        Err(CallError::fatal(
            "internal error: the function was not taken out of its graph",
        ))
    }
}
