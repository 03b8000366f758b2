//! Who has to look again after events were lost.
//!
//! All have to, since nobody knows what was lost. But their looking makes events, too, which may overflow the
//! queue of the kernel in turn. So they are told in portions; and whenever events are lost again soon
//! after, the portions become smaller, down to a pace that can not be the cause.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Signal;

/// How many look at once at first.
const PORTION: usize = 256;
/// Between two portions.
const PERIOD: Duration = Duration::from_millis(10);
/// After so long without a loss the pace is as at first.
const CALM: Duration = Duration::from_secs(60);

/// A round of looking again, if there is one.
#[derive(Default)]
pub(super) struct Recheck {
    waiting: VecDeque<Arc<Signal>>,
    /// Events were lost during the round: those who were told before have to look once more.
    again: bool,
    portion: usize,
    /// When the next portion is due.
    next: Option<Instant>,
    last_loss: Option<Instant>,
}

impl Recheck {
    /// Events were lost.
    pub(super) fn lost(&mut self, now: Instant) {
        let calm = self
            .last_loss
            .is_none_or(|last| now.duration_since(last) > CALM);
        self.portion = if calm {
            PORTION
        } else {
            self.portion.div_ceil(2)
        };
        self.last_loss = Some(now);
        self.again = true;
        self.next.get_or_insert(now);
    }

    /// When there is something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        self.next
    }

    /// Whether a round is to begin now.
    pub(super) fn begins(&mut self, now: Instant) -> bool {
        self.is_due(now) && self.waiting.is_empty() && std::mem::take(&mut self.again)
    }

    /// Begins a round.
    pub(super) fn begin(&mut self, everybody: impl Iterator<Item = Arc<Signal>>) {
        self.waiting = everybody.collect();
    }

    /// Tells a portion of those who wait, if it is time.
    pub(super) fn advance(&mut self, now: Instant) {
        if !self.is_due(now) {
            return;
        }
        let portion = self.portion.min(self.waiting.len());
        for signal in self.waiting.drain(..portion) {
            signal.event();
        }
        let more = self.again || !self.waiting.is_empty();
        self.next = more.then(|| now + PERIOD);
    }

    fn is_due(&self, now: Instant) -> bool {
        self.next.is_some_and(|next| next <= now)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    /// Runs until there is nothing to do, and gives how many looked at each instant. `react` is called with that,
    /// and tells whether it led to another loss.
    fn run(
        recheck: &mut Recheck,
        count: usize,
        mut react: impl FnMut(usize) -> bool,
    ) -> Vec<usize> {
        let everybody: Vec<Arc<Signal>> = (0..count).map(|_| Arc::default()).collect();
        let mut now = Instant::now();
        recheck.lost(now);
        let mut told = Vec::new();
        while let Some(due) = recheck.due() {
            now = now.max(due);
            if recheck.begins(now) {
                recheck.begin(everybody.iter().cloned());
            }
            recheck.advance(now);
            let looking = everybody
                .iter()
                .filter(|signal| signal.notify.notified().now_or_never().is_some())
                .count();
            told.push(looking);
            if react(looking) {
                recheck.lost(now);
            }
        }
        told
    }

    #[test]
    fn everybody_looks_once_in_portions() {
        let told = run(&mut Recheck::default(), 1000, |_| false);
        assert_eq!(told, [256, 256, 256, 232]);
    }

    #[test]
    fn nobody_is_no_reason_to_wait() {
        assert_eq!(run(&mut Recheck::default(), 0, |_| false), [0]);
    }

    #[test]
    fn looking_that_makes_events_be_lost_slows_down_and_ends() {
        let told = run(&mut Recheck::default(), 1000, |looking| looking > 20);
        assert_eq!(told.last(), Some(&(1000 % 16)));
        // The last round was a whole one.
        let last: usize = told.iter().rev().take(1000_usize.div_ceil(16)).sum();
        assert_eq!(last, 1000);
    }
}
