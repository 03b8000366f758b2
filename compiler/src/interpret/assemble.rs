//! Resources and edges of all statements become one graph (typing-and-evaluation.md §8.5, §8.6).

use std::collections::hash_map::Entry;
use std::sync::Arc;

use mgmt_grammar::span::Span;
use petgraph::graph::NodeIndex;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{EdgeOut, Output, Result, StmtOutput};
use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::graph::{Identity, Receive, Resource, ResourceGraph};

/// A graph under construction.
#[derive(Debug, Default)]
pub struct Assembly {
    graph: ResourceGraph,
    /// Hidden resources, of which many may share an identity.
    hidden: FxHashMap<Identity, Vec<NodeIndex>>,
    exports: FxHashMap<(Identity, String), Arc<Resource>>,
    edges: Vec<EdgeOut>,
    /// Where each edge is written first.
    places: FxHashMap<(NodeIndex, NodeIndex), Span>,
    /// See [`Output`].
    entangled: FxHashSet<Identity>,
    repeated: FxHashSet<(NodeIndex, NodeIndex)>,
}

impl Assembly {
    /// Adds what a statement gives.
    ///
    /// # Errors
    /// If a resource contradicts an earlier one.
    pub fn add(&mut self, output: &StmtOutput) -> Result<()> {
        for resource in &output.resources {
            self.add_resource(resource)?;
        }
        self.edges.extend(output.edges.iter().cloned());
        Ok(())
    }

    fn add_resource(&mut self, resource: &Arc<Resource>) -> Result<()> {
        for host in &resource.meta.export {
            let key = (resource.identity.clone(), host.clone());
            if let Some(first) = self.exports.get(&key) {
                if let Some(difference) = first.differs(resource) {
                    let text = format!(
                        "{} is exported to `{host}` twice, but not alike: {difference}",
                        resource.identity
                    );
                    return Err(twice(Code::DUPLICATE_EXPORT, text, first, resource));
                }
            } else {
                self.exports.insert(key, resource.clone());
            }
        }
        if resource.meta.hidden {
            self.entangled.insert(resource.identity.clone());
            let same = self.hidden.entry(resource.identity.clone()).or_default();
            let again = same
                .last()
                .is_some_and(|last| self.graph.graph()[*last].differs(resource).is_none());
            if !again {
                let node = self.graph.add(resource.clone());
                same.push(node);
            }
            return Ok(());
        }
        let Some(node) = self.graph.find(&resource.identity) else {
            self.graph.add(resource.clone());
            return Ok(());
        };
        self.entangled.insert(resource.identity.clone());
        let first = &self.graph.graph()[node];
        if first.differs(resource).is_some() {
            let merged = merged(first, resource)?;
            self.graph.replace(node, Arc::new(merged));
        }
        Ok(())
    }

    /// Connects the resources.
    ///
    /// # Errors
    /// If an end of an edge does not exist, a value has two senders, or there is a cycle.
    pub fn finish(mut self) -> Result<Output> {
        for edge in std::mem::take(&mut self.edges) {
            let from = self.ends(&edge.from, &edge)?;
            let to = self.ends(&edge.to, &edge)?;
            for from in &from {
                for to in &to {
                    self.graph.connect(*from, *to, edge.notify);
                    match self.places.entry((*from, *to)) {
                        Entry::Vacant(first) => drop(first.insert(edge.place())),
                        Entry::Occupied(_) => drop(self.repeated.insert((*from, *to))),
                    }
                }
            }
            if edge.transfer.is_some() {
                self.transfer(&edge, &to)?;
            }
        }
        match self.graph.cycle() {
            None => Ok(Output {
                graph: Arc::new(self.graph),
                entangled: self.entangled,
                repeated: self.repeated,
            }),
            Some(cycle) => Err(Box::new(self.cycle(&cycle))),
        }
    }

