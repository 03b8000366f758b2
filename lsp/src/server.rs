//! The protocol: messages in, questions to [`crate::analysis`], messages out.
//!
//! [`state::State`] has one owner, behind a lock that is never held while something is computed.
//! Notifications change it before they first wait, so in the order in which they came; a request takes the
//! present [`World`](crate::analysis::World) and computes on another thread. Read [`backend`] first.

mod addresses;
mod backend;
mod capabilities;
mod commands;
mod convert;
mod diagnostics;
mod ending;
mod newer;
mod progress;
mod publisher;
mod question;
mod settings;
mod state;
mod tokens;
mod work;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use mgmt_compiler::Options;
use mgmt_stdlib::catalog::Catalog;
use tokio::net::TcpStream;
use tower_lsp::{LspService, Server};

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
    let service = WithNewer::new(service, newer);
    match connection {
        Connection::Stdio => {
            let server = Server::new(tokio::io::stdin(), tokio::io::stdout(), messages);
            let server = server.concurrency_level(IN_FLIGHT);
            tokio::select! {
                () = server.serve(service) => {}
                () = ending.orphaned() => {}
            }
        }
        Connection::Socket(address) => {
            let (read, write) = connect(address).await?.into_split();
            let server = Server::new(read, write, messages).concurrency_level(IN_FLIGHT);
            tokio::select! {
                () = server.serve(service) => {}
                () = ending.orphaned() => {}
            }
        }
    }
    Ok(ending.end())
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
