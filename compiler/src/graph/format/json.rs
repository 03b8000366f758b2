//! One JSON object for programs.

use mgmt_stdlib::catalog::Catalog;
use mgmt_stdlib::resource::Meta;
use mgmt_stdlib::value::Value;
use serde_json::{Map, Value as Json, json};

use crate::graph::{Identity, Resource, ResourceGraph};

pub(super) fn format(graph: &ResourceGraph, catalog: &Catalog) -> String {
    let resources = super::resources(graph);
    let nodes: Vec<_> = resources
        .iter()
        .map(|(_, resource)| {
            let params = params(resource, catalog);
            json!({
                "kind": resource.identity.kind.as_str(),
                "name": resource.identity.shown_name(),
                "params": params,
                "meta": meta(&resource.meta),
            })
        })
        .collect();
    let edges: Vec<_> = super::edges(graph, &resources)
        .into_iter()
        .map(|line| {
            let sends: Vec<_> = line
                .receives
                .iter()
                .map(
                    |receive| json!({"key": receive.key.as_str(), "param": receive.param.as_str()}),
                )
                .collect();
            json!({
                "from": identity(&resources[line.from].1.identity),
                "to": identity(&resources[line.to].1.identity),
                "notify": line.edge.notify,
                "sends": sends,
            })
        })
        .collect();
    format!("{:#}\n", json!({"resources": nodes, "edges": edges}))
}

/// The parameters of a resource that are set, by their mcl names, as they may be shown.
pub fn params(resource: &Resource, catalog: &Catalog) -> Map<String, Json> {
    super::params(resource, catalog)
        .into_iter()
        .map(|(param, value)| (param.to_owned(), self::value(&value)))
        .collect()
}

fn identity(identity: &Identity) -> Json {
    json!({"kind": identity.kind.as_str(), "name": identity.shown_name()})
}

/// The meta parameters that are not as they are without saying so.
fn meta(meta: &Meta) -> Map<String, Json> {
    let all = |meta: &Meta| {
        let Meta {
            noop,
            retry,
            retryreset,
            delay,
            timeout,
            poll,
            limit,
            burst,
            ..
        } = meta;
        let Meta {
            reset,
            sema,
            rewatch,
            realize,
            dollar,
            hidden,
            export,
            ..
        } = meta;
        let Meta {
            reverse,
            autoedge,
            autogroup,
            ..
        } = meta;
        json!({
            "noop": noop, "retry": retry, "retryreset": retryreset, "delay": delay, "timeout": timeout,
            "poll": poll, "limit": limit, "burst": burst, "reset": reset, "sema": sema,
            "rewatch": rewatch, "realize": realize, "dollar": dollar, "hidden": hidden, "export": export,
            "reverse": reverse, "autoedge": autoedge, "autogroup": autogroup,
        })
    };
    let usual = all(&Meta::default());
    match all(meta) {
        Json::Object(all) => all
            .into_iter()
            .filter(|(name, value)| usual[name] != *value)
            .collect(),
        _ => Map::new(),
    }
}

/// Maps with other keys than strings become lists of pairs; what is not UTF-8 is replaced.
fn value(value: &Value) -> Json {
    match value {
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Str(text) => json!(text.to_string_lossy()),
        Value::List(list) => list.iter().map(self::value).collect(),
        Value::Map(map) if map.iter().all(|(key, _)| key.as_str().is_some()) => map
            .iter()
            .filter_map(|(key, value)| {
                Some((
                    key.as_str()?.to_string_lossy().into_owned(),
                    self::value(value),
                ))
            })
            .collect(),
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| json!([self::value(key), self::value(value)]))
            .collect(),
        Value::Struct(fields) => fields
            .iter()
            .map(|(name, value)| (name.to_string(), self::value(value)))
            .collect(),
        Value::Func(_) => json!(value.to_string()),
    }
}
