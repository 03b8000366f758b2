//! Finds the implementation of a kind.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use mgmt_compiler::graph;
use mgmt_stdlib::resource::{AutoEdges, Declare, Inside, Params, ResourceDef, Traits};
use mgmt_stdlib::value::Value;

use super::{
    Background, CheckContext, Group, InitContext, Outcome, Reach, Resource, ResourceError,
    Services, WatchContext,
};

/// A [`Resource`] whose kind is not known at compile time. The methods are those of [`Resource`]; they
/// fail if they are handed the parameters of another kind, which the engine never does.
#[async_trait]
#[allow(missing_docs)]
pub trait AnyResource: Send + Sync + 'static {
    async fn init(&self, params: &dyn Params, context: &InitContext) -> Result<(), ResourceError>;
    async fn watch(&self, params: &dyn Params, context: &WatchContext)
    -> Result<(), ResourceError>;
    fn must_rewatch(&self, old: &dyn Params, new: &dyn Params) -> bool;
    async fn check_apply(
        &self,
        params: &dyn Params,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError>;
    fn interrupt(&self);
    async fn cleanup(&self) -> Result<(), ResourceError>;
}

fn downcast<T: Params>(params: &dyn Params) -> Result<&T, ResourceError> {
    params.as_any().downcast_ref().ok_or_else(|| {
        ResourceError::message(format!(
            "internal error: {} parameters are no {}",
            params.kind(),
            type_name::<T>()
        ))
    })
}

#[async_trait]
impl<R: Resource> AnyResource for R {
    async fn init(&self, params: &dyn Params, context: &InitContext) -> Result<(), ResourceError> {
        Resource::init(self, downcast(params)?, context).await
    }

    async fn watch(
        &self,
        params: &dyn Params,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        Resource::watch(self, downcast(params)?, context).await
    }

    fn must_rewatch(&self, old: &dyn Params, new: &dyn Params) -> bool {
        match (downcast(old), downcast(new)) {
            (Ok(old), Ok(new)) => Resource::must_rewatch(self, old, new),
            _ => true,
        }
    }

    async fn check_apply(
        &self,
        params: &dyn Params,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        Resource::check_apply(self, downcast(params)?, context).await
    }

    fn interrupt(&self) {
        Resource::interrupt(self);
    }

    async fn cleanup(&self) -> Result<(), ResourceError> {
        Resource::cleanup(self).await
    }
}

type Constructor = fn(&str, &dyn Params) -> Result<Box<dyn AnyResource>, ResourceError>;
type Edges = for<'a> fn(
    &'a str,
    &'a dyn Params,
    &'a Services,
) -> BoxFuture<'a, Result<AutoEdges, ResourceError>>;
type Reversed = for<'a> fn(
    &'a str,
    &'a dyn Params,
    &'a Services,
) -> BoxFuture<'a, Result<Option<Box<dyn Params>>, ResourceError>>;

#[derive(Clone, Copy)]
struct Entry {
    new: Constructor,
    traits: Traits,
    managed_paths: fn(&str, &dyn Params) -> Vec<String>,
    reach: fn(&str, &dyn Params) -> Reach,
    private_params: fn(&dyn Params) -> Vec<&'static str>,
    auto_edges: Edges,
    group: fn(&str, &dyn Params) -> Option<Group>,
    may_own: fn(&str, &dyn Params, &graph::Resource) -> bool,
    background: fn() -> Option<Arc<dyn Background>>,
    inside: Option<Inside>,
    reversed: Reversed,
    overwrites_reversal: bool,
    declare: fn() -> ResourceDef,
}

/// What to say of a kind that is declared, so that programs with it can be checked, but that nothing
/// implements here.
pub(crate) fn not_implemented(kind: &str) -> String {
    format!("the kind `{kind}` is not implemented by this version of mgmt run")
}

