//! Text to tokens. It never fails: text that is no token becomes an error token, and is reported.

use logos::Logos;

use crate::ast::Comment;
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::span::{SourceId, Span};
use crate::token::{Token, TokenKind};

/// What the lexer noticed inside a token.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// The string just read has no closing quote.
    pub unterminated: bool,
}

/// What the lexer makes of a text.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    /// All tokens but comments. Runs of newlines are one token, and there is none at the start.
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) errors: Vec<SyntaxError>,
}

/// Shorter numbers than these fit whatever their digits are.
const INTEGER_SURELY_FITS: usize = 18;
const FLOAT_SURELY_FITS: usize = 300;

/// Splits `text` into tokens (language.md §1).
pub(crate) fn lex(source: SourceId, text: &str) -> Lexed {
    let mut lexed = Lexed {
        // Ordinary programs have a token for every five to six bytes.
        tokens: Vec::with_capacity(text.len() / 5),
        ..Lexed::default()
    };
    let mut lexer = TokenKind::lexer(text);
    let mut carriage_returns = false;
    while let Some(token) = lexer.next() {
        let range = lexer.span();
        let span = Span::new(source, range.start as u32, range.end as u32);
        let kind = match token {
            Ok(TokenKind::Comment) => {
                lexed.comments.push(Comment { span });
                continue;
            }
            Ok(TokenKind::Newline) => {
                // The grammar never minds how many newlines there are.
                if matches!(
                    lexed.tokens.last(),
                    None | Some(Token {
                        kind: TokenKind::Newline,
                        ..
                    })
                ) {
                    continue;
                }
                TokenKind::Newline
            }
            Ok(kind @ TokenKind::String) => {
                if std::mem::take(&mut lexer.extras.unterminated) {
                    lexed.errors.push(SyntaxError::new(
                        SyntaxErrorKind::UnterminatedString { line_end: span.end },
                        Span::new(source, span.start, span.start + 1),
                    ));
                }
                kind
            }
            Ok(kind @ TokenKind::Integer) => {
                if range.len() > INTEGER_SURELY_FITS && lexer.slice().parse::<i64>().is_err() {
                    lexed
                        .errors
                        .push(SyntaxError::new(SyntaxErrorKind::IntOverflow, span));
                }
                kind
            }
            Ok(kind @ TokenKind::Float) => {
                if range.len() > FLOAT_SURELY_FITS
                    && !lexer.slice().parse::<f64>().is_ok_and(f64::is_finite)
                {
                    lexed
                        .errors
                        .push(SyntaxError::new(SyntaxErrorKind::FloatOverflow, span));
                }
                kind
            }
            Ok(kind) => kind,
            Err(()) => {
                let Some(found) = lexer.slice().chars().next() else {
                    continue;
                };
                match found {
                    '\r' if carriage_returns => continue,
                    '\r' => {
                        // A file with such line ends has one problem, not one a line.
                        carriage_returns = true;
                        lexed
                            .errors
                            .push(SyntaxError::new(SyntaxErrorKind::CarriageReturn, span));
                        continue;
                    }
                    '\u{feff}' if span.start == 0 => {
                        lexed
                            .errors
                            .push(SyntaxError::new(SyntaxErrorKind::Unrecognized(found), span));
                        continue;
                    }
                    _ => {}
                }
                if let Some(last) = lexed.tokens.last_mut()
                    && last.kind == TokenKind::Error
                    && last.end == span.start
                {
                    // A whole word in another script is one mistake.
                    last.end = span.end;
                    continue;
                }
                lexed
                    .errors
                    .push(SyntaxError::new(SyntaxErrorKind::Unrecognized(found), span));
                TokenKind::Error
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
