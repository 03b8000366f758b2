//! What each token is, for colours that know more than a regular expression does.

use mgmt_compiler::hir::Var;
use mgmt_grammar::ast::{EntryKind, ExprKind, StmtKind};
use mgmt_grammar::{TokenKind, tokens};
use rustc_hash::FxHashMap;

use super::fields::places::structs;
use super::symbol::Symbol;
use super::{Range, View, syntax};

/// The kinds of token, in the order of the protocol's legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Class {
    Comment,
    Keyword,
    String,
    Number,
    Operator,
    Type,
    Variable,
    Parameter,
    Function,
    Class,
    Namespace,
    /// A resource kind.
    Struct,
    /// A parameter of a resource, or a field of a struct.
    Property,
    /// A meta parameter, or an edge in a resource.
    Decorator,
}

impl Class {
    /// All of them, in order, as the protocol names them.
    pub const NAMES: [&'static str; 14] = [
        "comment",
        "keyword",
        "string",
        "number",
        "operator",
        "type",
        "variable",
        "parameter",
        "function",
        "class",
        "namespace",
        "struct",
        "property",
        "decorator",
    ];
}

/// What else is to be said of a token, in the order of the protocol's legend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// It is defined here.
    pub declaration: bool,
    /// It is of the library.
    pub library: bool,
    /// It is known before the program runs.
    pub constant: bool,
}

impl Traits {
    /// All of them, in order, as the protocol names them.
    pub const NAMES: [&'static str; 3] = ["declaration", "defaultLibrary", "readonly"];

    /// A bit for each, in order.
    pub fn bits(self) -> u32 {
        u32::from(self.declaration) | u32::from(self.library) << 1 | u32::from(self.constant) << 2
    }
}

/// A token, or a part of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colour {
    /// Where; never longer than a line.
    pub range: Range,
    /// What it is.
    pub class: Class,
    /// What else.
    pub traits: Traits,
}

/// The tokens of a file, or of those of its lines that a range touches.
pub fn colours(view: &View, within: Option<Range>) -> Vec<Colour> {
    let text = view.text();
    let names = names(view);
    let wanted = within.unwrap_or(0..text.len() as u32);
    let mut found = Vec::new();
    for token in tokens(text) {
        if token.end < wanted.start || token.start > wanted.end {
            continue;
        }
        let range = token.start..token.end;
        // A variable is one token with its `$`.
        if token.kind == TokenKind::Dollar {
            continue;
        }
        if token.kind == TokenKind::String {
            string(text, range, &names, &mut found);
            continue;
        }
        let start = token.start;
        let dollar = start > 0 && text.as_bytes().get(start as usize - 1) == Some(&b'$');
        // What a variable means is known where its `$` stands.
        let whole = dollar.then(|| names.get(&(start - 1))).flatten();
        let known = whole.or_else(|| names.get(&start));
        let (class, traits) = match (known, lexical(token.kind)) {
            (Some((class, traits)), Some(Class::Variable) | None) => (*class, *traits),
            (Some((class, traits)), _) if is_word(token.kind) => (*class, *traits),
            (_, Some(class)) => (class, Traits::default()),
            (_, None) => continue,
        };
        let start =
            if dollar && matches!(class, Class::Variable | Class::Parameter | Class::Namespace) {
                start - 1
            } else {
                start
            };
        push(text, start..token.end, class, traits, &mut found);
    }
    found.sort_by_key(|colour| colour.range.start);
    found
}