/// The implementations by kind.
#[derive(Clone, Default)]
pub struct Registry(BTreeMap<&'static str, Entry>);

impl Registry {
    /// Enters a kind. A later entry of the same kind replaces the former.
    pub fn add<R: Resource>(&mut self) {
        let declaration = R::Params::declare();
        let entry = Entry {
            new: |name, params| Ok(Box::new(R::new(name, downcast(params)?))),
            traits: declaration.traits,
            managed_paths: |name, params| {
                downcast(params)
                    .map(|params| R::managed_paths(name, params))
                    .unwrap_or_default()
            },
            reach: |name, params| {
                downcast(params).map_or(Reach::own(Vec::new()), |params| R::reach(name, params))
            },
            private_params: |params| downcast(params).map(R::private_params).unwrap_or_default(),
            auto_edges: |name, params, services| match downcast(params) {
                Ok(params) => R::auto_edges(name, params, services),
                Err(error) => Box::pin(async { Err(error) }),
            },
            group: |name, params| R::group(name, downcast(params).ok()?),
            may_own: |name, params, member| {
                downcast(params).is_ok_and(|params| R::may_own(name, params, member))
            },
            reversed: |name, params, services| {
                Box::pin(async move {
                    let inverse = R::reversed(name, downcast(params)?, services).await?;
                    Ok(inverse.map(|params| Box::new(params) as Box<dyn Params>))
                })
            },
            overwrites_reversal: R::OVERWRITES_REVERSAL,
            background: R::background,
            inside: declaration.inside,
            declare: R::Params::declare,
        };
        self.0.insert(declaration.kind, entry);
    }

    /// A new resource of the kind of these parameters.
    ///
    /// # Errors
    /// If the kind is not entered.
    pub fn create(
        &self,
        name: &str,
        params: &dyn Params,
    ) -> Result<Box<dyn AnyResource>, ResourceError> {
        let kind = params.kind();
        let entry = self
            .0
            .get(kind)
            .ok_or_else(|| ResourceError::message(not_implemented(kind)))?;
        (entry.new)(name, params)
    }

    /// The optional abilities of a kind; nothing if it is not entered.
    pub fn traits(&self, kind: &str) -> Option<Traits> {
        Some(self.0.get(kind)?.traits)
    }

    /// The paths that these parameters want to be there ([`Resource::managed_paths`]).
    pub fn managed_paths(&self, name: &str, params: &dyn Params) -> Vec<String> {
        self.0
            .get(params.kind())
            .map(|entry| (entry.managed_paths)(name, params))
            .unwrap_or_default()
    }

    /// What resources with these parameters look at and touch ([`Resource::reach`]).
    pub fn reach(&self, name: &str, params: &dyn Params) -> Reach {
        let entry = self.0.get(params.kind());
        entry.map_or(Reach::own(Vec::new()), |entry| (entry.reach)(name, params))
    }

    /// The parameters that are not for everybody ([`Resource::private_params`]).
    pub fn private_params(&self, params: &dyn Params) -> Vec<&'static str> {
        self.0
            .get(params.kind())
            .map(|entry| (entry.private_params)(params))
            .unwrap_or_default()
    }

    /// What these parameters have to do with automatic edges ([`Resource::auto_edges`]).
    ///
    /// # Errors
    /// Those of the kind.
    pub async fn auto_edges(
        &self,
        name: &str,
        params: &dyn Params,
        services: &Services,
    ) -> Result<AutoEdges, ResourceError> {
        match self.0.get(params.kind()) {
            Some(entry) => (entry.auto_edges)(name, params, services).await,
            None => Ok(AutoEdges::default()),
        }
    }

    /// With which others of their kind these parameters group ([`Resource::group`]).
    pub fn group(&self, name: &str, params: &dyn Params) -> Option<Group> {
        (self.0.get(params.kind())?.group)(name, params)
    }

    /// Whether a resource may be a part of one with these parameters: because its kind is declared to be
    /// [inside](Inside) of theirs, or since they say so ([`Resource::may_own`]).
    pub fn may_own(&self, name: &str, params: &dyn Params, member: &graph::Resource) -> bool {
        let kind = params.kind();
        let member_of = self.0.get(member.identity.kind.as_str());
        let inside = member_of.and_then(|entry| entry.inside);
        inside.is_some_and(|inside| inside.kind == kind && names(member, inside.param, name))
            || self
                .0
                .get(kind)
                .is_some_and(|entry| (entry.may_own)(name, params, member))
    }

    /// The worker that the resources of a kind share ([`Resource::background`]).
    pub fn background(&self, kind: &str) -> Option<Arc<dyn Background>> {
        (self.0.get(kind)?.background)()
    }

    /// What undoes these parameters ([`Resource::reversed`]).
    ///
    /// # Errors
    /// Those of the kind.
    pub async fn reversed(
        &self,
        name: &str,
        params: &dyn Params,
        services: &Services,
    ) -> Result<Option<Box<dyn Params>>, ResourceError> {
        match self.0.get(params.kind()) {
            Some(entry) => (entry.reversed)(name, params, services).await,
            None => Ok(None),
        }
    }

    /// Whether a newer reversal of a kind replaces an older one ([`Resource::OVERWRITES_REVERSAL`]).
    pub fn overwrites_reversal(&self, kind: &str) -> bool {
        self.0
            .get(kind)
            .is_some_and(|entry| entry.overwrites_reversal)
    }

    /// The kind as declared.
    pub fn declaration(&self, kind: &str) -> Option<ResourceDef> {
        Some((self.0.get(kind)?.declare)())
    }

    /// The kinds, in order.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}

/// Whether the parameter of a member that tells its owner has this name, or leaves the choice.
fn names(member: &graph::Resource, param: &str, owner: &str) -> bool {
    let named = member.params.get(param);
    let named = named.as_ref().and_then(Value::as_str);
    named.is_none_or(|named| named.is_empty() || named.to_string_lossy() == owner)
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.kinds()).finish()
    }
}

#[cfg(test)]
mod tests {
    use mgmt_compiler::graph::Identity;
    use mgmt_stdlib::resource::Meta;
    use mgmt_stdlib::resources::{dhcp_host, dhcp_server, noop};

    use super::*;

    /// Declared to be inside of a `dhcp:server`.
    struct Host;

    #[async_trait]
    impl Resource for Host {
        type Params = dhcp_host::DhcpHost;

        fn new(_: &str, _: &Self::Params) -> Self {
            Self
        }

        async fn check_apply(
            &self,
            _: &Self::Params,
            _: &CheckContext,
        ) -> Result<Outcome, ResourceError> {
            Ok(Outcome::Unchanged)
        }
    }

    #[test]
    fn who_is_declared_to_be_inside_belongs_to_whom_it_names() {
        let mut registry = Registry::default();
        registry.add::<Host>();
        let host = |server: &str| graph::Resource {
            identity: Identity::new("dhcp:host", "h"),
            params: Arc::new(dhcp_host::DhcpHost {
                server: server.to_owned(),
                ..dhcp_host::DhcpHost::default()
            }),
            meta: Meta::default(),
            receives: Vec::new(),
            span: None,
        };
        let server = dhcp_server::DhcpServer::default();
        assert!(registry.may_own("s", &server, &host("s")));
        assert!(registry.may_own("s", &server, &host("")), "any will do");
        assert!(!registry.may_own("s", &server, &host("other")));
        assert!(!registry.may_own("s", &noop::Noop::default(), &host("s")));
    }
}
