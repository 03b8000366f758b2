//! `print` is woken by its own messages, compares the message with the last one it logged, and changes
//! nothing but the log.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use mgmt_stdlib::resources::print as declared;
use mgmt_stdlib::value::Str;
use tokio::sync::Notify;

use crate::resource::{CheckContext, Outcome, Resource, ResourceError, WatchContext};

/// See [`declared::Print`].
#[derive(Default)]
pub(super) struct Print {
    /// What was logged last.
    last: Mutex<Option<Str>>,
    /// Tells the watch, if there is one, that something was logged.
    logged: Notify,
}

#[async_trait]
impl Resource for Print {
    type Params = declared::Print;

    fn new(_name: &str, _params: &declared::Print) -> Self {
        Self::default()
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
        if context.has_changed("msg") {
            tracing::info!("received a new message");
        }
        if context.refresh() {
            tracing::info!("received a notification");
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let display = if params.refresh_only {
            context.refresh()
        } else {
            last.as_ref() != Some(&params.msg)
        };
        if !display {
            return Ok(Outcome::Unchanged);
        }
        if context.apply() {
            if params.msg.is_empty() {
                tracing::info!("Msg: <empty>");
            } else {
                tracing::info!("Msg: {}", params.msg.to_string_lossy());
            }
            *last = Some(params.msg.clone());
            self.logged.notify_one();
        }
        Ok(Outcome::Changed)
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
