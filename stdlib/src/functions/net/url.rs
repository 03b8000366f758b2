//! The parts of a URL (functions.md §17.3.2). What browsers do to a URL is not done here: nothing is
//! normalised but the case of the scheme.

use crate::catalog::{CallError, FunctionDef};
use crate::value::{Str, Struct, Value, quote};

use super::super::declare::{examples, native, pure};

pub(super) fn functions() -> Vec<FunctionDef> {
    vec![
        pure(
            "net.url_parser",
            "func(url str) struct{scheme str; host str; path str; raw_query str}",
            "The parts of a URL: the scheme in lower case, the host with its port, the path without percent signs, and the \
             query as it is written. User and fragment are left out. A URL without slashes after its scheme, \
             such as `mailto:a@b`, has neither host nor path.",
            native!(url_parser(url)),
        )
        .catchable(&["error parsing the URL: parse S: R", "empty schemes are invalid"])
        .examples(examples![
            r#"net.url_parser("https://example.com:8443/a%20b?x=1")"# =>
            r#"struct{scheme: "https"; host: "example.com:8443"; path: "/a b"; raw_query: "x=1"}"#,
        ]),
    ]
}

fn url_parser(url: &Str) -> Result<Struct, CallError> {
    let parts = parse(url.as_bytes()).map_err(|reason| {
        CallError::catchable(format!(
            "error parsing the URL: parse {}: {reason}",
            quote(url.as_bytes())
        ))
    })?;
    if parts.scheme.is_empty() {
        return Err(CallError::catchable("empty schemes are invalid"));
    }
    Ok([
        ("scheme", Value::from(parts.scheme)),
        ("host", Value::from(parts.host)),
        ("path", Value::from(parts.path)),
        ("raw_query", Value::from(parts.raw_query)),
    ]
    .into_iter()
    .collect())
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Parts {
    scheme: Vec<u8>,
    host: Vec<u8>,
    path: Vec<u8>,
    raw_query: Vec<u8>,
}

fn parse(url: &[u8]) -> Result<Parts, String> {
    if url.iter().any(u8::is_ascii_control) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let (url, fragment) = split_at(url, b'#');
    decode(fragment)?;
    let (scheme, rest) = split_scheme(url)?;
    let (rest, raw_query) = split_at(rest, b'?');
    let mut parts = Parts {
        scheme: scheme.to_ascii_lowercase(),
        raw_query: raw_query.to_vec(),
        ..Parts::default()
    };
    if !rest.starts_with(b"/") {
        if !scheme.is_empty() {
            // Opaque: neither host nor path can be told.
            return Ok(parts);
        }
        if split_at(rest, b'/').0.contains(&b':') {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let path = match rest.strip_prefix(b"//") {
        Some(after) => {
            let end = after
                .iter()
                .position(|byte| *byte == b'/')
                .unwrap_or(after.len());
            parts.host = host(&after[..end])?;
            &after[end..]
        }
        None => rest,
    };
    parts.path = decode(path)?;
    Ok(parts)
}

/// What is before and after the first such byte.
fn split_at(text: &[u8], byte: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|have| *have == byte) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, b""),
    }
}

fn split_scheme(url: &[u8]) -> Result<(&[u8], &[u8]), String> {
    for (at, byte) in url.iter().enumerate() {
        match byte {
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&url[..at], &url[at + 1..])),
            byte if byte.is_ascii_alphabetic() => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            _ => break,
        }
    }
    Ok((b"", url))
}

/// The host and port of an authority, without the user.
fn host(authority: &[u8]) -> Result<Vec<u8>, String> {
    let host = match authority.iter().rposition(|byte| *byte == b'@') {
        None => authority,
        Some(at) => {
            let user = &authority[..at];
            let known =
                |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
            if !user.iter().all(known) {
                return Err("net/url: invalid userinfo".to_owned());
            }
            decode(user)?;
            &authority[at + 1..]
        }
    };
    let port = if host.starts_with(b"[") {
        let end = host.iter().rposition(|byte| *byte == b']');
        &host[end.ok_or_else(|| "missing ']' in host".to_owned())? + 1..]
    } else {
        let colon = host.iter().rposition(|byte| *byte == b':');
        &host[colon.unwrap_or(host.len())..]
    };
    let sound = match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !sound {
        return Err(format!("invalid port {} after host", quote(port)));
    }
    decode_host(host)
}

