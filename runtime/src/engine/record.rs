//! Resources as text, for the disk and for other hosts (engine.md §1.11): versioned, and readable for people.

use std::collections::BTreeMap;

use mgmt_compiler::graph::{Identity, Resource};
use mgmt_stdlib::resource::{META_PARAMS, Meta};
use mgmt_stdlib::value::Value;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::confine;
use crate::local_values::Encoded;
use crate::resource::Registry;

const VERSION: u32 = 1;

/// A resource as it is written.
#[derive(Deserialize, Serialize)]
pub(super) struct Record {
    version: u32,
    kind: String,
    name: String,
    params: BTreeMap<String, Encoded>,
    meta: BTreeMap<String, Encoded>,
}

impl Record {
    /// The resource, without what it receives.
    ///
    /// # Errors
    /// What can not be written, in words.
    pub(super) fn of(resource: &Resource, registry: &Registry) -> Result<Self, String> {
        confine("encode", || Self::encode(resource, registry))
            .unwrap_or_else(|panic| Err(panic.to_string()))
    }

    fn encode(resource: &Resource, registry: &Registry) -> Result<Self, String> {
        let kind = resource.identity.kind.as_str();
        let declaration = registry.declaration(kind).ok_or("its kind is unknown")?;
        let mut params = BTreeMap::new();
        for param in &declaration.params {
            if let Some(value) = resource.params.get(param.name) {
                params.insert(param.name.to_owned(), Encoded::try_from(&value)?);
            }
        }
        let mut meta = BTreeMap::new();
        for param in META_PARAMS {
            if let Some(value) = resource.meta.get(param.name) {
                meta.insert(param.name.to_owned(), Encoded::try_from(&value)?);
            }
        }
        Ok(Self {
            version: VERSION,
            kind: kind.to_owned(),
            name: resource.identity.name.to_string(),
            params,
            meta,
        })
    }

    /// Whose record it is.
    pub(super) fn identity(&self) -> Identity {
        Identity::new(self.kind.as_str(), self.name.as_str())
    }

    /// As JSON.
    ///
    /// # Errors
    /// What can not be written, in words.
    pub(super) fn to_json(&self) -> Result<String, String> {
        serde_json::to_string_pretty(self).map_err(|error| error.to_string())
    }

    /// Reads what [`Record::to_json`] wrote.
    ///
    /// # Errors
    /// What is not understood.
    pub(super) fn parse(json: &[u8]) -> Result<Self, String> {
        let record: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if record.version == VERSION {
            Ok(record)
        } else {
            Err(format!("its format {} is unknown", record.version))
        }
    }

    /// The resource. A record is trusted no more than a program.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn into_resource(self, registry: &Registry) -> Result<Resource, String> {
        let Self { kind, name, .. } = self;
        let declaration = registry
            .declaration(&kind)
            .ok_or_else(|| format!("the kind `{kind}` is unknown"))?;
        let mut params = (declaration.new)();
        for (param, value) in self.params {
            if declaration.param(&param).is_none() {
                warn!(kind, name, "its record has `{param}`, which is unknown");
                continue;
            }
            let value = Value::from(value);
            confine("set", || params.set(&param, &value))
                .map_err(|panic| panic.to_string())?
                .map_err(|_| format!("the value of `{param}` does not fit"))?;
        }
        let mut meta = Meta::default();
        for (param, value) in self.meta {
            if let Err(error) = meta.set(&param, &value.into()) {
                warn!(kind, name, "its record is not as expected: {error}");
            }
        }
        meta.validate().map_err(|error| error.to_string())?;
        confine("validate", || params.validate(&name))
            .map_err(|panic| panic.to_string())?
            .map_err(|invalid| invalid.to_string())?;
        Ok(Resource {
            identity: Identity::new(kind, name),
            params: params.into(),
            meta,
            receives: Vec::new(),
            span: None,
        })
    }
}
