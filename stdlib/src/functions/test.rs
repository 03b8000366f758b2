//! `test`: what the project's own tests call (functions.md §23).

use std::time::Duration;

use crate::catalog::{CallError, CallResult, FunctionDef, Host, Sampler, Wake};
use crate::value::{Map, Value};

use super::declare::{Argument, sampler, snapshot, source, wrong_count};

/// A function for each name, with what may happen only once in a process.
macro_rules! one_instance {
    ($($name:ident: $once:expr;)*) => {
        [$(
            snapshot(
                concat!("test.", stringify!($name)),
                "func() str",
                $once.doc(),
                |_| Box::new(OneInstance {
                    name: stringify!($name),
                    once: $once,
                    live: false,
                }),
            ),
        )*]
    };
}

pub(crate) fn all() -> Vec<FunctionDef> {
    let mut all = vec![
        source(
            "test.fastcount",
            "func() int",
            "A number that grows with each call. It wakes every millisecond.",
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
            "So many copies of `x`. A negative number ends the program, and so does another number than before.",
            |_| Box::new(OneStream::default()),
        ),
        snapshot(
            "test.slow_string",
            "func() str",
            "A text that takes five seconds to come. What does not need it need not wait for it.",
            sampler!(slow_string()),
        ),
    ];
    all.extend(one_instance! {
        one_instance_a: Once::Live;
        one_instance_b: Once::Called;
        one_instance_c: Once::Live;
        one_instance_d: Once::Called;
        one_instance_e: Once::Live;
        one_instance_f: Once::Called;
        one_instance_g: Once::Live;
        one_instance_h: Once::Called;
    });
    all
}

const FIVE_SECONDS: Duration = Duration::from_secs(5);

/// What may happen only once in a process.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Once {
    /// That there is a live call.
    Live,
    /// That it is called.
    Called,
}

impl Once {
    fn doc(self) -> &'static str {
        match self {
            Self::Live => {
                "A greeting. It ends the program if it is used a second time in the process; one use may be called \
                 more than once."
            }
            Self::Called => {
                "A greeting. It ends the program if it is called a second time in the process."
            }
        }
    }
}

/// A live call that may be the only one.
struct OneInstance {
    name: &'static str,
    once: Once,
    live: bool,
}

impl Sampler for OneInstance {
    fn call(&mut self, host: &dyn Host, _: &[Value]) -> CallResult {
        let was_live = std::mem::replace(&mut self.live, true);
        if (was_live && self.once == Once::Live) || host.claim(self.name) {
            return Ok("hello".into());
        }
        let Self { name, once, .. } = self;
        let what = match once {
            Once::Live => "used",
            Once::Called => "called",
        };
        Err(CallError::fatal(format!(
            "`test.{name}` was {what} a second time"
        )))
    }

    fn wake(&self, _: &[Value]) -> Vec<Wake> {
        Vec::new()
    }
}

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
    fn a_second_instance_or_call_is_noticed() {
        let host = TestHost::default();
        for (letter, once) in ('a'..='h').zip([Once::Live, Once::Called].into_iter().cycle()) {
            let name = format!("test.one_instance_{letter}");
            let mut live = sample(&name);
            assert_eq!(live.call(&host, &[]), Ok("hello".into()), "{name}");
            let second = live.call(&host, &[]);
            match once {
                Once::Live => assert_eq!(second, Ok("hello".into()), "{name}"),
                Once::Called => {
                    assert_eq!(fatal(second), format!("`{name}` was called a second time"));
                }
            }
            let other = fatal(sample(&name).call(&host, &[]));
            assert!(other.ends_with(" a second time"), "{other}");
            let elsewhere = sample(&name).call(&TestHost::default(), &[]);
            assert_eq!(elsewhere, Ok("hello".into()), "{name}");
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
