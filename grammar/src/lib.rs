//! mcl text to syntax tree and back.
//!
//! This crate knows no types, no resources and no file system: text in, tree and errors out; tree
//! in, text out. It never fails: a file that is half typed gives a tree with error nodes and the list
//! of what is wrong. Read [`ast`] first, then `grammar.lalrpop`.

pub mod ast;
pub mod span;
