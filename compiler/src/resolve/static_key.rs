//! The checks of map literals that need no names (language.md §6.3).

use mgmt_grammar::ast::{self, ExprKind};
use mgmt_grammar::span::Span;
use rustc_hash::FxHashMap;

use crate::diagnostic::{Code, Diagnostic, Stage};

/// What a key is, as far as the text alone tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Known {
    Bool,
    Str,
    Int,
    Float,
    List,
    Map,
    Func,
    Struct(Vec<(String, Known)>),
}

impl Known {
    fn kind(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Str => "str",
            Self::Int => "int",
            Self::Float => "float",
            Self::List => "list",
            Self::Map => "map",
            Self::Func => "function",
            Self::Struct(_) => "struct",
        }
    }

    fn with_article(&self) -> String {
        let article = if *self == Self::Int { "an" } else { "a" };
        format!("{article} {}", self.kind())
    }

    fn is_hashable(&self) -> bool {
        match self {
            Self::List | Self::Map | Self::Func => false,
            Self::Struct(fields) => fields.iter().all(|(_, field)| field.is_hashable()),
            _ => true,
        }
    }
}

fn known(file: &ast::File, id: ast::ExprId) -> Option<Known> {
    Some(match &file[id].kind {
        ExprKind::Bool(_) => Known::Bool,
        ExprKind::Str(_) => Known::Str,
        ExprKind::Int(_) => Known::Int,
        ExprKind::Float(_) => Known::Float,
        ExprKind::List(items) => {
            known(file, *items.first()?)?;
            Known::List
        }
        ExprKind::Map(entries) => {
            known(file, entries.first()?.0)?;
            Known::Map
        }
        ExprKind::Struct(fields) => {
            let fields: Option<Vec<_>> = fields
                .iter()
                .map(|(name, value)| Some((name.text.to_string(), known(file, *value)?)))
                .collect();
            Known::Struct(fields?)
        }
        ExprKind::Lambda(_) => Known::Func,
        ExprKind::Paren(inner) => known(file, *inner)?,
        ExprKind::If {
            then, otherwise, ..
        } => known(file, then.expr).or_else(|| known(file, otherwise.expr))?,
        _ => return None,
    })
}

/// The text of a key that is a literal, for finding equal ones. Strings compare as written.
fn literal(file: &ast::File, id: ast::ExprId) -> Option<String> {
    Some(match &file[id].kind {
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Int(value) => value.to_string(),
        // Adding zero makes -0.0 and 0.0 one key.
        ExprKind::Float(value) => format!("{:?}", value + 0.0),
        ExprKind::Str(raw) => format!("\"{raw}\""),
        ExprKind::Paren(inner) => literal(file, *inner)?,
        ExprKind::Struct(fields) => {
            let fields: Option<Vec<_>> = fields
                .iter()
                .map(|(name, value)| Some(format!("{}: {}", name.text, literal(file, *value)?)))
                .collect();
            format!("struct{{{}}}", fields?.join("; "))
        }
        _ => return None,
    })
}

/// What is wrong with the keys of a map literal.
pub(super) fn check(
    file: &ast::File,
    entries: &[(ast::ExprId, ast::ExprId)],
    span: Span,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut first: Option<(Known, Span)> = None;
    let mut seen: FxHashMap<String, Span> = FxHashMap::default();
    let open = Span::new(span.source, span.start, span.start + 1);
    for (key, _) in entries {
        let place = file[*key].span;
        if let Some(known) = known(file, *key) {
            if !known.is_hashable() {
                let text = format!("{} can't be the key of a map", known.with_article());
                found.push(
                    Diagnostic::error(Code::UNHASHABLE_KEY, Stage::Init, text)
                        .at(open, "in this map")
                        .label(place, format!("this key is {}", known.with_article()))
                        .help("keys can be bool, str, int, float, and structs of those"),
                );
            } else if let Some((other, other_place)) = &first {
                if *other != known {
                    let text = format!(
                        "the keys of a map have one type, not {} and {}",
                        other.kind(),
                        known.kind()
                    );
                    found.push(
                        Diagnostic::error(Code::MAP_KEY_TYPES, Stage::Init, text)
                            .at(open, "in this map")
                            .label(
                                *other_place,
                                format!("this key is {}", other.with_article()),
                            )
                            .label(place, format!("this key is {}", known.with_article())),
                    );
                }
            } else {
                first = Some((known, place));
            }
        }
        if let Some(text) = literal(file, *key) {
            if let Some(earlier) = seen.get(&text) {
                found.push(
                    Diagnostic::error(
                        Code::DUPLICATE_MAP_KEY,
                        Stage::Init,
                        format!("the key {text} occurs twice"),
                    )
                    .at(open, "in this map")
                    .label(*earlier, "first given here")
                    .label(place, "given again here"),
                );
            } else {
                seen.insert(text, place);
            }
        }
    }
    found
}
