//! Where something is used in all programs of the workspace.

use std::path::{Path, PathBuf};

use mgmt_grammar::span::Span;

use super::rename::{definitions, same_symbol};
use super::{Location, View, fields};

/// Where something is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The place.
    pub location: Location,
    /// Whether it is defined here.
    pub is_definition: bool,
}

/// Where what stands at an offset is used, and defined, in all programs that its definition is part of. `step` is
/// told how many programs of how many were looked through, and says whether to go on; nothing comes of it if
/// not.
pub fn everywhere(
    view: &View,
    offset: u32,
    step: &dyn Fn(usize, usize) -> bool,
) -> Option<Vec<Reference>> {
    let Some(mention) = view.mention_at(offset) else {
        let mut found = fields::places::references(view, offset, step)?;
        in_order(&mut found);
        return Some(found);
    };
    let definitions = definitions(view, &mention.symbol);
    let home = home(view, &definitions);
    let roots = view.world.imports.all_roots(&home);
    let mut found: Vec<Reference> = Vec::new();
    let mut add = |in_program: &View| {
        let Some(symbol) = same_symbol(view, &mention.symbol, &definitions, in_program) else {
            return;
        };
        for mention in in_program.mentions_of(&symbol) {
            let Some(location) = in_program.location(mention.span) else {
                continue;
            };
            let reference = Reference {
                location,
                is_definition: mention.is_definition,
            };
            found.push(reference);
        }
    };
    let mut has_seen_own = false;
    for (done, root) in roots.iter().enumerate() {
        if !step(done, roots.len()) {
            return None;
        }
        has_seen_own |= *root == view.analysis.root;
        let is_wanted = || step(done, roots.len());
        match view.world.view_once(&home, root, &is_wanted) {
            Some(in_program) => add(&in_program),
            None if !is_wanted() => return None,
            // Its import is not right.
            None => {}
        }
    }
    if !has_seen_own {
        add(view);
    }
    in_order(&mut found);
    Some(found)
}

fn in_order(found: &mut Vec<Reference>) {
    found.sort_by(|a, b| key(&a.location).cmp(&key(&b.location)));
    found.dedup_by(|a, b| a.location == b.location);
}

fn key(location: &Location) -> (&Path, u32, u32) {
    (&location.path, location.range.start, location.range.end)
}

/// The file that something is defined in; the one that is looked at, if it is defined nowhere.
fn home(view: &View, definitions: &[Span]) -> PathBuf {
    definitions
        .first()
        .and_then(|span| view.location(*span))
        .map_or_else(|| view.path().to_owned(), |it| it.path)
}
