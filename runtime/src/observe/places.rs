//! Where resources are declared.

use std::sync::Arc;

use mgmt_compiler::files::Sources;
use mgmt_compiler::graph::Identity;
use mgmt_compiler::redact::Masked;
use mgmt_grammar::span::Span;
use rustc_hash::FxHashMap;

use super::shapes::Place;
use crate::frontend::SourcedGraph;

/// The places of the resources of one graph. A resource that runs on from a former one has another place than
/// its declaration says, which refers to the texts of then.
#[derive(Debug, Default)]
pub(super) struct Places {
    sources: Arc<Sources>,
    /// What the sources are called.
    files: Vec<Masked>,
    places: FxHashMap<Identity, (Span, Place)>,
}

impl Places {
    /// Another graph was declared. Returns whose place is another now.
    pub(super) fn update(&mut self, declared: &SourcedGraph) -> Vec<Identity> {
        let same = Arc::ptr_eq(&self.sources, &declared.sources);
        if !same {
            self.sources = declared.sources.clone();
            let names = self.sources.iter().map(|(_, source)| &*source.name);
            self.files = names.map(Masked::from).collect();
        }
        let mut former = std::mem::take(&mut self.places);
        self.places.reserve(former.len());
        let mut moved = Vec::new();
        for resource in declared.graph.resources() {
            let Some(span) = resource.span else { continue };
            let identity = &resource.identity;
            let known = former.remove_entry(identity);
            if let Some((identity, (at, place))) = known {
                let present = if same && at == span {
                    place
                } else {
                    let present = self.place(span);
                    if present.as_ref() != Some(&place) {
                        moved.push(identity.clone());
                    }
                    let Some(present) = present else { continue };
                    present
                };
                self.places.insert(identity, (span, present));
            } else if let Some(place) = self.place(span) {
                moved.push(identity.clone());
                self.places.insert(identity.clone(), (span, place));
            }
        }
        moved.extend(former.into_keys());
        moved
    }

    fn place(&self, span: Span) -> Option<Place> {
        let file = self.files.get(span.source.0 as usize)?.clone();
        let at = self.sources.get(span.source)?.line_column(span.start);
        Some(Place {
            file,
            line: at.line,
            column: at.column,
        })
    }

    pub(super) fn get(&self, identity: &Identity) -> Option<Place> {
        self.places.get(identity).map(|(_, place)| place.clone())
    }
}
