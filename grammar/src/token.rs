//! The tokens of mcl (language.md §1.4).

use logos::{Lexer, Logos};

use crate::lexer::Notes;

/// What a token is. Its text is found through its place in the source.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[logos(skip r"[ \t]+")]
#[logos(extras = Notes)]
#[allow(missing_docs)]
pub enum TokenKind {
    #[token("\n")]
    Newline,
    #[token("{")]
    OpenBrace,
    #[token("}")]
    CloseBrace,
    #[token("(")]
    OpenParen,
    #[token(")")]
    CloseParen,
    #[token("[")]
    OpenBracket,
    #[token("]")]
    CloseBracket,
    #[token("if")]
    If,
    #[token("else")]
    Else,
    #[token("for")]
    For,
    #[token("forkv")]
    ForKv,
    #[token("true")]
    True,
    #[token("false")]
    False,
    #[token("\"", string)]
    String,
    #[regex("-?[0-9]+")]
    Integer,
    #[regex(r"-?[0-9]+\.[0-9]+")]
    Float,
    #[token("=")]
    Equals,
    #[token("$")]
    Dollar,
    #[token(",")]
    Comma,
    #[token(":")]
    Colon,
    #[token(";")]
    Semicolon,
    #[token("?:")]
    Elvis,
    #[token("<|>")]
    Except,
    #[token("=>")]
    Rocket,
    #[token("->")]
    Arrow,
    #[token(".")]
    Dot,
    #[token("bool")]
    Bool,
    #[token("str")]
    Str,
    #[token("int")]
    Int,
    #[token("float")]
    FloatType,
    #[token("map")]
    Map,
    #[token("struct")]
    Struct,
    #[token("variant")]
    Variant,
    #[regex("[a-z]([a-z0-9_]*[a-z0-9])?")]
    Identifier,
    #[regex("[A-Z]([a-z0-9_]*[a-z0-9])?")]
    Capitalized,
    #[token("func")]
    Func,
    #[token("class")]
    Class,
    #[token("include")]
    Include,
    #[token("import")]
    Import,
    #[token("as")]
    As,
    #[token("collect")]
    Collect,
    #[token("panic")]
    Panic,
    #[token("or")]
    Or,
    #[token("and")]
    And,
    #[token("<")]
    Less,
    #[token(">")]
    Greater,
    #[token("<=")]
    LessEqual,
    #[token(">=")]
    GreaterEqual,
    #[token("==")]
    EqualEqual,
    #[token("!=")]
    NotEqual,
    #[token("in")]
    In,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    Star,
    #[token("/")]
    Slash,
    #[token("not")]
    Not,
    /// From the `#` to the end of the line. The parser never sees it.
    #[regex("#[^\n]*", allow_greedy = true)]
    Comment,
    /// Text that is no token, already reported.
    Error,
}

