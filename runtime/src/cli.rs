//! The command line, for `mgmt` and for whoever ships a program of their own (engine.md §9.1.9).
//!
//! An [`App`] is the whole of `mgmt`, with more front ends, kinds and functions, or programs as further commands. A
//! [`Program`] is an mcl program with a name and arguments of its own: one of these commands, or a binary by itself.

mod app;
mod logging;
mod plan;
mod process;
mod program;
mod run;
mod source;
mod status;

pub use app::App;
pub use program::{NoArgs, ParseError, Program};
