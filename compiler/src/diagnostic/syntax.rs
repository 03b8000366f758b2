//! What is wrong with the form of a program, in words.

use mgmt_grammar::SyntaxErrorKind as Kind;
use mgmt_grammar::span::Span;
use mgmt_grammar::{Expected, Found, MAX_DEPTH, NameRole, SuggestedEdit, SyntaxError, TokenKind};

use super::{Code, Diagnostic, Edit, Fix, Stage};

mod hint;

/// The complaint about an error in `text`, the whole text of its file.
pub fn diagnostic(error: &SyntaxError, text: &str) -> Diagnostic {
    let stage = if error.is_lexical() {
        Stage::Lex
    } else {
        Stage::Parse
    };
    let diagnostic = describe(error, text, stage);
    match &error.edit {
        Some(edit) => diagnostic.fix(title(edit, text), edit.span, edit.text.as_str()),
        None => diagnostic,
    }
}

/// What an edit does, as an editor's menu would say it.
fn title(edit: &SuggestedEdit, text: &str) -> String {
    let old = edit.span.text(text).trim();
    let new = edit.text.trim();
    match (old, new) {
        (_, "") if edit.text.contains('\n') => "break the line".to_owned(),
        ("", "") => "join the lines".to_owned(),
        ("", new) => format!("insert `{new}`"),
        (old, "") => format!("remove `{old}`"),
        (_, new) => format!("replace by `{new}`"),
    }
}