    fn ends(&self, identity: &Identity, edge: &EdgeOut) -> Result<Vec<NodeIndex>> {
        let mut ends: Vec<NodeIndex> = self.graph.find(identity).into_iter().collect();
        ends.extend(self.hidden.get(identity).into_iter().flatten());
        if !ends.is_empty() {
            return Ok(ends);
        }
        let text = format!("an edge names {identity}, which does not exist");
        let mut diagnostic = Diagnostic::error(Code::MISSING_EDGE_END, Stage::Interpret, text);
        diagnostic = match edge.line {
            Some(line) => diagnostic
                .at(edge.span, "in this resource")
                .label(line, "this is the edge"),
            None => diagnostic.at(edge.span, "this is the edge"),
        };
        let same_kind = self
            .graph
            .resources()
            .filter(|resource| resource.identity.kind == identity.kind);
        let names: Vec<&str> = same_kind
            .map(|resource| resource.identity.name.as_str())
            .collect();
        if let Some(near) = crate::resolve::closest(&identity.name, names.iter().copied()) {
            diagnostic = diagnostic.help(format!("did you mean {}[{near}]?", identity.kind));
        } else if names.is_empty()
            && let Some(near) = self.closest_kind(&identity.kind)
        {
            diagnostic = diagnostic.help(format!("did you mean {near}[{}]?", identity.name));
        } else {
            diagnostic = diagnostic
                .help("both ends must be declared, and their names must be the same to the letter");
        }
        Err(Box::new(diagnostic))
    }

    /// A kind of the program that was probably meant.
    fn closest_kind(&self, kind: &str) -> Option<&str> {
        let kinds = self.graph.resources();
        crate::resolve::closest(kind, kinds.map(|resource| resource.identity.kind.as_str()))
    }

    fn transfer(&mut self, edge: &EdgeOut, receivers: &[NodeIndex]) -> Result<()> {
        let Some((key, param)) = &edge.transfer else {
            return Ok(());
        };
        if self.graph.find(&edge.from).is_none() {
            let text = format!("{} is hidden, so it can't send", edge.from);
            return Err(Box::new(
                Diagnostic::error(Code::SEND_FROM_HIDDEN, Stage::Interpret, text)
                    .at(edge.span, "it sends here"),
            ));
        }
        for node in receivers {
            let receiver = &self.graph.graph()[*node];
            let receive = Receive {
                param: param.clone(),
                sender: edge.from.clone(),
                key: key.clone(),
                span: Some(edge.span),
            };
            if let Some(first) = receiver.receives.iter().find(|first| first.param == *param) {
                if first.sender == receive.sender && first.key == receive.key {
                    continue;
                }
                let text = format!(
                    "the parameter `{param}` of {} would be received from two senders",
                    receiver.identity
                );
                let mut diagnostic =
                    Diagnostic::error(Code::DUPLICATE_RECEIVE, Stage::Interpret, text)
                        .at(edge.span, "received again here");
                if let Some(span) = first.span {
                    diagnostic = diagnostic.label(span, "first received here");
                }
                return Err(Box::new(diagnostic));
            }
            self.entangled.insert(receiver.identity.clone());
            let mut changed = (**receiver).clone();
            changed.receives.push(receive);
            self.graph.replace(*node, Arc::new(changed));
        }
        Ok(())
    }

    fn cycle(&self, cycle: &[NodeIndex]) -> Diagnostic {
        let members: Vec<&Arc<Resource>> = cycle
            .iter()
            .map(|node| &self.graph.graph()[*node])
            .collect();
        let names: Vec<String> = members
            .iter()
            .map(|resource| resource.identity.to_string())
            .collect();
        let mut diagnostic = Diagnostic::error(
            Code::RESOURCE_CYCLE,
            Stage::Interpret,
            format!(
                "these resources wait for each other: {} -> {}",
                names.join(" -> "),
                names[0]
            ),
        );
        for (i, resource) in members.iter().enumerate() {
            let next = (i + 1) % names.len();
            let text = format!("{} comes before {} because of this", names[i], names[next]);
            let place = self.places.get(&(cycle[i], cycle[next])).copied();
            if let Some(span) = place.or(resource.span) {
                diagnostic = if diagnostic.primary.is_none() {
                    diagnostic.at(span, text)
                } else {
                    diagnostic.label(span, text)
                };
            }
        }
        diagnostic.help("take one of these edges away; automatic edges count too")
    }
}

