//! Scopes as tables of names, and how a name is looked up in them (language.md §4).

use std::sync::Arc;

use ecow::EcoString;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::hir::{ClassId, FuncId, IncludeId, ScopeId, Var};

/// The names that one scope defines.
#[derive(Debug, Default)]
pub struct NameScope {
    /// The surrounding scope.
    pub parent: Option<ScopeId>,
    /// Variables, without the `$`.
    pub vars: FxHashMap<EcoString, Var>,
    /// Functions.
    pub funcs: FxHashMap<EcoString, FuncId>,
    /// Classes.
    pub classes: FxHashMap<EcoString, ClassId>,
    /// Imports and includes under an alias.
    pub aliases: FxHashMap<EcoString, Alias>,
    /// Imports as `*`, in source order.
    pub stars: Vec<Module>,
}

/// What stands behind an alias.
#[derive(Clone, Debug)]
pub enum Alias {
    /// An imported module.
    Module(Module),
    /// An included class.
    Include(IncludeId),
}

/// An imported module.
#[derive(Clone, Debug)]
pub enum Module {
    /// A package of the library.
    Package(EcoString),
    /// A package of the library of which some is written in mcl: with the outermost scopes of those files.
    Written(EcoString, Arc<[ScopeId]>),
    /// A file: its outermost scope.
    File(ScopeId),
    /// One that could not be had, which has been reported: it has every name.
    Broken,
}

/// What a lookup came to: the includes on the way, outermost first, and what is there.
#[derive(Clone, Debug)]
pub struct Found<T> {
    /// The includes on the way.
    pub via: Vec<IncludeId>,
    /// The aliases on the way and the scopes that they stand in, outermost first.
    pub steps: SmallVec<[(ScopeId, EcoString); 1]>,
    /// What is there.
    pub target: T,
}

impl<T> Found<T> {
    /// What is there without any include on the way.
    pub fn direct(target: T) -> Self {
        Self {
            via: Vec::new(),
            steps: SmallVec::new(),
            target,
        }
    }
}

/// The name among `candidates` that `name` was probably meant to be.
pub fn closest<'n>(name: &str, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let length = name.chars().count();
    let limit = (length / 3).clamp(1, 3);
    candidates
        .filter(|candidate| !candidate.starts_with('_') && *candidate != name)
        .filter_map(|candidate| {
            let other_length = candidate.chars().count();
            if length.abs_diff(other_length) > limit {
                return None;
            }
            // Swapped neighbours are one edit.
            let distance = strsim::osa_distance(name, candidate);
            // Two names that have nothing in common are not alike, however short they are.
            let alike = distance <= limit && distance < length.min(other_length);
            alike.then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_is_near() {
        let names = ["hostname", "host", "x"];
        assert_eq!(closest("hostnam", names.into_iter()), Some("hostname"));
        assert_eq!(closest("hsot", names.into_iter()), Some("host"));
        assert_eq!(closest("something", names.into_iter()), None);
    }
}
