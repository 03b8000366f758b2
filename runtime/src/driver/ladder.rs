//! The signal ladder: each SIGINT or SIGTERM climbs a rung (engine.md §7.3).

use std::fmt;
use std::io;
use std::task::Poll;
use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing::info;

/// A service manager signals once; the other rungs follow after this long each.
const STEP: Duration = Duration::from_secs(15);

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

/// The handlers of both signals.
#[derive(Debug)]
pub struct Ladder {
    interrupt: Signal,
    terminate: Signal,
}

impl Ladder {
    /// Takes over the signals. From here on they do not end the process.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn install() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Reports every rung that is reached, for as long as somebody listens.
    pub async fn climb(self, reached: watch::Sender<Rung>) {
        let Self {
            mut interrupt,
            mut terminate,
        } = self;
        let signals = stream::poll_fn(move |context| {
            if let Poll::Ready(Some(())) = interrupt.poll_recv(context) {
                return Poll::Ready(Some(By::Interrupt));
            }
            terminate
                .poll_recv(context)
                .map(|one| one.map(|()| By::Terminate))
        });
        climb(signals, reached).await;
    }
}

/// What makes the ladder climb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Interrupt,
    Terminate,
    Time,
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "^C",
            Self::Terminate => "SIGTERM",
            Self::Time => "the time limit",
        })
    }
}

async fn climb(mut signals: impl Stream<Item = By> + Unpin, reached: watch::Sender<Rung>) {
    let mut rung = Rung::Run;
    // Only a service manager needs the timer: a person can press the keys again.
    let mut timed = false;
    loop {
        let by = tokio::select! {
            Some(by) = signals.next() => by,
            () = tokio::time::sleep(STEP), if timed && rung < Rung::Kill => By::Time,
            () = reached.closed() => return,
        };
        timed |= rung == Rung::Run && by == By::Terminate;
        if rung == Rung::Kill {
            continue;
        }
        rung = rung.next();
        match rung {
            Rung::Run | Rung::Stop => info!("interrupted by {by}"),
            Rung::Interrupt => info!("interrupted by {by} (soft interrupt)"),
            Rung::Kill => info!("interrupted by {by} (hard interrupt)"),
        }
        reached.send_replace(rung);
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
        let (reached, mut rung) = watch::channel(Rung::Run);
        let ladder = climb(signals, reached);
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
        // The ladder ends when nobody looks any more.
        let (seen, ()) = tokio::join!(look, ladder);
        seen
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
        // Who signals again need not wait, and the next rung is as far away as ever.
        let rungs = [(1, Rung::Stop), (5, Rung::Interrupt), (20, Rung::Kill)];
        assert_eq!(
            climbed(&[(1, By::Terminate), (5, By::Terminate)]).await,
            rungs
        );
    }
}
