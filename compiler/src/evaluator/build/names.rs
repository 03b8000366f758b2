//! What a name means where it is used: environments, binds, parameters and the bodies of classes.

use std::sync::Arc;

use mgmt_grammar::span::Span;
use smallvec::SmallVec;

use super::super::Evaluator;
use super::super::env::Env;
use super::super::node::{Kind, NodeId, State};
use super::Place;
use crate::hir::{BindId, IncludeId, ParamId, Ref, ScopeId, Var};
use crate::infer::InstanceId;

impl Evaluator {
    /// The environment that gives meaning to definitions of `scope`, seen from `env` through `via`.
    pub(in super::super) fn env_of(
        &mut self,
        env: &Arc<Env>,
        via: &[IncludeId],
        scope: ScopeId,
    ) -> Arc<Env> {
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
    pub(in super::super) fn module_env(&mut self, scope: ScopeId) -> Arc<Env> {
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

    pub(super) fn variable(&mut self, var: &Ref<Var>, place: &Place) -> NodeId {
        match var.target {
            Var::Bind(bind) => self.bind(bind, &var.via, &place.env),
            Var::Param(param) => self.param(param, &var.via, place),
        }
    }

    pub(in super::super) fn param(
        &mut self,
        param: ParamId,
        via: &[IncludeId],
        place: &Place,
    ) -> NodeId {
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

    pub(in super::super) fn bind(
        &mut self,
        bind: BindId,
        via: &[IncludeId],
        env: &Arc<Env>,
    ) -> NodeId {
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

    /// The environment of an include's class body, made on first demand.
    pub(in super::super) fn include_env(
        &mut self,
        from: &Arc<Env>,
        include: IncludeId,
    ) -> Arc<Env> {
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
}
