//! The values that a vertex and its members receive and publish (engine.md §3.8).

use std::sync::Arc;

use mgmt_compiler::graph;
use mgmt_stdlib::resource::Params;
use tracing::info;

use super::Core;
use crate::engine::confine;
use crate::engine::receive::{Sender, Sent, Slots};
use crate::engine::scheduler::VertexId;
use crate::engine::vertex::{MemberState, Vertex};
use crate::resource::{CheckMember, Member};

/// What follows from what was received.
pub(super) enum Reception {
    Proceed,
    /// The watch starts anew before the pass.
    Rewatch,
}

impl Core {
    /// Takes in what the senders of the vertex have published.
    ///
    /// # Errors
    /// What does not fit, in words.
    pub(super) fn receive(&mut self, vertex: VertexId) -> Result<Reception, String> {
        let Some(mut state) = self.take_vertex(vertex) else {
            return Ok(Reception::Proceed);
        };
        let former = state.params.clone();
        // A part may move before another one fails.
        let mut moved = false;
        let pulled = self.pull(&mut state, false, &mut moved);
        let rewatch = if Arc::ptr_eq(&former, &state.params) {
            Ok(false)
        } else {
            state.must_rewatch(&*former)
        };
        self.vertices[vertex.index as usize] = Some(state);
        if moved {
            self.converger.activity(self.now);
            self.scheduler.invalidate(vertex);
        }
        // Also if the pass fails now: by the next one the values are no longer new.
        let rewatches = *rewatch.as_ref().unwrap_or(&true);
        if rewatches {
            self.restart_watch(vertex);
        }
        pulled?;
        rewatch.map_err(|panic| panic.to_string())?;
        Ok(if rewatches {
            Reception::Rewatch
        } else {
            Reception::Proceed
        })
    }

    /// Pulls the latest publications into the parameters of a vertex, which is taken out, and of its
    /// members; `moved` becomes true if a value is another than before. A sender that has published
    /// nothing is an error, unless `lenient`.
    ///
    /// # Errors
    /// What does not fit, in words.
    pub(in crate::engine) fn pull(
        &self,
        state: &mut Vertex,
        lenient: bool,
        moved: &mut bool,
    ) -> Result<(), String> {
        *moved |= self.pull_into(
            &state.declared,
            &mut state.params,
            &mut state.slots,
            lenient,
        )?;
        for member in &mut state.members {
            let MemberState {
                declared,
                params,
                slots,
                ..
            } = member;
            *moved |= self.pull_into(declared, params, slots, lenient)?;
        }
        Ok(())
    }

    fn pull_into(
        &self,
        declared: &graph::Resource,
        params: &mut Arc<dyn Params>,
        slots: &mut Slots,
        lenient: bool,
    ) -> Result<bool, String> {
        if slots.is_empty() {
            return Ok(false);
        }
        let identity = &declared.identity;
        let published = |sender| self.publication(sender);
        let transfer = confine("receive", || {
            slots.transfer(identity, &*declared.params, &**params, lenient, published)
        });
        let transfer = transfer.map_err(|panic| panic.to_string())??;
        let Some(transfer) = transfer else {
            return Ok(false);
        };
        if !lenient {
            for moved in &transfer.moved {
                info!(kind = %identity.kind, name = %identity.name, "Send/Recv: {moved}");
            }
        }
        // Also if nothing has moved: what is no longer received is as declared.
        *params = transfer.params;
        Ok(!transfer.moved.is_empty())
    }

    /// What a resource published last.
    fn publication(&self, sender: Sender) -> Option<Arc<Sent>> {
        let state = self.vertex(sender.vertex)?;
        match sender.member {
            None => state.sent.clone(),
            Some(at) => state.members.get(at)?.sent.clone(),
        }
    }

    /// A `check_apply` succeeded: it has seen what was received, and published this.
    pub(super) fn published(
        &mut self,
        vertex: VertexId,
        sent: Option<Sent>,
        by_members: Vec<Option<Sent>>,
    ) {
        let Some(state) = self.vertex_mut(vertex) else {
            return;
        };
        state.slots.clear_changed();
        if let Some(sent) = sent {
            state.sent = Some(Arc::new(sent));
        }
        for member in &mut state.members {
            member.slots.clear_changed();
        }
        for (member, sent) in state.members.iter_mut().zip(by_members) {
            if let Some(sent) = sent {
                member.sent = Some(Arc::new(sent));
            }
        }
    }
}

impl Vertex {
    /// The members as `check_apply` sees them.
    pub(super) fn check_members(&self) -> Vec<CheckMember> {
        let members = self.members.iter();
        let members = members
            .map(|member| CheckMember::new(member.view(), !member.noop, member.slots.received()));
        members.collect()
    }
}

impl MemberState {
    /// The member as its owner sees it.
    fn view(&self) -> Member {
        Member {
            identity: self.declared.identity.clone(),
            owner: self.owner.clone(),
            params: self.params.clone(),
        }
    }
}
