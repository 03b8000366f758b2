//! What is this?

use mgmt_grammar::ast::ExprKind;
use mgmt_grammar::{TokenKind, tokens};

use super::present::{code, show_function, show_kind, show_meta, show_param};
use super::symbol::Symbol;
use super::view::range;
use super::{Range, View, fields, syntax};

/// What is known of what stands at an offset, in Markdown, and the part of the text that it is about.
pub fn hover(view: &View, offset: u32) -> Option<(Range, String)> {
    if let Some(mention) = view.mention_at(offset)
        && let Some(text) = describe(view, &mention.symbol)
    {
        return Some((range(mention.span), text));
    }
    if let Some(field) = fields::field_at(view, offset)
        && let Some(ty) = field.ty(view)
    {
        let text = code(&format!("{} {ty}", field.name.text));
        return Some((range(field.name.span), text));
    }
    if let Some(found) = keyword(view.text(), offset) {
        return Some(found);
    }
    // Names without a meaning, and blanks, are left alone.
    let (id, expr) = syntax::expr_at(view.tree()?, offset)?;
    if matches!(expr.kind, ExprKind::Error) {
        return None;
    }
    let ty = view.types()?.expr(view.facts()?.expr(view.source, id)?)?;
    Some((range(expr.span), code(&ty.to_string())))
}

/// What the word of the language at an offset does.
fn keyword(text: &str, offset: u32) -> Option<(Range, String)> {
    let tokens = tokens(text);
    let at = tokens.partition_point(|token| token.end <= offset);
    let token = tokens.get(at).filter(|token| token.start <= offset)?;
    let range = token.start..token.end;
    let word = text.get(token.start as usize..token.end as usize)?;
    let (form, about) = match token.kind {
        TokenKind::If | TokenKind::Else => (
            "if condition { ... } else { ... }",
            "Chooses between two blocks of statements, or between two values. The `else` of a value can't be left out.",
        ),
        TokenKind::For => (
            "for $index, $value in list { ... }",
            "Has the statements of the block once for each element of a list.",
        ),
        TokenKind::ForKv => (
            "forkv $key, $value in map { ... }",
            "Has the statements of the block once for each entry of a map.",
        ),
        TokenKind::Func => (
            "func name($argument) { expression }",
            "Defines a function. Without a name it is a value, which can be bound and given to other functions.",
        ),
        TokenKind::Class => (
            "class name($parameter) { ... }",
            "Names statements that each `include` has anew.",
        ),
        TokenKind::Include => (
            "include class(arguments) as alias",
            "Has the statements of a class. Under an alias, the variables, functions and classes of that instance can be named from outside.",
        ),
        TokenKind::Import => (
            "import \"name\" as alias",
            "Lets the program name what a package of the library, a file, or a module defines; with `as *`, without a prefix.",
        ),
        TokenKind::Collect => (
            "collect kind name { ... }",
            "Has the resources of a kind that other hosts export.",
        ),
        TokenKind::Panic => (
            "panic(message)",
            "Ends the program with a message, if it is reached.",
        ),
        TokenKind::Capitalized if word == "Meta" => (
            "Meta:parameter => value,",
            "How the engine treats the resource. `Meta => struct{...}` sets all meta parameters at once.",
        ),
        _ => return None,
    };
    Some((range, format!("{}\n\n{about}", code(form))))
}

/// A symbol, in Markdown.
pub fn describe(view: &View, symbol: &Symbol) -> Option<String> {
    match symbol {
        Symbol::Var(var) => view.show_var(*var),
        Symbol::Func(func) => view.show_func(*func),
        Symbol::Class(class) => view.show_class(*class),
        Symbol::Alias(alias) => view.show_alias(view.alias(*alias)?),
        Symbol::LibraryVar(variable) => {
            let head = code(&format!("${} {}", variable.name, variable.ty));
            Some(format!(
                "{head}\n\nValue: `{}`\n\n{}",
                variable.value, variable.doc
            ))
        }
        Symbol::LibraryFunc(function) => Some(show_function(function)),
        Symbol::Hostname => Some(format!(
            "{}\n\nThe host that the program runs on.",
            code("$hostname str")
        )),
        Symbol::Kind(kind) => Some(show_kind(kind)),
        Symbol::Param(kind, param) => Some(show_param(kind, kind.params.get(*param)?)),
        Symbol::Send(kind, sent) => {
            let sent = kind.sends.get(*sent)?;
            let head = code(&format!(
                "{} {}",
                sent.name,
                super::present::type_text(&sent.ty)
            ));
            Some(format!(
                "{head}\n\nSent by `{}`.\n\n{}",
                kind.kind, sent.doc
            ))
        }
        Symbol::Meta(meta) => Some(show_meta(meta)),
        Symbol::EdgeProperty(property) => {
            let text = match property.as_str() {
                "before" => "This resource is applied before the other one.",
                "depend" => "This resource is applied after the other one.",
                "notify" => {
                    "This resource is applied before the other one, and notifies it of its changes."
                }
                "listen" => {
                    "This resource is applied after the other one, and is notified of its changes."
                }
                _ => return None,
            };
            Some(text.to_owned())
        }
        Symbol::Resource(kind, name) => {
            let mut shown = code(&format!("{kind} \"{name}\""));
            if let Some(def) = view.catalog().resource(kind) {
                let first = def.doc.split("\n\n").next().unwrap_or_default();
                shown.push_str(&format!("\n\n{first}"));
            }
            Some(shown)
        }
    }
}
