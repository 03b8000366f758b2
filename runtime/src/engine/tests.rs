//! The engine as its users see it, with fake resources on a paused clock.
//!
//! The invariants of engine.md §12, and where random graphs, deeds and kills try to break each. A failure
//! prints the input that it comes from, and `PROPTEST_CASES` tries more of them.
//!
//! | invariant | property |
//! |---|---|
//! | T1 to T6, T8 to T10, T12, T15, T17 | [`random`]: thousands of graphs on the state machine alone |
//! | T2, T11, T20 | [`lives`]: whole engines, whatever fails |
//! | T5 across kills | [`lives`]: notifications survive |
//! | T7 | [`independence`] |
//! | T13 | `autoedge::tests` |
//! | T14 | `autogroup::tests` |
//! | T16 | `limiter` |
//! | T18 | none: nothing is exported yet |
//! | T19 | `reversal::tests`, with real files; of the real agent `tests/e2e/crash.rs` |

pub(crate) mod fake;

mod failure;
mod groups;
mod independence;
mod lives;
mod meta;
mod observe;
mod random;
mod stop;
mod switch;
mod timing;
mod values;
