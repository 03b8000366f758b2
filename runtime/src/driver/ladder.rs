//! The signal ladder: each SIGINT, SIGTERM or SIGHUP climbs a rung (engine.md §7.3).
//!
//! A [`StopHandle`] is the ladder; signals are one way to climb it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use procfs::process::Process;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use tracing::info;

/// A service manager signals once; the other rungs follow after this long each.
pub(crate) const STEP: Duration = Duration::from_secs(15);

/// How urgently the end is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// Not at all.
    #[default]
    Run,
    /// What is running completes.
    Stop,
    /// What is running is cancelled.
    Interrupt,
    /// What is running is torn down.
    Kill,
}

impl Rung {
    fn next(self) -> Self {
        match self {
            Self::Run => Self::Stop,
            Self::Stop => Self::Interrupt,
            Self::Interrupt | Self::Kill => Self::Kill,
        }
    }
}

/// Asks a run for its end, from anywhere and at any time, also before it has begun. What was asked for can not be
/// taken back. Cheap to clone; clones are one ladder.
///
/// ```
/// use mgmt_runtime::driver::ladder::{Rung, StopHandle};
///
/// let stop = StopHandle::new();
/// stop.soft_interrupt();
/// stop.stop();
/// assert_eq!(stop.rung(), Rung::Interrupt);
/// ```
#[derive(Clone, Debug, Default)]
pub struct StopHandle(Arc<watch::Sender<Rung>>);

impl StopHandle {
    /// A handle by which nothing is asked for yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the run in order: what is running completes.
    pub fn stop(&self) {
        self.reach(Rung::Stop);
    }

    /// Ends the run; what is running is cancelled.
    pub fn soft_interrupt(&self) {
        self.reach(Rung::Interrupt);
    }

    /// Ends the run; what is running is torn down.
    pub fn hard_interrupt(&self) {
        self.reach(Rung::Kill);
    }

    /// How urgently the end is asked for.
    pub fn rung(&self) -> Rung {
        *self.0.borrow()
    }

    /// Lets SIGINT, SIGTERM and SIGHUP climb, until what is returned is dropped. From here on they do not end the
    /// process. SIGHUP is left alone if it is ignored, as under `nohup`.
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn on_signals(&self) -> io::Result<AbortOnDropHandle<()>> {
        let ladder = Ladder::install()?;
        let climbing = tokio::spawn(ladder.climb(self.clone()));
        Ok(AbortOnDropHandle::new(climbing))
    }

    /// Completes once the end is asked for at least so urgently.
    pub(crate) async fn reached(&self, wanted: Rung) {
        // The sender lives in `self`.
        let _ = self.subscribe().wait_for(|rung| *rung >= wanted).await;
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Rung> {
        self.0.subscribe()
    }

    fn reach(&self, wanted: Rung) {
        self.0.send_if_modified(|rung| {
            let climbs = *rung < wanted;
            *rung = (*rung).max(wanted);
            climbs
        });
    }
}

/// The handlers of the signals.
#[derive(Debug)]
struct Ladder {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl Ladder {
    /// Takes over the signals.
    fn install() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: match is_ignored(SignalKind::hangup()) {
                true => None,
                false => Some(signal(SignalKind::hangup())?),
            },
        })
    }

    async fn climb(self, stop: StopHandle) {
        let Self {
            mut interrupt,
            mut terminate,
            mut hangup,
        } = self;
        let signals = stream::poll_fn(move |context| {
            if let Poll::Ready(Some(())) = interrupt.poll_recv(context) {
                return Poll::Ready(Some(By::Interrupt));
            }
            if let Some(hangup) = &mut hangup
                && let Poll::Ready(Some(())) = hangup.poll_recv(context)
            {
                return Poll::Ready(Some(By::Hangup));
            }
            terminate
                .poll_recv(context)
                .map(|one| one.map(|()| By::Terminate))
        });
        climb(signals, stop).await;
    }
}

/// Whether whoever started this process wants it to live on in spite of a signal. Without /proc nobody does.
fn is_ignored(kind: SignalKind) -> bool {
    let status = Process::myself().and_then(|process| process.status());
    let bit = 1 << (kind.as_raw_value() - 1);
    status.is_ok_and(|status| status.sigign & bit != 0)
}

/// What makes the ladder climb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Interrupt,
    Terminate,
    Hangup,
    Time,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "^C",
            Self::Terminate => "SIGTERM",
            Self::Hangup => "SIGHUP",
            Self::Time => "the time limit",
        })
    }
}

async fn climb(mut signals: impl Stream<Item = By> + Unpin, stop: StopHandle) {
    // Only a person can press the keys again: a service manager and a terminal that was closed signal once.
    let mut timed = false;
    loop {
        let before = stop.rung();
        let by = tokio::select! {
            Some(by) = signals.next() => by,
            () = tokio::time::sleep(STEP), if timed && before < Rung::Kill => By::Time,
        };
        let before = stop.rung();
        timed |= before == Rung::Run && by != By::Interrupt;
        if before == Rung::Kill {
            continue;
        }
        let rung = before.next();
        match rung {
            Rung::Run | Rung::Stop => info!("interrupted by {by}"),
            Rung::Interrupt => info!("interrupted by {by} (soft interrupt)"),
            Rung::Kill => info!("interrupted by {by} (hard interrupt)"),
        }
        stop.reach(rung);
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use tokio::time::{Instant, sleep, sleep_until};

    use super::*;

    /// Sends the signals at these seconds, and tells when which rung was reached.
    async fn climbed(signals: &'static [(u64, By)]) -> Vec<(u64, Rung)> {
        let start = Instant::now();
        let signals = stream::iter(signals).then(move |(at, by)| async move {
            sleep_until(start + Duration::from_secs(*at)).await;
            *by
        });
        // Who holds a rung of the ladder does not leave when the last signal was sent.
        let signals = Box::pin(signals.chain(stream::pending()));
        let stop = StopHandle::new();
        let mut rung = stop.subscribe();
        let ladder = climb(signals, stop);
        let look = async move {
            let mut seen = Vec::new();
            let end = sleep(Duration::from_secs(3_600));
            let mut end = std::pin::pin!(end);
            loop {
                tokio::select! {
                    () = &mut end => return seen,
                    Ok(()) = rung.changed() => {
                        seen.push((start.elapsed().as_secs(), *rung.borrow_and_update()));
                    }
                }
            }
        };
        tokio::select! {
            seen = look => seen,
            () = ladder => unreachable!("signals may always come"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_signal_is_a_rung_and_nothing_follows_by_itself() {
        use By::{Interrupt, Terminate};
        let signals = &[
            (1, Interrupt),
            (20, Terminate),
            (21, Interrupt),
            (22, Terminate),
        ];
        let rungs = [(1, Rung::Stop), (20, Rung::Interrupt), (21, Rung::Kill)];
        assert_eq!(climbed(signals).await, rungs);
        assert_eq!(climbed(&[(1, Interrupt)]).await, [(1, Rung::Stop)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_manager_signals_once_and_time_does_the_rest() {
        let rungs = [(1, Rung::Stop), (16, Rung::Interrupt), (31, Rung::Kill)];
        assert_eq!(climbed(&[(1, By::Terminate)]).await, rungs);
        assert_eq!(climbed(&[(1, By::Hangup)]).await, rungs);
        // Who signals again need not wait, and the next rung is as far away as ever.
        let rungs = [(1, Rung::Stop), (5, Rung::Interrupt), (20, Rung::Kill)];
        assert_eq!(
            climbed(&[(1, By::Terminate), (5, By::Terminate)]).await,
            rungs
        );
    }
}
