//! What was probably meant where the form of a program is wrong: the mistakes that people make who come from
//! other languages, and the most frequent slips.

use mgmt_grammar::span::Span;
use mgmt_grammar::{Expected, Found, TokenKind};

use super::{capitalized, shortened};
use crate::diagnostic::Diagnostic;

/// The words that connect a resource with another, in lower case.
pub(super) const EDGES: [&str; 4] = ["before", "depend", "notify", "listen"];

/// Advice, and an edit that follows it if there is only one way to.
pub(super) struct Hint {
    text: String,
    edit: Option<(Span, &'static str)>,
}

impl Hint {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            edit: None,
        }
    }

    fn edit(mut self, span: Span, text: &'static str) -> Self {
        self.edit = Some((span, text));
        self
    }

    pub(super) fn add_to(self, diagnostic: Diagnostic) -> Diagnostic {
        let diagnostic = match self.edit {
            Some((span, "")) => diagnostic.fix("remove it", span, ""),
            Some((span, text)) => diagnostic.fix(format!("insert `{text}`"), span, text),
            None => diagnostic,
        };
        diagnostic.help(self.text)
    }
}

/// What was probably meant by something that can not stand where it does.
pub(super) fn unexpected(
    found: Found,
    expected: &[Expected],
    span: Span,
    text: &str,
) -> Option<Hint> {
    let Found::Token(found) = found else {
        return None;
    };
    let here = span.text(text);
    let accepts = |token| expected.contains(&Expected::Token(token));
    let before = before(text, span);
    let touches = |test: fn(char) -> bool| before.ends_with(test);
    let after = text.get(span.end as usize..).unwrap_or_default();
    let line = before.trim_start();
    let in_edge = line.starts_with(|c: char| c.is_ascii_uppercase());
    let expects_value = expected.contains(&Expected::Expression);
    let help = match found {
        TokenKind::Equals if is_word(line.trim_end()) && !accepts(TokenKind::Rocket) => {
            let word = line.trim_end();
            let start = span.start - line.len() as u32;
            let place = Span::new(span.source, start, start);
            return Some(
                Hint::new(format!("a variable begins with `$`: write `${word} = ...`"))
                    .edit(place, "$"),
            );
        }
        TokenKind::Equals if line.starts_with('$') && accepts(TokenKind::CloseBrace) => {
            "the body of a function is one expression: bind the variable before the function"
        }
        TokenKind::Plus | TokenKind::Minus | TokenKind::Star | TokenKind::Slash
            if after.starts_with('=') && accepts(TokenKind::Equals) =>
        {
            "a variable never changes: bind the new value to another name"
        }
        TokenKind::Newline if accepts(TokenKind::OpenBrace) && is_edge(line) => {
            return Some(capitalize_kind(line));
        }
        TokenKind::Capitalized if before.trim_end().ends_with("->") && is_edge(line) => {
            return Some(capitalize_kind(line));
        }
        TokenKind::Capitalized if expects_value && edge_before(line).is_some() => {
            let word = edge_before(line).unwrap_or_default();
            return Some(Hint::new(format!(
                "an edge is capitalized: `{} => {here}[...],`",
                capitalized(word)
            )));
        }
        TokenKind::Integer if before.ends_with('.') && !in_edge => {
            "the element of a list is written `$list[0]`"
        }
        TokenKind::CloseParen if line.strip_suffix('(').is_some_and(is_word) => {
            return Some(Hint::new(format!(
                "a class is included, `include {0}`; a function is called where its value is needed, `$x = {0}()`",
                line.trim_end_matches('(')
            )));
        }
        TokenKind::String if before.ends_with("\"\"") => {
            "three quotes mean nothing: any string may have several lines"
        }
        TokenKind::Greater if before.ends_with('<') => "the opposite of `==` is `!=`",
        TokenKind::OpenParen if accepts(TokenKind::Dollar) => {
            "the head of a loop has no parentheses: `for $i, $v in ... {`"
        }
        TokenKind::Dollar if accepts(TokenKind::Newline) => {
            "each statement has its own line, and two values have an operator between them"
        }
        TokenKind::Dot if before.ends_with([')', ']']) && !in_edge => {
            "a field of a struct is written `->name`"
        }
        TokenKind::Equals if accepts(TokenKind::Rocket) => {
            "in resources, maps and structs a value follows `=>`"
        }
        TokenKind::Colon if accepts(TokenKind::Rocket) => {
            "in resources, maps and structs a value follows `=>`, not `:`"
        }
        TokenKind::Identifier | TokenKind::Capitalized
            if touches(|c| c.is_ascii_digit()) && is_number(before) =>
        {
            "numbers are decimal, and have neither exponent nor unit"
        }
        TokenKind::Capitalized if touches(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) => {
            "there are no names of mixed case: put an underscore between the words"
        }
        TokenKind::Capitalized if matches!(here, "True" | "False") => {
            return Some(Hint::new(format!("write `{}`", here.to_lowercase())));
        }
        TokenKind::Capitalized if accepts(TokenKind::Identifier) => {
            // What is meant as one word may be several to the lexer: `NOOP`.
            let word: String = here
                .chars()
                .chain(
                    after
                        .chars()
                        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_'),
                )
                .collect();
            return Some(Hint::new(format!(
                "write `{}`",
                shortened(&word.to_lowercase())
            )));
        }
        TokenKind::Identifier | TokenKind::Capitalized if touches(|c| c.is_ascii_uppercase()) => {
            "only the first letter of a name can be a capital"
        }
        TokenKind::Identifier if accepts(TokenKind::Capitalized) => {
            let (first, rest) = here.split_at(1);
            return Some(Hint::new(format!(
                "write `{}{rest}`: in edges, kinds are capitalized",
                first.to_uppercase()
            )));
        }
        TokenKind::Identifier if expected.contains(&Expected::Type) => {
            "the types are `bool`, `str`, `int`, `float`, `[]T`, `map{K: V}`, `struct{name T; ...}` and `func(T) T`"
        }
        TokenKind::Identifier if accepts(TokenKind::Dollar) => {
            return Some(Hint::new(format!(
                "a variable begins with `$`: write `${}`",
                shortened(here)
            )));
        }
        TokenKind::Identifier if expected == [Expected::Token(TokenKind::String)] => {
            return Some(Hint::new(format!("write `\"{}\"`", shortened(here))));
        }
        TokenKind::String if accepts(TokenKind::Identifier) => "this name stands without quotes",
        TokenKind::Dot if accepts(TokenKind::Equals) => {
            "a variable is bound by a plain name: dots only lead into modules and includes"
        }
        TokenKind::Dot
            if touches(|c| c.is_ascii_digit())
                || after.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            "a float has digits on both sides of the dot"
        }
        TokenKind::Plus if after.starts_with(|c: char| c.is_ascii_digit()) => {
            "numbers have no plus sign"
        }
        TokenKind::Slash if after.starts_with(['*', '/']) => "a comment begins with `#`",
        TokenKind::Colon if accepts(TokenKind::As) => {
            "a class of a class is reached through an alias: `include base as b`, then `include b.inner`"
        }
        TokenKind::In if expected == [Expected::Token(TokenKind::Comma)] => {
            "a loop has two variables, the index or key and the value: `for $i, $v in ...`"
        }
        _ if expected == [Expected::Token(TokenKind::CloseBracket)] && before.ends_with('[') => {
            return Some(Hint::new(format!(
                "the type of a list is written `[]{}`",
                shortened(here)
            )));
        }
        _ => return None,
    };
    Some(Hint::new(help))
}

