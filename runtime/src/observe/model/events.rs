//! What the engine's events say: for the history of a resource, and for the log.

use mgmt_compiler::graph::Identity;
use mgmt_compiler::redact;

use super::{CHANGES, Model};
use crate::engine::EngineEvent;
use crate::observe::history::beginning;
use crate::observe::shapes::{LogEntry, LogEvent, Milliseconds, Named, PassResult};
use crate::resource::{Change, Outcome};

/// So much of a change is told in the log.
const TEXT: usize = 300;
/// So much more than their texts do the remembered changes of a pass take, at least.
const REMEMBERED: usize = 128;
/// So many others are named in the log.
const OTHERS: usize = 50;

impl Model {
    /// Takes in what happened.
    pub(in crate::observe) fn event(&mut self, event: EngineEvent, now: Milliseconds) {
        match event {
            // The state of the vertex tells it.
            EngineEvent::Started { .. } => {}
            EngineEvent::Committed {
                generation,
                vertices,
                edges,
                kept,
                added,
                removed,
            } => {
                let text = format!(
                    "graph {generation}: {vertices} resources, {edges} edges; {added} new, {removed} gone, {kept} as before"
                );
                self.write(now, LogEvent::Graph, None, text);
            }
            EngineEvent::Checked {
                identity,
                apply,
                outcome,
                changes,
                members,
                elapsed,
            } => {
                let result = match outcome {
                    None => PassResult::Interrupted,
                    Some(Outcome::Unchanged) => PassResult::Ok,
                    Some(Outcome::Changed) if apply => PassResult::Changed,
                    Some(Outcome::Changed) => PassResult::Differs,
                };
                for part in self.parts_of(&identity) {
                    let own = members.iter().find(|(member, _)| *member == part);
                    let (result, changes) = match own {
                        _ if part == identity => (result, &*changes),
                        Some((_, changes)) => (result, &**changes),
                        None if matches!(result, PassResult::Changed | PassResult::Differs) => {
                            (PassResult::Ok, [].as_slice())
                        }
                        None => (result, [].as_slice()),
                    };
                    if let Some(known) = self.parts.get_mut(&part) {
                        let (pass, bytes) = known.history.checked(now, result, elapsed, changes);
                        self.dirty.insert(known.number);
                        self.remember(part, pass, bytes);
                    }
                }
                let event = match result {
                    PassResult::Changed => LogEvent::Changed,
                    PassResult::Differs => LogEvent::Differs,
                    _ => return,
                };
                self.write(now, event, Some(&identity), in_words(&changes, apply));
            }
            EngineEvent::Retrying {
                identity,
                error,
                retries,
                delay,
            } => {
                self.failed(&identity, &error, now);
                let left = if retries < 0 {
                    String::new()
                } else {
                    format!(", {retries} left")
                };
                let text = format!("{error}; next try in {} s{left}", delay.as_secs_f64());
                self.write(now, LogEvent::Retrying, Some(&identity), text);
            }
            EngineEvent::Failed { identity, error } => {
                self.failed(&identity, &error, now);
                self.write(now, LogEvent::Failed, Some(&identity), error.to_string());
            }
            EngineEvent::Recovered { identity } => {
                let text = "works again".to_owned();
                self.write(now, LogEvent::Recovered, Some(&identity), text);
            }
            EngineEvent::Notified { from, to } => {
                self.pending(std::slice::from_ref(&from), &to, true);
                let text = format!("notifies {}", names(&to));
                let mut entry = entry(now, LogEvent::Notified, Some(&from), text);
                entry.others = to.iter().take(OTHERS).map(named).collect();
                self.unlogged.push(entry);
            }
            EngineEvent::Served { from, to } => {
                self.pending(&from, std::slice::from_ref(&to), false);
                let text = format!("reacted to {}", names(&from));
                let mut entry = entry(now, LogEvent::Served, Some(&to), text);
                entry.others = from.iter().take(OTHERS).map(named).collect();
                self.unlogged.push(entry);
            }
            EngineEvent::Converged(true) => {
                self.write(now, LogEvent::Converged, None, "converged".to_owned());
            }
            EngineEvent::Converged(false) => {
                let text = "no longer converged".to_owned();
                self.write(now, LogEvent::Unconverged, None, text);
            }
        }
    }

    /// So many events were missed.
    pub(in crate::observe) fn lost(&mut self, events: u64, now: Milliseconds) {
        let text = format!("{events} events came too fast to be kept");
        self.write(now, LogEvent::Lost, None, text);
    }

    fn failed(&mut self, identity: &Identity, error: &str, now: Milliseconds) {
        for part in self.parts_of(identity) {
            if let Some(part) = self.parts.get_mut(&part) {
                part.history.failed(now, error);
                self.dirty.insert(part.number);
            }
        }
    }

    /// The resource and those that run as a part of it, if it is still there.
    fn parts_of(&self, identity: &Identity) -> Vec<Identity> {
        let number = self.number(identity);
        let vertex = number.and_then(|number| self.vertices.get(&number));
        vertex.map_or_else(Vec::new, |vertex| {
            let parts = vertex.running.parts();
            parts.map(|part| part.identity.clone()).collect()
        })
    }

    /// Whether notifications wait between these.
    fn pending(&mut self, from: &[Identity], to: &[Identity], pending: bool) {
        let number = |identity| self.number(identity);
        let from: Vec<u32> = from.iter().filter_map(number).collect();
        let to: Vec<u32> = to.iter().filter_map(number).collect();
        self.edges.pend(&from, &to, pending);
    }

    /// Of all changes together only the newest are kept.
    fn remember(&mut self, part: Identity, pass: u64, bytes: usize) {
        if bytes == 0 {
            return;
        }
        let bytes = bytes + REMEMBERED;
        self.remembered.push_back((part, pass, bytes));
        self.remembered_bytes += bytes;
        while self.remembered_bytes > CHANGES
            && let Some((part, pass, bytes)) = self.remembered.pop_front()
        {
            self.remembered_bytes -= bytes;
            if let Some(part) = self.parts.get_mut(&part) {
                part.history.forget_changes(pass);
            }
        }
    }

    fn write(
        &mut self,
        time: Milliseconds,
        event: LogEvent,
        about: Option<&Identity>,
        text: String,
    ) {
        self.unlogged.push(entry(time, event, about, text));
    }
}

fn entry(time: Milliseconds, event: LogEvent, about: Option<&Identity>, text: String) -> LogEntry {
    LogEntry {
        time,
        event,
        kind: about.map(|identity| identity.kind.to_string()),
        name: about.map(Identity::shown_name),
        text: text.into(),
        others: Vec::new(),
    }
}

pub(super) fn named(identity: &Identity) -> Named {
    Named {
        kind: identity.kind.to_string(),
        name: identity.shown_name(),
    }
}

fn names(identities: &[Identity]) -> String {
    match identities {
        [one] => one.to_string(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
        [] => "nobody".to_owned(),
    }
}

fn in_words(changes: &[Change], applied: bool) -> String {
    match changes {
        [] if applied => "changed".to_owned(),
        [] => "would be changed".to_owned(),
        [first, others @ ..] => {
            let mut text = beginning(&redact::passwords(&first.to_string()), TEXT);
            if !others.is_empty() {
                text += &format!(" and {} more", others.len());
            }
            text
        }
    }
}
