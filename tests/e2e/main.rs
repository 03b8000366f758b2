//! Runs of the real `mgmt` on real files.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod bad_input;
mod commands;
mod crash;
mod demonstrations;
mod exports;
mod kinds;
mod life;
mod limits;
mod meta;
mod metrics;
mod mishaps;
mod plan;
mod recovery;
mod secrecy;
mod soak;
mod sources;
mod ui;
mod yaml;
