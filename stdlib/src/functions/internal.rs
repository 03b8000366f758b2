//! Functions that syntax alone calls, as the manual tells them (functions.md §3). The compiler types and
//! lowers these forms itself; what they do is with [`super::operator`].

use crate::catalog::{CallError, CallResult, FunctionDef};
use crate::value::Value;

use super::declare::pure;
use super::{operator, world};

/// Each with all its forms.
pub fn functions() -> Vec<FunctionDef> {
    vec![
        world::collect_statement(),
        pure(
            "_operator",
            "func(operator str, a ?1) ?2",
            "What an operator of one or two operands gives; the operator is part of the program's text.",
            by_syntax,
        )
        .or("func(operator str, a ?1, b ?1) ?2"),
        pure(
            "_lookup",
            "func(list []?1, index int) ?1",
            "The element of a list at an index, or the value of a map under a key: `container[key]`.",
            operator::look_up,
        )
        .or("func(map map{?1: ?2}, key ?1) ?2")
        .catchable(&[
            "list index negative, got: I",
            "list index not present, got: I, len is: L, in: LIST",
            "map key not present, want: KEY in MAP",
        ]),
        pure(
            "_struct_lookup",
            "func(struct ?1, field str) ?2",
            "The field of a struct: `st->field`.",
            by_syntax,
        ),
        pure(
            "_struct_lookup_optional",
            "func(struct ?1, field str, optional ?2) ?2",
            "The field of a struct if its type has it, or else a default: `st->field <|> default`.",
            by_syntax,
        ),
    ]
}

/// No call ever reaches this: the evaluator has a node of its own for the form.
fn by_syntax(_: &[Value]) -> CallResult {
    Err(CallError::fatal("only syntax can call this"))
}
