//! Log lines: for people `HH:MM:SS component: message`, for programs one JSON object each.

use std::borrow::Cow;
use std::env;
use std::fmt;
use std::fs;
use std::io;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use mgmt_compiler::redact;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::styles::Styles;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged, and how.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct LogArgs {
    /// How log lines look.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) log_format: LogFormat,

    /// Which log lines are shown: a level, or levels by component such as `warn,mgmt_runtime::engine=debug`.
    #[arg(long, value_name = "FILTER", env = "RUST_LOG")]
    pub(super) log: Option<String>,
}

/// What is logged if nothing else is asked for. `notify` warns of each directory that was removed before its watch
/// was; that is known here.
const USUAL_FILTER: &str = "info,notify=error";

/// Sends log lines to standard error from here on, unless somebody else takes them. Of a wrong filter only the right
/// parts count.
pub(super) fn start(args: &LogArgs, color: bool) {
    let filter = args.log.as_deref().unwrap_or(USUAL_FILTER);
    let filter = EnvFilter::builder().parse_lossy(filter);
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // To complain of a standard error that takes nothing, there; it would end the agent.
        .log_internal_errors(false)
        .with_ansi(color)
        .fmt_fields(ResourceSpan)
        .event_format(Lines {
            format: args.log_format,
            zone: zone(),
        });
    // It fails if there is one.
    let _ = lines.finish().try_init();
}

/// The time zone of this machine. Its name is not needed here, and to find that, all zones that the machine knows
/// would be listed.
fn zone() -> TimeZone {
    let nameless = || {
        let data = fs::read("/etc/localtime").ok()?;
        TimeZone::tzif("local", &data).ok()
    };
    match env::var_os("TZ") {
        None => nameless().unwrap_or_else(TimeZone::system),
        Some(_) => TimeZone::system(),
    }
}

/// The part of the program that speaks: `main` for the binary, otherwise the first module of its crate, within the
/// engine with the step of a graph's preparation (engine.md 7.2.2).
fn component(target: &str) -> &str {
    let Some(module) = target.strip_prefix("mgmt_runtime") else {
        return target;
    };
    let mut modules = module.trim_start_matches("::").split("::");
    match (modules.next().unwrap_or_default(), modules.next()) {
        ("" | "cli" | "driver" | "runner", _) => "main",
        ("converger", _) => "main: converger",
        ("frontend", _) => "lang",
        ("local_values", _) => "local: api",
        ("engine", Some("autoedge")) => "engine: autoedge",
        ("engine", Some("autogroup")) => "engine: autogroup",
        ("engine", Some("export")) => "engine: export",
        ("resources" | "resource", _) => "engine",
        (module, _) => module,
    }
}

/// The place in the source that speaks, in builds for developers (engine.md 7.2.1).
fn place(metadata: &Metadata<'_>) -> Option<String> {
    if !cfg!(debug_assertions) {
        return None;
    }
    let file = metadata.file()?;
    let file = file.rsplit_once("/src/").map_or(file, |(_, file)| file);
    Some(format!("{file}:{}", metadata.line()?))
}

/// Keeps the resource that a span is of, for the lines that are written inside of it.
struct ResourceSpan;

impl<'w> FormatFields<'w> for ResourceSpan {
    fn format_fields<R: RecordFields>(&self, mut out: Writer<'w>, fields: R) -> fmt::Result {
        let mut found = Fields::default();
        fields.record(&mut found);
        match (found.others.remove("kind"), found.others.remove("name")) {
            (Some(Value::String(kind)), Some(Value::String(name))) => write!(out, "{kind}\0{name}"),
            _ => Ok(()),
        }
    }
}

/// The fields of an event, with the resource of the span around it unless it names one itself.
fn fields_in<S, N>(context: &FmtContext<'_, S, N>, event: &Event<'_>) -> Fields
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let mut fields = Fields::of(event);
    if !fields.others.contains_key("kind")
        && let Some(span) = context.lookup_current()
        && let Some(text) = span.extensions().get::<FormattedFields<N>>()
        && let Some((kind, name)) = text.fields.split_once('\0')
    {
        fields.others.insert("kind".to_owned(), kind.into());
        fields.others.insert("name".to_owned(), name.into());
    }
    fields
}

