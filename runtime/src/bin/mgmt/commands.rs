//! The commands that only this binary has.

pub(crate) mod plan;
mod program;
pub(crate) mod run;
pub(crate) mod status;
