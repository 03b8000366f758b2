//! What Prometheus reads (engine.md §7.1): what the [engine](crate::engine::Metrics) counts, and how the
//! process itself is doing, at `/metrics`.

mod process;

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tracing::error;

use crate::engine::Metrics;
use process::Process;

/// Where the metrics are served unless it is said.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:9233";

/// The text format of Prometheus, as opposed to that of OpenMetrics, in which a counter `x_total` and a gauge
/// `x` can not stand side by side.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers `GET /metrics` with what is counted then. Must be called within a tokio runtime.
pub fn router(metrics: &Metrics) -> Router {
    let mut registry = Registry::default();
    metrics.register(&mut registry);
    registry.register(
        "mgmt_build",
        "The program",
        Info::new([("version", env!("CARGO_PKG_VERSION"))]),
    );
    registry.register_collector(Box::new(Process::new()));
    let registry = Arc::new(registry);
    let answer = async move || -> Response {
        match render(&registry) {
            Ok(text) => ([(CONTENT_TYPE, FORMAT)], text).into_response(),
            Err(error) => {
                error!("can't render the metrics: {error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    };
    Router::new().route("/metrics", get(answer))
}

/// All metrics in the text format of Prometheus: there, unlike in OpenMetrics, the name of a counter ends in
/// `_total` in its description, too.
fn render(registry: &Registry) -> Result<String, std::fmt::Error> {
    let mut open_metrics = String::new();
    text::encode_registry(&mut open_metrics, registry)?;
    let mut rendered = String::with_capacity(open_metrics.len() + open_metrics.len() / 16);
    let mut lines = open_metrics.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((name, help)) = split(line, "# HELP ") else {
            writeln!(rendered, "{line}")?;
            continue;
        };
        let kind = lines.next_if(|line| line.starts_with("# TYPE "));
        let kind = kind.and_then(|line| Some(split(line, "# TYPE ")?.1));
        let (suffix, kind) = match kind {
            Some("counter") => ("_total", "counter"),
            Some("info") => ("_info", "gauge"),
            Some(other) => ("", other),
            None => ("", "untyped"),
        };
        writeln!(rendered, "# HELP {name}{suffix} {help}")?;
        writeln!(rendered, "# TYPE {name}{suffix} {kind}")?;
    }
    Ok(rendered)
}

/// A name, and what is said of it.
fn split<'t>(line: &'t str, prefix: &str) -> Option<(&'t str, &'t str)> {
    line.strip_prefix(prefix)?.split_once(' ')
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[tokio::test]
    async fn every_metric_is_described_under_its_own_name() {
        let metrics = Metrics::new(["file", "http:server"]);
        metrics.switched(3);
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        registry.register_collector(Box::new(Process::new()));
        let text = render(&registry).unwrap();
        let mut described = BTreeMap::new();
        for line in text.lines().filter(|line| line.starts_with("# TYPE ")) {
            let (name, kind) = split(line, "# TYPE ").unwrap();
            assert_eq!(described.insert(name, kind), None, "{name} twice");
        }
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap();
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix))
                .unwrap_or(name);
            assert!(described.contains_key(family), "{line}\n{text}");
        }
        let counters: BTreeSet<_> = described
            .iter()
            .filter(|(_, kind)| **kind == "counter")
            .map(|(name, _)| *name)
            .collect();
        assert!(
            counters.iter().all(|name| name.ends_with("_total")),
            "{counters:?}"
        );
        assert_eq!(described["mgmt_failures"], "gauge");
        assert_eq!(described["mgmt_failures_total"], "counter");
        assert!(
            text.contains("mgmt_resources{kind=\"http:server\"} 0"),
            "{text}"
        );
    }

    /// Engine.md 7.1.1: a rate can only be computed of what was there before.
    #[test]
    fn all_series_of_all_kinds_are_there_from_the_start() {
        let metrics = Metrics::new(["file", "svc"]);
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let text = render(&registry).unwrap();
        let series = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(series("mgmt_checkapply_total{"), 16, "{text}");
        assert_eq!(series("mgmt_resources{"), 2);
        assert_eq!(series("mgmt_failures_total{"), 4);
        assert_eq!(series("mgmt_failures{"), 4);
        let one = "mgmt_checkapply_total{kind=\"svc\",apply=\"true\",eventful=\"false\",errorful=\"false\"} 0";
        assert!(text.lines().any(|line| line == one), "{text}");
    }
}
