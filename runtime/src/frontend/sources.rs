//! Where the events come from that wake the functions of a program. All calls that wait for one thing share one
//! watch of the machine.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, select_all};
use jiff::Timestamp;
use mgmt_stdlib::catalog::{Host, HttpResponse, Wake};
use mgmt_stdlib::value::Value;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::dbus::{Bus, SignalWatch};
use crate::hostname_watch::HostnameWatch;
use crate::http_responses::HttpResponses;
use crate::kernel_events::{KernelEvents, KernelWatch};
use crate::local_values::LocalValues;
use crate::path_watch::{PathHub, PathWatch, PathWatchError};
use crate::resource::Services;
use crate::world::World;

use super::firmware;

/// Timers follow the monotonic clock; after this long the wall clock is asked again, since it can be set.
const MAX_SLEEP: Duration = Duration::from_secs(60);

/// What can wake functions. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct EventSources {
    /// Files.
    pub paths: PathHub,
    /// Network interfaces and devices.
    pub kernel: KernelEvents,
    /// The kernel's host name.
    pub hostname: HostnameWatch,
    /// What resources bring back into the program; without it, its functions see none of that.
    pub values: Option<LocalValues>,
    /// What downloads have brought.
    pub responses: HttpResponses,
    /// The state that is shared with peers.
    pub world: Option<Arc<dyn World>>,
    /// D-Bus.
    pub system_bus: Option<Bus>,
}

impl From<&Services> for EventSources {
    fn from(services: &Services) -> Self {
        Self {
            paths: services.paths.clone(),
            values: Some(services.values.clone()),
            responses: services.responses.clone(),
            world: Some(Arc::clone(&services.world)),
            system_bus: Some(services.buses.system.clone()),
            ..Self::default()
        }
    }
}

/// The watches of one call. Those that are not needed any more end.
#[derive(Debug, Default)]
pub(super) struct Watches(Vec<(Wake, Watch)>);

#[derive(Debug)]
enum Watch {
    Path(PathWatch),
    Kernel(KernelWatch),
    Value(watch::Receiver<Option<Value>>),
    Response(watch::Receiver<HttpResponse>),
    Told(watch::Receiver<()>),
    Bus(SignalWatch),
}

impl Watches {
    /// Makes these the watches for `wakes`.
    pub(super) async fn follow(
        &mut self,
        sources: &EventSources,
        wakes: &[Wake],
    ) -> Result<(), WatchError> {
        self.0.retain(|(wake, _)| wakes.contains(wake));
        for (_, watch) in &mut self.0 {
            // The call that follows sees the present value.
            match watch {
                Watch::Value(value) => value.mark_unchanged(),
                Watch::Response(response) => response.mark_unchanged(),
                Watch::Told(told) => told.mark_unchanged(),
                Watch::Path(_) | Watch::Kernel(_) | Watch::Bus(_) => {}
            }
        }
        for wake in wakes {
            if self.0.iter().any(|(watched, _)| watched == wake) {
                continue;
            }
            if let Some(watch) = open(sources, wake).await? {
                self.0.push((wake.clone(), watch));
            }
        }
        Ok(())
    }

    /// Waits for the first event, or for the end of a watch.
    pub(super) async fn event(
        &mut self,
        host: &dyn Host,
        wakes: &[Wake],
    ) -> Result<(), WatchError> {
        let mut events: Vec<BoxFuture<'_, Result<(), WatchError>>> = Vec::new();
        for wake in wakes {
            match wake {
                Wake::Clock(period) => {
                    let tick = sleep_until(host, move |now| next_multiple(now, *period));
                    events.push(tick.map(Ok).boxed());
                }
                Wake::At(time) => {
                    events.push(sleep_until(host, |_| Some(*time)).map(Ok).boxed());
                }
                Wake::Midnight => {
                    let midnight = sleep_until(host, |now| next_midnight(host, now));
                    events.push(midnight.map(Ok).boxed());
                }
                _ => {}
            }
        }
        events.extend(self.0.iter_mut().map(|(_, watch)| watch.changed().boxed()));
        if events.is_empty() {
            std::future::pending::<()>().await;
        }
        select_all(events).await.0
    }
}

