//! Where is this defined, and where is it used?

use mgmt_compiler::hir::Var;
use mgmt_compiler::resolve::{Alias, Module};
use mgmt_grammar::span::Span;
use mgmt_stdlib::types::Type;

use super::rename::definitions;
use super::symbol::{Mention, Symbol};
use super::view::range;
use super::{Location, Range, View, fields, library, paths};

/// Where what stands at an offset is defined. For what the library defines without a text in mcl it is the
/// page of the manual that describes it.
pub fn definition(view: &View, offset: u32) -> Vec<Location> {
    lead(view, offset, true)
}

/// Where the name at an offset is written for the first time: of an alias the alias itself, and not what is
/// behind it.
pub fn declaration(view: &View, offset: u32) -> Vec<Location> {
    lead(view, offset, false)
}

fn lead(view: &View, offset: u32, through_aliases: bool) -> Vec<Location> {
    let Some(mention) = view.mention_at(offset) else {
        return match fields::field_at(view, offset) {
            Some(field) => field
                .definitions(view)
                .into_iter()
                .filter_map(|span| view.location(span))
                .collect(),
            None => file_named_at(view, offset),
        };
    };
    let symbol = &mention.symbol;
    if let Symbol::Alias(alias) = symbol
        && through_aliases
        && let Some(Alias::Module(Module::Package(package))) =
            view.alias(*alias).map(|it| &it.alias)
    {
        let page = library::package_page(view.catalog(), package);
        return page.into_iter().collect();
    }
    let found: Vec<Location> = definition_of(view, symbol, through_aliases)
        .into_iter()
        .filter_map(|span| view.location(span))
        .collect();
    if found.is_empty() {
        return library::description(view.catalog(), symbol)
            .into_iter()
            .collect();
    }
    found
}

/// The file that is named by the string at an offset.
fn file_named_at(view: &View, offset: u32) -> Vec<Location> {
    let named = paths::paths(view)
        .into_iter()
        .find(|(range, _)| range.start <= offset && offset <= range.end);
    named
        .map(|(_, path)| Location { path, range: 0..0 })
        .into_iter()
        .collect()
}

fn definition_of(view: &View, symbol: &Symbol, through_aliases: bool) -> Vec<Span> {
    match symbol {
        Symbol::Alias(alias) if through_aliases => {
            behind(view, *alias).map_or_else(|| definitions(view, symbol), |span| vec![span])
        }
        Symbol::Resource(..) => view
            .mentions_of(symbol)
            .into_iter()
            .filter(|mention| mention.is_definition)
            .map(|mention| mention.span)
            .collect(),
        _ => definitions(view, symbol),
    }
}

/// The file or class that an alias stands for.
fn behind(view: &View, alias: usize) -> Option<Span> {
    let alias = view.alias(alias)?;
    match view.imported_file(alias) {
        Some(source) => Some(Span::new(source, 0, 0)),
        None => Some(view.hir()?[view.included_class(alias)?].span),
    }
}

/// Where the function or class is defined that the type of what stands at an offset comes from: the bind of
/// a struct for a variable of it.
pub fn type_definition(view: &View, offset: u32) -> Vec<Location> {
    let Some(Mention {
        symbol: Symbol::Var(var),
        ..
    }) = view.mention_at(offset)
    else {
        return Vec::new();
    };
    let Some(hir) = view.hir() else {
        return Vec::new();
    };
    // Types have no names in mcl: what comes nearest is the literal or annotation that gives the shape.
    let wanted = view.var_type(var);
    if !matches!(
        wanted,
        Some(Type::Struct(_) | Type::Func(_) | Type::Map(_) | Type::List(_))
    ) {
        return Vec::new();
    }
    let mut at = var;
    for _ in 0..100 {
        let (annotation, value) = match at {
            Var::Bind(bind) => (&hir[bind].ty, Some(hir[bind].value)),
            Var::Param(param) => (&hir[param].ty, None),
        };
        if let Some((_, span)) = annotation {
            return view.location(*span).into_iter().collect();
        }
        let Some(value) = value else { break };
        match &hir[value].kind {
            mgmt_compiler::hir::ExprKind::Var(next) => at = next.target,
            _ => return view.location(hir[value].span).into_iter().collect(),
        }
    }
    Vec::new()
}

/// Where in the same file what stands at an offset is used; and whether it is defined there.
pub fn highlights(view: &View, offset: u32) -> Vec<(Range, bool)> {
    let Some(here) = view.mention_at(offset) else {
        return fields::places::highlights(view, offset);
    };
    let mentions = view.mentions(view.source).into_iter();
    mentions
        .filter(|mention| mention.symbol == here.symbol)
        .map(|mention| (range(mention.span), mention.is_definition))
        .collect()
}
