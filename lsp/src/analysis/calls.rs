//! Who calls this function or includes this class, and what does it call?

use mgmt_grammar::ast::{File, StmtKind};
use mgmt_grammar::span::{SourceId, Span};

use super::symbol::{Mention, Symbol};
use super::view::range;
use super::{Location, Range, View};

/// A function, a class, or the statements of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its name.
    pub name: String,
    /// Whether it is a class.
    pub is_class: bool,
    /// Whether it is a file.
    pub is_file: bool,
    /// All of it.
    pub location: Location,
    /// Its name's place.
    pub name_range: Range,
}

/// A caller or callee with the places of the calls, which are in the caller.
pub type Calls = Vec<(Caller, Vec<Range>)>;

/// The function or class that the name at an offset means.
pub fn item(view: &View, offset: u32) -> Option<Caller> {
    let symbol = view.mention_at(offset)?.symbol;
    caller_of(view, &symbol)
}

fn caller_of(view: &View, symbol: &Symbol) -> Option<Caller> {
    let hir = view.hir()?;
    let (name, span, is_class) = match symbol {
        Symbol::Func(func) => (&hir[*func].name, hir[*func].span, false),
        Symbol::Class(class) => (&hir[*class].name, hir[*class].span, true),
        _ => return None,
    };
    let tree = view.analysis.insight.tree(span.source)?;
    let whole = enclosing(tree, span.start).map_or(span, |(whole, _)| whole);
    Some(Caller {
        name: name.to_string(),
        is_class,
        is_file: false,
        location: view.location(whole)?,
        name_range: range(span),
    })
}

/// The innermost function or class statement around an offset: all of it, and its name.
fn enclosing(tree: &File, offset: u32) -> Option<(Span, Span)> {
    tree.stmts
        .iter()
        .filter(|stmt| stmt.span.touches(offset))
        .filter_map(|stmt| match &stmt.kind {
            StmtKind::Func { name, .. } => Some((stmt.span, name.span)),
            StmtKind::Class { name, .. } => Some((stmt.span, name.span)),
            _ => None,
        })
        .min_by_key(|(whole, _)| whole.len())
}

/// Who calls the function or includes the class whose name is at an offset.
pub fn incoming(view: &View, offset: u32) -> Calls {
    let mut found = Calls::new();
    let Some(symbol) = view.mention_at(offset).map(|it| it.symbol) else {
        return found;
    };
    if caller_of(view, &symbol).is_none() {
        return found;
    }
    for mention in view
        .mentions_of(&symbol)
        .into_iter()
        .filter(|it| !it.is_definition)
    {
        let Some(caller) = around(view, &mention) else {
            continue;
        };
        add(&mut found, caller, range(mention.span));
    }
    found
}

/// What the function or class whose name is at an offset calls and includes.
pub fn outgoing(view: &View, offset: u32) -> Calls {
    let mut found = Calls::new();
    let Some(own) = item(view, offset) else {
        return found;
    };
    let Some(source) = view.analysis.source_of(&own.location.path) else {
        return found;
    };
    let whole = own.location.range;
    for mention in view.mentions(source) {
        let inside = whole.start <= mention.span.start && mention.span.end <= whole.end;
        if inside
            && !mention.is_definition
            && let Some(callee) = caller_of(view, &mention.symbol)
        {
            add(&mut found, callee, range(mention.span));
        }
    }
    found
}

fn add(found: &mut Calls, caller: Caller, place: Range) {
    match found.iter_mut().find(|(known, _)| *known == caller) {
        Some((_, places)) => places.push(place),
        None => found.push((caller, vec![place])),
    }
}

/// What a mention stands in.
fn around(view: &View, mention: &Mention) -> Option<Caller> {
    let source: SourceId = mention.span.source;
    let tree = view.analysis.insight.tree(source)?;
    if let Some((whole, name)) = enclosing(tree, mention.span.start) {
        let is_class = !view.text_of(whole).starts_with("func");
        return Some(Caller {
            name: view.text_of(name).to_owned(),
            is_class,
            is_file: false,
            location: view.location(whole)?,
            name_range: range(name),
        });
    }
    let location = view.location(tree.body.span)?;
    let name = location.path.file_name()?.to_string_lossy().into_owned();
    Some(Caller {
        name,
        is_class: false,
        is_file: true,
        name_range: 0..0,
        location,
    })
}