/// The text before a place, on its line.
fn before(text: &str, span: Span) -> &str {
    let before = text.get(..span.start as usize).unwrap_or_default();
    &before[before.rfind('\n').map_or(0, |newline| newline + 1)..]
}

/// Whether the text ends in a number rather than in a name with digits.
fn is_number(text: &str) -> bool {
    let word = text.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    text[word.len()..].starts_with(|c: char| c.is_ascii_digit())
}

/// What was probably meant by a name without `$`, quotes or parentheses.
pub(super) fn bare_name(span: Span, text: &str) -> Hint {
    let name = shortened(span.text(text));
    let before = before(text, span);
    let after = text.get(span.end as usize..).unwrap_or_default();
    let after = after.trim_start_matches([' ', '\t']);
    match name.as_str() {
        "return" => {
            let blanks = after.len();
            let end = text.len() - blanks;
            return Hint::new(
                "the value of a function is the expression in its body: leave `return` out",
            )
            .edit(Span::new(span.source, span.start, end as u32), "");
        }
        "null" | "nil" | "none" | "undefined" => {
            return Hint::new(
                "there is no such value: what is not given is undefined, and `name => condition ?: value` gives it at times",
            );
        }
        "yes" | "on" => return Hint::new("write `true`"),
        "no" | "off" => return Hint::new("write `false`"),
        _ => {}
    }
    if before.ends_with('.') {
        let start = before
            .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
            .map_or(0, |at| at + 1);
        let path = &before[start..];
        return Hint::new(format!(
            "a function is called, `{path}{name}(...)`; to pass it on, wrap it: `func($x) {{ {path}{name}($x) }}`"
        ));
    }
    if after.starts_with("=>") {
        match open_bracket(before) {
            Some('(') => return Hint::new("arguments are told apart by their order, not by names"),
            Some('{') => {
                return Hint::new(format!(
                    "the keys of a map are values, such as `\"{name}\"`; a struct is written `struct{{{name} => ...}}`"
                ));
            }
            _ => {}
        }
    }
    Hint::new(format!(
        "write `${name}` for a variable, `{name}(...)` for a call, or `\"{name}\"` for a string"
    ))
}