/// Finds the end of a string whose opening quote was just read. A backslash and the character after it
/// belong together. Without a closing quote the string ends with its line, so that what follows is
/// still read.
fn string(lexer: &mut Lexer<'_, TokenKind>) {
    let text = lexer.remainder();
    let rest = text.as_bytes();
    if !lexer.extras.is_broken(lexer.span().start) {
        let mut at = 0;
        while let Some(offset) = memchr::memchr2(b'"', b'\\', rest.get(at..).unwrap_or_default()) {
            at += offset;
            if rest[at] == b'"' {
                lexer.bump(at + 1);
                return;
            }
            // An escaped character of several bytes has neither a quote nor a backslash among them.
            at += 2;
        }
    }
    lexer.extras.note_unterminated();
    let line = &text[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    lexer.bump(unterminated_length(line));
}

/// How much of the rest of a line belongs to a string that has no closing quote: all but what can only
/// be meant for the construct around it.
fn unterminated_length(line: &str) -> usize {
    line.trim_end_matches([' ', '\t', '\r', '{', ',']).len()
}

impl TokenKind {
    /// Every kind that can stand in the token stream of the parser, in the order of the specification's
    /// table.
    pub fn text(self) -> Option<&'static str> {
        Some(match self {
            Self::Newline => "\n",
            Self::OpenBrace => "{",
            Self::CloseBrace => "}",
            Self::OpenParen => "(",
            Self::CloseParen => ")",
            Self::OpenBracket => "[",
            Self::CloseBracket => "]",
            Self::If => "if",
            Self::Else => "else",
            Self::For => "for",
            Self::ForKv => "forkv",
            Self::True => "true",
            Self::False => "false",
            Self::Equals => "=",
            Self::Dollar => "$",
            Self::Comma => ",",
            Self::Colon => ":",
            Self::Semicolon => ";",
            Self::Elvis => "?:",
            Self::Except => "<|>",
            Self::Rocket => "=>",
            Self::Arrow => "->",
            Self::Dot => ".",
            Self::Bool => "bool",
            Self::Str => "str",
            Self::Int => "int",
            Self::FloatType => "float",
            Self::Map => "map",
            Self::Struct => "struct",
            Self::Variant => "variant",
            Self::Func => "func",
            Self::Class => "class",
            Self::Include => "include",
            Self::Import => "import",
            Self::As => "as",
            Self::Collect => "collect",
            Self::Panic => "panic",
            Self::Or => "or",
            Self::And => "and",
            Self::Less => "<",
            Self::Greater => ">",
            Self::LessEqual => "<=",
            Self::GreaterEqual => ">=",
            Self::EqualEqual => "==",
            Self::NotEqual => "!=",
            Self::In => "in",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Star => "*",
            Self::Slash => "/",
            Self::Not => "not",
            Self::String
            | Self::Integer
            | Self::Float
            | Self::Identifier
            | Self::Capitalized
            | Self::Comment
            | Self::Error => return None,
        })
    }

    /// Whether it is a reserved word (language.md §1.5).
    pub fn is_reserved(self) -> bool {
        self.text()
            .is_some_and(|text| text.starts_with(|c: char| c.is_ascii_lowercase()))
    }

    /// Whether it is `(`, `[` or `{`.
    pub fn is_open(self) -> bool {
        matches!(self, Self::OpenBrace | Self::OpenParen | Self::OpenBracket)
    }

    /// Whether it is `)`, `]` or `}`.
    pub fn is_close(self) -> bool {
        matches!(
            self,
            Self::CloseBrace | Self::CloseParen | Self::CloseBracket
        )
    }

    /// What closes this opening bracket.
    pub fn closer(self) -> Option<Self> {
        Some(match self {
            Self::OpenBrace => Self::CloseBrace,
            Self::OpenParen => Self::CloseParen,
            Self::OpenBracket => Self::CloseBracket,
            _ => return None,
        })
    }

    /// Whether it stands between two operands and nowhere else.
    pub fn is_binary_operator(self) -> bool {
        matches!(
            self,
            Self::Except
                | Self::Arrow
                | Self::Or
                | Self::And
                | Self::Less
                | Self::Greater
                | Self::LessEqual
                | Self::GreaterEqual
                | Self::EqualEqual
                | Self::NotEqual
                | Self::In
                | Self::Plus
                | Self::Minus
                | Self::Star
                | Self::Slash
        )
    }

    /// Whether an expression can start with it.
    pub fn starts_expression(self) -> bool {
        matches!(
            self,
            Self::True
                | Self::False
                | Self::String
                | Self::Integer
                | Self::Float
                | Self::OpenBracket
                | Self::OpenBrace
                | Self::OpenParen
                | Self::Struct
                | Self::Dollar
                | Self::Identifier
                | Self::Map
                | Self::Collect
                | Self::Func
                | Self::If
                | Self::Not
        )
    }

    /// Whether it is a type, and with it a type can end.
    pub(crate) fn ends_type(self) -> bool {
        matches!(
            self,
            Self::Bool | Self::Str | Self::Int | Self::FloatType | Self::Variant
        )
    }

    /// Whether a type can start with it.
    pub(crate) fn starts_type(self) -> bool {
        self.ends_type()
            || matches!(
                self,
                Self::OpenBracket | Self::Map | Self::Struct | Self::Func
            )
    }

    /// Whether a statement can start with it.
    pub fn starts_statement(self) -> bool {
        matches!(
            self,
            Self::Dollar
                | Self::Identifier
                | Self::Capitalized
                | Self::If
                | Self::For
                | Self::ForKv
                | Self::Func
                | Self::Class
                | Self::Include
                | Self::Import
                | Self::Panic
                | Self::Collect
        )
    }

    /// Whether an expression can end with it.
    pub fn ends_expression(self) -> bool {
        matches!(
            self,
            Self::True
                | Self::False
                | Self::String
                | Self::Integer
                | Self::Float
                | Self::CloseBracket
                | Self::CloseBrace
                | Self::CloseParen
                | Self::Identifier
                | Self::Map
                | Self::Collect
        )
    }
}

/// One token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Offset of its first byte.
    pub start: u32,
    /// Offset just past its last byte.
    pub end: u32,
}
