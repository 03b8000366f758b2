//! What has to be right about a graph (engine.md §1.8).

use mgmt_compiler::diagnostic::Code;
use mgmt_compiler::graph::{Resource, ResourceGraph, topology};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Prepared, Problem};
use crate::engine::confine;
use crate::resource::{Registry, not_implemented};

/// What is wrong with a resource by itself.
pub(super) fn validate(resource: &Resource, registry: &Registry) -> Result<(), Problem> {
    let wrong = |code, message: &str| Err(Problem::new(resource, code, message));
    let identity = &resource.identity;
    if identity.kind.is_empty() {
        return wrong(Code::UNKNOWN_KIND, "the kind is empty");
    }
    if identity.name.is_empty() {
        return wrong(Code::EMPTY_NAME, "the name is empty");
    }
    if let Err(error) = resource.meta.validate() {
        return wrong(Code::INVALID_META, &error.to_string());
    }
    if identity.name.starts_with('$') && !resource.meta.dollar {
        return Err(Problem {
            help: Some("set `Meta:dollar` if that is what you mean".to_owned()),
            ..Problem::new(resource, Code::DOLLAR_NAME, "the name begins with `$`")
        });
    }
    if registry.traits(&identity.kind).is_none() {
        return wrong(Code::NOT_IMPLEMENTED, &not_implemented(&identity.kind));
    }
    if resource.meta.hidden {
        return Ok(());
    }
    let validate = || resource.params.validate_all(&identity.name, &resource.meta);
    match confine("validate", validate) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(invalid)) => Err(Problem {
            help: invalid.help.clone(),
            ..Problem::new(resource, Code::INVALID_RESOURCE, invalid.to_string())
        }),
        Err(panic) => wrong(Code::INVALID_RESOURCE, &panic.to_string()),
    }
}

/// At most one resource that is not hidden may have an identity.
pub(super) fn duplicates(graph: &ResourceGraph) -> Vec<Problem> {
    let mut seen = FxHashSet::default();
    graph
        .resources()
        .filter(|resource| !resource.meta.hidden && !seen.insert(&resource.identity))
        .map(|resource| Problem::new(resource, Code::DUPLICATE_RESOURCE, "is declared twice"))
        .collect()
}

/// What is exported to a host under one identity is one thing (engine.md 6.2.5); hidden resources may share one.
pub(super) fn exports(graph: &ResourceGraph) -> Vec<Problem> {
    let mut first: FxHashMap<_, &Resource> = FxHashMap::default();
    let mut problems = Vec::new();
    let exporting = graph.resources().filter(|it| !it.meta.export.is_empty());
    for resource in exporting {
        for host in &resource.meta.export {
            let first = *first.entry((&resource.identity, host)).or_insert(resource);
            let difference = confine("compare", || first.differs(resource));
            let difference = difference.unwrap_or_else(|panic| Some(panic.to_string()));
            problems.extend(difference.map(|difference| {
                let text = format!("is exported to `{host}` twice, but not alike: {difference}");
                Problem::new(resource, Code::DUPLICATE_EXPORT, text)
            }));
        }
    }
    problems
}

/// Whatever is received has one sender, which is in the graph.
pub(super) fn receives(graph: &ResourceGraph) -> Vec<Problem> {
    let mut problems = Vec::new();
    for resource in graph.resources() {
        for (at, receive) in resource.receives.iter().enumerate() {
            if graph.find(&receive.sender).is_none() {
                let message = format!(
                    "receives `{}` from {}, which is not in the graph",
                    receive.param, receive.sender
                );
                problems.push(Problem::new(resource, Code::MISSING_EDGE_END, message));
            }
            let clash = resource.receives[..at].iter().any(|other| {
                other.param == receive.param
                    && (other.sender != receive.sender || other.key != receive.key)
            });
            if clash {
                let message = format!("receives `{}` twice", receive.param);
                problems.push(Problem::new(resource, Code::DUPLICATE_RECEIVE, message));
            }
        }
    }
    problems
}

/// One cycle, if there is any.
pub(super) fn cycle(prepared: &Prepared) -> Option<Problem> {
    let mut members: Vec<&Resource> = topology::cycle(prepared.vertices.len(), &prepared.pairs())?
        .into_iter()
        .map(|at| &*prepared.vertices[at].declared)
        .collect();
    let least = (0..members.len()).min_by_key(|at| &members[*at].identity)?;
    members.rotate_left(least);
    let first = members[0];
    let names: Vec<String> = members
        .iter()
        .chain([&first])
        .map(|member| member.identity.to_string())
        .collect();
    Some(Problem::new(
        first,
        Code::RESOURCE_CYCLE,
        format!("depends on itself: {}", names.join(" -> ")),
    ))
}
