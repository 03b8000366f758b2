//! Text to tokens. It never fails: text that is no token becomes an error token, and is reported.

use logos::Logos;

use crate::ast::Comment;
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::span::{SourceId, Span};
use crate::token::{Token, TokenKind};

/// What the lexer is told about strings, and what it tells.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// The string that starts here ends with its line.
    broken_string: Option<usize>,
    /// The string just read has no closing quote.
    unterminated: bool,
}

impl Notes {
    /// Whether the string that starts at `start` has no closing quote of its own.
    pub(crate) fn is_broken(&self, start: usize) -> bool {
        self.broken_string == Some(start)
    }

    pub(crate) fn note_unterminated(&mut self) {
        self.unterminated = true;
    }
}

/// What the lexer makes of a text.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    /// All tokens but comments. Runs of newlines are one token, and there is none at the start.
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) errors: Vec<SyntaxError>,
    /// Where the string starts that seems to lack its closing quote, if the end of the text was reached
    /// inside another.
    broken_string: Option<u32>,
    carriage_returns: bool,
}

/// Shorter numbers than these fit whatever their digits are.
const INTEGER_SURELY_FITS: usize = 18;
const FLOAT_SURELY_FITS: usize = 300;

/// Splits `text` into tokens (language.md §1).
pub(crate) fn lex(source: SourceId, text: &str) -> Lexed {
    let mut lexed = lex_with(source, text, Notes::default());
    if let Some(broken) = lexed.broken_string.take() {
        let notes = Notes {
            broken_string: Some(broken as usize),
            unterminated: false,
        };
        lexed = lex_with(source, text, notes);
    }
    lexed
}

/// The tokens of a text with the comments among them, for those who show the text.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let lexed = lex(SourceId::default(), text);
    let mut tokens = lexed.tokens;
    tokens.extend(lexed.comments.iter().map(|comment| Token {
        kind: TokenKind::Comment,
        start: comment.span.start,
        end: comment.span.end,
    }));
    tokens.sort_unstable_by_key(|token| token.start);
    tokens
}

fn lex_with(source: SourceId, text: &str, notes: Notes) -> Lexed {
    let mut lexed = Lexed {
        // Ordinary programs have a token for every five to six bytes.
        tokens: Vec::with_capacity(text.len() / 5),
        ..Lexed::default()
    };
    // A string that goes over a line's end, and after which a word follows at once.
    let mut suspect = None;
    let mut lexer = TokenKind::lexer_with_extras(text, notes);
    while let Some(token) = lexer.next() {
        let range = lexer.span();
        let mut span = Span::new(source, range.start as u32, range.end as u32);
        let kind = match token {
            Ok(TokenKind::Comment) => {
                lexed.comments.push(Comment { span });
                continue;
            }
            // The grammar never minds how many newlines there are.
            Ok(TokenKind::Newline) if lexed.is_at_line_start() => continue,
            Ok(kind) => {
                match kind {
                    TokenKind::String if std::mem::take(&mut lexer.extras.unterminated) => {
                        if lexer.extras.broken_string.is_none() {
                            lexed.broken_string = suspect;
                        }
                        let quote = Span::new(source, span.start, span.start + 1);
                        let end = Span::new(source, span.end, span.end);
                        lexed.errors.push(
                            SyntaxError::new(
                                SyntaxErrorKind::UnterminatedString { line_end: span.end },
                                quote,
                            )
                            .replacing(end, "\""),
                        );
                    }
                    TokenKind::String
                        if suspect.is_none()
                            && touches_word(lexer.remainder())
                            && memchr::memchr(b'\n', lexer.slice().as_bytes()).is_some() =>
                    {
                        suspect = Some(span.start);
                    }
                    TokenKind::Integer
                        if range.len() > INTEGER_SURELY_FITS
                            && lexer.slice().parse::<i64>().is_err() =>
                    {
                        lexed.report(SyntaxErrorKind::IntOverflow, span);
                    }
                    TokenKind::Float
                        if range.len() > FLOAT_SURELY_FITS
                            && !lexer.slice().parse::<f64>().is_ok_and(f64::is_finite) =>
                    {
                        lexed.report(SyntaxErrorKind::FloatOverflow, span);
                    }
                    _ => {}
                }
                kind
            }
            Err(()) => {
                if let Some(length) = wrongly_quoted(&text[range.start..]) {
                    lexer.bump(length - range.len());
                    span = Span::new(source, span.start, span.start + length as u32);
                    lexed.wrong_quotes(text, span);
                    TokenKind::Error
                } else if let Some(kind) = lexed.unrecognized(lexer.slice(), span) {
                    kind
                } else {
                    continue;
                }
            }
        };
        lexed.tokens.push(Token {
            kind,
            start: span.start,
            end: span.end,
        });
    }
    lexed
}

/// Whether the text starts with something that does not follow a string: then its closing quote was
/// rather meant to open another.
fn touches_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '%' | '$' | '\\'))
}

/// The length of what stands between two quotes of another language, if the text starts with that: up to
/// the closing quote, on the same line.
fn wrongly_quoted(text: &str) -> Option<usize> {
    let open = text.chars().next()?;
    let closing: &[char] = match open {
        '\'' => &['\''],
        '`' => &['`'],
        '“' | '„' | '”' => &['“', '”'],
        '‘' | '‚' | '’' => &['‘', '’'],
        '«' => &['»'],
        '»' => &['«'],
        _ => return None,
    };
    let inside = &text[open.len_utf8()..];
    let end = inside.find(|c| c == '\n' || closing.contains(&c))?;
    let close = inside[end..].chars().next().filter(|c| *c != '\n')?;
    Some(open.len_utf8() + end + close.len_utf8())
}

impl Lexed {
    fn wrong_quotes(&mut self, text: &str, span: Span) {
        let mut inside = span.text(text).chars();
        inside.next();
        inside.next_back();
        let inside = inside.as_str();
        let mut error = SyntaxError::new(SyntaxErrorKind::WrongQuotes, span);
        if !inside.contains(['"', '\\']) {
            error = error.replacing(span, format!("\"{inside}\""));
        }
        self.errors.push(error);
    }

    fn is_at_line_start(&self) -> bool {
        self.tokens
            .last()
            .is_none_or(|last| last.kind == TokenKind::Newline)
    }

    fn report(&mut self, kind: SyntaxErrorKind, span: Span) {
        self.errors.push(SyntaxError::new(kind, span));
    }

    /// Reports text that starts no token. Gives the token that is to stand for it, if any.
    fn unrecognized(&mut self, text: &str, span: Span) -> Option<TokenKind> {
        let found = text.chars().next()?;
        if found == '\r' {
            // A file with such line ends has one problem, not one a line.
            if !std::mem::replace(&mut self.carriage_returns, true) {
                self.report(SyntaxErrorKind::CarriageReturn, span);
            }
            return None;
        }
        if let Some(last) = self.tokens.last_mut()
            && last.kind == TokenKind::Error
            && last.end == span.start
        {
            // A whole word in another script is one mistake.
            last.end = span.end;
            return None;
        }
        self.report(SyntaxErrorKind::Unrecognized(found), span);
        let byte_order_mark = found == '\u{feff}' && span.start == 0;
        (!byte_order_mark).then_some(TokenKind::Error)
    }
}
