//! Rate limit of a vertex's events: a token bucket (engine.md §3.9).

use std::time::Duration;

/// `burst` events at once, refilled at `rate` a second.
#[derive(Debug)]
pub(crate) struct Limiter {
    rate: f64,
    burst: f64,
    tokens: f64,
    at: Duration,
}

impl Limiter {
    /// A full bucket at the instant `now`.
    pub(crate) fn new(rate: f64, burst: i64, now: Duration) -> Self {
        let burst = burst as f64;
        Self {
            rate,
            burst,
            tokens: burst,
            at: now,
        }
    }

    /// Takes one token and says when it may be used, which is `now` if there was one left.
    pub(crate) fn reserve(&mut self, now: Duration) -> Duration {
        let elapsed = now.saturating_sub(self.at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * self.rate).min(self.burst);
        self.at = self.at.max(now);
        self.tokens -= 1.0;
        if self.tokens >= 0.0 {
            return now;
        }
        let wait = -self.tokens / self.rate;
        // A rate close to zero means a wait beyond what a duration holds: that is never.
        Duration::try_from_secs_f64(wait)
            .ok()
            .and_then(|wait| now.checked_add(wait))
            .unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_full_bucket_lets_a_burst_through() {
        let mut limiter = Limiter::new(2.0, 3, Duration::ZERO);
        let now = Duration::from_secs(7);
        assert_eq!(
            [
                limiter.reserve(now),
                limiter.reserve(now),
                limiter.reserve(now)
            ],
            [now; 3]
        );
        assert_eq!(limiter.reserve(now), now + Duration::from_millis(500));
    }

    proptest! {
        #![proptest_config(crate::engine::tests::chance::cases(1_000))]

        /// T16: in any window at most burst + rate * length events.
        #[test]
        fn no_window_holds_more_than_burst_and_rate(
            rate in 0.1f64..50.0,
            burst in 1i64..5,
            gaps in prop::collection::vec(0u64..2_000, 1..80),
        ) {
            let mut limiter = Limiter::new(rate, burst, Duration::ZERO);
            let mut now = Duration::ZERO;
            let mut granted: Vec<Duration> = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                let at = limiter.reserve(now);
                granted.push(at);
                now = at;
            }
            for first in 0..granted.len() {
                for last in first..granted.len() {
                    let window = (granted[last] - granted[first]).as_secs_f64();
                    let allowed = burst as f64 + rate * window + 1e-6;
                    prop_assert!((last - first + 1) as f64 <= allowed);
                }
            }
        }
    }
}
