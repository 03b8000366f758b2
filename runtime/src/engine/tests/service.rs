//! A resource may be a service that lives as long as it is in the graph (engine.md 1.5.10, §11).

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use mgmt_compiler::graph::{Resource as Declared, ResourceGraph};
use mgmt_stdlib::resource::{Invalid, Params, Validate};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::fake::config;
use crate::engine::{Engine, EngineConfig, SubmitOptions};
use crate::resource::{CheckContext, Outcome, Registry, Resource, ResourceError, WatchContext};

/// Answers everybody in capital letters.
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "shouter")]
struct Shouter {
    /// What it says first.
    greeting: String,
}

impl Validate for Shouter {
    fn validate(&self, _: &str) -> Result<(), Invalid> {
        Ok(())
    }
}

/// Serves while it is watched; what it tells is in the values that it sends.
#[derive(Default)]
struct Service {
    address: Mutex<Option<SocketAddr>>,
}

async fn serve(mut stream: tokio::net::TcpStream, greeting: String) {
    let mut line = [0; 64];
    // Whoever leaves early gets no answer.
    if let Ok(length) = stream.read(&mut line).await {
        let text = String::from_utf8_lossy(&line[..length]).to_uppercase();
        let _ = stream
            .write_all(format!("{greeting}{text}").as_bytes())
            .await;
    }
}

#[async_trait]
impl Resource for Service {
    type Params = Shouter;

    fn new(_: &str, _: &Shouter) -> Self {
        Self::default()
    }

    async fn watch(&self, params: &Shouter, context: &WatchContext) -> Result<(), ResourceError> {
        let failed = |error: std::io::Error| ResourceError::message(error.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(failed)?;
        *self.address.lock().unwrap() = Some(listener.local_addr().map_err(failed)?);
        context.event().await?;
        let mut clients = JoinSet::new();
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                Ok((stream, _)) = listener.accept() => {
                    clients.spawn(serve(stream, params.greeting.clone()));
                }
                Some(_) = clients.join_next() => {}
            }
        }
    }

    async fn check_apply(
        &self,
        _: &Shouter,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let address = self
            .address
            .lock()
            .unwrap()
            .expect("it listens before it is checked");
        // The test finds it where a resource keeps what is its own.
        let path = context.services.prefix.join("address");
        std::fs::write(path, address.to_string()).expect("it can be written");
        Ok(Outcome::Unchanged)
    }
}

fn ask(address: SocketAddr, text: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(text.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_lives_as_long_as_its_resource() {
    let prefix = tempfile::tempdir().expect("a temporary directory");
    let mut registry = Registry::default();
    registry.add::<Service>();
    let engine = Engine::new(EngineConfig {
        registry,
        services: super::fake::services(prefix.path()),
        ..config()
    });
    let submit = async |services: &[(&str, &str)]| {
        let mut graph = ResourceGraph::default();
        for (name, greeting) in services {
            let greeting = (*greeting).to_owned();
            graph.add(Arc::new(Declared::new(*name, Shouter { greeting })));
        }
        let submitted = engine.submit(graph, SubmitOptions::default()).await;
        submitted.expect("a good graph");
        let mut status = engine.status();
        let settled = status.wait_for(|it| it.busy == 0 && !it.paused && it.settled == it.vertices);
        settled.await.expect("the engine runs");
    };
    let address = || -> SocketAddr {
        let text = std::fs::read_to_string(prefix.path().join("address"));
        text.expect("it was written").parse().expect("an address")
    };
    submit(&[("s", "you said ")]).await;
    let first = address();
    assert_eq!(ask(first, "hello").as_deref(), Some("you said HELLO"));
    // Who is served is not disturbed by what happens elsewhere.
    let mut client = TcpStream::connect(first).expect("it listens");
    submit(&[("s", "you said "), ("t", "")]).await;
    client.write_all(b"still there").expect("it listens");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("it answers");
    assert_eq!(answer, "you said STILL THERE");
    submit(&[("s", "another "), ("t", "")]).await;
    assert_ne!(address(), first);
    assert_eq!(
        ask(first, "hello"),
        None,
        "the former one is gone before its successor comes"
    );
    let second = address();
    assert_eq!(ask(second, "hello").as_deref(), Some("another HELLO"));
    engine.shutdown(false).await.expect("an orderly end");
    assert_eq!(ask(second, "hello"), None);
}
