//! What could be written here?
//!
//! [`context`] finds out what the cursor stands in and [`wanted`] which value fits there, mostly by the tokens before
//! it, because the tree around a cursor is often broken. The other modules list what can be written.

mod context;
mod cursor;
mod edges;
mod expressions;
mod imports;
mod resources;
mod statements;
mod wanted;

use mgmt_stdlib::catalog::Catalog;
use mgmt_stdlib::resource::MetaParam;
use mgmt_stdlib::types::Type;

use super::present::{show_function, show_kind, show_meta, show_param};
use super::{Range, TextEdit, View};
use context::Context;
use cursor::Cursor;
pub use edges::capitalized;
use expressions::Form;
pub use resources::required;

/// Something that could be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// As it is listed.
    pub label: String,
    /// Its type, or where it comes from.
    pub detail: String,
    /// What it is.
    pub kind: ItemKind,
    /// What is written.
    pub insert: String,
    /// The same with places to fill in, if there are any.
    pub snippet: Option<String>,
    /// What it replaces.
    pub replace: Range,
    /// The best come first.
    pub rank: u8,
    /// Of those of one rank; what has no order of its own is sorted by its label.
    pub order: u16,
    /// Edits elsewhere: an import.
    pub extra: Vec<TextEdit>,
    /// Where its documentation is found; see [`document`].
    pub doc: Option<String>,
}

/// The kinds of item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ItemKind {
    ResourceKind,
    Param,
    Meta,
    Variable,
    Constant,
    Function,
    Class,
    Module,
    Keyword,
    Value,
    Resource,
    File,
    Folder,
    Field,
    Type,
}

impl Item {
    fn new(cursor: &Cursor<'_>, kind: ItemKind, label: impl Into<String>) -> Self {
        let label = label.into();
        Self {
            insert: label.clone(),
            label,
            detail: String::new(),
            kind,
            snippet: None,
            replace: cursor.replace.clone(),
            rank: 5,
            order: 0,
            extra: Vec::new(),
            doc: None,
        }
    }

    fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    fn snippet(mut self, plain: impl Into<String>, snippet: impl Into<String>) -> Self {
        self.insert = plain.into();
        self.snippet = Some(snippet.into());
        self
    }

    fn insert(mut self, insert: impl Into<String>) -> Self {
        self.insert = insert.into();
        self
    }

    fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    fn order(mut self, order: usize) -> Self {
        self.order = u16::try_from(order).unwrap_or(u16::MAX);
        self
    }

    fn doc(mut self, doc: impl Into<String>) -> Self {
        self.doc = Some(doc.into());
        self
    }

    /// What the program itself says of it.
    fn comment(mut self, comment: Option<String>) -> Self {
        self.doc = comment.map(|comment| format!("comment {comment}"));
        self
    }
}

/// What could be written at an offset, the best first.
pub fn complete(view: &View, offset: u32) -> Vec<Item> {
    let cursor = Cursor::new(view, offset);
    let mut items = Vec::new();
    match cursor.context() {
        Context::Nothing => {}
        Context::Import { quoted } => imports::paths(&cursor, quoted, &mut items),
        Context::Include => statements::classes(&cursor, &mut items),
        Context::Kind => resources::kinds(&cursor, &mut items),
        Context::Statement => {
            statements::keywords(&cursor, &mut items);
            resources::kinds(&cursor, &mut items);
            edges::targets(&cursor, 7, &mut items);
        }
        Context::Entry { resource } => resources::entries(&cursor, resource, &mut items),
        Context::Meta { resource } => resources::metas(&cursor, resource, &mut items),
        Context::MetaField { start } => resources::meta_fields(&cursor, start, &mut items),
        Context::Target => edges::targets(&cursor, 5, &mut items),
        Context::Receiver { sent } => edges::receivers(&cursor, &sent, &mut items),
        Context::ResourceName { kind, quoted } => {
            edges::names(&cursor, &kind, quoted, &mut items);
        }
        Context::HalfField { kind, sender } => {
            edges::half_fields(&cursor, &kind, sender.as_ref(), &mut items);
        }
        Context::StructField { ty } => expressions::fields(&cursor, &ty, &mut items),
        Context::NewField { start, ty } => {
            expressions::new_fields(&cursor, start, &ty, &mut items);
        }
        Context::Variable(wanted) => {
            if let Some((kind, param)) = wanted.param {
                resources::values(&cursor, kind, param, None, &mut items);
            }
            let form = match cursor.inside {
                Some(_) => Form::Bare,
                None => Form::Dollar,
            };
            expressions::variables(&cursor, form, wanted.ty.as_ref(), &mut items);
        }
        Context::Interpolation { replace } => {
            expressions::variables(&cursor, Form::Braces, Some(&Type::Str), &mut items);
            for item in &mut items {
                item.replace = replace.clone();
            }
        }
        Context::Expression(wanted) => {
            if let Some((kind, param)) = wanted.param {
                resources::values(&cursor, kind, param, None, &mut items);
            }
            expressions::all(&cursor, wanted.ty.as_ref(), &mut items);
        }
        Context::Words(words) => statements::words(&cursor, words, &mut items),
        Context::Text {
            wanted,
            content,
            root,
        } => {
            if let Some((kind, param)) = wanted.param {
                resources::values(&cursor, kind, param, Some(content.clone()), &mut items);
            }
            imports::absolute_paths(&cursor, content, &root, &mut items);
        }
        Context::Type => expressions::types(&cursor, &mut items),
    }
    // Of a name with dots only the last part is still to be written.
    if let Some(dot) = cursor.word.rfind('.').filter(|dot| *dot > 0) {
        let known = &cursor.word[..=dot];
        items.retain(|item| item.replace != cursor.replace || item.label.starts_with(known));
    }
    items.sort_by(|a, b| (a.rank, a.order, &a.label).cmp(&(b.rank, b.order, &b.label)));
    items.dedup_by(|a, b| (&a.label, a.kind, &a.extra) == (&b.label, b.kind, &b.extra));
    items
}

/// The documentation that an item's `doc` names, in Markdown.
pub fn document(catalog: &Catalog, doc: &str) -> Option<String> {
    let (what, rest) = doc.split_once(' ')?;
    match what {
        "function" => {
            let (package, name) = rest.split_once(' ')?;
            Some(show_function(catalog.function(package, name)?))
        }
        "variable" => {
            let (package, name) = rest.split_once(' ')?;
            let variable = catalog.variable(package, name)?;
            Some(format!("`{}`\n\n{}", variable.value, variable.doc))
        }
        "kind" => Some(show_kind(catalog.resource(rest)?)),
        "param" => {
            let (kind, name) = rest.split_once(' ')?;
            let kind = catalog.resource(kind)?;
            Some(show_param(kind, kind.param(name)?))
        }
        "comment" => Some(rest.to_owned()),
        "meta" => Some(show_meta(MetaParam::find(rest)?)),
        _ => None,
    }
}

/// Whether a value of one type can stand where another is wanted. Type variables fit everything.
fn fits(ty: &Type, wanted: &Type) -> bool {
    match (ty, wanted) {
        (Type::Var(_) | Type::Variant, _) | (_, Type::Var(_) | Type::Variant) => true,
        (Type::List(a), Type::List(b)) => fits(a, b),
        (Type::Map(a), Type::Map(b)) => fits(&a.0, &b.0) && fits(&a.1, &b.1),
        (a, b) => a.same(b),
    }
}