fn describe(error: &SyntaxError, text: &str, stage: Stage) -> Diagnostic {
    let span = error.span;
    let here = span.text(text);
    let new = |code, message: String| Diagnostic::error(code, stage, message);
    match &error.kind {
        Kind::Unrecognized(found) => {
            let diagnostic = new(
                Code::UNRECOGNIZED_CHARACTER,
                format!("{} has no meaning in mcl", character(*found)),
            )
            .at(span, "not part of the language");
            match hint::character(*found, span, text) {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            }
        }
        Kind::WrongQuotes => new(
            Code::UNRECOGNIZED_CHARACTER,
            "these quotes have no meaning in mcl".to_owned(),
        )
        .at(span, "not a string")
        .help("strings stand between double quotes: `\"`"),
        Kind::CarriageReturn => new(
            Code::CARRIAGE_RETURN,
            "the file contains a carriage return".to_owned(),
        )
        .at(span, "the first one is here")
        .help("lines end in a line feed alone; convert the file with `sed -i 's/\\r$//' FILE`"),
        Kind::UnterminatedString { line_end } => new(
            Code::UNTERMINATED_STRING,
            "this string is never closed".to_owned(),
        )
        .at(Span::new(span.source, span.start, *line_end), "opened here")
        .help("add a `\"` where it ends; a quote inside of it is written `\\\"`"),
        Kind::IntOverflow => new(
            Code::INTEGER_OVERFLOW,
            format!("`{}` does not fit into an int", shortened(here)),
        )
        .at(
            span,
            format!("an int lies between {} and {}", i64::MIN, i64::MAX),
        ),
        Kind::FloatOverflow => new(
            Code::FLOAT_OVERFLOW,
            format!("`{}` does not fit into a float", shortened(here)),
        )
        .at(span, "a float is below 1.8 times 10 to the power of 308"),
        Kind::FileTooLarge => new(
            Code::FILE_TOO_LARGE,
            "the text has more than 4 GiB".to_owned(),
        ),
        Kind::Unexpected { found, expected } => {
            let diagnostic = new(Code::UNEXPECTED_TOKEN, unexpected(*found, here)).at(
                span,
                match one_of(expected) {
                    Some(expected) => format!("expected {expected}"),
                    None => "not expected here".to_owned(),
                },
            );
            match hint::unexpected(*found, expected, span, text) {
                Some(hint) => hint.add_to(diagnostic),
                None => diagnostic,
            }
        }
        Kind::UnclosedBracket { open, bracket } => new(
            Code::UNCLOSED_BRACKET,
            format!("this {bracket} is never closed"),
        )
        .at(span, format!("expected {}", closing(*bracket)))
        .label(*open, "opened here"),
        Kind::UnopenedBracket { bracket } => new(
            Code::UNOPENED_BRACKET,
            format!("this {bracket} closes nothing"),
        )
        .at(span, "there is no bracket open here"),
        Kind::MismatchedBracket {
            open,
            bracket,
            found,
        } => new(
            Code::UNCLOSED_BRACKET,
            format!("this {found} does not close the {bracket} before it"),
        )
        .at(span, format!("expected {}", closing(*bracket)))
        .label(*open, "opened here"),
        Kind::NotCallable => new(
            Code::UNEXPECTED_TOKEN,
            "the value before these parentheses can not be called".to_owned(),
        )
        .at(span, "not a call")
        .help("bind the function to a variable first, then call the variable: `$f(...)`"),
        Kind::BareName => {
            let diagnostic = new(
                Code::UNEXPECTED_TOKEN,
                format!("the name `{}` is not a value", shortened(here)),
            )
            .at(span, "neither a variable nor a call");
            hint::bare_name(span, text).add_to(diagnostic)
        }
        Kind::MissingComma { after, value } => {
            let rest = text.get(after.end as usize..).unwrap_or_default();
            let rest = rest.trim_start_matches([' ', '\t']);
            let is_last = rest.is_empty() || rest.starts_with(['\n', '#', '}', ']', ')']);
            let why = if is_last {
                "this ends in a comma, even if it is the last"
            } else {
                "this is separated from the next by a comma"
            };
            let diagnostic = new(Code::MISSING_COMMA, "a comma is missing here".to_owned());
            match value.filter(|value| value.text(text).contains('\n')) {
                Some(value) => diagnostic.at(value, why).label(span, "add a `,`"),
                None => diagnostic.at(span, "add a `,`").label(*after, why),
            }
        }
        Kind::TrailingComma { open } => new(
            Code::TRAILING_COMMA,
            "this comma separates nothing".to_owned(),
        )
        .at(span, "remove it")
        .label(*open, "all is on one line here")
        .help("only with one element a line is there a comma after the last one"),
        Kind::BrokenLine { open } => new(
            Code::LINE_BREAK,
            "these brackets are neither on one line nor one element a line".to_owned(),
        )
        .at(span, "the line breaks here")
        .label(*open, "but not after this bracket")
        .help("put all on one line, or each element on a line of its own with a comma after it"),
        Kind::MissingLineBreak { open } => new(
            Code::LINE_BREAK,
            "there are two elements on this line".to_owned(),
        )
        .at(span, "break the line here")
        .label(
            *open,
            "with a line break after this bracket, each element has its own line",
        ),
        Kind::LineEndsEarly { operator } => {
            let needs = "this operator needs a value on either side";
            let diagnostic = new(
                Code::LINE_BREAK,
                "the line ends before the expression does".to_owned(),
            )
            .help("write it on one line, or bind a part of it to a variable first");
            if span == *operator {
                diagnostic.at(span, needs)
            } else {
                diagnostic
                    .at(span, "the line breaks here")
                    .label(*operator, needs)
            }
        }
        Kind::MissingNewline => new(
            Code::MISSING_NEWLINE,
            "a statement ends with its line".to_owned(),
        )
        .at(span, "expected the end of the line")
        .optional_help(hint::second_statement(span, text)),
        Kind::StatementSeparator { found } => new(
            Code::MISSING_NEWLINE,
            format!("statements are not separated by {found}"),
        )
        .at(span, "break the line instead"),
        Kind::BraceOnNextLine { brace } => new(
            Code::LINE_BREAK,
            "the opening brace belongs on the line before".to_owned(),
        )
        .at(span, "the line breaks here")
        .label(*brace, "move it to the end of the line above"),
        Kind::ElseOnNextLine => new(
            Code::LINE_BREAK,
            "`else` belongs on the line of the brace before it".to_owned(),
        )
        .at(span, "write `} else {`"),
        Kind::ElseIf { nested } => {
            let mut diagnostic = new(Code::ELSE_IF, "there is no `else if`".to_owned())
                .at(span, "expected `else {`")
                .help("write `else {`, and the second `if` on the next line, inside these braces");
            let end = Span::new(nested.source, nested.end, nested.end);
            let edits = [(span, "else {\nif"), (end, "\n}")];
            diagnostic.fixes.push(Fix {
                title: "put the second `if` into braces".to_owned(),
                edits: edits
                    .map(|(span, text)| Edit {
                        span,
                        text: text.to_owned(),
                    })
                    .into(),
            });
            diagnostic
        }
        Kind::ElseWithoutIf => new(Code::UNEXPECTED_TOKEN, "this `else` has no `if`".to_owned())
            .at(span, "there is no `if` before it that it could belong to"),
        Kind::MissingElse => new(
            Code::MISSING_ELSE,
            "an `if` that gives a value needs an `else`".to_owned(),
        )
        .at(span, "what is the value if the condition is false?")
        .help("add `else { ... }` with a value of the same type"),
        Kind::AdditionalEquals { operator } => new(
            Code::ADDITIONAL_EQUALS,
            "`==` compares, it does not bind".to_owned(),
        )
        .at(span, "to bind this variable, write `=`")
        .label(*operator, "one `=` is enough"),
        Kind::ChainedComparison { first } => new(
            Code::CHAINED_COMPARISON,
            "comparisons can not be chained".to_owned(),
        )
        .at(span, "this would compare a bool")
        .label(*first, "because this gives one")
        .help("join two comparisons with `and`, or group one with parentheses"),
        Kind::SignedNumber => new(
            Code::SIGN,
            format!("there is no operator before `{}`", shortened(here)),
        )
        .at(span, "the minus is the sign of this number")
        .help("to subtract, put a blank between the minus and the number"),
        Kind::UnaryMinus => {
            let after = text.get(span.end as usize..).unwrap_or_default();
            let blanks = after.trim_start_matches([' ', '\t']);
            new(Code::SIGN, "a minus needs a value before it".to_owned())
                .at(span, "only numbers have a sign")
                .help(if blanks.starts_with(|c: char| c.is_ascii_digit()) {
                    "the sign of a number touches its digits"
                } else {
                    "subtract from zero: `0 - ...`"
                })
        }
        Kind::ReservedWord { word, role } => {
            let role = match role {
                NameRole::Variable => "the name of a variable",
                NameRole::Field => "the name of a field",
                NameRole::Name => "a name",
            };
            new(
                Code::RESERVED_WORD,
                format!("{word} is a reserved word, and can not be {role}"),
            )
            .at(span, "choose another name")
        }
        Kind::MissingResourceName { kind } => {
            let kind_text = kind.text(text);
            new(
                Code::MISSING_NAME,
                format!("this `{kind_text}` has no name"),
            )
            .at(span, "the name belongs here")
            .label(*kind, "a resource is declared here")
            .help(format!("write `{kind_text} \"name\" {{`"))
        }
        Kind::NotMeta { word } if hint::EDGES.contains(&word.as_str()) => new(
            Code::NOT_META,
            format!("`{here}` names the resource at the other end of an edge"),
        )
        .at(span, "what follows is no resource")
        .help(format!("write `{here} => Kind[\"name\"],`")),
        Kind::NotMeta { word } => new(
            Code::NOT_META,
            format!("`{here}` is neither an edge nor `Meta`"),
        )
        .at(
            span,
            "only `Before`, `Depend`, `Notify`, `Listen` and `Meta` are capitalized",
        )
        .help(format!("if it is a parameter, write `{word}`")),
        Kind::TooDeep => new(
            Code::NESTED_TOO_DEEPLY,
            "this is nested too deeply".to_owned(),
        )
        .at(span, format!("more than {MAX_DEPTH} levels"))
        .help("bind parts of it to variables"),
        Kind::LiteralType { declared, found } => {
            let declared_text = on_one_line(declared.text(text));
            new(
                Code::ANNOTATED_LITERAL,
                format!(
                    "the variable is annotated as `{declared_text}`, but this is of type `{found}`"
                ),
            )
            .at(span, format!("this is of type `{found}`"))
            .label(*declared, "annotated here")
        }
        Kind::MapAnnotation { declared } => new(
            Code::ANNOTATED_LITERAL,
            format!(
                "the variable is annotated as `{}`, but this is a map",
                on_one_line(declared.text(text))
            ),
        )
        .at(span, "this is a map")
        .label(*declared, "annotated here")
        .help("the type of a map is written `map{KEY: VALUE}`"),
        Kind::UnhashableKey { key } => new(
            Code::UNHASHABLE_KEY,
            format!("`{}` can not be the type of map keys", key.text(text)),
        )
        .at(span, "this map would have such keys")
        .label(*key, "declared here")
        .help("keys are of type `bool`, `str`, `int`, `float`, or structs of these"),
        Kind::DuplicateStructField { name, first } => new(
            Code::DUPLICATE_TYPE_FIELD,
            format!("the field `{name}` occurs twice in this struct type"),
        )
        .at(span, "again here")
        .label(*first, "first here"),
        Kind::DuplicateArgName { name, first } => new(
            Code::DUPLICATE_TYPE_ARGUMENT,
            format!("the argument `${name}` occurs twice in this function type"),
        )
        .at(span, "again here")
        .label(*first, "first here")
        .help("the names of arguments may be left out"),
    }
}

