//! What must hold of every program (typing-and-evaluation.md §12), tried on random ones.
//!
//! | item | test |
//! |---|---|
//! | 1. states are those from scratch | `evaluator::every_state_is_the_one_from_scratch`, `many_events_may_come_together` |
//! | 2. no state lacks a value | `evaluator::no_state_lacks_a_value`, `there_is_no_state_before_all_is_known` |
//! | 3. the order of statements | `typing::the_order_of_statements_means_nothing` |
//! | 4. a bind and its definition | `typing::a_bind_may_be_replaced_by_its_definition` |
//! | 5. a call and its body | `typing::a_call_may_be_replaced_by_its_body` |
//! | 6. fallbacks that are not needed | `evaluator::an_infallible_left_side_never_starts_the_right` |
//! | 7. the number of live nodes | `evaluator::toggling_a_condition_...`, `going_back_and_forth_...` |
//! | 8. the same errors each time | `typing::the_same_program_has_the_same_errors` |
//! | 9. texts of values | `typing::the_text_of_a_value_is_its_literal` |
//! | 10. repeated statements | `typing::a_statement_may_be_repeated` |

mod evaluator;
mod functions;
mod generate;
mod run;
mod typing;
