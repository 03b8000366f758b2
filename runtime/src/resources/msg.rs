//! `msg` watches nothing, remembers what it has written, and writes to the log and to the journal: once,
//! and again after each notification.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use mgmt_stdlib::resources::msg as declared;
use mgmt_stdlib::resources::msg::Priority;

use crate::journal;
use crate::resource::{Change, CheckContext, Outcome, Resource, ResourceError};

/// See [`declared::Msg`].
pub(super) struct Msg {
    due: Mutex<Due>,
}

/// What has to be written yet.
#[derive(Clone, Copy)]
struct Due {
    log: bool,
    journal: bool,
}

impl Due {
    const ALL: Self = Self {
        log: true,
        journal: true,
    };
}

#[async_trait]
impl Resource for Msg {
    type Params = declared::Msg;

    fn new(_name: &str, _params: &declared::Msg) -> Self {
        Self {
            due: Mutex::new(Due::ALL),
        }
    }

    async fn check_apply(
        &self,
        params: &declared::Msg,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let received = context.received().iter().any(|received| received.changed);
        let due = if context.refresh() || received {
            Due::ALL
        } else {
            *self.due()
        };
        let to_journal = due.journal && params.journal;
        if !due.log && !to_journal {
            return Ok(Outcome::Unchanged);
        }
        if !context.apply() {
            let body = params.body.to_string_lossy();
            context.report(|| Change::Notice(format!("say `{body}`")));
            return Ok(Outcome::Changed);
        }
        *self.due() = due;
        if due.log {
            tracing::info!("Body: {}", params.body.to_string_lossy());
            self.due().log = false;
        }
        if to_journal {
            let entry = entry(params);
            let socket = context.services.journal.clone();
            let send = move || journal::send(&socket, &entry);
            context.services.blocking.run(send).await?;
        }
        self.due().journal = false;
        Ok(Outcome::Changed)
    }
}

impl Msg {
    fn due(&self) -> std::sync::MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(params: &declared::Msg) -> journal::Entry {
    // Validation has refused what is no priority.
    let priority = params.priority.parse().unwrap_or(Priority::Info);
    let mut entry = journal::Entry::default();
    entry.add("MESSAGE", params.body.as_bytes());
    entry.add("PRIORITY", priority.number().to_string().as_bytes());
    entry.add("SYSLOG_IDENTIFIER", b"mgmt");
    for (name, value) in &params.fields {
        entry.add(&name.to_ascii_uppercase(), value.as_bytes());
    }
    entry
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::net::UnixDatagram;

    use mgmt_stdlib::value::Str;

    use super::*;
    use crate::resource::harness::Scratch;

    fn message() -> declared::Msg {
        declared::Msg {
            body: Str::from("hello"),
            priority: "Notice".to_owned(),
            ..declared::Msg::default()
        }
    }

    #[tokio::test]
    async fn a_message_is_logged_once_and_after_notifications() {
        let msg = Scratch::new().resource::<Msg>("m", message());
        msg.converges().await;
        assert_eq!(msg.refresh().await.unwrap(), Outcome::Changed);
        msg.is_settled().await;
    }

    #[tokio::test]
    async fn the_journal_gets_priority_and_fields() {
        let mut scratch = Scratch::new();
        let socket = UnixDatagram::bind(scratch.path("journal")).unwrap();
        scratch.services.journal = scratch.path("journal").into();
        let params = declared::Msg {
            journal: true,
            fields: BTreeMap::from([("release".to_owned(), Str::from("1\n2"))]),
            ..message()
        };
        let msg = scratch.resource::<Msg>("m", params);
        msg.converges().await;
        let mut buffer = [0; 1024];
        let length = socket.recv(&mut buffer).unwrap();
        assert_eq!(
            &buffer[..length],
            b"MESSAGE=hello\nPRIORITY=5\nSYSLOG_IDENTIFIER=mgmt\nRELEASE\n\x03\0\0\0\0\0\0\x001\n2\n"
        );
    }

    #[tokio::test]
    async fn a_missing_journal_is_an_error_until_it_is_there() {
        let mut scratch = Scratch::new();
        scratch.services.journal = scratch.path("journal").into();
        let params = declared::Msg {
            journal: true,
            ..message()
        };
        let msg = scratch.resource::<Msg>("m", params);
        let error = msg.apply().await.unwrap_err().to_string();
        assert!(error.contains("journal"), "{error}");
        let _socket = UnixDatagram::bind(scratch.path("journal")).unwrap();
        msg.converges().await;
    }
}