fn unexpected(found: Found, here: &str) -> String {
    match found {
        Found::End => "the file ends too early".to_owned(),
        Found::Token(TokenKind::Newline) => "the line ends too early".to_owned(),
        Found::Token(TokenKind::Identifier | TokenKind::Capitalized) => {
            format!("the name `{}` can not stand here", shortened(here))
        }
        Found::Token(TokenKind::Integer | TokenKind::Float) => {
            format!("the number `{}` can not stand here", shortened(here))
        }
        Found::Token(token) => format!("{token} can not stand here"),
    }
}

/// `a, b or c`.
fn one_of(expected: &[Expected]) -> Option<String> {
    let (last, others) = expected.split_last()?;
    if others.is_empty() {
        return Some(last.to_string());
    }
    let others: Vec<_> = others.iter().map(Expected::to_string).collect();
    Some(format!("{} or {last}", others.join(", ")))
}

fn closing(bracket: TokenKind) -> &'static str {
    match bracket {
        TokenKind::OpenParen => "`)`",
        TokenKind::OpenBracket => "`]`",
        _ => "`}`",
    }
}

/// Text of the program that a message quotes, without its line breaks.
fn on_one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ")
}

/// Text of the program that a message quotes, cut so that the message stays a line.
fn shortened(text: &str) -> String {
    const MAX: usize = 40;
    if text.chars().count() <= MAX {
        return text.to_owned();
    }
    text.chars().take(MAX).chain("...".chars()).collect()
}

