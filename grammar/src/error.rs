//! What can be wrong with the form of a program, as data. The words are made by the diagnostics layer.

use std::fmt;

use ecow::EcoString;

use crate::span::Span;
use crate::token::TokenKind;

/// One mistake in the form of a program.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntaxError {
    /// What is wrong, with the related places.
    pub kind: SyntaxErrorKind,
    /// The place to look at.
    pub span: Span,
    /// How it can be mended, where that is known.
    pub edit: Option<SuggestedEdit>,
}

/// Replaces a part of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuggestedEdit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// By what.
    pub text: EcoString,
}

/// What is wrong. Places other than the error's own are given where they help to understand it.
#[derive(Clone, Debug, PartialEq)]
pub enum SyntaxErrorKind {
    /// A character that starts no token.
    Unrecognized(char),
    /// Text between quotes that are none in this language; the span is all of it.
    WrongQuotes,
    /// A carriage return; only the first one of a file is reported.
    CarriageReturn,
    /// A string without closing quote; the span is the opening quote.
    UnterminatedString {
        /// Where the string was assumed to end, on the same line.
        line_end: u32,
    },
    /// An integer that does not fit 64 bits.
    IntOverflow,
    /// A float that is too large for a double.
    FloatOverflow,
    /// The text has more than 4 GiB, and was not read.
    FileTooLarge,

    /// A token that can not stand here.
    Unexpected {
        /// What was found.
        found: Found,
        /// What could stand here instead, in words; at most [`MAX_EXPECTED`], empty if there are more.
        expected: Vec<Expected>,
    },
    /// A bracket that is never closed; the span is where the closing one is missing.
    UnclosedBracket {
        /// The opening bracket.
        open: Span,
        /// Which bracket.
        bracket: TokenKind,
    },
    /// A closing bracket that closes nothing.
    UnopenedBracket {
        /// Which bracket.
        bracket: TokenKind,
    },
    /// A closing bracket of another kind than the one it should close.
    MismatchedBracket {
        /// The opening bracket.
        open: Span,
        /// Which bracket that is.
        bracket: TokenKind,
        /// What stands where it should be closed.
        found: TokenKind,
    },
    /// A comma is missing; the span is empty, and is where it belongs.
    MissingComma {
        /// What the comma belongs to: a field, or an element.
        after: Span,
        /// The value of a field; its start is where the language has this mistake (language.md §2.7).
        value: Option<Span>,
    },
    /// A comma after the last element of a list that stands on one line.
    TrailingComma {
        /// The opening bracket.
        open: Span,
    },
    /// A list whose opening bracket is not followed by a newline goes on in the next line.
    BrokenLine {
        /// The opening bracket.
        open: Span,
    },
    /// In a list with one element a line: two on one line; the span is empty, and is where the newline
    /// belongs.
    MissingLineBreak {
        /// The opening bracket.
        open: Span,
    },
    /// A line ends where the expression must go on; the span is the newline, or the operator on the next line
    /// if the newline could have ended a statement.
    LineEndsEarly {
        /// The operator at the end of this line or at the start of the next.
        operator: Span,
    },
    /// A statement is not followed by a newline; the span is empty, and is where it belongs.
    MissingNewline,
    /// A statement is followed by a semicolon or a comma.
    StatementSeparator {
        /// What was found.
        found: TokenKind,
    },
    /// `{` on a line of its own; the span is the newline before it.
    BraceOnNextLine {
        /// The brace.
        brace: Span,
    },
    /// `else` on the line after the closing brace; the span is the word.
    ElseOnNextLine,
    /// `else if`; the span covers both words.
    ElseIf {
        /// The second `if` with its blocks.
        nested: Span,
    },
    /// `else` without an `if` before it.
    ElseWithoutIf,
    /// An `if` expression without `else`; the span is the word `if`.
    MissingElse,
    /// `$x ==` at the start of a statement; the span is the variable's name.
    AdditionalEquals {
        /// The operator.
        operator: Span,
    },
    /// A comparison of a comparison; the span is the second operator.
    ChainedComparison {
        /// The first operator.
        first: Span,
    },
    /// `$a -1`: the sign belongs to the number, so that there is no operator; the span is the number.
    SignedNumber,
    /// `-$x`: there is no such operator; the span is the minus.
    UnaryMinus,
    /// Something other than a function's name, a variable or a lambda is called; the span is the bracket.
    NotCallable,
    /// A name on its own where an expression must stand: without the `$` of a variable, the quotes of a
    /// string or the parentheses of a call; the span is the name.
    BareName,
    /// A reserved word where a name must stand.
    ReservedWord {
        /// The word.
        word: TokenKind,
        /// What it was used for.
        role: NameRole,
    },
    /// A resource without a name: `file {`; the span is empty, and is where it belongs.
    MissingResourceName {
        /// The kind.
        kind: Span,
    },
    /// `Foo => value` or `Foo:x => value`, where only `Meta` can stand; the span is the word.
    NotMeta {
        /// The word, lower-cased.
        word: EcoString,
    },
    /// More levels of nesting than [`MAX_DEPTH`].
    TooDeep,
    /// An annotated bind whose value is a literal of another type; the span is the literal.
    LiteralType {
        /// The annotation.
        declared: Span,
        /// The literal's type, as it is written in the language.
        found: &'static str,
    },
    /// A bind with a map literal whose annotation is no map type; the span is the map.
    MapAnnotation {
        /// The annotation.
        declared: Span,
    },
    /// A bind with a map literal whose annotation has a key type that can not be a key; the span is the
    /// map.
    UnhashableKey {
        /// The key type.
        key: Span,
    },
    /// A field that occurs twice in a struct type; the span is the second.
    DuplicateStructField {
        /// The field.
        name: EcoString,
        /// The first occurrence.
        first: Span,
    },
    /// An argument name that occurs twice in a function type; the span is the second.
    DuplicateArgName {
        /// The argument, without `$`.
        name: EcoString,
        /// The first occurrence.
        first: Span,
    },
}

