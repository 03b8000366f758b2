//! Kinds, their parameters and meta parameters, and the values of these.

use mgmt_grammar::ast::{EntryKind, Resource};
use mgmt_stdlib::param::HostType;
use mgmt_stdlib::resource::{META_PARAMS, MetaParam, ParamDef, ResourceDef};
use mgmt_stdlib::types::Type;
use mgmt_stdlib::value::Value;

use super::cursor::Cursor;
use super::expressions::given_fields;
use super::{Item, ItemKind};
use crate::analysis::Range;
use crate::analysis::present::type_text;

/// The resource kinds.
pub fn kinds(cursor: &Cursor<'_>, items: &mut Vec<Item>) {
    for kind in cursor.view.catalog().resources() {
        if kind.kind.starts_with('_') {
            continue;
        }
        let mut body = String::new();
        for (i, param) in required(kind).into_iter().enumerate() {
            body.push_str(&format!(
                "\t{} => {},\n",
                param.name,
                placeholder(&param.ty, i + 2)
            ));
        }
        let snippet = format!("{} \"${{1:name}}\" {{\n{body}\t$0\n}}", kind.kind);
        let item = Item::new(cursor, ItemKind::ResourceKind, kind.kind)
            .detail(first_sentence(kind.doc))
            .rank(3)
            .doc(format!("kind {}", kind.kind));
        items.push(match cursor.rest_of_line().trim_start().is_empty() {
            true => item.snippet(format!("{} \"\" {{\n}}", kind.kind), snippet),
            false => item,
        });
    }
}

/// The parameters that a kind does not do without: those that it asks for, one after the other.
pub fn required(kind: &ResourceDef) -> Vec<&ParamDef> {
    // What a name must look like differs from kind to kind.
    let attempts = ["x", "/x"].map(|name| {
        let mut params = (kind.new)();
        let mut missing: Vec<&ParamDef> = Vec::new();
        loop {
            let Err(refusal) = params.validate(name) else {
                return (true, missing);
            };
            let Some(param) = refusal.param.and_then(|name| kind.param(name)) else {
                return (false, missing);
            };
            let value = match param.ty.mcl() {
                Some(Type::Str) => Value::str("/x"),
                Some(Type::Int) => Value::Int(1),
                Some(Type::Bool) => Value::Bool(true),
                _ => return (false, missing),
            };
            let again = missing.iter().any(|known| known.name == param.name);
            if again || params.set(param.name, &value).is_err() {
                return (false, missing);
            }
            missing.push(param);
        }
    });
    let [first, second] = attempts;
    let is_better = match (first.0, second.0) {
        (false, true) => true,
        (true, true) => second.1.len() < first.1.len(),
        (_, false) => false,
    };
    if is_better { second.1 } else { first.1 }
}

/// What can begin a line in a resource: parameters that are not set yet, meta parameters and edges.
pub fn entries(cursor: &Cursor<'_>, resource: &Resource, items: &mut Vec<Item>) {
    let is_given = |name: &str| {
        resource.entries.iter().any(|entry| match &entry.kind {
            EntryKind::Field { name: given, .. } => {
                given.text == name && !given.span.touches(cursor.offset)
            }
            _ => false,
        })
    };
    let has_value = cursor.rest_of_line().trim_start().starts_with("=>");
    if let Some(kind) = cursor.view.catalog().resource(&resource.kind.text) {
        let required = required(kind);
        let all = kind.params.iter().enumerate();
        for (order, param) in all.filter(|(_, param)| !is_given(param.name)) {
            let needed = required.iter().any(|it| it.name == param.name);
            let default = (kind.new)().get(param.name);
            let default = default
                .map(|value| format!(" = {value}"))
                .unwrap_or_default();
            let detail = if needed {
                format!("{}, required", type_text(&param.ty))
            } else {
                format!("{}{default}", type_text(&param.ty))
            };
            let item = Item::new(cursor, ItemKind::Param, param.name)
                .detail(detail)
                .rank(if needed { 1 } else { 3 })
                .order(order)
                .doc(format!("param {} {}", kind.kind, param.name));
            items.push(if has_value {
                item
            } else {
                let snippet = format!("{} => {},$0", param.name, placeholder(&param.ty, 1));
                item.snippet(format!("{} => ", param.name), snippet)
            });
        }
    }
    for (word, detail) in [
        ("Before", "applied before"),
        ("Depend", "applied after"),
        ("Notify", "applied before, and notifies"),
        ("Listen", "applied after, and is notified by"),
    ] {
        let item = Item::new(cursor, ItemKind::Keyword, word)
            .detail(detail)
            .rank(5);
        items.push(item.snippet(
            format!("{word} => "),
            format!("{word} => ${{1:Kind}}[\"$2\"],$0"),
        ));
    }
    metas(cursor, resource, items);
}

