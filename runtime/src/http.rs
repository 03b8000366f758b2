//! Serves HTTP: metrics, and what else an agent tells by it.
//!
//! [`HttpServer::bind`] takes the address, so that one that is in use ends the start of the agent;
//! [`HttpServer::serve`] answers until it is told to stop. What is answered is an axum [`Router`].

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

/// Who is connected may wait this long before it has asked something.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);
/// Who is being answered may take nothing of it for this long.
const TAKING_LIMIT: Duration = Duration::from_secs(30);
/// What is being answered may take this much longer once the server stops.
const GRACE: Duration = Duration::from_secs(2);
/// More connections wait until one of these has ended.
const CONNECTIONS: usize = 256;
/// The pause after the system refused a connection, which is for want of descriptors.
const REFUSED: Duration = Duration::from_millis(100);

/// Where to listen: `HOST:PORT`, or `:PORT` for every address of this machine. Port 0 is any free one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    host: Box<str>,
    port: u16,
}

/// A text is no [`ListenAddress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address with a port, such as `127.0.0.1:9233`, `[::1]:9233` or `:9233`")]
pub struct NoListenAddress;

impl FromStr for ListenAddress {
    type Err = NoListenAddress;

    fn from_str(text: &str) -> Result<Self, NoListenAddress> {
        let (host, port) = text.rsplit_once(':').ok_or(NoListenAddress)?;
        let port = port.parse().map_err(|_| NoListenAddress)?;
        let (open, close) = (host.starts_with('['), host.ends_with(']'));
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let brackets = open && close && host.contains(':');
        let none = !open && !close && !host.contains(':');
        if (brackets || none) && !host.contains(char::is_whitespace) {
            Ok(Self {
                host: host.into(),
                port,
            })
        } else {
            Err(NoListenAddress)
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

/// An address can not be listened at.
#[derive(Debug, thiserror::Error)]
#[error("can't listen at `{address}`: {error}{}", advice(.error))]
pub struct ListenError {
    address: ListenAddress,
    error: io::Error,
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; choose another port, or end who has this one",
        io::ErrorKind::AddrNotAvailable => "; choose an address of this machine",
        io::ErrorKind::PermissionDenied => "; choose a port from 1024 on",
        _ => "",
    }
}

/// A server that has its address, and is not answering yet.
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl HttpServer {
    /// Takes the address.
    ///
    /// # Errors
    /// If somebody else has it, or it is none of this machine.
    pub async fn bind(address: &ListenAddress) -> Result<Self, ListenError> {
        let listen = |host: &str| TcpListener::bind((host.to_owned(), address.port));
        let bound = match &*address.host {
            "" => match listen("::").await {
                // Without IPv6 there is no such address.
                Err(error) if error.kind() != io::ErrorKind::AddrInUse => listen("0.0.0.0").await,
                bound => bound,
            },
            host => listen(host).await,
        };
        let bound = bound.and_then(|listener| {
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        });
        bound.map_err(|error| ListenError {
            address: address.clone(),
            error,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop`. What is being answered then may still end, for two seconds; an answer
    /// without end has to look at `stop` itself.
    pub async fn serve(self, router: Router, stop: CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(connection(stream, router.clone(), stop.clone()));
                    }
                    Err(error) => {
                        warn!("can't accept a connection at {}: {error}", self.address);
                        sleep(REFUSED).await;
                    }
                },
            }
        }
        drop(self.listener);
        let end = async { while connections.join_next().await.is_some() {} };
        if timeout(GRACE, end).await.is_err() {
            connections.shutdown().await;
        }
    }
}

/// Answers one peer after another request of it, until either wants to end.
async fn connection(stream: TcpStream, router: Router, stop: CancellationToken) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(TAKING_LIMIT));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_LIMIT)
        .serve_connection(
            TokioIo::new(Box::pin(stream)),
            TowerToHyperService::new(router),
        );
    let mut served = std::pin::pin!(served);
    let result = tokio::select! {
        result = &mut served => result,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = result {
        debug!("a connection ended: {error}");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Notify;

    use super::*;

    fn address(text: &str) -> ListenAddress {
        text.parse().unwrap()
    }

    async fn ask(to: SocketAddr, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(to).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn answer(mut stream: TcpStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    #[test]
    fn addresses_are_hosts_with_ports() {
        for good in ["127.0.0.1:9233", "[::1]:0", ":45001", "localhost:80"] {
            assert_eq!(address(good).to_string(), good);
        }
        for bad in [
            "",
            "9233",
            "::1:80",
            "[::1:80",
            "a b:80",
            "host:",
            "host:70000",
            "[]:1",
        ] {
            assert_eq!(bad.parse::<ListenAddress>(), Err(NoListenAddress), "{bad}");
        }
    }

    #[tokio::test]
    async fn an_address_is_taken_once() {
        let first = HttpServer::bind(&address("127.0.0.1:0")).await.unwrap();
        let second = ListenAddress {
            host: "127.0.0.1".into(),
            port: first.address().port(),
        };
        let error = HttpServer::bind(&second).await.unwrap_err().to_string();
        assert!(error.contains(&second.to_string()), "{error}");
        assert!(error.contains("choose another port"), "{error}");
    }

    #[tokio::test]
    async fn a_request_under_way_is_answered_at_the_end() {
        let (asked, release) = (std::sync::Arc::new(Notify::new()), CancellationToken::new());
        let server = HttpServer::bind(&address("127.0.0.1:0")).await.unwrap();
        let (to, stop) = (server.address(), CancellationToken::new());
        let (in_handler, wait) = (asked.clone(), release.clone());
        let router = Router::new().route(
            "/",
            get(async move || {
                in_handler.notify_one();
                wait.cancelled().await;
                "done"
            }),
        );
        let serving = tokio::spawn(server.serve(router, stop.clone()));
        let stream = ask(to, GET).await;
        asked.notified().await;
        stop.cancel();
        release.cancel();
        let text = answer(stream).await;
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        assert!(text.ends_with("done"), "{text}");
        serving.await.unwrap();
        assert!(TcpStream::connect(to).await.is_err());
    }

    /// As a suspended browser does. So many connections as are answered at once would otherwise keep all others out.
    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_of_an_answer_is_given_up() {
        let server = HttpServer::bind(&address("127.0.0.1:0")).await.unwrap();
        let (to, stop) = (server.address(), CancellationToken::new());
        let given_up = CancellationToken::new();
        let guard = given_up.clone();
        let endless = move || {
            let guard = guard.clone().drop_guard();
            let blocks = futures::stream::repeat_with(move || {
                let _held = &guard;
                Ok::<_, std::convert::Infallible>(vec![b'x'; 1 << 20])
            });
            std::future::ready(axum::body::Body::from_stream(blocks))
        };
        let router = Router::new().route("/", get(endless));
        let serving = tokio::spawn(server.serve(router, stop.clone()));
        let reader = ask(to, GET).await;
        timeout(TAKING_LIMIT * 10, given_up.cancelled())
            .await
            .expect("the answer ends");
        drop(reader);
        stop.cancel();
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn who_says_nothing_does_not_keep_it_from_stopping() {
        let server = HttpServer::bind(&address("127.0.0.1:0")).await.unwrap();
        let (to, stop) = (server.address(), CancellationToken::new());
        let serving = tokio::spawn(server.serve(Router::new(), stop.clone()));
        let half = ask(to, "GET / HT").await;
        let text = answer(ask(to, GET).await).await;
        assert!(text.starts_with("HTTP/1.1 404"), "{text}");
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(20), serving)
            .await
            .unwrap()
            .unwrap();
        drop(half);
    }
}
