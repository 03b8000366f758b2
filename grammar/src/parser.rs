//! From text to tree: lexer, layout, grammar.

use std::convert::Infallible;

use lalrpop_util::{ErrorRecovery, ParseError, lalrpop_mod};

use crate::ast::{Block, Comment, File};
use crate::builder::Builder;
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::layout::lay_out;
use crate::lexer::lex;
use crate::span::{SourceId, Span};
use crate::token::TokenKind;

lalrpop_mod!(
    #[allow(
        clippy::all,
        clippy::unwrap_used,
        missing_docs,
        unreachable_pub,
        unused,
        rust_2018_idioms
    )]
    grammar
);

pub(crate) type ParseFailure = ParseError<u32, TokenKind, Infallible>;
pub(crate) type Recovered = ErrorRecovery<u32, TokenKind, Infallible>;

/// What became of a text.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The tree. Where the text could not be understood it has error nodes.
    pub file: File,
    /// All comments in the order they were written.
    pub comments: Vec<Comment>,
    /// All mistakes in the order they were written.
    pub errors: Vec<SyntaxError>,
}

/// Parses one file. Any text gives a tree; what is wrong is listed in [`Parsed::errors`].
pub fn parse(source: SourceId, text: &str) -> Parsed {
    if u32::try_from(text.len()).is_err() {
        let error = SyntaxError::new(SyntaxErrorKind::FileTooLarge, Span::new(source, 0, 0));
        return Parsed {
            errors: vec![error],
            ..Parsed::default()
        };
    }
    let end = text.len() as u32;
    let mut lexed = lex(source, text);
    let mut layout = lay_out(source, text, lexed.tokens);
    lexed.errors.append(&mut layout.errors);
    let mut builder = Builder::new(source, text, &layout, lexed.errors);
    let tokens = layout
        .tokens
        .iter()
        .map(|token| Ok::<_, Infallible>((token.start, token.kind, token.end)));
    let body = match grammar::FileParser::new().parse(&mut builder, tokens) {
        Ok(body) => body,
        Err(failure) => {
            builder.unexpected(failure);
            Block {
                span: Span::new(source, 0, end),
                stmts: Vec::new(),
            }
        }
    };
    let (file, errors) = builder.finish(body);
    Parsed {
        file,
        comments: lexed.comments,
        errors,
    }
}
