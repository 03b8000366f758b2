//! When everything has been idle long enough (engine.md §5). Pure: the caller says what time it is.

use std::time::Duration;

/// A busy period without activity may stay unreported for this long (engine.md 5.3.7): a poll that finds
/// nothing to do is no news.
const DEBOUNCE: Duration = Duration::from_secs(1);

/// The component that tells of convergence in the log.
pub(crate) const LOG: &str = "mgmt_runtime::converger";

/// Converged means that nobody is busy and that the last activity lies `timeout` back.
#[derive(Debug)]
pub(crate) struct Converger {
    /// Without one nothing ever converges.
    timeout: Option<Duration>,
    converged: bool,
    paused: bool,
    last_activity: Duration,
    busy_since: Option<Duration>,
    /// Something happened while nothing could be reported.
    stirred: bool,
    commits: u64,
    reports: Vec<bool>,
}

impl Converger {
    /// Starts paused: there is no graph yet.
    pub(crate) fn new(timeout: Option<Duration>) -> Self {
        Self {
            timeout,
            converged: false,
            paused: true,
            last_activity: Duration::ZERO,
            busy_since: None,
            stirred: false,
            commits: 0,
            reports: Vec::new(),
        }
    }

    /// A graph was committed or given up: the idle clock starts anew, and every commit but the first is
    /// reported as `false`, so that who waits for `false` then `true` sees it (engine.md 5.3.5). Before the
    /// first commit there is nothing that could be converged.
    pub(crate) fn resume(&mut self, now: Duration, committed: bool) {
        self.commits += u64::from(committed);
        self.paused = self.commits == 0;
        self.last_activity = now;
        let stirred = std::mem::take(&mut self.stirred);
        let anew = committed && self.commits > 1;
        if self.timeout.is_some() && (anew || stirred) {
            self.set(false);
        }
    }

    /// Nothing is reported until [`Converger::resume`].
    pub(crate) fn pause(&mut self) {
        self.paused = true;
    }

    /// Something happened that restarts the idle clock (engine.md 5.3.4).
    pub(crate) fn activity(&mut self, now: Duration) {
        self.last_activity = self.last_activity.max(now);
        match (self.converged, self.paused) {
            (true, false) => self.set(false),
            (true, true) => self.stirred = true,
            (false, _) => {}
        }
    }

    /// Whether anybody is busy from now on; evaluates the whole.
    pub(crate) fn update(&mut self, busy: bool, now: Duration) {
        match (busy, self.busy_since) {
            (true, None) => self.busy_since = Some(now),
            (false, Some(_)) => self.busy_since = None,
            _ => {}
        }
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.set(!self.converged);
        }
    }

    /// When the state changes if nothing else happens.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let timeout = self.timeout?;
        if self.paused {
            return None;
        }
        match (self.converged, self.busy_since) {
            (true, Some(since)) => Some(since.saturating_add(DEBOUNCE)),
            (false, None) => Some(self.last_activity.saturating_add(timeout)),
            _ => None,
        }
    }

    /// The present state.
    pub(crate) fn converged(&self) -> bool {
        self.converged
    }

    /// How long things have to be idle.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The transitions since the last call, oldest first.
    pub(crate) fn take_reports(&mut self) -> Vec<bool> {
        std::mem::take(&mut self.reports)
    }

    fn set(&mut self, converged: bool) {
        self.converged = converged;
        self.reports.push(converged);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn without_timeout_it_never_converges() {
        let mut converger = Converger::new(None);
        converger.resume(seconds(0), true);
        converger.update(false, seconds(1_000));
        assert!(!converger.converged());
        assert_eq!(converger.deadline(), None);
    }

    #[test]
    fn idle_time_counts_from_the_last_activity() {
        let mut converger = Converger::new(Some(seconds(5)));
        converger.resume(seconds(0), true);
        converger.update(true, seconds(0));
        converger.activity(seconds(3));
        converger.update(false, seconds(4));
        assert_eq!(converger.deadline(), Some(seconds(8)));
        converger.update(false, seconds(8));
        assert_eq!(converger.take_reports(), [true]);
    }

    #[test]
    fn a_quick_look_without_activity_is_not_reported() {
        let mut converger = Converger::new(Some(seconds(5)));
        converger.resume(seconds(0), true);
        converger.update(false, seconds(5));
        converger.update(true, seconds(6));
        converger.update(false, Duration::from_millis(6_900));
        assert_eq!(converger.take_reports(), [true]);
        converger.update(true, seconds(8));
        converger.update(true, seconds(9));
        assert_eq!(converger.take_reports(), [false]);
    }

    /// A graph is given up after a chain ran to its end in the pause for it.
    #[test]
    fn what_happened_in_a_pause_is_reported_after_it() {
        let mut converger = Converger::new(Some(seconds(1)));
        converger.resume(seconds(0), true);
        converger.update(false, seconds(1));
        converger.pause();
        converger.activity(seconds(2));
        converger.update(false, seconds(2));
        converger.resume(seconds(3), false);
        converger.update(false, seconds(4));
        assert_eq!(converger.take_reports(), [true, false, true]);
    }

    #[test]
    fn every_commit_but_the_first_reports_false() {
        let mut converger = Converger::new(Some(seconds(1)));
        converger.resume(seconds(0), true);
        converger.update(false, seconds(1));
        converger.pause();
        converger.resume(seconds(2), true);
        converger.update(false, seconds(3));
        assert_eq!(converger.take_reports(), [true, false, true]);
    }
}
