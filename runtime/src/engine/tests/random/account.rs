//! What the simulation knows of one vertex, apart from what the engine knows.

use std::collections::BTreeSet;
use std::time::Duration;

use mgmt_stdlib::resource::Meta;

/// The account of one vertex.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) meta: Meta,
    pub(super) incarnation: u32,
    /// Whether the engine still wants its watch.
    pub(super) watching: bool,
    pub(super) listening: bool,
    pub(super) failed: bool,
    /// Number of the running call.
    pub(super) running: Option<u64>,
    pub(super) refresh: bool,
    pub(super) cancelled: bool,
    /// Accepted events that no later call has answered.
    pub(super) unanswered: bool,
    /// Was an event accepted while the call was running?
    pub(super) again: bool,
    /// Notifications that the running call serves.
    pub(super) serving: BTreeSet<String>,
    /// Tries that are left after the next error; negative is without end.
    pub(super) tries: i16,
    /// What it sent last.
    pub(super) sent: Option<String>,
    pub(super) reception: Reception,
    /// An event was accepted since the last call began.
    pub(super) heard: bool,
    /// When calls began that answer events.
    pub(super) answers: Vec<Duration>,
}

/// What a receiver may and must see as changed.
#[derive(Debug, Default)]
pub(super) struct Reception {
    /// The value of the last call that began.
    pub(super) seen: Option<String>,
    /// A call that began saw another value than the one before, and none has succeeded since.
    pub(super) must: bool,
    /// The sender has sent another value, or is another one, since the last successful call began.
    pub(super) may: bool,
    /// The same, up to the begin of the running call.
    pub(super) might: bool,
}

impl Account {
    /// An error costs a try. Whether it was the last one.
    pub(super) fn spend_a_try(&mut self) -> bool {
        if self.tries > 0 {
            self.tries -= 1;
            return false;
        }
        self.tries == 0
    }

    /// A call begins with this value, which counts as changed or not (T6).
    pub(super) fn receives(&mut self, value: Option<String>, changed: bool) {
        let reception = &mut self.reception;
        if reception.seen.is_some() && reception.seen != value {
            reception.must = true;
        }
        reception.seen = value;
        reception.might = std::mem::take(&mut reception.may);
        let name = &self.name;
        assert!(
            changed || !reception.must,
            "T6: {name} is not told of a change"
        );
        assert!(
            !changed || reception.might,
            "T6: {name} is told of a change that was none"
        );
    }

    /// The running call has ended.
    pub(super) fn received(&mut self, succeeded: bool) {
        let reception = &mut self.reception;
        if succeeded {
            reception.must = false;
        } else {
            reception.may |= reception.might;
        }
        reception.might = false;
    }

    /// A call begins: notes it if it answers an event (T16). A pass may be held up after it got its token, so
    /// that there can be one more than the burst.
    pub(super) fn answers(&mut self, now: Duration) {
        if !std::mem::take(&mut self.heard) || self.meta.limit.is_infinite() {
            return;
        }
        self.answers.push(now);
        for (at, first) in self.answers.iter().enumerate() {
            let window = (now - *first).as_secs_f64();
            let most = self.meta.burst as f64 + 1.0 + self.meta.limit * window;
            let calls = self.answers.len() - at;
            assert!(
                calls as f64 <= most + 1e-6,
                "T16: {} answers {calls} events in {window} s",
                self.name
            );
        }
    }
}
