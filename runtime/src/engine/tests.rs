//! The engine as its users see it, with fake resources on a paused clock.
//!
//! The invariants of engine.md §12, and where random graphs, deeds and kills try to break each. A failure
//! prints the input that it comes from, and a seed: `MGMT_SEED` repeats it. `PROPTEST_CASES` tries more of them.
//!
//! | invariant | property |
//! |---|---|
//! | T1 to T4, T6, T8 to T10, T12, T15 to T17 | [`random`]`::every_rule_holds_in_random_graphs`, thousands of graphs on the state machine alone |
//! | T5 | the same, and across kills `lives::notifications_survive_kills` |
//! | T7 | `independence::delays_and_failures_elsewhere_change_nothing` |
//! | T11 | `lives::objects_live_in_order_whatever_fails` with whole engines |
//! | T13 | `autoedge::tests::automatic_edges_are_a_matter_of_the_graph_alone` |
//! | T14 | `autogroup::tests::grouping_loses_no_order_and_no_notification` |
//! | T16 | also `limiter::tests::no_window_holds_more_than_burst_and_rate` |
//! | T18 | `export::tests::what_others_see_is_what_the_graph_says` |
//! | T19 | `reversal::tests::simulated::whatever_fails_and_whenever_the_agent_is_killed_all_is_undone`; some cases with real files `reversal::tests::no_reversal_is_forgotten_whenever_the_agent_is_killed`; of the real agent `tests/e2e/crash.rs` |
//! | T20 | `random::an_interrupt_ends_everything_at_once_and_costs_nobody_a_try`, `lives::objects_live_in_order_whatever_fails`, `lives::lives_leave_no_descriptors` |

pub(crate) mod chance;
pub(crate) mod fake;

mod failure;
mod groups;
mod independence;
pub(crate) mod lives;
mod mapping;
mod members;
mod meta;
mod observe;
mod random;
mod service;
mod stop;
mod switch;
mod timing;
mod values;
