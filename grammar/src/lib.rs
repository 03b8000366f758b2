//! mcl text to syntax tree and back.
//!
//! This crate knows no types, no resources and no file system: text in, tree and errors out; tree
//! in, text out. It never fails: a file that is half typed gives a tree with error nodes and the list
//! of what is wrong. Read [`ast`] first, then `grammar.lalrpop`.

pub mod ast;
mod builder;
mod driver;
pub mod dump;
mod error;
pub mod format;
pub mod interpolate;
mod layout;
mod lexer;
mod parser;
pub mod span;
mod stack;
#[cfg(feature = "testing")]
pub mod testing;
mod token;

pub use error::{
    Expected, Found, MAX_DEPTH, MAX_EXPECTED, NameRole, SuggestedEdit, SyntaxError, SyntaxErrorKind,
};
pub use parser::{Parsed, parse};
pub use token::{Token, TokenKind};

/// The tokens of a text and its comments, in the order of the text; for editors. Text that is no token is
/// of kind [`TokenKind::Error`].
pub fn tokens(text: &str) -> Vec<Token> {
    lexer::tokens(text)
}
