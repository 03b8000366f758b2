//! Asks an agent over its API: for `mgmt status`.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::api::HEARTBEAT;
use crate::observe::shapes::{LogEntry, Status};

/// More than any agent answers.
const LONGEST: usize = 64 * 1024 * 1024;

/// An agent that does not begin to answer within this time is not there.
const PATIENCE: Duration = Duration::from_secs(10);

/// An agent that says nothing for this long hangs, or its machine is gone.
const SILENCE: Duration = Duration::from_secs(3 * HEARTBEAT.as_secs());

/// Where an agent is to be found: `127.0.0.1:9234`.
#[derive(Clone, Debug)]
pub struct Client(String);

/// The agent did not answer as it should.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum ClientError {
    #[error("no agent answers at {address}: {source}; is it run with `--ui`?")]
    Unreachable {
        address: String,
        source: std::io::Error,
    },
    #[error("no agent answers at {0} within ten seconds")]
    Silent(String),
    #[error("the agent at {0} hangs: it has said nothing for {time} seconds", time = SILENCE.as_secs())]
    Hung(String),
    #[error("the agent at {0} has ended")]
    Ended(String),
    #[error("{address} does not answer like an agent: {message}")]
    Strange { address: String, message: String },
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<LogEntry>,
}

/// An answer under way, and the connection that it comes over.
struct Answer {
    body: Incoming,
    _connection: AbortOnDropHandle<()>,
}

impl Client {
    /// For the agent at that address.
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    /// Where the agent is.
    pub fn address(&self) -> &str {
        &self.0
    }

    /// How it is, as it said it and as what it means.
    ///
    /// # Errors
    /// If there is no agent, or something else.
    pub async fn status(&self) -> Result<(Bytes, Status), ClientError> {
        self.json("/api/v1/status").await
    }

    /// What happened lately, the oldest first.
    ///
    /// # Errors
    /// If there is no agent, or something else.
    pub async fn log(&self) -> Result<Vec<LogEntry>, ClientError> {
        let (_, Log { entries }) = self.json("/api/v1/log").await?;
        Ok(entries)
    }

    /// Follows what happens.
    ///
    /// # Errors
    /// If there is no agent, or something else.
    pub async fn follow(&self) -> Result<Events, ClientError> {
        Ok(Events {
            address: self.0.clone(),
            answer: self.get("/api/v1/events").await?,
        })
    }

    async fn json<T: DeserializeOwned>(&self, path: &str) -> Result<(Bytes, T), ClientError> {
        let answer = self.get(path).await?;
        let body = Limited::new(answer.body, LONGEST);
        let text = match timeout(PATIENCE, body.collect()).await {
            Ok(body) => body.map_err(|error| self.strange(&error))?.to_bytes(),
            Err(_) => return Err(ClientError::Silent(self.0.clone())),
        };
        let value = serde_json::from_slice(&text).map_err(|error| self.strange(&error))?;
        Ok((text, value))
    }

    async fn get(&self, path: &str) -> Result<Answer, ClientError> {
        match timeout(PATIENCE, self.ask(path)).await {
            Ok(answer) => answer,
            Err(_) => Err(ClientError::Silent(self.0.clone())),
        }
    }

    async fn ask(&self, path: &str) -> Result<Answer, ClientError> {
        let stream = TcpStream::connect(&self.0).await;
        let stream = stream.map_err(|source| ClientError::Unreachable {
            address: self.0.clone(),
            source,
        })?;
        // The agent answers to its address; what we call it may be another's name.
        let peer = stream.peer_addr().map_err(|error| self.strange(&error))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.strange(&error))?;
        let connection = AbortOnDropHandle::new(tokio::spawn(async {
            // Whoever reads the answer sees that it broke off.
            let _ = connection.await;
        }));
        let request = Request::get(path)
            .header(header::HOST, peer.to_string())
            .body(Body::empty())
            .map_err(|error| self.strange(&error))?;
        let response = sender.send_request(request).await;
        let response = response.map_err(|error| self.strange(&error))?;
        if response.status() != StatusCode::OK {
            return Err(self.strange(&response.status()));
        }
        Ok(Answer {
            body: response.into_body(),
            _connection: connection,
        })
    }

    fn strange(&self, what: &dyn std::fmt::Display) -> ClientError {
        ClientError::Strange {
            address: self.0.clone(),
            message: what.to_string(),
        }
    }
}

/// What happens, as it comes.
pub struct Events {
    address: String,
    answer: Answer,
}

impl Events {
    /// Waits until something has happened, whatever it is.
    ///
    /// # Errors
    /// If the agent has ended, or does not even say that it is there.
    pub async fn next(&mut self) -> Result<(), ClientError> {
        loop {
            let frame = timeout(SILENCE, self.answer.body.frame()).await;
            match frame.map_err(|_| ClientError::Hung(self.address.clone()))? {
                Some(Ok(frame)) => {
                    // A heartbeat is a comment, which begins with a colon.
                    let beat = |data: &Bytes| data.iter().all(|byte| b":\n\r".contains(byte));
                    if frame.data_ref().is_some_and(|data| !beat(data)) {
                        return Ok(());
                    }
                }
                Some(Err(_)) | None => return Err(ClientError::Ended(self.address.clone())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::future::pending;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one request with this, and goes on with `block` for ever; without one it says nothing more.
    async fn agent(head: &'static str, block: Option<Vec<u8>>) -> (Client, AbortOnDropHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = Client::new(listener.local_addr().unwrap().to_string());
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            while let Some(block) = &block
                && stream.write_all(block).await.is_ok()
            {}
            pending::<()>().await;
        });
        (client, AbortOnDropHandle::new(serving))
    }

    /// As one that was stopped with SIGSTOP, or whose machine has lost its network.
    #[tokio::test]
    async fn an_agent_that_falls_silent_is_not_waited_for() {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {}\n\n";
        let (client, _serving) = agent(head, None).await;
        let mut events = client.follow().await.unwrap();
        events.next().await.unwrap();
        tokio::time::pause();
        let error = events.next().await.unwrap_err();
        assert!(matches!(error, ClientError::Hung(_)), "{error}");
    }

    #[tokio::test]
    async fn an_answer_without_end_is_no_answer() {
        let (client, _serving) = agent("HTTP/1.1 200 OK\r\n\r\n", Some(vec![b' '; 1 << 20])).await;
        let error = client.status().await.unwrap_err();
        assert!(matches!(error, ClientError::Strange { .. }), "{error}");
    }
}