fn is_word(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Identifier | TokenKind::Capitalized)
        || kind
            .text()
            .is_some_and(|text| text.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// What a token is without regard to its meaning; nothing for names and brackets.
fn lexical(kind: TokenKind) -> Option<Class> {
    Some(match kind {
        TokenKind::Comment => Class::Comment,
        TokenKind::Integer | TokenKind::Float => Class::Number,
        TokenKind::Bool
        | TokenKind::Str
        | TokenKind::Int
        | TokenKind::FloatType
        | TokenKind::Map
        | TokenKind::Struct
        | TokenKind::Variant => Class::Type,
        TokenKind::Rocket | TokenKind::Arrow | TokenKind::Elvis | TokenKind::Equals => {
            Class::Operator
        }
        _ if kind.is_binary_operator() => match kind {
            TokenKind::And | TokenKind::Or | TokenKind::In => Class::Keyword,
            _ => Class::Operator,
        },
        TokenKind::Identifier | TokenKind::Capitalized | TokenKind::Error | TokenKind::String => {
            return None;
        }
        _ if is_word(kind) => Class::Keyword,
        _ => return None,
    })
}

/// What stands at the start of each name.
fn names(view: &View) -> FxHashMap<u32, (Class, Traits)> {
    let mut names = FxHashMap::default();
    if let Some(tree) = view.tree() {
        for expr in &tree.exprs {
            match &expr.kind {
                ExprKind::Struct(fields) => {
                    for (name, _) in fields {
                        names.insert(name.span.start, (Class::Property, Traits::default()));
                    }
                }
                ExprKind::Field { field, .. } => {
                    names.insert(field.span.start, (Class::Property, Traits::default()));
                }
                ExprKind::Var(name) => {
                    names.insert(name.span.start, (Class::Variable, Traits::default()));
                }
                _ => {}
            }
        }
        for (name, _) in syntax::annotations(tree).flat_map(structs).flatten() {
            names.insert(name.span.start, (Class::Property, Traits::default()));
        }
        for stmt in &tree.stmts {
            match &stmt.kind {
                StmtKind::Resource(resource) => {
                    names.insert(resource.kind.span.start, (Class::Struct, Traits::default()));
                    for entry in &resource.entries {
                        let (place, class) = match &entry.kind {
                            EntryKind::Field { name, .. } => (name.span, Class::Property),
                            EntryKind::Edge { property, .. } | EntryKind::Meta { property, .. } => {
                                (property.span, Class::Decorator)
                            }
                            EntryKind::MetaStruct { meta, .. } => (*meta, Class::Decorator),
                            EntryKind::Error => continue,
                        };
                        names.insert(place.start, (class, Traits::default()));
                        if matches!(entry.kind, EntryKind::Meta { .. }) {
                            names.insert(entry.span.start, (Class::Decorator, Traits::default()));
                        }
                    }
                }
                StmtKind::Include { class, .. } => {
                    names.insert(class.span.start, (Class::Class, Traits::default()));
                }
                _ => {}
            }
        }
    }
    for mention in view.mentions(view.source) {
        let mut traits = Traits {
            declaration: mention.is_definition,
            ..Traits::default()
        };
        let class = match &mention.symbol {
            Symbol::Var(Var::Bind(_)) => Class::Variable,
            Symbol::Var(Var::Param(_)) => Class::Parameter,
            Symbol::Func(_) => Class::Function,
            Symbol::Class(_) => Class::Class,
            Symbol::Alias(_) => Class::Namespace,
            Symbol::LibraryVar(_) => {
                traits.library = true;
                traits.constant = true;
                Class::Variable
            }
            Symbol::LibraryFunc(_) => {
                traits.library = true;
                Class::Function
            }
            Symbol::Hostname => {
                traits.library = true;
                Class::Variable
            }
            Symbol::Kind(_) => {
                traits.library = true;
                Class::Struct
            }
            Symbol::Param(..) | Symbol::Send(..) => Class::Property,
            Symbol::Meta(_) | Symbol::EdgeProperty(_) => Class::Decorator,
            Symbol::Resource(..) => continue,
        };
        names.insert(mention.span.start, (class, traits));
        // The name of a variable of the library has several parts.
        if let Symbol::LibraryVar(_) = mention.symbol {
            let text = view.text_of(mention.span);
            let parts = text.match_indices('.').map(|(at, _)| at as u32 + 1);
            names.extend(parts.map(|at| (mention.span.start + at, (class, traits))));
        }
    }
    names
}

/// A string with the variables in it.
fn string(
    text: &str,
    range: Range,
    names: &FxHashMap<u32, (Class, Traits)>,
    found: &mut Vec<Colour>,
) {
    let mut at = range.start;
    let mut inside: Vec<(u32, u32, Class, Traits)> = Vec::new();
    let body = text
        .get(range.start as usize..range.end as usize)
        .unwrap_or_default();
    let mut search = 0;
    while let Some(open) = body[search..].find("${") {
        let start = search + open;
        let Some(length) = body[start..].find('}') else {
            break;
        };
        let name = range.start + start as u32 + 2;
        if let Some((class, traits)) = names.get(&name) {
            inside.push((
                name - 2,
                range.start + (start + length) as u32 + 1,
                *class,
                *traits,
            ));
        }
        search = start + length;
    }
    for (start, end, class, traits) in inside {
        push(text, at..start, Class::String, Traits::default(), found);
        push(text, start..end, class, traits, found);
        at = end;
    }
    push(text, at..range.end, Class::String, Traits::default(), found);
}

/// Adds a token, cut at the ends of lines.
fn push(text: &str, range: Range, class: Class, traits: Traits, found: &mut Vec<Colour>) {
    let mut start = range.start;
    let covered = text
        .get(range.start as usize..range.end as usize)
        .unwrap_or_default();
    for line in covered.split_inclusive('\n') {
        let length = line.trim_end_matches(['\n', '\r']).len() as u32;
        if length > 0 {
            found.push(Colour {
                range: start..start + length,
                class,
                traits,
            });
        }
        start += line.len() as u32;
    }
}
