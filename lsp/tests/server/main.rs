//! The real binary, driven over standard input and output as an editor does it.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod ask;
mod client;
mod life;
mod robust;
mod sync;
