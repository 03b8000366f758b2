//! Values that travel from one resource into the parameters of another (engine.md §3.8).

use std::sync::Arc;

use mgmt_compiler::graph::{Identity, Receive};
use mgmt_stdlib::resource::Params;
use mgmt_stdlib::value::Value;

use super::confine;
use super::scheduler::VertexId;
use crate::resource::Received;

/// What one `check_apply` published; never changed afterwards.
pub(crate) type Sent = Vec<(&'static str, Option<Value>)>;

/// A resource in the running graph that may publish values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender {
    pub(crate) vertex: VertexId,
    /// Which of its members; nothing means the vertex itself.
    pub(crate) member: Option<usize>,
}

/// One received parameter.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) receive: Receive,
    /// Who sends, in the running graph.
    pub(crate) sender: Option<Sender>,
    /// The publication that the parameter holds.
    taken: Option<Arc<Sent>>,
    /// Sticky until a `check_apply` succeeds (engine.md 3.8.5).
    changed: bool,
}

/// The received parameters of one vertex, in the order of their declaration.
#[derive(Debug, Default)]
pub(crate) struct Slots(Box<[Slot]>);

impl Slots {
    /// Nothing is received yet.
    pub(crate) fn new(receives: &[Receive]) -> Self {
        Self(
            receives
                .iter()
                .map(|receive| Slot {
                    receive: receive.clone(),
                    sender: None,
                    taken: None,
                    changed: false,
                })
                .collect(),
        )
    }

    /// Takes over another mapping, of which nothing is received yet. What has changed and was not seen stays so, as
    /// long as the parameter receives.
    pub(crate) fn remap(&mut self, receives: &[Receive]) {
        let mut slots = Self::new(receives);
        for slot in &mut slots.0 {
            slot.changed = self
                .0
                .iter()
                .any(|old| old.changed && old.receive.param == slot.receive.param);
        }
        *self = slots;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.0.iter_mut()
    }

    /// Whether the mapping is that of `receives`, in any order; where it was declared does not count.
    pub(crate) fn maps_like(&self, receives: &[Receive]) -> bool {
        let same = |slot: &Slot, receive: &Receive| {
            slot.receive.param == receive.param
                && slot.receive.sender == receive.sender
                && slot.receive.key == receive.key
        };
        // What was said twice is one.
        let mut slots = self.0.iter();
        let mut wanted = receives.iter();
        slots.all(|slot| receives.iter().any(|receive| same(slot, receive)))
            && wanted.all(|receive| self.0.iter().any(|slot| same(slot, receive)))
    }

    /// What a resource may know about them.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.0
            .iter()
            .map(|slot| Received {
                param: slot.receive.param.to_string(),
                changed: slot.changed,
            })
            .collect()
    }

    /// A `check_apply` has seen the changes.
    pub(crate) fn clear_changed(&mut self) {
        for slot in &mut self.0 {
            slot.changed = false;
        }
    }

    /// Pulls what the senders published last into a copy of the parameters. Nothing if no sender
    /// published anything new since the last transfer.
    ///
    /// `published` gives a sender's latest publication. A sender that has none is an error, unless
    /// `lenient`, where its value is left as declared.
    ///
    /// # Errors
    /// What does not fit, with both ends and their keys, but no value; nothing is changed then.
    pub(crate) fn transfer(
        &mut self,
        receiver: &Identity,
        declared: &dyn Params,
        current: &dyn Params,
        lenient: bool,
        published: impl Fn(Sender) -> Option<Arc<Sent>>,
    ) -> Result<Option<Transfer>, String> {
        let publications: Vec<Option<Arc<Sent>>> = self
            .0
            .iter()
            .map(|slot| slot.sender.and_then(&published))
            .collect();
        let known = |slot: &Slot, publication: &Option<Arc<Sent>>| match (&slot.taken, publication)
        {
            (Some(taken), Some(publication)) => Arc::ptr_eq(taken, publication),
            (None, None) => lenient,
            _ => false,
        };
        if self
            .0
            .iter()
            .zip(&publications)
            .all(|(slot, publication)| known(slot, publication))
        {
            return Ok(None);
        }
        let mut params = declared.clone_box();
        for (slot, publication) in self.0.iter().zip(&publications) {
            let Some(publication) = publication else {
                if lenient {
                    continue;
                }
                return Err(slot.complain(receiver, "received nil value from"));
            };
            let sent = publication
                .iter()
                .find(|(key, _)| *key == slot.receive.key.as_str());
            match sent {
                None => return Err(slot.complain(receiver, "there is no such value from")),
                // An undefined value leaves the parameter as it was declared.
                Some((_, None)) => {}
                Some((_, Some(value))) => {
                    let set = confine("set", || params.set(&slot.receive.param, value));
                    // The text of a misfit may hold the value, which may be a secret.
                    match set {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) => {
                            return Err(slot.complain(receiver, "the value does not fit, from"));
                        }
                        Err(panic) => return Err(panic.to_string()),
                    }
                }
            }
        }
        let mut moved = Vec::new();
        let changes: Vec<bool> = self
            .0
            .iter()
            .map(|slot| current.get(&slot.receive.param) != params.get(&slot.receive.param))
            .collect();
        if changes.contains(&true) {
            match confine("validate", || params.validate(&receiver.name)) {
                Ok(Ok(())) => {}
                Ok(Err(_)) => {
                    let slot = self.0.iter().zip(&changes).find(|(_, changed)| **changed);
                    let text = "the parameters are not valid with the value from";
                    return Err(slot
                        .map(|(slot, _)| slot.complain(receiver, text))
                        .unwrap_or_default());
                }
                Err(panic) => return Err(panic.to_string()),
            }
        }
        for ((slot, publication), changed) in self.0.iter_mut().zip(publications).zip(changes) {
            slot.taken = publication;
            slot.changed |= changed;
            if changed {
                moved.push(format!(
                    "{}.{} -> {}.{}",
                    slot.receive.sender, slot.receive.key, receiver, slot.receive.param
                ));
            }
        }
        Ok(Some(Transfer {
            params: params.into(),
            moved,
        }))
    }
}

/// What a transfer gave.
pub(crate) struct Transfer {
    /// The parameters with the received values.
    pub(crate) params: Arc<dyn Params>,
    /// The parameters whose value is another than before, as `k[n].key -> k[n].key`.
    pub(crate) moved: Vec<String>,
}

impl Slot {
    fn complain(&self, receiver: &Identity, what: &str) -> String {
        format!(
            "can't receive `{}` of {receiver}: {what} `{}` of {}",
            self.receive.param, self.receive.key, self.receive.sender
        )
    }
}
