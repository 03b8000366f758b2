//! Everything about one resource, as far as everybody may see it.

use std::collections::BTreeMap;
use std::sync::Arc;

use mgmt_compiler::graph::{self, Identity, params_json};
use serde_json::Value as Json;

use super::Model;
use crate::observe::history::beginning;
use crate::observe::shapes::{Details, Param};

/// So much of a text is shown.
const TEXT: usize = 4 * 1024;

impl Model {
    pub(in crate::observe) fn details(&self, identity: &Identity) -> Option<Details> {
        let vertex = self.vertices.get(self.index.get(identity)?)?;
        let running = &vertex.running;
        let mut parts = std::iter::once(&running.declared).chain(&running.members);
        let declared = parts.find(|part| part.identity == *identity)?;
        Some(Details {
            resource: self.shown(vertex),
            params: self.params(declared),
            history: vertex.history.passes(),
        })
    }

    /// The parameters as they were declared: what others send may be a secret.
    fn params(&self, declared: &Arc<graph::Resource>) -> BTreeMap<String, Param> {
        let private = self.registry.private_params(&*declared.params);
        let shown = |(name, value): (String, Json)| {
            let value = match &value {
                Json::String(text) if self.is_secret(declared, &name) => {
                    Param::Private(!text.is_empty())
                }
                _ if private.contains(&name.as_str()) => Param::Private(true),
                Json::String(text) if text.len() > TEXT => Param::Begins(beginning(text, TEXT)),
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
                name: receive.sender.name.to_string(),
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