/// What a function looks at can not be watched, so that its value would not be true for long (functions.md §1.4.4).
#[derive(Debug, thiserror::Error)]
pub(super) enum WatchError {
    #[error("could not watch file: {0}")]
    Path(#[from] PathWatchError),
    #[error("could not listen to the kernel: {0}")]
    Kernel(#[from] io::Error),
}

/// The watch for an event; nothing if it needs none, or if nothing of that sort ever happens here.
async fn open(sources: &EventSources, wake: &Wake) -> Result<Option<Watch>, WatchError> {
    Ok(match wake {
        // Nothing ever comes to be there.
        Wake::Path(path) if path.as_os_str().is_empty() => None,
        Wake::Path(path) => Some(Watch::Path(watch_path(sources, path).await?)),
        Wake::Interfaces => Some(Watch::Kernel(sources.kernel.interfaces()?)),
        Wake::Devices(subsystem) => Some(Watch::Kernel(sources.kernel.devices(subsystem)?)),
        Wake::KernelHostname => Some(Watch::Told(sources.hostname.subscribe()?)),
        Wake::LocalValue(name) => match sources.values.clone() {
            Some(values) => {
                let name = name.clone();
                let subscribed = spawn_blocking(move || values.subscribe(&name).ok()).await;
                // If its file can not be read, the call says so.
                subscribed.ok().flatten().map(Watch::Value)
            }
            None => None,
        },
        Wake::HttpResponse(name) => Some(Watch::Response(sources.responses.subscribe(name))),
        Wake::World(event) => {
            let world = sources.world.as_ref();
            world.map(|world| Watch::Told(world.watch(event)))
        }
        Wake::Firmware => match &sources.system_bus {
            // Without a bus there is nobody to ask, either.
            Some(bus) => firmware::watch(bus).await.ok().map(Watch::Bus),
            None => None,
        },
        Wake::Clock(_) | Wake::At(_) | Wake::Midnight | Wake::Lines(_) => None,
    })
}

async fn watch_path(sources: &EventSources, path: &Path) -> Result<PathWatch, PathWatchError> {
    // A relative one starts at the working directory, as it does when the function looks there.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    sources.paths.watch(path, false).await
}

impl Watch {
    /// Completes with the next event, and never if there can be none.
    async fn changed(&mut self) -> Result<(), WatchError> {
        let goes_on = match self {
            Self::Path(watch) => {
                watch.changed().await?;
                true
            }
            Self::Kernel(watch) => {
                watch.changed().await;
                true
            }
            // Without its owner nothing can change.
            Self::Value(watch) => watch.changed().await.is_ok(),
            Self::Response(watch) => watch.changed().await.is_ok(),
            Self::Told(watch) => watch.changed().await.is_ok(),
            Self::Bus(watch) => {
                watch.changed().await;
                true
            }
        };
        if !goes_on {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
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
    use mgmt_stdlib::catalog::{SystemHost, WorldEvent};

    use super::*;
    use crate::world::SoloWorld;

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

    #[tokio::test]
    async fn a_watch_ends_when_it_is_not_wanted_any_more() {
        let directory = tempfile::tempdir().unwrap();
        let world = Arc::new(SoloWorld::new("h1", directory.path().to_owned()));
        let sources = EventSources {
            world: Some(Arc::clone(&world) as Arc<dyn World>),
            ..EventSources::default()
        };
        let host = SystemHost::default();
        let mut watches = Watches::default();
        let wake = [Wake::World(WorldEvent::String("a".to_owned()))];
        watches.follow(&sources, &wake).await.unwrap();
        world.set_string("a", Some("1")).unwrap();
        watches.event(&host, &wake).await.unwrap();
        // A second look at the same needs no second watch.
        watches.follow(&sources, &wake).await.unwrap();
        assert_eq!(watches.0.len(), 1);
        watches.follow(&sources, &[]).await.unwrap();
        assert!(watches.0.is_empty());
    }
}
