//! `print` is woken by its own messages, compares the message with the last one it logged, and changes
//! nothing but the log.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use mgmt_stdlib::resource::Params as _;
use mgmt_stdlib::resources::print as declared;
use mgmt_stdlib::value::Str;
use tokio::sync::Notify;

use crate::resource::{
    Change, CheckContext, Group, Outcome, Resource, ResourceError, WatchContext,
};

/// See [`declared::Print`].
pub(super) struct Print {
    name: String,
    /// What was logged last, by name: the own message and those of the members.
    last: Mutex<HashMap<String, Str>>,
    /// Tells the watch, if there is one, that something was logged.
    logged: Notify,
}

#[async_trait]
impl Resource for Print {
    type Params = declared::Print;

    fn new(name: &str, _params: &declared::Print) -> Self {
        Self {
            name: name.to_owned(),
            last: Mutex::default(),
            logged: Notify::new(),
        }
    }

    fn group(_name: &str, params: &declared::Print) -> Option<Group> {
        // A notification reaches the whole group, but is meant for one.
        (!params.refresh_only).then(Group::with_all)
    }

    async fn watch(
        &self,
        _params: &declared::Print,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        context.event().await?;
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                () = self.logged.notified() => context.event().await?,
            }
        }
    }

    async fn check_apply(
        &self,
        params: &declared::Print,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        if context.refresh() {
            tracing::info!("received a notification");
        }
        let mut outcome = self.print(Line {
            name: &self.name,
            params,
            received: context.has_changed("msg"),
            notified: context.refresh(),
            apply: context.apply(),
        });
        if outcome == Outcome::Changed {
            context.report(|| said(params));
        }
        for member in context.members() {
            if let Some(params) = member.params::<declared::Print>() {
                let printed = self.print(Line {
                    name: &member.identity.name,
                    params,
                    received: member.has_changed("msg"),
                    notified: false,
                    apply: member.apply(),
                });
                if printed == Outcome::Changed {
                    member.report(|| said(params));
                }
                outcome = outcome.and(printed);
            }
        }
        if outcome == Outcome::Changed && context.apply() {
            self.logged.notify_one();
        }
        Ok(outcome)
    }
}

fn said(params: &declared::Print) -> Change {
    Change::Notice(format!("say `{}`", params.msg.to_string_lossy()))
}

/// The message of one `print`, which may be a member.
struct Line<'a> {
    name: &'a str,
    params: &'a declared::Print,
    received: bool,
    notified: bool,
    apply: bool,
}

impl Print {
    fn print(&self, line: Line<'_>) -> Outcome {
        let (kind, name) = (line.params.kind(), line.name);
        if line.received {
            tracing::info!(kind, name, "received a new message");
        }
        let msg = &line.params.msg;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let display = if line.params.refresh_only {
            line.notified
        } else {
            last.get(name) != Some(msg)
        };
        if !display {
            return Outcome::Unchanged;
        }
        if line.apply {
            if msg.is_empty() {
                tracing::info!(kind, name, "Msg: <empty>");
            } else {
                tracing::info!(kind, name, "Msg: {}", msg.to_string_lossy());
            }
            last.insert(name.to_owned(), msg.clone());
        }
        Outcome::Changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::harness::Scratch;

    fn message(text: &str) -> declared::Print {
        declared::Print {
            msg: Str::from(text),
            refresh_only: false,
        }
    }

    #[tokio::test]
    async fn a_message_is_logged_once() {
        let print = Scratch::new().resource::<Print>("p", message("hello"));
        print.converges().await;
        assert_eq!(print.refresh().await.unwrap(), Outcome::Unchanged);
    }

    #[tokio::test]
    async fn an_empty_message_is_a_message() {
        let print = Scratch::new().resource::<Print>("p", message(""));
        print.converges().await;
    }

    #[tokio::test]
    async fn refresh_only_waits_for_notifications() {
        let params = declared::Print {
            refresh_only: true,
            ..message("hello")
        };
        let print = Scratch::new().resource::<Print>("p", params);
        print.is_settled().await;
        assert_eq!(print.refresh().await.unwrap(), Outcome::Changed);
        assert_eq!(print.refresh().await.unwrap(), Outcome::Changed);
    }

    #[tokio::test]
    async fn a_message_is_an_event() {
        let print = Scratch::new().resource::<Print>("p", message("hello"));
        let mut watching = print.watch().await;
        print.apply().await.unwrap();
        watching.event().await;
        watching.end().await;
    }
}
