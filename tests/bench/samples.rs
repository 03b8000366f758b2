//! Durations that were measured, and what is told of them.

use std::time::Duration;

/// At least one duration, in order.
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    /// Takes `count` durations.
    pub(crate) fn take(count: usize, mut measure: impl FnMut() -> Duration) -> Self {
        Self::from_iter((0..count.max(1)).map(|_| measure()))
    }

    /// The duration below which `percent` of a hundred are.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }

    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }

    pub(crate) fn min(&self) -> Duration {
        self.0[0]
    }

    pub(crate) fn max(&self) -> Duration {
        self.percentile(100)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<Duration> for Samples {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        let mut durations: Vec<_> = durations.into_iter().collect();
        durations.sort_unstable();
        Self(durations)
    }
}

/// In milliseconds.
pub(crate) fn ms(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1e3)
}
