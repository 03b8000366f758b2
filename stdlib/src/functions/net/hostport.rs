//! A host and a port in one text (functions.md §17.3.1).

use crate::catalog::{CallError, FunctionDef};
use crate::value::{Str, Struct, Value};

use super::super::declare::{examples, native, pure};

pub(super) fn functions() -> Vec<FunctionDef> {
    vec![
        pure(
            "net.split_hostport",
            "func(a str) struct{host str; port str}",
            "The host and the port of `host:port`; an IPv6 address stands in brackets, which are taken off. Either may be \
             empty, and the port need not be a number.",
            native!(split_hostport(a)),
        )
        .catchable(&[
            "error parsing the input: address S: missing port in address",
            "error parsing the input: address S: too many colons in address",
            "error parsing the input: address S: missing ']' in address",
            "error parsing the input: address S: unexpected '[' in address",
            "error parsing the input: address S: unexpected ']' in address",
        ])
        .examples(examples![
            r#"net.split_hostport("[::1]:80")"# => r#"struct{host: "::1"; port: "80"}"#
        ]),
        pure(
            "net.join_hostport",
            "func(host str, port str) str",
            "`host:port`, with brackets around a host that has a colon. Not in the original.",
            native!(join_hostport(host, port)),
        )
        .examples(examples![r#"net.join_hostport("::1", "80")"# => r#""[::1]:80""#]),
    ]
}

fn split_hostport(a: &Str) -> Result<Struct, CallError> {
    let (host, port) = split(a.as_bytes()).map_err(|reason| {
        CallError::catchable(format!(
            "error parsing the input: address {}: {reason}",
            a.to_string_lossy()
        ))
    })?;
    Ok([("host", Value::str(host)), ("port", Value::str(port))]
        .into_iter()
        .collect())
}

fn split(text: &[u8]) -> Result<(&[u8], &[u8]), &'static str> {
    const MISSING_PORT: &str = "missing port in address";
    const TOO_MANY_COLONS: &str = "too many colons in address";
    let last_colon = text
        .iter()
        .rposition(|byte| *byte == b':')
        .ok_or(MISSING_PORT)?;
    // The host, and where the text for which no bracket is left starts.
    let (host, opening, closing) = if text[0] == b'[' {
        let end = text
            .iter()
            .position(|byte| *byte == b']')
            .ok_or("missing ']' in address")?;
        match text.get(end + 1) {
            Some(b':') if end + 1 == last_colon => (&text[1..end], 1, end + 1),
            Some(b':') => return Err(TOO_MANY_COLONS),
            _ => return Err(MISSING_PORT),
        }
    } else {
        let host = &text[..last_colon];
        if host.contains(&b':') {
            return Err(TOO_MANY_COLONS);
        }
        (host, 0, 0)
    };
    if text[opening..].contains(&b'[') {
        return Err("unexpected '[' in address");
    }
    if text[closing..].contains(&b']') {
        return Err("unexpected ']' in address");
    }
    Ok((host, &text[last_colon + 1..]))
}

fn join_hostport(host: &[u8], port: &[u8]) -> Vec<u8> {
    if host.contains(&b':') {
        [b"[", host, b"]:", port].concat()
    } else {
        [host, b":", port].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{call, caught};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_and_ports() {
        for (text, host, port) in [
            ("h:80", "h", "80"),
            (":80", "", "80"),
            ("h:", "h", ""),
            ("[fe80::1%eth0]:1", "fe80::1%eth0", "1"),
        ] {
            assert_eq!(
                split(text.as_bytes()),
                Ok((host.as_bytes(), port.as_bytes()))
            );
        }
    }

    #[test]
    fn what_does_not_split_is_explained() {
        for (text, reason) in [
            ("h", "missing port in address"),
            ("", "missing port in address"),
            ("[::1]", "missing port in address"),
            ("::1", "too many colons in address"),
            ("[::1]:1:2", "too many colons in address"),
            ("[::1:80", "missing ']' in address"),
            ("h[:80", "unexpected '[' in address"),
            ("h]:80", "unexpected ']' in address"),
            ("[[::1]:80", "unexpected '[' in address"),
        ] {
            assert_eq!(
                caught(call("net.split_hostport", &[text.into()])),
                format!("error parsing the input: address {text}: {reason}")
            );
        }
    }

    proptest! {
        #[test]
        fn splitting_undoes_joining(host in "[a-z0-9:.%]{0,12}", port in "[a-z0-9]{0,5}") {
            let joined = call("net.join_hostport", &[host.clone().into(), port.clone().into()]).unwrap();
            let split = call("net.split_hostport", &[joined]).unwrap();
            let split = split.as_struct().unwrap();
            prop_assert_eq!(split.get("host"), Some(&host.into()));
            prop_assert_eq!(split.get("port"), Some(&port.into()));
        }
    }
}
