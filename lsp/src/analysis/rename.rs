//! Other names for things, wherever they stand.
//!
//! Whether a new name would be captured by another definition, or capture a use of one, is not argued: the
//! programs are analysed with it, and each name must mean what it meant before.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use mgmt_compiler::diagnostic::{Code, Diagnostic};
use mgmt_compiler::hir::Var;
use mgmt_compiler::resolve::Target;
use mgmt_grammar::interpolate::validate_var_name;
use mgmt_grammar::span::Span;
use mgmt_grammar::{TokenKind, tokens};

use super::symbol::{Mention, Symbol};
use super::{Range, TextEdit, View, fields, library};

/// The edits of each file.
pub type Edits = BTreeMap<PathBuf, Vec<TextEdit>>;

/// The name at an offset, if it can be changed: its place and how it is written.
///
/// # Errors
/// Why it can not.
pub fn prepare(view: &View, offset: u32) -> Result<(Range, String), String> {
    let Some(mention) = view.mention_at(offset) else {
        return fields::rename::prepare(view, offset);
    };
    let place = name_part(view, &mention).ok_or("this name can't be changed here")?;
    let text = view.text_of(place).to_owned();
    let is_of_library = |span: &Span| {
        view.location(*span)
            .is_some_and(|it| library::is_in(&it.path))
    };
    if definitions(view, &mention.symbol).iter().any(is_of_library) {
        return Err(format!("`{text}` is defined by the library"));
    }
    match &mention.symbol {
        Symbol::Var(_) | Symbol::Func(_) | Symbol::Class(_) | Symbol::Resource(..) => {}
        Symbol::Alias(_) if !text.starts_with('"') => {}
        Symbol::Alias(_) => {
            return Err("the path of an import is no name; rename a use of it".to_owned());
        }
        Symbol::LibraryVar(_) | Symbol::LibraryFunc(_) | Symbol::Hostname => {
            return Err(format!("`{text}` is defined by the library"));
        }
        Symbol::Kind(_)
        | Symbol::Param(..)
        | Symbol::Send(..)
        | Symbol::Meta(_)
        | Symbol::EdgeProperty(_) => {
            return Err(format!("`{text}` is a word of the language"));
        }
    }
    Ok((place.start..place.end, text))
}

/// The edits that give what stands at an offset another name, in all programs that the file is part of.
///
/// # Errors
/// Why it can not have that name.
pub fn rename(view: &View, offset: u32, new: &str) -> Result<Edits, String> {
    prepare(view, offset)?;
    let Some(mention) = view.mention_at(offset) else {
        return fields::rename::rename(view, offset, new);
    };
    let new = new.strip_prefix('$').unwrap_or(new);
    validate(&mention.symbol, new)?;
    let definitions = definitions(view, &mention.symbol);
    let home = definitions
        .first()
        .and_then(|span| view.location(*span))
        .map_or_else(|| view.path().to_owned(), |it| it.path);
    let mut edits = Edits::new();
    let mut views = Vec::new();
    for root in view.world.imports.all_roots(&home) {
        let Some(other) = view.world.view_in(&home, &root) else {
            continue;
        };
        let Some(symbol) = same_symbol(view, &mention.symbol, &definitions, &other) else {
            continue;
        };
        for one in other.mentions_of(&symbol) {
            let Some((place, text)) = replacement(&other, &one, new) else {
                continue;
            };
            let Some(location) = other.location(place) else {
                continue;
            };
            let edit = TextEdit {
                range: location.range,
                text,
            };
            let known = edits.entry(location.path).or_default();
            if !known.contains(&edit) {
                known.push(edit);
            }
        }
        views.push(other);
    }
    for edits in edits.values_mut() {
        edits.sort_by_key(|edit| edit.range.start);
    }
    check(view, &edits, &views, new)?;
    Ok(edits)
}