/// What was probably meant by something that follows a statement on its line.
pub(super) fn second_statement(span: Span, text: &str) -> Option<&'static str> {
    let after = text.get(span.end as usize..).unwrap_or_default();
    let word = after
        .trim_start_matches([' ', '\t'])
        .split(|c: char| !c.is_ascii_lowercase())
        .next()?;
    ["elif", "elsif", "elseif"]
        .contains(&word)
        .then_some("write `else {`, and a second `if` on the next line, inside these braces")
}

/// What was probably meant by a character that is not part of the language.
pub(super) fn character(c: char, span: Span, text: &str) -> Option<&'static str> {
    let after_digit = before(text, span).ends_with(|c: char| c.is_ascii_digit());
    Some(match c {
        '_' if after_digit => "the digits of a number are not separated",
        '\u{feff}' => "save the file as UTF-8 without a byte order mark",
        '\'' | '`' | '“' | '”' | '„' | '‘' | '’' | '«' | '»' => {
            "strings stand between double quotes: `\"`"
        }
        '!' => "the opposite of a condition is `not`, inequality is `!=`",
        '&' => "write `and`",
        '|' => "write `or`; for a value to fall back to, `<|>`",
        '?' => "a condition before a value is followed by `?:`",
        '_' => "names neither begin nor end with an underscore",
        '@' | '%' | '^' | '~' | '\\' => return None,
        _ if c.is_whitespace() => "use plain blanks and tabs",
        _ if c.is_alphabetic() => "names consist of the letters a to z, digits and underscores",
        _ => return None,
    })
}

/// The innermost bracket that is open at the end of a line's beginning.
fn open_bracket(line: &str) -> Option<char> {
    let mut closed = 0;
    line.chars().rev().find(|c| {
        match c {
            ')' | ']' | '}' => closed += 1,
            '(' | '[' | '{' if closed > 0 => closed -= 1,
            '(' | '[' | '{' => return true,
            _ => {}
        }
        false
    })
}

/// Whether the text is a name as variables have them.
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// Whether a line looks like an edge whose first kind is in lower case.
fn is_edge(line: &str) -> bool {
    line.split_once('[')
        .is_some_and(|(kind, rest)| kind.split(':').all(is_word) && rest.contains("->"))
}

fn capitalize_kind(line: &str) -> Hint {
    let kind = line.split('[').next().unwrap_or_default();
    let kind: Vec<String> = kind.split(':').map(capitalized).collect();
    Hint::new(format!(
        "in edges, kinds are capitalized: write `{}[...]`",
        kind.join(":")
    ))
}

/// The edge that a line gives as if it were a parameter.
fn edge_before(line: &str) -> Option<&str> {
    let word = line.trim_end().strip_suffix("=>")?.trim_end();
    EDGES.contains(&word).then_some(word)
}
