//! Says that something takes long.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::timeout;

/// Waiting for longer than this is worth a line in the log.
const LONG: Duration = Duration::from_secs(10);

/// Waits for what another process does in its own time; `tell` is called once if that takes long.
pub(crate) async fn telling<F: Future>(work: F, tell: impl FnOnce()) -> F::Output {
    let mut work = std::pin::pin!(work);
    match timeout(LONG, &mut work).await {
        Ok(output) => output,
        Err(_) => {
            tell();
            work.await
        }
    }
}

/// Waits for an answer, which ought to come at once.
pub(super) async fn answer<F: Future>(
    of: impl Display,
    operation: impl Display,
    work: F,
) -> F::Output {
    let seconds = LONG.as_secs();
    let tell =
        || tracing::warn!("no answer of {of} for {seconds} seconds; still waiting to {operation}");
    telling(work, tell).await
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use super::super::tests::{PrivateBus, never_answers};
    use super::super::{Bus, DbusError, Object};
    use super::*;

    const SERVICE: &str = "org.example.Stuck";

    #[tokio::test]
    async fn a_call_that_takes_long_is_told_once_and_goes_on() {
        let daemon = PrivateBus::start().await;
        let service = never_answers(&daemon.address, SERVICE).await;
        let object = Object {
            bus: Bus::new("test bus", &*daemon.address),
            service: SERVICE,
            path: "/".to_owned(),
            interface: SERVICE,
        };
        drop(object.bus.watch(Vec::new()).await.unwrap());
        let log = tempfile::NamedTempFile::new().unwrap();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(Arc::new(log.reopen().unwrap()))
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        tokio::time::pause();
        let call = object.call::<_, ()>("wake it", "Wake", &());
        tokio::pin!(call);
        assert!(timeout(20 * LONG, &mut call).await.is_err());
        tokio::time::resume();
        let told = fs::read_to_string(log.path()).unwrap();
        let line = "no answer of org.example.Stuck for 10 seconds; still waiting to wake it";
        assert_eq!(told.matches(line).count(), 1, "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        drop(guard);
        // The bus tells when the service ends.
        service.close().await.unwrap();
        let error = timeout(LONG, call).await.unwrap().unwrap_err();
        assert!(
            matches!(error, DbusError::Call { .. }) && error.is_lost(),
            "{error:?}"
        );
    }
}
