//! Scopes as tables of names, and how a name is looked up in them (language.md §4).

use std::sync::Arc;

use ecow::EcoString;
use rustc_hash::FxHashMap;

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
    pub steps: Vec<(ScopeId, EcoString)>,
    /// What is there.
    pub target: T,
}

impl<T> Found<T> {
    /// What is there without any include on the way.
    pub fn direct(target: T) -> Self {
        Self {
            via: Vec::new(),
            steps: Vec::new(),
            target,
        }
    }
}

/// The name among `candidates` that `name` was probably meant to be.
pub fn closest<'n>(name: &str, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let length = name.chars().count();
    let limit = (length / 3).clamp(1, 3);
    candidates
        .filter(|candidate| !candidate.starts_with('_'))
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *candidate != name)
        // Two names that have nothing in common are not alike, however short they are.
        .filter(|(distance, candidate)| *distance < length.min(candidate.chars().count()))
        .min()
        .map(|(_, candidate)| candidate)
}

/// The number of single-character edits, with swapped neighbours as one edit.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
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
