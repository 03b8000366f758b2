//! Answers about programs, without the protocol.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod actions;
#[path = "../chance/mod.rs"]
mod chance;
mod completion;
mod fields;
mod fixture;
mod hints;
mod hover;
mod library;
mod names;
mod navigate;
mod outline;
mod paths;
mod refactor;
mod rename;
mod robust;
mod workspace;
