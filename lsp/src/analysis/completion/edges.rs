//! Resources as the ends of edges, and what these send and receive.

use mgmt_stdlib::param::HostType;
use mgmt_stdlib::types::Type;

use super::cursor::Cursor;
use super::{Item, ItemKind, fits};
use crate::analysis::present::type_text;
use crate::analysis::{Range, syntax};

/// Resources of the program as ends of edges: `File["/etc/motd"]`.
pub fn targets(cursor: &Cursor<'_>, rank: u8, items: &mut Vec<Item>) {
    let view = cursor.view;
    let around = view.tree().and_then(|tree| {
        let (_, resource) = syntax::resource_at(tree, cursor.offset)?;
        let names = syntax::name_keys(tree, view.text(), resource.name);
        Some((resource, names))
    });
    for found in declared(cursor) {
        // No resource waits for itself.
        let is_own = around.as_ref().is_some_and(|(resource, names)| {
            let mut names = names.iter();
            resource.kind.text == found.kind
                && names.any(|(_, it)| it.text(view.text()) == found.name)
        });
        if is_own {
            continue;
        }
        let item = Item::new(cursor, ItemKind::Resource, found.end());
        items.push(item.rank(rank).detail(found.place()));
    }
}

/// More receivers than this are listed without their parameters.
const MAX_RECEIVERS: usize = 300;

/// What can receive a value: `File["/etc/motd"].content`.
pub fn receivers(cursor: &Cursor<'_>, sent: &Type, items: &mut Vec<Item>) {
    for found in declared(cursor) {
        let Some(kind) = cursor.view.catalog().resource(&found.kind) else {
            continue;
        };
        let params = kind.params.iter().enumerate();
        let mut fitting = params
            .filter(|(_, param)| param.ty.mcl().is_none_or(|ty| fits(&ty, sent)))
            .peekable();
        let end = found.end();
        if items.len() >= MAX_RECEIVERS && fitting.peek().is_some() {
            let item = Item::new(cursor, ItemKind::Resource, format!("{end}."));
            items.push(item.detail(found.place()).order(kind.params.len()));
            continue;
        }
        for (order, param) in fitting {
            let item = Item::new(cursor, ItemKind::Field, format!("{end}.{}", param.name));
            let doc = format!("param {} {}", kind.kind, param.name);
            items.push(item.detail(type_text(&param.ty)).order(order).doc(doc));
        }
    }
}

/// The names of the resources of one kind.
pub fn names(cursor: &Cursor<'_>, kind: &str, quoted: Option<Range>, items: &mut Vec<Item>) {
    let all = declared(cursor).into_iter();
    for found in all.filter(|found| found.kind == kind) {
        let bare = found.name.trim_matches('"');
        let mut item = match &quoted {
            Some(_) if !found.name.starts_with('"') => continue,
            Some(_) => Item::new(cursor, ItemKind::Resource, bare),
            None => Item::new(cursor, ItemKind::Resource, found.name.clone()),
        };
        if let Some(content) = &quoted {
            item.replace = content.clone();
        }
        items.push(item.detail(kind));
    }
}

/// A resource of the program.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Declared {
    kind: String,
    /// As it is written.
    name: String,
    /// The file, if it is another one.
    file: Option<String>,
}

impl Declared {
    /// It as an end of an edge.
    fn end(&self) -> String {
        format!("{}[{}]", capitalized(&self.kind), self.name)
    }

    fn place(&self) -> String {
        self.file.clone().unwrap_or_default()
    }
}

/// The resources of the program whose names can be written at the cursor. A name that is put together from
/// variables is known where these are: in the block of the resource and those inside of it.
fn declared(cursor: &Cursor<'_>) -> Vec<Declared> {
    let view = cursor.view;
    let mut found = Vec::new();
    for (source, file) in view.analysis.insight.sources.iter() {
        let Some(tree) = view.analysis.insight.tree(source) else {
            continue;
        };
        let is_here = source == view.source;
        for (stmt, resource) in syntax::resources(tree) {
            for (_, span) in syntax::name_keys(tree, &file.text, resource.name) {
                let name = span.text(&file.text);
                let is_literal = name.starts_with('"') && !name.contains("${");
                let is_known = is_literal
                    || (is_here && {
                        let block = syntax::block_at(tree, stmt.span.start).span;
                        block.is_empty() || block.touches(cursor.offset)
                    });
                if is_known {
                    found.push(Declared {
                        kind: resource.kind.text.to_string(),
                        name: name.to_owned(),
                        file: (!is_here).then(|| file.name.clone()),
                    });
                }
            }
        }
    }
    found.sort();
    found.dedup_by(|b, a| (&a.kind, &a.name) == (&b.kind, &b.name));
    found
}

/// What a kind sends, or what it can receive.
pub fn half_fields(cursor: &Cursor<'_>, kind: &str, sender: Option<&Type>, items: &mut Vec<Item>) {
    let Some(kind) = cursor.view.catalog().resource(kind) else {
        return;
    };
    let mut cut = cursor.replace.clone();
    cut.start += 1;
    let mut add = |name: &str, ty: &HostType, rank, order| {
        let mut item = Item::new(cursor, ItemKind::Field, name)
            .detail(type_text(ty))
            .rank(rank)
            .order(order);
        item.replace = cut.clone();
        items.push(item);
    };
    match sender {
        None => {
            for (order, sent) in kind.sends.iter().enumerate() {
                add(sent.name, &sent.ty, 3, order);
            }
        }
        Some(sent) => {
            for (order, param) in kind.params.iter().enumerate() {
                let right = param.ty.mcl().is_none_or(|ty| fits(&ty, sent));
                add(param.name, &param.ty, if right { 2 } else { 6 }, order);
            }
        }
    }
}

/// `http:server` as it is written in an edge.
pub fn capitalized(kind: &str) -> String {
    let parts = kind.split(':').map(|part| {
        let mut chars = part.chars();
        let first = chars.next().map(|first| first.to_uppercase().to_string());
        first.unwrap_or_default() + chars.as_str()
    });
    parts.collect::<Vec<_>>().join(":")
}
