//! `history`: what a value was some time ago (functions.md §2.3).
//!
//! Each change is kept with its time, and the call asks to be woken when the next one comes due, so
//! that a delayed change is seen when it is due and not at the next unrelated event.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::catalog::{CallError, CallResult, FunctionDef, Host, Sampler, Wake};
use crate::value::Value;

use super::declare::source;

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![source(
        "history",
        "func(value ?1, index int) ?1",
        "The value that the first argument had so many milliseconds ago. Until that much time has \
         passed it is the oldest value known. It wakes when the next older value comes due.",
        |_| Box::new(History::default()),
    )]
}

#[derive(Default)]
struct History {
    /// Milliseconds to look back.
    index: i64,
    /// The changes that are not forgotten, oldest first: the one that shows, then those to come.
    changes: VecDeque<(Timestamp, Value)>,
}

impl History {
    fn due(&self, changed: Timestamp) -> Option<Timestamp> {
        let delay = Duration::from_millis(u64::try_from(self.index).ok()?);
        changed.checked_add(delay).ok()
    }
}

impl Sampler for History {
    fn call(&mut self, host: &dyn Host, args: &[Value]) -> CallResult {
        let [value, Value::Int(index)] = args else {
            return Err(super::declare::wrong_count(args.len()));
        };
        if *index < 0 {
            return Err(CallError::fatal(format!(
                "can't use a negative interval of {index}"
            )));
        }
        if *index != self.index {
            self.changes.clear();
            self.index = *index;
        }
        let now = host.now();
        if self
            .changes
            .back()
            .is_none_or(|(_, last)| !last.is_same(value))
        {
            self.changes.push_back((now, value.clone()));
        }
        while let Some((changed, _)) = self.changes.get(1)
            && self.due(*changed).is_some_and(|due| due <= now)
        {
            self.changes.pop_front();
        }
        Ok(self
            .changes
            .front()
            .map_or_else(|| value.clone(), |(_, shown)| shown.clone()))
    }

    fn wake(&self, _: &[Value]) -> Vec<Wake> {
        let next = self
            .changes
            .get(1)
            .and_then(|(changed, _)| self.due(*changed));
        next.map(Wake::At).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    /// A host whose clock stands where the test puts it, in milliseconds.
    #[derive(Default)]
    struct Clock(AtomicI64);

    impl Host for Clock {
        fn hostname(&self) -> &str {
            ""
        }
        fn now(&self) -> Timestamp {
            Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).unwrap()
        }
    }

    #[test]
    fn a_change_shows_when_it_is_due() {
        let clock = Clock::default();
        let mut history = History::default();
        let mut at = |time: i64, value: i64| {
            clock.0.store(time, Ordering::Relaxed);
            let shown = history
                .call(&clock, &[Value::Int(value), Value::Int(100)])
                .unwrap();
            let wake = match history.wake(&[]).as_slice() {
                [Wake::At(due)] => Some(due.as_millisecond()),
                _ => None,
            };
            (shown.as_int().unwrap(), wake)
        };
        assert_eq!(at(0, 1), (1, None));
        assert_eq!(at(50, 2), (1, Some(150)));
        assert_eq!(at(60, 3), (1, Some(150)));
        assert_eq!(at(150, 3), (2, Some(160)));
        assert_eq!(at(160, 3), (3, None));
        assert_eq!(at(900, 3), (3, None));
    }

    #[test]
    fn another_interval_starts_anew() {
        let clock = Clock::default();
        let mut history = History::default();
        let mut call =
            |value: i64, index: i64| history.call(&clock, &[Value::Int(value), Value::Int(index)]);
        assert_eq!(call(1, 100), Ok(Value::Int(1)));
        assert_eq!(call(2, 100), Ok(Value::Int(1)));
        assert_eq!(call(2, 50), Ok(Value::Int(2)));
        let error = call(2, -1).unwrap_err();
        assert_eq!(error.message, "can't use a negative interval of -1");
        assert!(!error.catchable);
    }

    #[test]
    fn no_time_ago_is_now() {
        let clock = Clock::default();
        let mut history = History::default();
        for value in [1, 2, 2, 3] {
            let shown = history.call(&clock, &[Value::Int(value), Value::Int(0)]);
            assert_eq!(shown, Ok(Value::Int(value)));
            assert!(history.wake(&[]).is_empty());
        }
    }

    #[test]
    fn longer_ago_than_there_are_dates_is_the_oldest() {
        let clock = Clock::default();
        let mut history = History::default();
        for value in [1, 2] {
            let shown = history.call(&clock, &[Value::Int(value), Value::Int(i64::MAX)]);
            assert_eq!(shown, Ok(Value::Int(1)));
            assert!(history.wake(&[]).is_empty());
        }
    }
}
