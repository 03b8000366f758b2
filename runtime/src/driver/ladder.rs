//! The signal ladder: each SIGINT or SIGTERM climbs a rung (engine.md §7.3).

use std::io;
use std::time::Duration;

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
    pub async fn climb(mut self, reached: watch::Sender<Rung>) {
        let mut rung = Rung::Run;
        // Only a service manager needs the timer: a person can press the keys again.
        let mut timed = false;
        loop {
            let by = tokio::select! {
                Some(()) = self.interrupt.recv() => "^C",
                Some(()) = self.terminate.recv() => {
                    timed |= rung == Rung::Run;
                    "SIGTERM"
                }
                () = tokio::time::sleep(STEP), if timed && rung < Rung::Kill => "the time limit",
                () = reached.closed() => return,
            };
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
}
