//! `timer` is woken by the clock, compares nothing, and changes nothing; a tick counts as a change, so
//! that it notifies. Without a watch, as with `Meta:poll`, there are no ticks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use mgmt_stdlib::resources::timer as declared;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::resource::{Change, CheckContext, Outcome, Resource, ResourceError, WatchContext};

/// See [`declared::Timer`].
#[derive(Default)]
pub(super) struct Timer {
    /// A tick that no check has reported yet.
    ticked: AtomicBool,
    /// Starts the interval anew.
    restart: Notify,
}

#[async_trait]
impl Resource for Timer {
    type Params = declared::Timer;

    fn new(_name: &str, _params: &declared::Timer) -> Self {
        Self::default()
    }

    async fn watch(
        &self,
        params: &declared::Timer,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        let period = Duration::from_secs(u64::from(params.interval));
        let mut ticks = interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        context.event().await?;
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                () = self.restart.notified() => ticks.reset(),
                _ = ticks.tick() => {
                    self.ticked.store(true, Ordering::Release);
                    context.event().await?;
                }
            }
        }
    }

    async fn check_apply(
        &self,
        _params: &declared::Timer,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        // A tick is over once it was told of, also if nothing may be changed: nothing is left to be done about it.
        let ticked = self.ticked.swap(false, Ordering::AcqRel);
        if ticked {
            context.report(|| Change::Notice("tick".to_owned()));
        }
        if context.refresh() {
            if context.apply() {
                tracing::info!("restarted");
                self.restart.notify_one();
            }
            context.report(|| Change::Notice("start the interval anew".to_owned()));
        }
        Ok(if ticked || context.refresh() {
            Outcome::Changed
        } else {
            Outcome::Unchanged
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;
    use crate::resource::harness::{Scratch, Subject};

    fn timer(interval: u32) -> Subject<Timer> {
        Scratch::new().resource::<Timer>("t", declared::Timer { interval })
    }

    #[tokio::test(start_paused = true)]
    async fn a_tick_is_an_event_and_a_change() {
        let timer = timer(5);
        let mut watching = timer.watch().await;
        let start = Instant::now();
        timer.is_settled().await;
        watching.event().await;
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        assert_eq!(timer.apply().await.unwrap(), Outcome::Changed);
        timer.is_settled().await;
        watching.end().await;
    }

    #[tokio::test(start_paused = true)]
    async fn without_changes_each_tick_counts_once() {
        let timer = timer(5);
        let mut watching = timer.watch().await;
        for _ in 0..2 {
            watching.event().await;
            assert_eq!(timer.noop().await.unwrap(), Outcome::Changed);
            assert_eq!(timer.noop().await.unwrap(), Outcome::Unchanged);
        }
        watching.end().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_notification_starts_the_interval_anew() {
        let timer = timer(5);
        let mut watching = timer.watch().await;
        sleep(Duration::from_secs(4)).await;
        assert_eq!(timer.refresh().await.unwrap(), Outcome::Changed);
        let restarted = Instant::now();
        watching.event().await;
        assert_eq!(restarted.elapsed(), Duration::from_secs(5));
        watching.event().await;
        assert_eq!(restarted.elapsed(), Duration::from_secs(10));
        watching.end().await;
    }
}
