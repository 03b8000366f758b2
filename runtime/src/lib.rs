//! From program to machine: the engine, the resources, and the `mgmt` binary.
//!
//! The engine takes a stream of resource graphs and holds the machine in the state that the newest
//! one describes. It knows resources only through [`resource::Resource`] and knows no kind by name.
//! Read [`resource`] first, then [`engine`].
//!
//! # As a library
//!
//! `docs/embedding.md` is the guide (engine.md §9). From the least to the most:
//!
//! - [`engine::Engine`] alone holds graphs that are built in Rust; `examples/embed.rs` is a complete program.
//! - [`runner::Runner`] is all that `mgmt run` does, with its options as a struct, for graphs from anywhere.
//! - [`cli::Program`] ships a program in mcl with arguments of its own; `examples/custom.rs`.
//! - [`cli::App`] is the whole of `mgmt`, with whatever is added.
//!
//! [`vocabulary::Vocabulary`] has the kinds and functions that programs can name, and takes more.

/// The guide, so that its examples are tested.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
struct Guide;

pub use mgmt_compiler::{files, graph};

pub mod accounts;
pub mod atomic_write;
pub mod blocking;
pub mod cli;
pub mod dbus;
pub mod driver;
pub mod engine;
pub mod frontend;
pub mod hostname_watch;
pub mod http;
pub mod http_responses;
pub mod journal;
pub mod kernel_events;
pub mod local_values;
pub mod metrics;
#[cfg(test)]
mod namespaces;
pub mod observe;
pub mod path_locks;
pub mod path_watch;
pub mod plan;
pub mod process;
mod regular_file;
pub mod removal;
pub mod resource;
pub mod resources;
pub mod runner;
pub mod secrets;
mod styles;
pub mod ui;
pub mod vocabulary;
pub mod world;
pub mod yaml_graph;
