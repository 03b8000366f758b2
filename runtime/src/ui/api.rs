//! What is told, as JSON and as server-sent events (docs/ui.md).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures::stream;
use mgmt_compiler::graph::Identity;
use serde::Serialize;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::observe::View;
use crate::observe::feed::{Cursor, Missed, News};

/// So many may follow the events at once.
const FOLLOWERS: usize = 64;
/// Something is said at least so often, so that both ends notice when the other one is gone.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(Clone)]
struct Api {
    view: View,
    stop: CancellationToken,
    followers: Arc<Semaphore>,
}

/// Everything below `/api/v1`. Events end with `stop`.
pub(super) fn router(view: View, stop: CancellationToken) -> Router {
    Router::new()
        .route("/status", get(status))
        .route("/graph", get(graph))
        .route("/resources/{kind}/{*name}", get(resource))
        .route("/log", get(log))
        .route("/events", get(events))
        .fallback(async || failure(StatusCode::NOT_FOUND, "there is nothing at this path"))
        .method_not_allowed_fallback(async || {
            failure(
                StatusCode::METHOD_NOT_ALLOWED,
                "only GET and HEAD are answered",
            )
        })
        .with_state(Api {
            view,
            stop,
            followers: Arc::new(Semaphore::new(FOLLOWERS)),
        })
}

async fn status(State(api): State<Api>) -> Response {
    answer(move || Some(api.view.status())).await
}

async fn graph(State(api): State<Api>) -> Response {
    answer(move || Some(api.view.graph())).await
}

async fn resource(State(api): State<Api>, Path((kind, name)): Path<(String, String)>) -> Response {
    answer(move || api.view.details(&Identity::new(kind, name))).await
}

async fn log(State(api): State<Api>) -> Response {
    answer(move || Some(json!({"entries": api.view.log()}))).await
}

/// Large graphs take a while to write down, and the observer may be at work.
async fn answer<T: Serialize>(make: impl FnOnce() -> Option<T> + Send + 'static) -> Response {
    let text = tokio::task::spawn_blocking(move || match make() {
        Some(value) => serde_json::to_vec(&value).map(Some),
        None => Ok(None),
    });
    match text.await {
        Ok(Ok(Some(text))) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Ok(Ok(None)) => failure(StatusCode::NOT_FOUND, "there is no such resource"),
        Ok(Err(_)) | Err(_) => failure(StatusCode::INTERNAL_SERVER_ERROR, "internal error"),
    }
}

fn failure(status: StatusCode, error: &str) -> Response {
    let text = json!({"error": error}).to_string();
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

async fn events(State(api): State<Api>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let Ok(place) = api.followers.clone().try_acquire_owned() else {
        let error = "too many follow the events already";
        return failure(StatusCode::SERVICE_UNAVAILABLE, error);
    };
    let resumed = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok());
    let query = query.unwrap_or_default();
    let asked = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("after="));
    let cursor = match resumed.or(asked).map(str::parse) {
        Some(Ok(cursor)) => cursor,
        Some(Err(_)) => {
            let error = "`after` has to be the `event` of a graph, or the id of an event";
            return failure(StatusCode::BAD_REQUEST, error);
        }
        None => api.view.cursor(),
    };
    let follower = Follower {
        view: api.view,
        cursor,
        portion: VecDeque::new(),
        stop: api.stop,
        _place: place,
    };
    let events = stream::unfold(follower, |mut follower| async {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    Sse::new(events)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response()
}

/// Somebody who reads the events, at their own pace.
struct Follower {
    view: View,
    cursor: Cursor,
    portion: VecDeque<News>,
    stop: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(news) = self.portion.pop_front() {
                self.cursor = news.cursor;
                let event = Event::default().id(news.cursor.to_string());
                return Some(event.event(news.event).data(&*news.data));
            }
            // What is told last has to be heard.
            let ends = self.stop.is_cancelled();
            match self.view.news(self.cursor) {
                Ok(news) if !news.is_empty() => self.portion = news.into(),
                Ok(_) if ends => return None,
                Ok(_) => tokio::select! {
                    () = self.stop.cancelled() => {}
                    more = self.view.wait(self.cursor) => if !more { return None },
                },
                Err(Missed(present)) => {
                    self.cursor = present;
                    let event = Event::default().id(present.to_string());
                    return Some(event.event("resync").data("{}"));
                }
            }
        }
    }
}