/// A host: only what is not ASCII, and the `%` before a zone, may be encoded.
fn decode_host(host: &[u8]) -> Result<Vec<u8>, String> {
    let zone = host
        .starts_with(b"[")
        .then(|| host.windows(3).position(|three| three == b"%25"))
        .flatten()
        .unwrap_or(host.len());
    for (at, byte) in host[..zone].iter().enumerate() {
        let reserved = b"-._~!$&'()*+,;=:[]<>\"%".contains(byte);
        if byte.is_ascii() && !byte.is_ascii_alphanumeric() && !reserved {
            return Err(format!(
                "invalid character {} in host name",
                quote(&[*byte])
            ));
        }
        if *byte == b'%' {
            let escape = &host[at..(at + 3).min(host.len())];
            let ascii = decode(escape)?.first().is_some_and(u8::is_ascii);
            if ascii && escape != b"%25" {
                return Err(invalid_escape(escape));
            }
        }
    }
    decode(host)
}

/// The text with each `%XX` replaced by the byte it stands for.
fn decode(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            out.push(*first);
            rest = after;
            continue;
        }
        let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
        let (Some(high), Some(low)) = (digit(0), digit(1)) else {
            return Err(invalid_escape(&rest[..rest.len().min(3)]));
        };
        out.push((high << 4 | low) as u8);
        rest = &after[2..];
    }
    Ok(out)
}

fn invalid_escape(escape: &[u8]) -> String {
    format!("invalid URL escape {}", quote(escape))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{call, caught};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_of_urls() {
        for (url, scheme, host, path, query) in [
            (
                "HTTPS://u:p@Ex.com:8443/a%20b?x=1#f",
                "https",
                "Ex.com:8443",
                "/a b",
                "x=1",
            ),
            ("mailto:a@b", "mailto", "", "", ""),
            (
                "http://[fe80::1%25en0]:8080/",
                "http",
                "[fe80::1%en0]:8080",
                "/",
                "",
            ),
            ("file:///etc/motd", "file", "", "/etc/motd", ""),
            ("http://h", "http", "h", "", ""),
            ("http://h?a=?b", "http", "h", "", "a=?b"),
            ("a+b-c.1:/x", "a+b-c.1", "", "/x", ""),
            ("http://%C3%A9/", "http", "é", "/", ""),
        ] {
            let parts = Parts {
                scheme: scheme.into(),
                host: host.into(),
                path: path.into(),
                raw_query: query.into(),
            };
            assert_eq!(parse(url.as_bytes()), Ok(parts), "{url}");
        }
    }

    #[test]
    fn what_is_no_url_is_explained() {
        for (url, reason) in [
            (":a", "missing protocol scheme"),
            ("1a:b", "first path segment in URL cannot contain colon"),
            ("http://h/%zz", r#"invalid URL escape "%zz""#),
            ("http://h/%2", r#"invalid URL escape "%2""#),
            ("http://a b/", r#"invalid character " " in host name"#),
            ("http://h:abc/", r#"invalid port ":abc" after host"#),
            ("http://[::1/", "missing ']' in host"),
            ("http://%41/", r#"invalid URL escape "%41""#),
            ("http://a\n", "net/url: invalid control character in URL"),
            ("http://a b@h/", "net/url: invalid userinfo"),
        ] {
            let error = caught(call("net.url_parser", &[url.into()]));
            assert_eq!(
                error,
                format!(
                    "error parsing the URL: parse {}: {reason}",
                    quote(url.as_bytes())
                )
            );
        }
        for url in ["", "/a/b", "a"] {
            let error = caught(call("net.url_parser", &[url.into()]));
            assert_eq!(error, "empty schemes are invalid");
        }
    }

    proptest! {
        #[test]
        fn parts_that_were_joined_are_found_again(
            scheme in "[a-z][a-z0-9+.-]{0,5}",
            user in prop::option::of("[a-z]{1,4}(:[a-z0-9]{0,3})?"),
            host in "[a-zA-Z0-9.-]{1,8}(:[0-9]{0,4})?|\\[[0-9a-f:]{2,8}\\](:[0-9]{1,4})?",
            path: Vec<u8>,
            query in prop::option::of("[a-z0-9=&?/:@ ]{0,8}"),
            fragment in prop::option::of("[a-z/?]{0,4}"),
        ) {
            let mut url = format!("{}://", scheme.to_uppercase());
            if let Some(user) = user {
                url += &format!("{user}@");
            }
            url += &host;
            let path = [b"/", &path[..]].concat();
            for byte in &path {
                match byte {
                    b'/' => url.push('/'),
                    byte => url += &format!("%{byte:02X}"),
                }
            }
            if let Some(query) = &query {
                url += &format!("?{query}");
            }
            if let Some(fragment) = fragment {
                url += &format!("#{fragment}");
            }
            let parts = Parts {
                scheme: scheme.into_bytes(),
                host: host.into_bytes(),
                path,
                raw_query: query.unwrap_or_default().into_bytes(),
            };
            prop_assert_eq!(parse(url.as_bytes()), Ok(parts), "{}", url);
        }

        #[test]
        fn no_text_is_too_much(url: Vec<u8>, other in "[a-c:/?#@%\\[\\]0-9 ]{0,12}") {
            let _ = (parse(&url), parse(other.as_bytes()));
        }
    }
}
