//! The commands that only this binary has.

pub(crate) mod run;
