//! The function graph of a program, ready to be instantiated by the [`crate::evaluator`].

/// A compiled program.
#[derive(Debug, Default)]
pub struct Program {}
