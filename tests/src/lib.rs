//! Helpers shared by the tests that cross crates.

pub mod agent;
pub mod case;
pub mod chance;
pub mod host;
pub mod http;
pub mod machine;
pub mod programs;
pub mod running;
