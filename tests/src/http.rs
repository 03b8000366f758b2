//! Asks servers on this machine.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A server that does not answer for so long fails the test.
const PATIENCE: Duration = Duration::from_secs(30);

/// What `http://ADDRESS/PATH` answers: the status, and the body.
///
/// # Panics
/// If there is no server, or it does not speak HTTP.
pub fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("it is not zero");
    // The answer to HTTP/1.0 is not in chunks.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").expect("the server reads");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("the server answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (status.expect("a status"), body.to_owned())
}