fn validate(symbol: &Symbol, new: &str) -> Result<(), String> {
    if let Symbol::Resource(..) = symbol {
        let plain =
            !new.contains(['"', '\\', '$']) && !new.contains(char::is_control) && !new.is_empty();
        return if plain {
            Ok(())
        } else {
            Err("this can't stand in a string as it is".to_owned())
        };
    }
    let parts: Vec<&str> = match symbol {
        Symbol::Class(_) => new.split(':').collect(),
        _ => vec![new],
    };
    parts.into_iter().try_for_each(validate_name)?;
    if let Symbol::Var(_) = symbol {
        validate_var_name(new).map_err(|reason| reason.to_string())?;
    }
    Ok(())
}

/// Whether something can be a name.
pub fn validate_name(new: &str) -> Result<(), String> {
    let is_name = matches!(tokens(new).as_slice(), [token]
        if token.kind == TokenKind::Identifier && token.end as usize == new.len());
    match is_name {
        true => Ok(()),
        false => Err(format!(
            "`{new}` can't be a name: names have lower-case letters, digits and `_`, begin with a letter, do not end with `_`, and are no words of the language"
        )),
    }
}

/// The places where a symbol is defined.
pub fn definitions(view: &View, symbol: &Symbol) -> Vec<Span> {
    let Some(hir) = view.hir() else {
        return Vec::new();
    };
    match symbol {
        Symbol::Var(Var::Bind(bind)) => vec![hir[*bind].span],
        Symbol::Var(Var::Param(param)) => vec![hir[*param].span],
        Symbol::Func(func) => vec![hir[*func].span],
        Symbol::Class(class) => vec![hir[*class].span],
        Symbol::Alias(alias) => view
            .alias(*alias)
            .and_then(|it| it.name_span.or(it.path_span))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// The symbol as another program knows it, which is seen in the file with the definition.
pub fn same_symbol(
    view: &View,
    symbol: &Symbol,
    definitions: &[Span],
    other: &View,
) -> Option<Symbol> {
    match symbol {
        Symbol::Var(_) | Symbol::Func(_) | Symbol::Class(_) | Symbol::Alias(_) => {}
        // These are the same everywhere.
        Symbol::LibraryVar(_)
        | Symbol::LibraryFunc(_)
        | Symbol::Hostname
        | Symbol::Kind(_)
        | Symbol::Param(..)
        | Symbol::Send(..)
        | Symbol::Meta(_)
        | Symbol::EdgeProperty(_)
        | Symbol::Resource(..) => return Some(symbol.clone()),
    }
    let here = view.location(*definitions.first()?)?;
    let found = other.definitions(other.source).into_iter();
    found
        .filter(|it| it.span.start == here.range.start && it.span.end == here.range.end)
        .map(|it| it.symbol)
        .find(|it| std::mem::discriminant(it) == std::mem::discriminant(symbol))
}

/// The part of a mention that is the name itself.
fn name_part(view: &View, mention: &Mention) -> Option<Span> {
    let text = view.text_of(mention.span);
    let mut span = mention.span;
    match &mention.symbol {
        Symbol::Var(_) | Symbol::Alias(_) if text.starts_with('$') => span.start += 1,
        Symbol::Resource(..) => {
            // What is put together from variables is no name of its own.
            let plain = text.len() >= 2 && text.starts_with('"') && !text.contains(['$', '\\']);
            if !plain {
                return None;
            }
            span.start += 1;
            span.end -= 1;
        }
        _ => {}
    }
    (!span.is_empty()).then_some(span)
}

/// What is written at a mention.
fn replacement(view: &View, mention: &Mention, new: &str) -> Option<(Span, String)> {
    if let Symbol::Alias(alias) = mention.symbol
        && mention.is_definition
    {
        let alias = view.alias(alias)?;
        return match alias.name_span {
            // Its path leads to it too, but is not its name.
            Some(name) => (name == mention.span).then(|| (name, new.to_owned())),
            None => {
                let end = alias.path_span?.end;
                Some((
                    Span::new(mention.span.source, end, end),
                    format!(" as {new}"),
                ))
            }
        };
    }
    Some((name_part(view, mention)?, new.to_owned()))
}

/// Whether each name means what it meant, and nothing new is wrong.
pub fn check(view: &View, edits: &Edits, before: &[View], new: &str) -> Result<(), String> {
    let mut files = (*view.world.files).clone();
    for view in before {
        for (path, edits) in edits {
            if let Some(source) = view.analysis.source_of(path)
                && let Some(source) = view.analysis.insight.sources.get(source)
            {
                files
                    .texts
                    .insert(path.clone(), apply(&source.text, edits).into());
            }
        }
    }
    let world = Arc::new(view.world.supposing(Arc::new(files)));
    for old in before {
        let Some(after) = world.view_in(old.path(), &old.analysis.root) else {
            return Err(format!("with `{new}` the program can not be read any more"));
        };
        let is_known = |it: &Diagnostic| {
            old.analysis
                .insight
                .diagnostics()
                .iter()
                .any(|known| known.code == it.code)
        };
        let diagnostics = after.analysis.insight.diagnostics().iter();
        let wrong: Vec<&Diagnostic> = diagnostics
            .filter(|it| it.is_error() && !is_known(it))
            .collect();
        // Two things of one name say more than what comes of it.
        let clash = wrong.iter().find(|it| {
            matches!(
                it.code,
                Code::DUPLICATE_DEFINITION
                    | Code::DUPLICATE_CLASS
                    | Code::DUPLICATE_PARAMETER
                    | Code::DUPLICATE_IMPORT
                    | Code::IMPORT_ALIAS_TAKEN
            )
        });
        if let Some(wrong) = clash {
            return Err(format!("with that name, {}", wrong.message));
        }
        let was = meanings(old, Some(edits));
        let is = meanings(&after, None);
        if let Some((place, _)) = was
            .iter()
            .find(|(place, meaning)| is.get(place) != Some(meaning))
        {
            let mut reason = format!(
                "`{new}` would mean something else on {}",
                shown(&after, place)
            );
            if let Some(Some(other)) = is.get(place) {
                reason.push_str(&format!(": what is defined on {}", shown(&after, other)));
            }
            return Err(reason);
        }
        if let Some(wrong) = wrong.first() {
            return Err(format!("with that name, {}", wrong.message));
        }
    }
    Ok(())
}

type Place = (PathBuf, u32);

/// What each use means, by the places of the use and of its definition, as they are after the edits.
fn meanings(view: &View, edits: Option<&Edits>) -> BTreeMap<Place, Option<Place>> {
    let (Some(facts), Some(hir)) = (view.facts(), view.hir()) else {
        return BTreeMap::new();
    };
    let place = |span: Span| -> Option<Place> {
        let location = view.location(span)?;
        let moved = edits.and_then(|edits| edits.get(&location.path));
        let shift: i64 = moved
            .into_iter()
            .flatten()
            .filter(|edit| edit.range.end <= location.range.start)
            .map(|edit| edit.text.len() as i64 - (edit.range.end - edit.range.start) as i64)
            .sum();
        let start = i64::from(location.range.start) + shift;
        Some((location.path, u32::try_from(start).ok()?))
    };
    let uses = facts.uses.iter().filter_map(|one| {
        let definition = match &one.target {
            Target::Var(Var::Bind(bind)) => Some(hir[*bind].span),
            Target::Var(Var::Param(param)) => Some(hir[*param].span),
            Target::Func(func) => Some(hir[*func].span),
            Target::Class(class) => Some(hir[*class].span),
            Target::Alias(alias) => facts.aliases.get(*alias).map(|it| it.span),
            _ => None,
        };
        Some((place(one.span)?, definition.and_then(place)))
    });
    uses.collect()
}

/// A place in words: its line, and its file if that is another one.
fn shown(view: &View, place: &Place) -> String {
    let source = view.analysis.source_of(&place.0);
    let source = source.and_then(|it| view.analysis.insight.sources.get(it));
    let line = source.map_or(0, |it| it.lines().line(place.1) + 1);
    match place.0 == view.path() {
        true => format!("line {line}"),
        false => format!("line {line} of `{}`", place.0.display()),
    }
}

/// A text after edits that are in order and do not overlap.
fn apply(text: &str, edits: &[TextEdit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.range.start as usize).unwrap_or_default());
        out.push_str(&edit.text);
        at = edit.range.end as usize;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}
