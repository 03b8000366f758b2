//! Notices what happens so often that something must be wrong with it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// More than this in [`PERIOD`] is often.
pub(crate) const OFTEN: usize = 10;
const PERIOD: Duration = Duration::from_secs(60);

/// How often something has happened lately.
pub(crate) struct Frequency(Mutex<Lately>);

enum Lately {
    /// When, the oldest first.
    At(VecDeque<Instant>),
    Told,
}

impl Frequency {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Lately::At(VecDeque::new())))
    }

    /// It happens. True if that is often now, which is told only once.
    pub(crate) fn is_often(&self) -> bool {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Lately::At(times) = &mut *lately else {
            return false;
        };
        let now = Instant::now();
        times.push_back(now);
        while times.front().is_some_and(|time| now - *time > PERIOD) {
            times.pop_front();
        }
        let often = times.len() > OFTEN;
        if often {
            *lately = Lately::Told;
        }
        often
    }

    /// What has happened had its reasons. What was told stays told.
    pub(crate) fn forgive(&self) {
        let mut lately = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Lately::At(times) = &mut *lately {
            times.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_what_is_often_is_told_and_only_once() {
        let frequency = Frequency::new();
        for _ in 0..3 * OFTEN {
            advance(PERIOD / OFTEN as u32 + Duration::from_secs(1)).await;
            assert!(!frequency.is_often());
        }
        advance(2 * PERIOD).await;
        for _ in 0..OFTEN {
            assert!(!frequency.is_often());
        }
        frequency.forgive();
        for _ in 0..OFTEN {
            assert!(!frequency.is_often());
        }
        assert!(frequency.is_often());
        assert!(!frequency.is_often());
    }
}
