//! From program to machine: the engine, the resources, and the `mgmt` binary.
//!
//! The engine takes a stream of resource graphs and holds the machine in the state that the newest
//! one describes. It knows resources only through [`resource::Resource`] and knows no kind by name.
//! Read [`resource`] first, then [`engine`].
//!
//! # As a library
//!
//! The engine needs neither the language nor the command line (engine.md §9): make [`Services`](resource::Services)
//! for a directory, an [`Engine`](engine::Engine) with the [kinds](resources::registry) and your own, build a
//! [`ResourceGraph`](graph::ResourceGraph) of parameters from `mgmt_stdlib::resources`, and submit it. The engine
//! tells its [status](engine::Engine::status) and its [events](engine::Engine::events). Several engines may live
//! in one process, each with a directory of its own. `examples/embed.rs` is a complete program; a package outside of this
//! workspace needs these dependencies:
//!
//! ```toml
//! mgmt-runtime = { path = "runtime" }
//! mgmt-stdlib = { path = "stdlib" }
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```

pub use mgmt_compiler::graph;

pub mod accounts;
pub mod atomic_write;
pub mod blocking;
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
pub mod secrets;
pub mod ui;
pub mod world;
pub mod yaml_graph;
