//! One live call of a function that looks at the machine: called once, and again after each of its events.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, select_all};
use jiff::Timestamp;
use mgmt_compiler::evaluator::CallId;
use mgmt_stdlib::catalog::{CallError, Host, Sampler, Wake};
use mgmt_stdlib::value::Value;
use tokio::sync::{mpsc, watch};
use tracing::warn;

use super::evaluation::Message;
use crate::kernel_events::{KernelEvents, KernelWatch};
use crate::local_values::LocalValues;
use crate::path_watch::{PathHub, PathWatch};

/// Timers follow the monotonic clock; after this long the wall clock is asked again, since it can be set.
const MAX_SLEEP: Duration = Duration::from_secs(60);

/// A call and where its results go.
pub(super) struct Call {
    pub(super) id: CallId,
    /// For log lines.
    pub(super) name: String,
    pub(super) sampler: Box<dyn Sampler>,
    /// The newest arguments.
    pub(super) args: watch::Receiver<Vec<Value>>,
    pub(super) host: Arc<dyn Host>,
    pub(super) paths: PathHub,
    pub(super) kernel: KernelEvents,
    pub(super) values: Option<LocalValues>,
    pub(super) results: mpsc::UnboundedSender<Message>,
}

impl Call {
    /// Calls until it is cancelled.
    pub(super) async fn run(mut self) {
        let mut watches = HashMap::new();
        let mut kernel: Vec<(Wake, KernelWatch)> = Vec::new();
        let mut values: Vec<(Wake, ValueWatch)> = Vec::new();
        loop {
            let args = self.args.borrow_and_update().clone();
            // The events are listened to before the call, so that none falls between the two.
            let wakes = self.sampler.wake(&args);
            self.watch_paths(&wakes, &mut watches).await;
            self.watch_kernel(&wakes, &mut kernel);
            self.watch_values(&wakes, &mut values);
            let (mut sampler, host) = (self.sampler, Arc::clone(&self.host));
            let called = tokio::task::spawn_blocking(move || {
                let result = sampler.call(&*host, &args);
                let wakes = sampler.wake(&args);
                (sampler, result, wakes)
            });
            let Ok((sampler, result, wakes)) = called.await else {
                let error = CallError::fatal(format!("internal error: `{}` panicked", self.name));
                let _ = self.results.send(Message::Fed(self.id, Err(error)));
                return;
            };
            self.sampler = sampler;
            if self.args.has_changed().unwrap_or(false) {
                continue;
            }
            if self.results.send(Message::Fed(self.id, result)).is_err() {
                return;
            }
            let event = wait(&*self.host, &wakes, &mut watches, &mut kernel, &mut values);
            tokio::select! {
                () = event => {}
                changed = self.args.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Makes `watches` those of the paths among `wakes`.
    async fn watch_paths(&mut self, wakes: &[Wake], watches: &mut HashMap<PathBuf, PathWatch>) {
        let paths = || {
            wakes.iter().filter_map(|wake| match wake {
                Wake::Path(path) => Some(path),
                _ => None,
            })
        };
        watches.retain(|watched, _| paths().any(|path| path == watched));
        for path in paths() {
            if watches.contains_key(path) {
                continue;
            }
            match self.paths.watch(path, false).await {
                Ok(watch) => drop(watches.insert(path.clone(), watch)),
                Err(error) => warn!("`{}` does not notice changes: {error}", self.name),
            }
        }
    }

    /// Makes `watches` those of the local values among `wakes`.
    fn watch_values(&self, wakes: &[Wake], watches: &mut Vec<(Wake, ValueWatch)>) {
        watches.retain(|(wake, _)| wakes.contains(wake));
        let Some(values) = &self.values else {
            return;
        };
        for wake in wakes {
            let Wake::LocalValue(name) = wake else {
                continue;
            };
            if let Some((_, watch)) = watches.iter_mut().find(|(watched, _)| watched == wake) {
                // The call that follows sees the present value.
                watch.mark_unchanged();
                continue;
            }
            // If its file can not be read, the call says so.
            if let Ok(watch) = values.subscribe(name) {
                watches.push((wake.clone(), watch));
            }
        }
    }

    /// Makes `watches` those of the kernel's events among `wakes`.
    fn watch_kernel(&self, wakes: &[Wake], watches: &mut Vec<(Wake, KernelWatch)>) {
        watches.retain(|(wake, _)| wakes.contains(wake));
        for wake in wakes {
            let watch = match wake {
                Wake::Interfaces => self.kernel.interfaces(),
                Wake::Devices(subsystem) => self.kernel.devices(subsystem),
                _ => continue,
            };
            if watches.iter().any(|(watched, _)| watched == wake) {
                continue;
            }
            match watch {
                Ok(watch) => watches.push((wake.clone(), watch)),
                Err(error) => warn!("`{}` does not notice changes: {error}", self.name),
            }
        }
    }
}

/// Tells when a local value changes.
type ValueWatch = watch::Receiver<Option<Value>>;

/// Waits for the first event.
async fn wait(
    host: &dyn Host,
    wakes: &[Wake],
    watches: &mut HashMap<PathBuf, PathWatch>,
    kernel: &mut [(Wake, KernelWatch)],
    values: &mut [(Wake, ValueWatch)],
) {
    let mut events: Vec<BoxFuture<'_, ()>> = Vec::new();
    for wake in wakes {
        match wake {
            Wake::Clock(period) => {
                events.push(sleep_until(host, move |now| next_multiple(now, *period)).boxed());
            }
            Wake::At(time) => {
                events.push(sleep_until(host, |_| Some(*time)).boxed());
            }
            Wake::Midnight => {
                events.push(sleep_until(host, |now| next_midnight(host, now)).boxed());
            }
            Wake::Path(_) | Wake::Interfaces | Wake::Devices(_) | Wake::LocalValue(_) => {}
        }
    }
    for watch in watches.values_mut() {
        events.push(
            async {
                if let Err(error) = watch.changed().await {
                    warn!("{error}");
                    std::future::pending().await
                }
            }
            .boxed(),
        );
    }
    for (_, watch) in kernel {
        events.push(watch.changed().boxed());
    }
    for (_, value) in values {
        events.push(
            async {
                if value.changed().await.is_err() {
                    // The store is gone, and with it all that could change.
                    std::future::pending().await
                }
            }
            .boxed(),
        );
    }
    if events.is_empty() {
        std::future::pending().await
    }
    select_all(events).await;
}

/// Sleeps until the wall clock has reached the time that `next` gives for the present.
async fn sleep_until(host: &dyn Host, next: impl Fn(Timestamp) -> Option<Timestamp> + Send) {
    let Some(until) = next(host.now()) else {
        std::future::pending().await
    };
    loop {
        let left = Duration::try_from(until.duration_since(host.now())).unwrap_or(Duration::ZERO);
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(MAX_SLEEP)).await;
    }
}

/// The next time that is a multiple of `period`, counted from the epoch.
fn next_multiple(now: Timestamp, period: Duration) -> Option<Timestamp> {
    let period = i128::try_from(period.as_nanos())
        .ok()
        .filter(|it| *it > 0)?;
    let next = (now.as_nanosecond().div_euclid(period) + 1) * period;
    Timestamp::from_nanosecond(next).ok()
}

fn next_midnight(host: &dyn Host, now: Timestamp) -> Option<Timestamp> {
    let today = now.to_zoned(host.time_zone());
    Some(today.tomorrow().ok()?.start_of_day().ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_tick_at_full_periods() {
        let second = Duration::from_secs(1);
        let at = |nanoseconds| Timestamp::from_nanosecond(nanoseconds).unwrap();
        for (now, next) in [
            (0, 1_000_000_000),
            (1, 1_000_000_000),
            (999_999_999, 1_000_000_000),
            (1_000_000_000, 2_000_000_000),
            (-1, 0),
        ] {
            assert_eq!(next_multiple(at(now), second), Some(at(next)), "{now}");
        }
        assert_eq!(next_multiple(at(5), Duration::ZERO), None);
    }
}
