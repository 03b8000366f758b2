//! What happened to one resource, and how long it took.

use std::collections::VecDeque;
use std::time::Duration;

use mgmt_compiler::redact::{self, Masked};
use similar::TextDiff;

use super::shapes::{Milliseconds, Pass, PassResult, Shown, Timing};
use crate::resource::{Change, Excerpt};

/// So many passes of each resource are remembered.
const PASSES: usize = 20;
/// So much is kept of a text.
const TEXT: usize = 1024;
/// So much is kept of a difference.
const DIFF: usize = 8 * 1024;
/// So many changes of one pass are kept.
const CHANGES: usize = 50;
/// A difference that takes longer is told less exactly.
const PATIENCE: Duration = Duration::from_millis(20);

/// What happened to one resource.
#[derive(Debug, Default)]
pub(super) struct History {
    passes: VecDeque<(u64, Pass)>,
    /// Numbers the passes.
    next: u64,
    pub(super) checks: u64,
    pub(super) changes: u64,
    pub(super) failures: u64,
    pub(super) last_check: Option<Milliseconds>,
    pub(super) last_change: Option<Milliseconds>,
    total: f64,
    last: f64,
    max: f64,
}

impl History {
    /// A check ended. Returns its number and the bytes that it holds.
    pub(super) fn checked(
        &mut self,
        time: Milliseconds,
        result: PassResult,
        elapsed: Duration,
        changes: &[Change],
    ) -> (u64, usize) {
        let elapsed = milliseconds(elapsed);
        self.checks += 1;
        self.last_check = Some(time);
        self.total += elapsed;
        self.last = elapsed;
        self.max = self.max.max(elapsed);
        if matches!(result, PassResult::Changed | PassResult::Differs) {
            self.changes += 1;
        }
        if result == PassResult::Changed {
            self.last_change = Some(time);
        }
        if let Some((number, pass)) = self.passes.back_mut()
            && (pass.result, result) == (PassResult::Ok, PassResult::Ok)
        {
            pass.time = time;
            pass.count += 1;
            pass.elapsed = elapsed;
            return (*number, 0);
        }
        let changes: Vec<Shown> = changes.iter().take(CHANGES).map(shown).collect();
        let bytes = changes.iter().map(size).sum();
        let number = self.push(Pass {
            time,
            count: 1,
            result,
            elapsed,
            error: None,
            changes,
        });
        (number, bytes)
    }

    /// It failed, now or just before.
    pub(super) fn failed(&mut self, time: Milliseconds, error: &str) {
        self.failures += 1;
        match self.passes.back_mut() {
            Some((_, pass)) if pass.result == PassResult::Interrupted => {
                pass.result = PassResult::Failed;
                pass.error = Some(error.into());
            }
            // Its watch, or the way to a check.
            _ => {
                self.push(Pass {
                    time,
                    count: 1,
                    result: PassResult::Failed,
                    elapsed: 0.0,
                    error: Some(error.into()),
                    changes: Vec::new(),
                });
            }
        }
    }

    fn push(&mut self, pass: Pass) -> u64 {
        let number = self.next;
        self.next += 1;
        self.passes.push_back((number, pass));
        if self.passes.len() > PASSES {
            self.passes.pop_front();
        }
        number
    }

    /// Forgets what was changed by the pass of that number.
    pub(super) fn forget_changes(&mut self, number: u64) {
        if let Some((_, pass)) = self.passes.iter_mut().find(|(each, _)| *each == number) {
            pass.changes = Vec::new();
        }
    }

    pub(super) fn timing(&self) -> Option<Timing> {
        // A millisecond has thousand parts that matter to anybody.
        let rounded = |value: f64| (value * 1e3).round() / 1e3;
        (self.checks > 0).then(|| Timing {
            last: rounded(self.last),
            mean: rounded(self.total / self.checks as f64),
            max: rounded(self.max),
        })
    }