/// No more alternatives than these are listed.
pub const MAX_EXPECTED: usize = 4;

/// The levels of nesting that a program may have.
pub const MAX_DEPTH: usize = 3000;

/// What stands where something else is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A token.
    Token(TokenKind),
    /// The end of the file.
    End,
}

/// What could stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Expected {
    /// A statement.
    Statement,
    /// A field or another line of a resource.
    Field,
    /// An expression.
    Expression,
    /// A type.
    Type,
    /// An operator that continues the expression before it.
    Operator,
    /// Exactly this token.
    Token(TokenKind),
}

/// What a name is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameRole {
    /// `$name`.
    Variable,
    /// A field of a resource or a struct.
    Field,
    /// Any other name: of a function, a class, an alias, a kind.
    Name,
}

impl SyntaxError {
    pub(crate) fn new(kind: SyntaxErrorKind, span: Span) -> Self {
        Self {
            kind,
            span,
            edit: None,
        }
    }

    pub(crate) fn replacing(mut self, span: Span, text: impl Into<EcoString>) -> Self {
        self.edit = Some(SuggestedEdit {
            span,
            text: text.into(),
        });
        self
    }

    /// Whether the text could not be split into tokens; otherwise the tokens do not fit together.
    pub fn is_lexical(&self) -> bool {
        matches!(
            self.kind,
            SyntaxErrorKind::Unrecognized(_)
                | SyntaxErrorKind::WrongQuotes
                | SyntaxErrorKind::CarriageReturn
                | SyntaxErrorKind::UnterminatedString { .. }
                | SyntaxErrorKind::IntOverflow
                | SyntaxErrorKind::FloatOverflow
                | SyntaxErrorKind::FileTooLarge
        )
    }
}

impl fmt::Display for TokenKind {
    /// As it is called in a message: `an identifier`, `` `{` ``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newline => f.write_str("the end of the line"),
            Self::String => f.write_str("a string"),
            Self::Integer => f.write_str("an integer"),
            Self::Float => f.write_str("a float"),
            Self::Identifier => f.write_str("a name"),
            Self::Capitalized => f.write_str("a capitalized name"),
            Self::Comment => f.write_str("a comment"),
            Self::Error => f.write_str("unrecognized text"),
            other => write!(f, "`{}`", other.text().unwrap_or_default()),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(kind) => kind.fmt(f),
            Self::End => f.write_str("the end of the file"),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statement => f.write_str("a statement"),
            Self::Field => f.write_str("a field"),
            Self::Expression => f.write_str("an expression"),
            Self::Type => f.write_str("a type"),
            Self::Operator => f.write_str("an operator"),
            Self::Token(kind) => kind.fmt(f),
        }
    }
}
