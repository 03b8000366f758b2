//! `example` and `example/nested`: functions to learn from (functions.md §8).

mod vumeter;

use std::time::Duration;

use crate::catalog::{CallError, CallResult, FunctionDef, Host, Sampler, Wake};
use crate::value::{Str, Value};

use super::declare::{examples, native, pure, source};
use super::number::parse_decimal;

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        pure(
            "example.answer",
            "func() int",
            "The answer.",
            native!(answer()),
        )
        .examples(examples!["example.answer()" => "42"]),
        pure(
            "example.errorbool",
            "func(a bool) str",
            "A text, or the end of the program if the argument is true.",
            native!(errorbool(a)),
        )
        .effect(),
        source(
            "example.flipflop",
            "func() bool",
            "True and false in turn. It wakes every five seconds.",
            |_| Box::new(FlipFlop { value: false }),
        ),
        pure(
            "example.int2str",
            "func(a int) str",
            "An int in decimal digits.",
            native!(int2str(a)),
        )
        .examples(examples!["example.int2str(7)" => r#""7""#]),
        pure(
            "example.plus",
            "func(y str, z str) str",
            "Both strings, joined.",
            native!(plus(y, z)),
        )
        .examples(examples![r#"example.plus("a", "b")"# => r#""ab""#]),
        pure(
            "example.str2int",
            "func(a str) int",
            "The int that decimal digits stand for, or 0 for anything else.",
            native!(str2int(a)),
        )
        .examples(examples![
            r#"example.str2int("7")"# => "7",
            r#"example.str2int("seven")"# => "0",
        ]),
        vumeter::function(),
        pure(
            "example/nested.hello",
            "func() str",
            "A greeting.",
            native!(hello()),
        )
        .examples(examples!["nested.hello()" => r#""Hello!""#]),
    ]
}

fn answer() -> i64 {
    42
}

fn errorbool(a: bool) -> Result<&'static str, CallError> {
    if a {
        Err(CallError::fatal("we errored on request"))
    } else {
        Ok("set input to true to generate an error")
    }
}

fn int2str(a: i64) -> String {
    a.to_string()
}

fn plus(y: &Str, z: &Str) -> Str {
    Str::concat(&[y, z])
}

fn str2int(a: &[u8]) -> i64 {
    parse_decimal(a).unwrap_or(0)
}

fn hello() -> &'static str {
    "Hello!"
}

/// A live call, inverted each time.
struct FlipFlop {
    value: bool,
}

impl Sampler for FlipFlop {
    fn call(&mut self, _: &dyn Host, _: &[Value]) -> CallResult {
        self.value = !self.value;
        Ok(Value::Bool(self.value))
    }

    fn wake(&self, _: &[Value]) -> Vec<Wake> {
        vec![Wake::Clock(Duration::from_secs(5))]
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestHost, call, fatal, sample};
    use super::*;

    #[test]
    fn errors_come_on_request() {
        assert!(call("example.errorbool", &[false.into()]).is_ok());
        assert_eq!(
            fatal(call("example.errorbool", &[true.into()])),
            "we errored on request"
        );
    }

    #[test]
    fn the_flipflop_flips() {
        let mut live = sample("example.flipflop");
        for value in [true, false, true] {
            assert_eq!(live.call(&TestHost::default(), &[]), Ok(Value::Bool(value)));
        }
    }
}