    /// The newest first.
    pub(super) fn passes(&self) -> Vec<Pass> {
        let passes = self.passes.iter().rev();
        passes.map(|(_, pass)| pass.clone()).collect()
    }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn size(shown: &Shown) -> usize {
    match shown {
        Shown::Notice { text } | Shown::Step { text } => text.len(),
        Shown::Property { old, new, .. } => old.len() + new.len(),
        Shown::Content { diff, .. } => diff.as_ref().map_or(0, |diff| diff.len()),
    }
}

fn shown(change: &Change) -> Shown {
    let short = |text: &str| Masked::from(beginning(&redact::passwords(text), TEXT));
    match change {
        Change::Notice(text) => Shown::Notice { text: short(text) },
        Change::Step(text) => Shown::Step { text: short(text) },
        Change::Property { name, old, new } => Shown::Property {
            name,
            old: short(old),
            new: short(new),
        },
        Change::Content { path, old, new } => {
            let diff = difference(old.as_ref(), new);
            Shown::Content {
                path: path.as_str().into(),
                created: old.is_none(),
                note: diff.is_none().then(|| new.to_string().into()),
                diff,
            }
        }
    }
}

fn difference(old: Option<&Excerpt>, new: &Excerpt) -> Option<Masked> {
    let (old, new) = match (old, new) {
        (None, Excerpt::Text(new)) => ("", new.as_str()),
        (Some(Excerpt::Text(old)), Excerpt::Text(new)) => (old.as_str(), new.as_str()),
        _ => return None,
    };
    let diff = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(old, new)
        .unified_diff()
        .to_string();
    Some(beginning(&redact::passwords(&diff), DIFF).into())
}

/// A text, or as much of it as fits.
pub(super) fn beginning(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit).rev().find(|at| text.is_char_boundary(*at));
    format!("{}…", &text[..end.unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(old: &str, new: &str) -> Change {
        Change::Content {
            path: "/x".to_owned(),
            old: Some(Excerpt::Text(old.to_owned())),
            new: Excerpt::Text(new.to_owned()),
        }
    }

    const MOMENT: Duration = Duration::from_micros(1500);

    #[test]
    fn checks_that_find_nothing_are_one_line() {
        let mut history = History::default();
        for time in 1..=3 {
            history.checked(time, PassResult::Ok, MOMENT, &[]);
        }
        history.checked(4, PassResult::Changed, MOMENT, &[write("a\n", "b\n")]);
        let passes = history.passes();
        assert_eq!((passes.len(), passes[1].count, passes[1].time), (2, 3, 3));
        let Shown::Content { diff, .. } = &passes[0].changes[0] else {
            panic!("{passes:?}");
        };
        assert_eq!(diff.as_deref(), Some("@@ -1 +1 @@\n-a\n+b\n"));
        assert_eq!((history.checks, history.changes), (4, 1));
        assert_eq!(history.timing().unwrap().mean, 1.5);
    }

    #[test]
    fn an_error_belongs_to_the_check_that_it_ended() {
        let mut history = History::default();
        history.checked(1, PassResult::Interrupted, MOMENT, &[]);
        history.failed(2, "no");
        history.failed(3, "no watch");
        let results: Vec<_> = history.passes().iter().map(|pass| pass.time).collect();
        assert_eq!(results, [3, 1]);
        assert_eq!(history.passes()[1].error.as_deref(), Some("no"));
    }

    #[test]
    fn only_so_much_is_remembered() {
        let mut history = History::default();
        for time in 0..100 {
            history.checked(time, PassResult::Changed, MOMENT, &[]);
        }
        assert_eq!(history.passes().len(), PASSES);
        let long = write("", &"é\n".repeat(DIFF));
        let (number, bytes) = history.checked(101, PassResult::Changed, MOMENT, &[long]);
        assert!(bytes <= DIFF + '…'.len_utf8(), "{bytes}");
        history.forget_changes(number);
        assert_eq!(history.passes()[0].changes, []);
    }

    #[test]
    fn private_content_is_not_shown() {
        let change = Change::Content {
            path: "/x".to_owned(),
            old: None,
            new: Excerpt::Private,
        };
        let json = serde_json::to_value(shown(&change)).unwrap();
        let note = serde_json::json!(
            {"type": "content", "path": "/x", "created": true, "note": "private content"}
        );
        assert_eq!(json, note);
    }
}
