//! What must hold of every program (typing-and-evaluation.md §12), tried on random ones.

mod evaluator;
mod generate;
mod run;
mod typing;
