//! The language server of mcl: `mgmt-lsp`.
//!
//! [`analysis`] answers questions about programs - what is at this offset, who uses it, what could stand
//! here - and knows no protocol: a question is a file and a byte offset, an answer is plain data.
//! [`server`] speaks the Language Server Protocol, keeps the unsaved texts, and asks. Neither decides
//! what is right or wrong: that is the compiler's, the same as for `mgmtc`. Editing never runs a program.
//!
//! Read [`analysis::world`] first.

pub mod analysis;
pub mod server;