/// A word with a capital first letter, as kinds have it in edges.
pub fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

fn character(c: char) -> String {
    match c {
        '\u{feff}' => "a byte order mark".to_owned(),
        '\u{a0}' => "a no-break space".to_owned(),
        '`' => "a backtick".to_owned(),
        _ if c.is_control() || c.is_whitespace() => format!("the character U+{:04X}", c as u32),
        _ => format!("`{c}`"),
    }
}

#[cfg(test)]
mod tests {
    use mgmt_grammar::span::SourceId;

    use super::*;

    /// All errors of a text, with the places and what is said there.
    fn complaints(text: &str) -> String {
        let parsed = mgmt_grammar::parse(SourceId(0), text);
        let mut out = String::new();
        for error in &parsed.errors {
            let it = diagnostic(error, text);
            out += &format!("{} {}\n", it.code, it.message);
            for label in it.primary.iter().chain(&it.labels) {
                out += &format!("  `{}` {}\n", label.span.text(text), label.text);
            }
            for line in it.help.iter().chain(it.fixes.iter().map(|fix| &fix.title)) {
                out += &format!("  {line}\n");
            }
        }
        out
    }

    #[test]
    fn say_what_is_wrong_where_and_what_to_do() {
        assert_eq!(
            complaints("file \"a\" {\n\tcontent => \"a\"\n}\n"),
            "E0108 a comma is missing here\n  \
               `` add a `,`\n  \
               `content => \"a\"` this ends in a comma, even if it is the last\n  \
               insert `,`\n"
        );
        assert_eq!(
            complaints("$x = 1 < 2 < 3\n"),
            "E0116 comparisons can not be chained\n  \
               `<` this would compare a bool\n  \
               `<` because this gives one\n  \
               join two comparisons with `and`, or group one with parentheses\n"
        );
        assert_eq!(
            complaints("$x int = \"a\"\n"),
            "E0112 the variable is annotated as `int`, but this is of type `str`\n  \
               `\"a\"` this is of type `str`\n  \
               `int` annotated here\n"
        );
        assert_eq!(
            complaints("import fmt\n"),
            "E0106 the name `fmt` can not stand here\n  \
               `fmt` expected a string\n  \
               write `\"fmt\"`\n"
        );
    }

    #[test]
    fn lexical_errors_are_told_apart() {
        let text = "$x = 1 % 2\n";
        let parsed = mgmt_grammar::parse(SourceId(0), text);
        assert_eq!(diagnostic(&parsed.errors[0], text).stage, Stage::Lex);
    }
}
