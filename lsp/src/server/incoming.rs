//! Messages on their way from the editor. What can not be read is answered with an error, and the next message is
//! read all the same: the transport itself would read no further.

use std::io;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};

/// Stands for a message that can not be read; its parameter is the code of the error.
const UNREADABLE: &str = "mgmt/unreadable";

/// No header is longer, and nothing that is longer is kept.
const MAX_HEADER: u64 = 1 << 16;

/// No message is longer.
const MAX_BODY: u64 = 1 << 30;

/// A message as it is passed on.
type Body = Vec<u8>;

/// Passes on what can be read, and a stand-in for all else, until the editor is gone.
///
/// # Errors
/// If either side can not be reached any more.
pub async fn pass_on(
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let mut from = BufReader::new(from);
    while let Some(body) = next(&mut from).await? {
        let header = format!("Content-Length: {}\r\n\r\n", body.len());
        to.write_all(header.as_bytes()).await?;
        to.write_all(&body).await?;
    }
    Ok(())
}

/// The answer to a stand-in.
pub fn refusal(request: &Request) -> Option<Response> {
    if request.method() != UNREADABLE {
        return None;
    }
    let code = request.params().and_then(Value::as_i64).unwrap_or_default();
    let error = Error::new(ErrorCode::from(code));
    let id = request.id().cloned().unwrap_or_default();
    Some(Response::from_error(id, error))
}

/// The next message; nothing at the end.
async fn next(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Body>> {
    let Some(length) = read_headers(from).await? else {
        return Ok(None);
    };
    let Some(length) = length.filter(|length| *length <= MAX_BODY) else {
        return Ok(Some(stand_in(None, ErrorCode::ParseError)));
    };
    let mut body = Vec::new();
    from.take(length).read_to_end(&mut body).await?;
    if (body.len() as u64) < length {
        return Ok(None);
    }
    Ok(Some(
        check(&body).map_or_else(|stand_in| stand_in, |()| body),
    ))
}

/// Reads the headers of a message, and gives its length if they say one; nothing at the end.
async fn read_headers(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Option<u64>>> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if from.take(MAX_HEADER).read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line).to_ascii_lowercase();
        if text.trim().is_empty() {
            return Ok(Some(length));
        }
        // What is no header is passed over, and may go on up to here without a line break.
        if let Some((_, said)) = text.rsplit_once("content-length:") {
            length = said.trim().parse().ok();
        }
    }
}

/// Says whether the transport can read a message, or gives what is passed on instead.
fn check(body: &[u8]) -> Result<(), Body> {
    let Ok(message) = serde_json::from_slice::<Value>(body) else {
        return Err(stand_in(None, ErrorCode::ParseError));
    };
    let id = message.get("id").cloned();
    // An answer is also a request without a method as far as their forms are concerned.
    match Request::deserialize(message) {
        Ok(_) => Ok(()),
        Err(_) => Err(stand_in(id, ErrorCode::InvalidRequest)),
    }
}

fn stand_in(id: Option<Value>, code: ErrorCode) -> Body {
    let mut message = json!({ "jsonrpc": "2.0", "method": UNREADABLE, "params": code.code() });
    if let Some(id) = id.filter(|id| Id::deserialize(id).is_ok()) {
        message["id"] = id;
    }
    message.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;

    /// What is passed on of what came.
    async fn passed(came: &[u8]) -> Vec<Value> {
        let mut from = BufReader::new(came);
        let mut bodies = Vec::new();
        while let Some(body) = next(&mut from).await.unwrap() {
            bodies.push(serde_json::from_slice(&body).unwrap());
        }
        bodies
    }

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[tokio::test]
    async fn what_can_be_read_is_passed_on() {
        for body in [
            r#"{"jsonrpc":"2.0","id":1,"method":"shutdown"}"#,
            r#"{"jsonrpc":"2.0","method":"exit"}"#,
            r#"{"jsonrpc":"2.0","id":"a","result":null}"#,
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"😀"}}"#,
        ] {
            let message: Value = serde_json::from_str(body).unwrap();
            assert_eq!(
                passed(framed(body).as_bytes()).await,
                slice::from_ref(&message)
            );
            let length = body.len();
            let other = format!("content-type: a/b\ncontent-length:{length}\n\n{body}");
            assert_eq!(passed(other.as_bytes()).await, [message]);
        }
    }

    #[tokio::test]
    async fn what_follows_something_unreadable_is_read() {
        let good = framed(r#"{"jsonrpc":"2.0","method":"exit"}"#);
        let deep = format!(
            r#"{{"jsonrpc":"2.0","method":"a","params":{}{}}}"#,
            "[".repeat(1000),
            "]".repeat(1000)
        );
        let cases = [
            (framed(r#"{"jsonrpc":"2.0","#), -32700),
            (framed("[]"), -32600),
            (framed(r#"{"id":1}"#), -32600),
            (framed(r#"{"jsonrpc":"1.0","id":1,"method":"a"}"#), -32600),
            (framed(r#"{"jsonrpc":"2.0","id":1.5,"method":"a"}"#), -32600),
            (framed(&deep), -32700),
            ("Content-Length: many\r\n\r\n".to_owned(), -32700),
            ("Content-Length: 99999999999\r\n\r\n".to_owned(), -32700),
            ("\r\n".to_owned(), -32700),
            ("garbage\r\n\r\n".to_owned(), -32700),
        ];
        for (bad, code) in cases {
            let passed = passed(format!("{bad}{good}").as_bytes()).await;
            let [first, last] = &*passed else {
                panic!("{bad}: {passed:?}")
            };
            assert_eq!(first["params"], code, "{bad}");
            assert_eq!(last["method"], "exit", "{bad}");
        }
    }

    #[tokio::test]
    async fn a_message_without_its_end_is_none() {
        assert_eq!(
            passed(b"Content-Length: 50\r\n\r\n{").await,
            [Value::Null; 0]
        );
        assert_eq!(passed(b"").await, [Value::Null; 0]);
    }
}
