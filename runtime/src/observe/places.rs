//! Where resources are declared.

use mgmt_compiler::graph::Identity;
use rustc_hash::FxHashMap;

use super::shapes::Place;
use crate::frontend::SourcedGraph;

/// The places of the resources of one graph. A resource that runs on from a former one has another place than
/// its declaration says, which refers to the texts of then.
#[derive(Debug, Default)]
pub(super) struct Places(FxHashMap<Identity, Place>);

impl Places {
    pub(super) fn of(declared: &SourcedGraph) -> Self {
        let places = declared.graph.resources().filter_map(|resource| {
            let span = resource.span?;
            let source = declared.sources.get(span.source)?;
            let at = source.line_column(span.start);
            let place = Place {
                file: source.name.clone(),
                line: at.line,
                column: at.column,
            };
            Some((resource.identity.clone(), place))
        });
        Self(places.collect())
    }

    pub(super) fn get(&self, identity: &Identity) -> Option<Place> {
        self.0.get(identity).cloned()
    }
}
