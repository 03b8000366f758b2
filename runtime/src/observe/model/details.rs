//! Everything about one resource, as far as everybody may see it.

use std::collections::BTreeMap;
use std::sync::Arc;

use mgmt_compiler::graph::{self, Identity, params_json};
use mgmt_compiler::redact;
use serde_json::Value as Json;

use super::Model;
use super::events::named;
use crate::observe::history::beginning;
use crate::observe::shapes::{Details, Param, Resource};

/// So much of a text is shown.
const TEXT: usize = 4 * 1024;

impl Model {
    pub(in crate::observe) fn details(&self, identity: &Identity) -> Option<Details> {
        let identity = &self.exact(identity)?;
        let vertex = self.vertices.get(&self.number(identity)?)?;
        let declared = vertex
            .running
            .parts()
            .find(|part| part.identity == *identity)?;
        let mut resource = self.shown(vertex);
        let mut part_of = None;
        let owner = &vertex.running.declared.identity;
        if identity != owner {
            part_of = Some(named(owner));
            resource = Resource {
                kind: identity.kind.to_string(),
                name: identity.shown_name(),
                place: self.places.get(identity),
                noop: declared.meta.noop,
                members: Vec::new(),
                live: self.live_of(vertex, identity),
                ..resource
            };
        }
        let part = self.parts.get(identity);
        Some(Details {
            resource,
            part_of,
            params: self.params(declared),
            history: part.map_or_else(Vec::new, |part| part.history.passes()),
        })
    }

    /// Who is meant by a name as it is shown. Of several that are shown alike it is the first. A password that is
    /// asked for is not looked at: whether it is the right one is not told.
    fn exact(&self, asked: &Identity) -> Option<Identity> {
        let shown = asked.shown_name();
        if !shown.contains(redact::MASK) {
            return Some(asked.clone());
        }
        let vertices = self.vertices.values();
        vertices
            .flat_map(|vertex| vertex.running.parts())
            .map(|part| &part.identity)
            .find(|identity| identity.kind == asked.kind && identity.shown_name() == shown)
            .cloned()
    }

    /// The parameters as they were declared: what others send may be a secret.
    fn params(&self, declared: &Arc<graph::Resource>) -> BTreeMap<String, Param> {
        let private = self.registry.private_params(&*declared.params);
        let shown = |(name, value): (String, Json)| {
            let value = match &value {
                _ if self.is_secret(declared, &name) => Param::Private(value != ""),
                _ if private.contains(&name.as_str()) => Param::Private(true),
                Json::String(text) if text.len() > TEXT => {
                    Param::Begins(beginning(text, TEXT).into())
                }
                _ => Param::Value(value),
            };
            (name, value)
        };
        let mut params: BTreeMap<String, Param> = params_json(declared, &self.catalog)
            .into_iter()
            .map(shown)
            .collect();
        for receive in &declared.receives {
            let received = Param::Received {
                kind: receive.sender.kind.to_string(),
                name: receive.sender.shown_name(),
                key: receive.key.to_string(),
            };
            params.insert(receive.param.to_string(), received);
        }
        params
    }

    fn is_secret(&self, declared: &graph::Resource, param: &str) -> bool {
        let kind = self.catalog.resource(&declared.identity.kind);
        kind.and_then(|kind| kind.param(param))
            .is_some_and(|param| param.secret)
    }
}
