//! A compiled program, ready to be instantiated by the [`crate::evaluator`].

use crate::hir::Hir;
use crate::infer::Types;

/// What an evaluator runs: definitions and statements with what is known of their types.
#[derive(Debug, Default)]
pub struct Program {
    pub(crate) hir: Hir,
    pub(crate) types: Types,
}