/// Two declarations of one resource as one, if the kind can merge them (typing-and-evaluation.md §8.5.3).
fn merged(first: &Resource, second: &Resource) -> Result<Resource> {
    let identity = &first.identity;
    let Some(merged) = first.params.merged_with(&*second.params) else {
        let difference = first.differs(second).unwrap_or_default();
        let text = format!("{identity} is declared twice, but not alike: {difference}");
        return Err(twice(Code::DUPLICATE_RESOURCE, text, first, second));
    };
    let params = match (merged, first.meta.differs(&second.meta)) {
        (Ok(params), None) => params,
        (Err(reason), _) => {
            let text =
                format!("{identity} is declared twice, and the two can't be merged: {reason}");
            return Err(twice(Code::INCOMPATIBLE_DUPLICATE, text, first, second));
        }
        (Ok(_), Some(name)) => {
            let text = format!(
                "{identity} is declared twice, and the two can't be merged: Meta:{name} differs"
            );
            return Err(twice(Code::INCOMPATIBLE_DUPLICATE, text, first, second));
        }
    };
    Ok(Resource {
        params: Arc::from(params),
        ..first.clone()
    })
}

fn twice(code: Code, text: String, first: &Resource, second: &Resource) -> Box<Diagnostic> {
    let mut diagnostic = Diagnostic::error(code, Stage::Interpret, text);
    if let Some(span) = second.span {
        diagnostic = diagnostic.at(span, "declared again here");
    }
    if let Some(span) = first.span
        && second.span != Some(span)
    {
        diagnostic = diagnostic.label(span, "first declared here");
    }
    let must = if code == Code::INCOMPATIBLE_DUPLICATE {
        "two declarations of one resource must agree"
    } else {
        "two declarations of one resource must be equal"
    };
    Box::new(diagnostic.help(format!(
        "{must}; declare it once, in a class that both include"
    )))
}

#[cfg(test)]
mod tests {
    use mgmt_stdlib::resource::{Invalid, Meta, Params, Validate};

    use super::*;

    /// Grows to the greater of two sizes.
    #[derive(Clone, Debug, Default, PartialEq, Params)]
    #[resource(kind = "disk", merge = Self::greater)]
    struct Disk {
        /// How much of it is wanted.
        size: i64,
        /// Where it is mounted.
        path: String,
    }

    impl Disk {
        fn greater(&self, other: &Self) -> std::result::Result<Self, String> {
            if self.path != other.path {
                return Err("the Path differs".to_owned());
            }
            Ok(Self {
                size: self.size.max(other.size),
                path: self.path.clone(),
            })
        }
    }

    impl Validate for Disk {
        fn validate(&self, _name: &str) -> std::result::Result<(), Invalid> {
            Ok(())
        }
    }

    fn disk(size: i64, path: &str, meta: Meta) -> Arc<Resource> {
        Arc::new(Resource {
            identity: Identity::new("disk", "a"),
            params: Arc::new(Disk {
                size,
                path: path.to_owned(),
            }),
            meta,
            receives: Vec::new(),
            span: None,
        })
    }

    fn assemble(disks: &[Arc<Resource>]) -> Result<Arc<ResourceGraph>> {
        let mut assembly = Assembly::default();
        for disk in disks {
            assembly.add_resource(disk)?;
        }
        Ok(assembly.finish()?.graph())
    }

    #[test]
    fn declarations_that_agree_become_one() {
        for sizes in [[1, 5, 3], [5, 3, 1], [3, 1, 5]] {
            let disks = sizes.map(|size| disk(size, "/", Meta::default()));
            let graph = assemble(&disks).unwrap();
            let sizes: Vec<_> = graph
                .resources()
                .map(|disk| disk.params.get("size"))
                .collect();
            assert_eq!(sizes, [Some(mgmt_stdlib::value::Value::Int(5))]);
        }
    }

    #[test]
    fn declarations_that_contradict_each_other_are_refused() {
        let error = assemble(&[
            disk(1, "/a", Meta::default()),
            disk(2, "/b", Meta::default()),
        ])
        .unwrap_err();
        assert_eq!(error.code, Code::INCOMPATIBLE_DUPLICATE);
        assert!(error.message.contains("the Path differs"), "{error:?}");

        let noop = Meta {
            noop: true,
            ..Meta::default()
        };
        let error = assemble(&[disk(1, "/", Meta::default()), disk(2, "/", noop)]).unwrap_err();
        assert_eq!(error.code, Code::INCOMPATIBLE_DUPLICATE);
        assert!(error.message.contains("Meta:noop differs"), "{error:?}");
    }
}
