//! What is shown above definitions: how often they are used.

use super::symbol::Symbol;
use super::view::range;
use super::{Location, Range, View};

/// A function or class with its uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// The name.
    pub range: Range,
    /// Where it is used.
    pub uses: Vec<Location>,
}

/// The functions and classes of the file, with their uses in the program.
pub fn lenses(view: &View) -> Vec<Lens> {
    let insight = &view.analysis.insight;
    let all: Vec<_> = insight
        .sources
        .iter()
        .filter_map(|(source, _)| Some(view.facts()?.uses_in(source)))
        .flatten()
        .collect();
    let definitions = view.definitions(view.source).into_iter();
    let mut found: Vec<Lens> = definitions
        .filter(|it| matches!(it.symbol, Symbol::Func(_) | Symbol::Class(_)))
        .map(|definition| Lens {
            range: range(definition.span),
            uses: all
                .iter()
                .filter(|one| {
                    super::symbol::symbol_of(&one.target).as_ref() == Some(&definition.symbol)
                })
                .filter_map(|one| view.location(one.span))
                .collect(),
        })
        .collect();
    found.sort_by_key(|lens| lens.range.start);
    found
}
