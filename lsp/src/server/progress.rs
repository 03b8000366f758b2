//! Telling the client how far long work is.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tower_lsp::Client;
use tower_lsp::ls_types::ProgressToken;

/// The shortest time between two reports.
const PAUSE: Duration = Duration::from_millis(100);

/// How far something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// So much is done.
    pub done: usize,
    /// Of so much.
    pub total: usize,
}

/// For those who do the work.
pub type Steps = watch::Sender<Step>;

/// Shows work under a token of the client's, if it has given one. If the work is dropped there is no end of it:
/// the token is void with its request.
pub async fn follow<T>(
    client: &Client,
    token: Option<ProgressToken>,
    title: &str,
    mut steps: watch::Receiver<Step>,
    work: impl Future<Output = T>,
) -> T {
    let Some(token) = token else {
        return work.await;
    };
    let ongoing = client
        .progress(token, title)
        .with_percentage(0)
        .begin()
        .await;
    tokio::pin!(work);
    let mut next = Instant::now();
    let done = loop {
        let step = async {
            sleep_until(next).await;
            match steps.changed().await {
                Ok(()) => *steps.borrow_and_update(),
                // Nobody works on it any more; what there is comes soon.
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            done = &mut work => break done,
            step = step => {
                let percent = (step.done * 100 / step.total.max(1)).min(100);
                let message = format!("{} of {}", step.done, step.total);
                ongoing.report_with_message(message, percent as u32).await;
                next = Instant::now() + PAUSE;
            }
        }
    };
    ongoing.finish().await;
    done
}

/// Shows work of the server's own that is not done after a while, under a new token.
pub async fn show<T>(
    client: &Client,
    token: String,
    title: &str,
    after: Duration,
    steps: watch::Receiver<Step>,
    work: impl Future<Output = T>,
) -> T {
    tokio::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = sleep(after) => {}
    }
    let token = ProgressToken::String(token);
    let created = tokio::select! {
        done = &mut work => return done,
        created = client.create_work_done_progress(token.clone()) => created,
    };
    follow(client, created.is_ok().then_some(token), title, steps, work).await
}
