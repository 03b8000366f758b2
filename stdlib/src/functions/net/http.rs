//! `net/http`: what downloads have brought (functions.md §17.5).

use crate::catalog::{CallError, FunctionDef, Host, Wake};
use crate::value::{Str, Struct, Value};

use super::super::declare::{sampler, source};

pub(super) fn functions() -> Vec<FunctionDef> {
    vec![source(
        "net/http.response",
        "func(uid str) struct{status int; output str}",
        "What the resource `http:client` of that name has brought: the HTTP status, 0 before there is one and -1 after a \
             failure, and the body. An empty name, or a body that can not be read, ends the program. It wakes \
             when that changes.",
        sampler!(response(uid), |args| {
            let uid = args.first().and_then(Value::as_str);
            uid.map(|uid| Wake::HttpResponse(uid.to_string_lossy().into_owned()))
                .into_iter()
                .collect()
        }),
    )]
}

fn response(host: &dyn Host, uid: &Str) -> Result<Struct, CallError> {
    if uid.is_empty() {
        return Err(CallError::fatal("can't use an empty uid"));
    }
    let response = host.http_response(&uid.to_string_lossy());
    let output = match &response.body {
        None => Vec::new(),
        Some(path) => std::fs::read(path).map_err(|error| {
            CallError::fatal(format!("can't read the body `{}`: {error}", path.display()))
        })?,
    };
    let fields = [
        ("status", Value::Int(response.status)),
        ("output", Value::from(output)),
    ];
    Ok(fields.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{TestHost, call_on, fatal, sample};
    use super::*;
    use crate::catalog::HttpResponse;

    #[test]
    fn the_body_is_read_at_the_call() {
        let directory = tempfile::tempdir().unwrap();
        let body = directory.path().join("body");
        let host = TestHost {
            response: HttpResponse {
                status: 200,
                body: Some(body.clone()),
            },
            ..TestHost::default()
        };
        let ask = |uid: &str| call_on(&host, "net/http.response", &[uid.into()]);
        assert!(fatal(ask("a")).starts_with("can't read the body "));
        std::fs::write(&body, "hello").unwrap();
        assert_eq!(
            ask("a").unwrap().to_string(),
            r#"struct{status: 200; output: "hello"}"#
        );
        assert_eq!(fatal(ask("")), "can't use an empty uid");
        assert_eq!(
            sample("net/http.response").wake(&["a".into()]),
            [Wake::HttpResponse("a".to_owned())]
        );
    }

    #[test]
    fn before_there_is_one_it_is_empty() {
        let response = call_on(&TestHost::default(), "net/http.response", &["a".into()]);
        assert_eq!(
            response.unwrap().to_string(),
            r#"struct{status: 0; output: ""}"#
        );
    }
}