/// The meta parameters that are not set yet.
pub fn metas(cursor: &Cursor<'_>, resource: &Resource, items: &mut Vec<Item>) {
    let is_given = |name: &str| {
        resource.entries.iter().any(|entry| match &entry.kind {
            EntryKind::Meta { property, .. } => {
                property.text == name && !entry.span.touches(cursor.offset)
            }
            _ => false,
        })
    };
    let rest = cursor.rest_of_line().trim_start();
    let whole = !cursor.word.is_empty() || rest.is_empty();
    for meta in META_PARAMS.iter().filter(|meta| !is_given(meta.name)) {
        let name = format!("Meta:{}", meta.name);
        let item = meta_item(cursor, meta, &name);
        items.push(if whole && !rest.starts_with("=>") {
            item.snippet(
                format!("{name} => "),
                format!("{name} => ${{1:{}}},$0", meta_placeholder(meta.ty)),
            )
        } else {
            item
        });
    }
}

/// The fields of `Meta => struct{`, which begins at `start`, that are not given yet.
pub fn meta_fields(cursor: &Cursor<'_>, start: u32, items: &mut Vec<Item>) {
    let given = given_fields(cursor, start);
    let has_value = cursor.rest_of_line().trim_start().starts_with("=>");
    let missing = META_PARAMS.iter().enumerate();
    for (order, meta) in missing.filter(|(_, meta)| !given.contains(&meta.name)) {
        let item = meta_item(cursor, meta, meta.name).order(order);
        items.push(if has_value {
            item
        } else {
            item.snippet(
                format!("{} => ", meta.name),
                format!("{} => ${{1:{}}},$0", meta.name, meta_placeholder(meta.ty)),
            )
        });
    }
}

fn meta_item(cursor: &Cursor<'_>, meta: &MetaParam, label: &str) -> Item {
    Item::new(cursor, ItemKind::Meta, label)
        .detail(format!("{} = {}", meta.ty, meta.default))
        .rank(6)
        .doc(format!("meta {}", meta.name))
}

fn meta_placeholder(ty: &str) -> &'static str {
    match ty {
        "bool" => "true",
        "float" => "1.0",
        "int" => "1",
        _ => "[\"\"]",
    }
}

/// The values that the library names for a parameter: `$const.res.file.state.exists`. Inside of a string, the
/// text of them.
pub fn values(
    cursor: &Cursor<'_>,
    kind: &ResourceDef,
    param: &ParamDef,
    content: Option<Range>,
    items: &mut Vec<Item>,
) {
    let prefix = format!("const.res.{}.{}.", kind.kind, param.name);
    let before = items.len();
    for variable in cursor.view.catalog().package_variables("") {
        if !variable.name.starts_with(&prefix) {
            continue;
        }
        let doc = format!("variable  {}", variable.name);
        let item = match &content {
            Some(content) => {
                let Some(text) = variable.value.as_str() else {
                    continue;
                };
                let text = text.to_string_lossy();
                if text.is_empty() {
                    continue;
                }
                let mut item = Item::new(cursor, ItemKind::Value, text);
                item.replace = content.clone();
                item
            }
            None => Item::new(cursor, ItemKind::Constant, format!("${}", variable.name)),
        };
        items.push(item.detail(variable.value.to_string()).rank(0).doc(doc));
    }
    if items.len() > before || param.ty.mcl() != Some(Type::Str) {
        return;
    }
    for (order, word) in documented_values(param.doc).into_iter().enumerate() {
        let mut item = match &content {
            Some(_) => Item::new(cursor, ItemKind::Value, word),
            None => Item::new(cursor, ItemKind::Value, format!("\"{word}\"")),
        };
        if let Some(content) = &content {
            item.replace = content.clone();
        }
        let doc = format!("param {} {}", kind.kind, param.name);
        items.push(item.detail(param.name).rank(0).order(order).doc(doc));
    }
}

/// The values that a parameter's documentation begins with: "`exists` or `absent`; ...".
fn documented_values(doc: &str) -> Vec<&str> {
    let list = doc.split([';', '.']).next().unwrap_or_default();
    if !list.starts_with('`') {
        return Vec::new();
    }
    let words = list.split('`').skip(1).step_by(2);
    let is_value = |word: &&str| {
        let mut characters = word.chars();
        !word.is_empty() && characters.all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    words.filter(is_value).collect()
}

fn placeholder(ty: &HostType, stop: usize) -> String {
    match ty.mcl() {
        Some(Type::Str) => format!("\"${stop}\""),
        Some(Type::Bool) => format!("${{{stop}:true}}"),
        Some(Type::Int) => format!("${{{stop}:0}}"),
        Some(Type::Float) => format!("${{{stop}:0.0}}"),
        Some(Type::List(_)) => format!("[${stop}]"),
        Some(Type::Map(_)) => format!("{{${stop}}}"),
        Some(Type::Struct(_)) => format!("struct{{${stop}}}"),
        _ => format!("${stop}"),
    }
}

fn first_sentence(doc: &str) -> String {
    let line = doc
        .split("\n\n")
        .next()
        .unwrap_or_default()
        .replace('\n', " ");
    match line.find(". ") {
        Some(end) => line[..=end].to_owned(),
        None => line,
    }
}
