//! The protocol: messages in, questions to [`crate::analysis`], messages out.
//!
//! [`state::State`] has one owner, behind a lock that is never held while something is computed.
//! Notifications change it before they first wait, so in the order in which they came; a request takes the
//! present [`World`] and computes on another thread. Read [`backend`] first.

mod addresses;
mod backend;
mod capabilities;
mod commands;
mod convert;
mod diagnostics;
mod ending;
mod incoming;
mod newer;
mod progress;
mod publisher;
mod question;
mod settings;
mod state;
mod tokens;
mod work;

use std::convert::Infallible;
use std::future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use mgmt_compiler::Options;
use mgmt_stdlib::catalog::Catalog;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tower_lsp::{ClientSocket, LspService, Server};

use crate::analysis::World;
use addresses::Addresses;
use backend::Backend;
pub use ending::End;
use ending::Ending;
use newer::{Said, WithNewer};

/// How the editor is reached.
#[derive(Clone, Debug)]
pub enum Connection {
    /// Over standard input and output.
    Stdio,
    /// It listens at this port, or address and port.
    Socket(String),
}

/// So many messages may be on their way at once. Most only wait; those behind them, such as a cancellation, must
/// not.
const IN_FLIGHT: usize = 1000;

/// So many bytes of messages are passed on before they are read.
const BUFFER: usize = 1 << 16;

/// How deep the programs that are looked at may be nested: this much of stack is for the deepest that the grammar
/// lets through.
const STACK: usize = 16 << 20;

/// Directories that the server uses.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// Where modules from other places are.
    pub module_path: Option<PathBuf>,
    /// Where files may be written that can be made again: copies of what belongs to the library, for editors that
    /// open files only, and drawings.
    pub cache: Option<PathBuf>,
}

/// Serves one editor, until it says that this is enough or goes away.
///
/// # Errors
/// If the editor can not be reached.
pub fn run(connection: &Connection, places: Places) -> io::Result<End> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(STACK)
        .enable_all()
        .build()?;
    let result = runtime.block_on(serve(connection, places));
    // The thread that reads standard input can not be told to stop.
    runtime.shutdown_background();
    result
}

async fn serve(connection: &Connection, places: Places) -> io::Result<End> {
    let catalog = Arc::new(Catalog::standard().map_err(io::Error::other)?);
    let options = Options {
        hostname: String::new(),
        module_path: places.module_path,
    };
    let addresses = Arc::new(Addresses::new(catalog.clone(), places.cache.as_deref()));
    let world = World::new(catalog, options);
    let ending: Arc<Ending> = Arc::default();
    let newer: Arc<Said> = Arc::default();
    let (service, messages) = LspService::build(|client| {
        Backend::new(client, world, addresses, newer.clone(), ending.clone())
    })
    .custom_method(newer::TEXT_CONTENT, Backend::text_document_content)
    .finish();
    let service = WithNewer::new(service, newer, ending.clone());
    match connection {
        Connection::Stdio => {
            let (read, write) = (tokio::io::stdin(), tokio::io::stdout());
            talk(read, write, service, messages, &ending).await;
        }
        Connection::Socket(address) => {
            let (read, write) = connect(address).await?.into_split();
            talk(read, write, service, messages, &ending).await;
        }
    }
    Ok(ending.end())
}

/// Answers what comes, until that ends or there is no editor any more.
async fn talk(
    read: impl AsyncRead + Unpin,
    write: impl AsyncWrite,
    service: WithNewer<Backend>,
    messages: ClientSocket,
    ending: &Ending,
) {
    let (passed, passing) = tokio::io::duplex(BUFFER);
    let server = Server::new(passed, write, messages).concurrency_level(IN_FLIGHT);
    let passing_on = async {
        // With it ends what the server reads, and the server then.
        let _ = incoming::pass_on(read, passing).await;
        future::pending::<Infallible>().await
    };
    tokio::select! {
        () = server.serve(service) => {}
        () = ending.orphaned() => {}
        never = passing_on => match never {},
    }
}

async fn connect(address: &str) -> io::Result<TcpStream> {
    let address = match address.parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}"),
        Err(_) => address.to_owned(),
    };
    let stream = TcpStream::connect(&address).await.map_err(|error| {
        let text = format!("can't connect to `{address}`: {error}");
        io::Error::new(error.kind(), text)
    })?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
