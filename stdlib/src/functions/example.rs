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
            |_| Box::new(FlipFlop::default()),
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

/// Seconds after which the flipflop flips.
const FLIP: i64 = 5;

/// A live call. It flips when the clock does, and not because it is called (§1.4.1).
#[derive(Default)]
struct FlipFlop {
    /// The period in which it started.
    start: Option<i64>,
}

impl Sampler for FlipFlop {
    fn call(&mut self, host: &dyn Host, _: &[Value]) -> CallResult {
        let period = host.now().as_second().div_euclid(FLIP);
        let start = *self.start.get_or_insert(period);
        Ok(Value::Bool((period - start) % 2 == 0))
    }

    fn wake(&self, _: &[Value]) -> Vec<Wake> {
        vec![Wake::Clock(Duration::from_secs(FLIP.unsigned_abs()))]
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestHost, call, fatal, sample};
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn errors_come_on_request() {
        assert_eq!(
            call("example.errorbool", &[false.into()]),
            Ok("set input to true to generate an error".into())
        );
        assert_eq!(
            fatal(call("example.errorbool", &[true.into()])),
            "we errored on request"
        );
    }

    #[test]
    fn what_is_no_int_is_zero() {
        for (text, value) in [
            ("+7", 7),
            ("-9223372036854775808", i64::MIN),
            ("9223372036854775808", 0),
            ("", 0),
            ("1_0", 0),
            (" 1", 0),
            ("0x1", 0),
        ] {
            let found = call("example.str2int", &[text.into()]);
            assert_eq!(found, Ok(Value::Int(value)), "{text}");
        }
    }

    #[test]
    fn the_flipflop_flips() {
        let mut live = sample("example.flipflop");
        for (second, value) in [
            (1003, true),
            (1004, true),
            (1005, false),
            (1005, false),
            (1010, true),
            (1015, false),
            (999, false),
        ] {
            let host = TestHost {
                now: Timestamp::from_second(second).unwrap(),
                ..TestHost::default()
            };
            assert_eq!(live.call(&host, &[]), Ok(Value::Bool(value)), "{second}");
        }
        assert_eq!(live.wake(&[]), [Wake::Clock(Duration::from_secs(5))]);
    }
}
