//! Who may ask: people at this machine, and pages that come from here.
//!
//! A page of another site can make a browser ask an address of the machine that the browser runs on. It can
//! not read the answer, for nothing here permits that, unless its own name leads to that address (DNS
//! rebinding). So only names are answered that no other site can have.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Which names are ours.
#[derive(Debug)]
pub(super) struct Guard {
    hostname: String,
}

/// Scripts and styles only from here, no frames, no forms, and no asking elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

impl Guard {
    pub(super) fn new(hostname: &str) -> Self {
        Self {
            hostname: hostname.to_ascii_lowercase(),
        }
    }

    /// Why the request is not answered.
    fn refusal(&self, headers: &HeaderMap) -> Option<&'static str> {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(host) = text(header::HOST) else {
            return Some("the request does not say to whom it is");
        };
        if !self.is_ours(host) {
            return Some("this is not a name of this machine; use its address, or `localhost`");
        }
        let elsewhere = "pages of other sites may not ask this";
        if headers.contains_key(header::ORIGIN) {
            let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://"));
            if origin.is_none_or(|(_, authority)| !authority.eq_ignore_ascii_case(host)) {
                return Some(elsewhere);
            }
        }
        let site = text(HeaderName::from_static("sec-fetch-site"));
        let follows_link = text(HeaderName::from_static("sec-fetch-mode")) == Some("navigate");
        let foreign = matches!(site, Some("cross-site" | "same-site"));
        (foreign && !follows_link).then_some(elsewhere)
    }

    fn is_ours(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let name = name.to_ascii_lowercase();
        name.parse::<IpAddr>().is_ok()
            || name == "localhost"
            || name.ends_with(".localhost")
            || name == self.hostname
    }
}

/// Refuses what must not be answered, and tells browsers what the answer may do.
pub(super) async fn check(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match guard.refusal(request.headers()) {
        Some(why) => (StatusCode::FORBIDDEN, format!("{why}\n")).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_answered(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        Guard::new("Web1").refusal(&headers.collect()).is_none()
    }

    #[test]
    fn only_our_own_names_are_answered() {
        for ours in [
            "127.0.0.1:9234",
            "localhost",
            "LOCALHOST:1",
            "[::1]:9234",
            "10.0.0.1",
            "web1:9234",
        ] {
            assert!(is_answered(&[("host", ours)]), "{ours}");
        }
        for foreign in [
            "",
            "evil.example:9234",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "web1.evil.example",
            "[evil]:1",
        ] {
            assert!(!is_answered(&[("host", foreign)]), "{foreign}");
        }
        assert!(!is_answered(&[]));
    }

    #[test]
    fn other_sites_are_not_answered() {
        let host = ("host", "localhost:1");
        assert!(is_answered(&[host, ("origin", "http://localhost:1")]));
        for origin in ["http://localhost:2", "http://evil.example", "null", ""] {
            assert!(!is_answered(&[host, ("origin", origin)]), "{origin}");
        }
        let cross = ("sec-fetch-site", "cross-site");
        assert!(!is_answered(&[host, cross, ("sec-fetch-mode", "no-cors")]));
        assert!(is_answered(&[host, cross, ("sec-fetch-mode", "navigate")]));
        assert!(is_answered(&[
            host,
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-mode", "cors")
        ]));
    }
}
