//! `test`: what the project's own tests call (functions.md §23).

use std::time::Duration;

use crate::catalog::{CallError, CallResult, FunctionDef, Host, Sampler, Wake};
use crate::value::{Map, Value};

use super::declare::{Argument, sampler, snapshot, source, wrong_count};

pub(crate) fn all() -> Vec<FunctionDef> {
    let mut all = vec![
        source(
            "test.fastcount",
            "func() int",
            "A number that grows all the time.",
            |_| Box::new(Counted::new(count, Some(Duration::from_millis(1)))),
        ),
        source(
            "test.forkvloop",
            "func() map{str: str}",
            "Always the same map. It wakes every five seconds.",
            sampler!(forkvloop(), |_| vec![Wake::Clock(FIVE_SECONDS)]),
        ),
        source(
            "test.forloop",
            "func() []str",
            "A list of `foo` at first, and of `bar` from then on. It wakes every five seconds.",
            |_| Box::new(Counted::new(forloop, Some(FIVE_SECONDS))),
        ),
        snapshot(
            "test.one_stream",
            "func(count int) str",
            "So many copies of `x`. It fails if the number changes.",
            |_| Box::new(OneStream::default()),
        ),
        snapshot(
            "test.slow_string",
            "func() str",
            "A text that takes five seconds to come.",
            sampler!(slow_string()),
        ),
    ];
    all.extend(ONE_INSTANCE.map(|name| {
        snapshot(
            name,
            "func() str",
            "A greeting. A call in the program fails if it is called a second time.",
            |_| Box::new(Counted::new(one_instance, None)),
        )
    }));
    all
}

const FIVE_SECONDS: Duration = Duration::from_secs(5);

const ONE_INSTANCE: [&str; 8] = [
    "test.one_instance_a",
    "test.one_instance_b",
    "test.one_instance_c",
    "test.one_instance_d",
    "test.one_instance_e",
    "test.one_instance_f",
    "test.one_instance_g",
    "test.one_instance_h",
];

/// A live call that knows how often it was called before.
struct Counted {
    calls: i64,
    value: fn(i64) -> CallResult,
    every: Option<Duration>,
}

impl Counted {
    fn new(value: fn(i64) -> CallResult, every: Option<Duration>) -> Self {
        Self {
            calls: 0,
            value,
            every,
        }
    }
}

impl Sampler for Counted {
    fn call(&mut self, _: &dyn Host, _: &[Value]) -> CallResult {
        let before = self.calls;
        self.calls += 1;
        (self.value)(before)
    }

    fn wake(&self, _: &[Value]) -> Vec<Wake> {
        self.every.map(Wake::Clock).into_iter().collect()
    }
}

fn count(before: i64) -> CallResult {
    Ok(Value::Int(before + 1))
}

fn forloop(before: i64) -> CallResult {
    let word = if before == 0 { "foo" } else { "bar" };
    Ok(Value::list([word.into()]))
}

fn one_instance(before: i64) -> CallResult {
    if before == 0 {
        Ok("hello".into())
    } else {
        Err(CallError::fatal("called a second time"))
    }
}

fn forkvloop(_: &dyn Host) -> Map {
    [("foo".into(), "bar".into())].into_iter().collect()
}

fn slow_string(_: &dyn Host) -> &'static str {
    std::thread::sleep(FIVE_SECONDS);
    "five seconds has elapsed"
}

/// A live call that takes one argument only.
#[derive(Default)]
struct OneStream {
    previous: Option<i64>,
}

impl Sampler for OneStream {
    fn call(&mut self, _: &dyn Host, args: &[Value]) -> CallResult {
        let [count] = args else {
            return Err(wrong_count(args.len()));
        };
        let count = i64::from_value(count)?;
        if let Some(previous) = self.previous.replace(count) {
            return Err(CallError::fatal(format!(
                "you can only pass in a single input, got: {count}, previously: {previous}"
            )));
        }
        let copies =
            usize::try_from(count).map_err(|_| CallError::fatal("cannot use a negative count"))?;
        super::strings::repeat(b"x", copies as i64).map(Value::from)
    }

    fn wake(&self, _: &[Value]) -> Vec<Wake> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestHost, fatal, sample};
    use super::*;

    #[test]
    fn live_calls_count_on_their_own() {
        let host = TestHost::default();
        let mut first = sample("test.fastcount");
        assert_eq!(first.call(&host, &[]), Ok(Value::Int(1)));
        assert_eq!(first.call(&host, &[]), Ok(Value::Int(2)));
        assert_eq!(sample("test.fastcount").call(&host, &[]), Ok(Value::Int(1)));
    }

    #[test]
    fn a_second_call_is_noticed() {
        let host = TestHost::default();
        for name in ONE_INSTANCE {
            let mut live = sample(name);
            assert_eq!(live.call(&host, &[]), Ok("hello".into()));
            assert_eq!(fatal(live.call(&host, &[])), "called a second time");
        }
    }

    #[test]
    fn the_loop_changes_once() {
        let host = TestHost::default();
        let mut live = sample("test.forloop");
        for word in ["foo", "bar", "bar"] {
            assert_eq!(live.call(&host, &[]), Ok(Value::list([word.into()])));
        }
        assert_eq!(live.wake(&[]), [Wake::Clock(FIVE_SECONDS)]);
    }

    #[test]
    fn one_stream_takes_one_input() {
        let host = TestHost::default();
        let mut live = sample("test.one_stream");
        assert_eq!(live.call(&host, &[3.into()]), Ok("xxx".into()));
        assert_eq!(
            fatal(live.call(&host, &[4.into()])),
            "you can only pass in a single input, got: 4, previously: 3"
        );
        let negative = sample("test.one_stream").call(&host, &[(-1).into()]);
        assert_eq!(fatal(negative), "cannot use a negative count");
    }
}