/// The message of an event and its other fields.
#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn of(event: &Event<'_>) -> Self {
        let mut fields = Self::default();
        event.record(&mut fields);
        fields
    }

    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.others.insert(field.name().to_owned(), value.into());
    }
}

impl Fields {
    /// Names of resources and errors of others may hold URLs with passwords.
    fn redact(&mut self) {
        let others = self.others.values_mut().filter_map(|value| match value {
            Value::String(text) => Some(text),
            _ => None,
        });
        for text in others.chain([&mut self.message]) {
            if let Cow::Owned(masked) = redact::passwords(text) {
                *text = masked;
            }
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.add(field, format!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.add(field, value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }
}

/// Writes events as lines.
struct Lines {
    format: LogFormat,
    zone: TimeZone,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = fields_in(context, event);
        fields.redact();
        // Of libraries that know another way to log.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or(event.metadata());
        fields.others.retain(|name, _| !name.starts_with("log."));
        let now = Timestamp::now();
        match self.format {
            LogFormat::Text => {
                let now = Zoned::new(now, self.zone.clone());
                write_text(out, metadata, &now, fields)
            }
            LogFormat::Json => write_json(out, metadata, now, fields),
        }
    }
}

/// For people. A resource stands before the message, other fields after it; newlines are folded.
fn write_text(
    mut out: Writer<'_>,
    metadata: &Metadata<'_>,
    now: &Zoned,
    mut fields: Fields,
) -> fmt::Result {
    let styles = Styles::new(out.has_ansi_escapes());
    let (style, word) = match *metadata.level() {
        Level::ERROR => (styles.red, "error: "),
        Level::WARN => (styles.yellow, "warning: "),
        Level::INFO => (styles.plain, ""),
        _ => (styles.dim, ""),
    };
    let dim = styles.dim;
    let resource = match (fields.others.remove("kind"), fields.others.remove("name")) {
        (Some(Value::String(kind)), Some(Value::String(name))) => format!("{kind}[{name}]: "),
        _ => String::new(),
    };
    let mut line = format!("{word}{resource}{}", fields.message);
    for (name, value) in fields.others {
        line += &match value {
            Value::String(text) => format!(" {name}={text}"),
            value => format!(" {name}={value}"),
        };
    }
    let place = place(metadata).map_or(String::new(), |place| format!("{place} "));
    writeln!(
        out,
        "{dim}{} {place}{}:{dim:#} {style}{}{style:#}",
        now.strftime("%H:%M:%S"),
        component(metadata.target()),
        line.replace('\n', " "),
    )
}

/// For programs: `time`, `level`, `component`, `message`, and the other fields.
fn write_json(
    mut out: Writer<'_>,
    metadata: &Metadata<'_>,
    now: Timestamp,
    fields: Fields,
) -> fmt::Result {
    let mut line = fields.others;
    for (name, value) in [
        ("time", now.to_string()),
        ("level", metadata.level().as_str().to_lowercase()),
        ("component", component(metadata.target()).to_owned()),
        ("message", fields.message),
    ] {
        line.insert(name.to_owned(), value.into());
    }
    if let Some(place) = place(metadata) {
        line.insert("source".to_owned(), place.into());
    }
    writeln!(out, "{}", Value::Object(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_named_for_users() {
        for (target, name) in [
            ("mgmt_runtime", "main"),
            ("mgmt_runtime::cli::run", "main"),
            ("mgmt_runtime::driver::place", "main"),
            ("mgmt_runtime::converger", "main: converger"),
            ("mgmt_runtime::engine", "engine"),
            ("mgmt_runtime::engine::core", "engine"),
            ("mgmt_runtime::engine::autoedge", "engine: autoedge"),
            ("mgmt_runtime::local_values::kept", "local: api"),
            ("mgmt_runtime::frontend::call", "lang"),
            ("hyper::client", "hyper::client"),
        ] {
            assert_eq!(component(target), name, "{target}");
        }
    }
}
